"""Questions of the chat, answered from what the server knows of the agents."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from agent.answers.agents import LogLine
from agent.answers.learned import Period
from agent.host import log_tail
from agent.serve.fleet.fleet import ASIDE, Fleet
from agent.serve.fleet.watched import Watched
from agent.serve.mirror import pages, queries, standing
from agent.settings.version import code_version
from agent.telegram.texts import account, cycle, replies, results
from agent.telegram.words import Asked
from risk.table import RULES

MOST_AGENTS = 20
MAX_POSITIONS = next(rule.reason for rule in RULES if "risk.max_positions" in rule.settings)
TRADES, LINES = 10, 15
PERIODS: Mapping[str, tuple[Period, int]] = MappingProxyType(
    {"daily": (Period.DAY, 7), "weekly": (Period.WEEK, 8), "monthly": (Period.MONTH, 6)}
)

Lines = Iterable[str]


class InfoDesk(NamedTuple):
    """The sources of answers: the agents, the home's folder, texts to hide, the server's age, summaries."""

    fleet: Fleet
    root: Path
    hidden: Callable[[], Sequence[str]]
    up_seconds: Callable[[], float]
    summary: Callable[[str], Lines]


def of_home(desk: InfoDesk, asked: Asked) -> Lines:
    """Answer a question about the home. Raises BoydError."""
    match asked.word.name:
        case "health":
            rows = [each.row() for each in shown(desk.fleet)]
            return account.health(desk.fleet.health(), rows, desk.up_seconds(), desk.fleet.problem)
        case "logs":
            return account.log(_log(desk, asked.number or LINES))
        case "version":
            return [code_version()]
    return replies.help_lines()


def overview(desk: InfoDesk) -> Lines:
    """Return every agent as one of several, those that run first."""
    agents = shown(desk.fleet)
    if not agents:
        return ["there is no agent in this home yet"]
    lines: list[str] = []
    for each in agents[:MOST_AGENTS]:
        lines += [*([""] if lines else []), *account.row(each.row())]
    if len(agents) > MOST_AGENTS:
        lines.append(f"... and {len(agents) - MOST_AGENTS} more")
    return lines


def shown(fleet: Fleet) -> list[Watched]:
    """Return the agents of the home, those that run first, without those that were put aside."""
    agents = [each for each in fleet.all() if not ASIDE.search(each.name)]
    return sorted(agents, key=lambda each: (not each.running, each.name))


def of_agent(desk: InfoDesk, asked: Asked, name: str) -> Lines:
    """Answer a question about one agent. Raises BoydError."""
    watched, what = desk.fleet.get(name), asked.word.name
    if what == "status":
        return account.row(watched.row())
    if what == "summary":
        return desk.summary(name)
    watched.refuse_unread()
    return [name, *_ANSWERS.get(what, _periods)(watched, asked)]


def _quote(watched: Watched) -> str | None:
    return queries.account(watched.mirror).quote


def _positions(watched: Watched, _asked: Asked) -> Lines:
    return account.positions(queries.positions(watched.mirror), _quote(watched))


def _count(watched: Watched, _asked: Asked) -> Lines:
    rules = standing.risk(watched.mirror, watched.beside())
    most = next((each for each in rules if each.rule == MAX_POSITIONS), None)
    return account.count(watched.status(), most)


def _balance(watched: Watched, _asked: Asked) -> Lines:
    return account.balance(queries.account(watched.mirror))


def _profit(watched: Watched, _asked: Asked) -> Lines:
    return account.profit(queries.account(watched.mirror))


def _trades(watched: Watched, asked: Asked) -> Lines:
    rows = pages.trades(watched.mirror, limit=asked.number or TRADES).items
    return results.trades(rows, _quote(watched))


def _performance(watched: Watched, _asked: Asked) -> Lines:
    return results.performance(queries.performance(watched.mirror))


def _why(watched: Watched, asked: Asked) -> Lines:
    return cycle.why(queries.why(watched.mirror, asked.number))


def _periods(watched: Watched, asked: Asked) -> Lines:
    by, usual = PERIODS[asked.word.name]
    return results.periods(queries.profit(watched.mirror, by, asked.number or usual))


_ANSWERS: Mapping[str, Callable[[Watched, Asked], Lines]] = MappingProxyType(
    {
        "positions": _positions,
        "count": _count,
        "balance": _balance,
        "profit": _profit,
        "trades": _trades,
        "performance": _performance,
        "why": _why,
    }
)


def _log(desk: InfoDesk, count: int) -> list[LogLine]:
    files = [desk.root / "agent.log", desk.root / "serve.log"]
    lines = log_tail.tail(files, count, "info", desk.hidden())
    return [LogLine(at=each.at, level=each.level, text=each.text, fields=each.fields) for each in lines]
