"""The look at every agent that a scrape takes, from what the server holds of them in memory."""

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from agent import wiring
from agent.answers.agents import Alarm
from agent.answers.work import WorkState
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.watched import Watched
from agent.serve.metrics.exposition import Told
from agent.serve.metrics.facts import AgentFacts, ServerFacts
from agent.serve.mirror import account, standing
from agent.serve.mirror.account import Beside
from agent.serve.mirror.mirror import Mirror
from agent.settings.home import Home
from agent.settings.version import code_version
from agent.views.alarms import doubts
from domain.errors import BoydError


class Traffic(NamedTuple):
    """The server's own counts, where they are kept: calls by route and status, refusals, stream, work.

    `stream` returns the clients there are and those let go so far, `work` the state of each piece.
    """

    requests: Mapping[tuple[str, str], int] = {}
    refused: Mapping[str, int] = {}
    stream: Callable[[], tuple[int, int]] = lambda: (0, 0)
    work: Callable[[], Sequence[WorkState]] = tuple


class Look:
    """Looks at a fleet; remembers between two how far each journal was told."""

    def __init__(self, fleet: Fleet, traffic: Traffic) -> None:
        self.fleet = fleet
        self.traffic = traffic
        self._heads: dict[str, int] = {}

    def __call__(self) -> Told:
        """Return the facts of this moment. An agent that cannot be read is told as far as it is known."""
        agents = self.fleet.all()
        known = {each.name for each in agents}
        self._heads = {name: head for name, head in self._heads.items() if name in known}
        return Told([self._agent(each) for each in agents], self._server())

    def read(self, watched: Watched) -> bool:
        """Say whether a journal is read to its end, or was at an earlier look and has only grown."""
        mirror, name = watched.mirror, watched.name
        head = mirror.head
        grown = name in self._heads and head >= self._heads[name]
        if not mirror.journal_id or not watched.looked.is_set() or (mirror.behind and not grown):
            self._heads.pop(name, None)
            return False
        self._heads[name] = head
        return True

    def _agent(self, watched: Watched) -> AgentFacts:
        mirror, beside = watched.mirror, watched.beside()
        facts = AgentFacts(
            name=watched.name,
            running=watched.running,
            state=mirror.state,
            read=self.read(watched),
            live=beside.live,
            vitals=beside.vitals,
            alarms=_alarms(watched),
            rows=max(mirror.head, mirror.target),
            behind=mirror.behind,
            bytes=_size(watched.home, watched.name),
        )
        with suppress(BoydError):  # settings of another version: the account is told all the same
            return facts._replace(**_of_session(mirror, beside))
        return facts

    def _server(self) -> ServerFacts:
        clients, dropped = self.traffic.stream()
        return ServerFacts(
            version=code_version(),
            python=platform.python_version(),
            disk_free_bytes=shutil.disk_usage(self.fleet.home.root).free,
            requests=dict(self.traffic.requests),
            refused=dict(self.traffic.refused),
            stream_clients=clients,
            stream_dropped=dropped,
            work=_counted(self.traffic.work()),
        )


def _of_session(mirror: Mirror, beside: Beside) -> dict[str, Any]:
    """Return what depends on the settings of the last session."""
    options, state = standing.in_force(mirror), mirror.state
    if options is None:
        return {}
    present = account.now(mirror, beside.now)
    quiet = None
    if state.at is not None and not options.driven:
        quiet = max((beside.now - state.at).total_seconds(), 0.0)
    return {
        "mode": options.mode,
        "timeframe": options.timeframe,
        "policy": standing.policy(mirror),
        "headroom": standing.risk(mirror, beside),
        "providers": standing.providers(mirror, beside),
        "sources": {symbol: each.source for symbol, each in dict(mirror.latest.seen).items()},
        "in_doubt": len(doubts(state.ledger, present, running=beside.running)),
        "cycle_age_seconds": quiet,
        "interval_seconds": wiring.pause_seconds(options),
    }


def _counted(pieces: Sequence[WorkState]) -> dict[str, int]:
    """Return how many there are in each state, none left out."""
    return {state.value: pieces.count(state) for state in WorkState}


def _alarms(watched: Watched) -> list[Alarm]:
    with suppress(BoydError):
        return watched.row().alarms
    return []


def _size(home: Home, name: str) -> int:
    """Return the bytes of a journal's files; 0 of one on a server."""
    if home.server:
        return 0
    path = home.journal(name)
    total = 0
    for each in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            total += each.stat().st_size
    return total
