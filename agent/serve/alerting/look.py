"""The look at an agent and at the home, as the watch wants them."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from agent.alerts.watch import AdviceBudget, AgentKnown, HomeKnown
from agent.notices import Concern
from agent.serve.fleet.watched import Watched
from agent.serve.mirror import standing
from agent.serve.mirror.account import interval
from agent.serve.mirror.mirror import Mirror
from agent.state.bare import bare
from agent.views import spend
from domain.errors import BoydError
from domain.ports import Clock
from domain.times import millis, utc

PAUSE = timedelta(hours=1)
"""A pause between two sessions that does not begin the count of days without a trade anew."""

SESSIONS = 200
FAILED_MINUTES = 10


def known_of(watched: Watched, now: datetime) -> AgentKnown:
    """Return all that is known of an agent now; only its alarms where its journal cannot be read."""
    row, own = watched.row(), watched.supervised
    plain = AgentKnown(
        name=watched.name,
        now=now,
        running=watched.running,
        alarms=row.alarms,
        read=False,
        wanted=own is not None and own.wanted,
        at=row.at,
    )
    mirror = watched.mirror
    if not mirror.journal_id or mirror.behind:
        return plain
    try:
        return _whole(watched, plain)
    except (BoydError, sqlite3.Error):
        return plain


def _whole(watched: Watched, plain: AgentKnown) -> AgentKnown:
    mirror, beside = watched.mirror, watched.beside()
    driven = mirror.options is None or mirror.options.driven
    with mirror.state.lock:
        naked = [each for each in mirror.state.ledger.positions if bare(mirror.state, each)]
    running = plain.running and not driven
    return plain._replace(
        read=True,
        driven=driven,
        streams=beside.vitals.streams,
        headroom=standing.risk(mirror, beside) if plain.running else (),
        naked=naked,
        last_fill=_last_fill(mirror) if running else None,
        trading_since=_trading_since(mirror) if running else None,
        failed_cycles=_failed(mirror, plain.now) if running else 0,
        budgets=_budgets(mirror, plain.now) if plain.running else (),
        unasked=_unasked(mirror, plain.now) if plain.running else "",
        interval_seconds=(interval(mirror) if plain.running else None) or 0.0,
    )


def _budgets(mirror: Mirror, now: datetime) -> list[AdviceBudget]:
    """Return the budgets of advice; a day is that of the market where its time is not ours."""
    options = mirror.options
    if options is None or not options.advice.asks:
        return []
    with mirror.state.lock:
        known = mirror.state.spend
    day = known.day if options.driven else now.toordinal()
    return [
        AdviceBudget(name, spend.amount(name, used), spend.amount(name, most), used / most)
        for name, used, most in spend.budgets(known, options.advice.caps, day)
        if most
    ]


def _unasked(mirror: Mirror, now: datetime) -> str:
    """Return why advisers were held back today, "" where they were not; the last word counts."""
    with mirror.state.lock:
        held = mirror.latest.unasked
    if held is None or mirror.options is None:
        return ""
    return held[1] if mirror.options.driven or held[0].date() >= now.date() else ""


def _last_fill(mirror: Mirror) -> datetime | None:
    with mirror.reading() as connection:
        row = connection.execute("SELECT at FROM fills ORDER BY number DESC LIMIT 1").fetchone()
    return utc(row[0]) if row else None


def _trading_since(mirror: Mirror) -> datetime | None:
    """Return since when the agent has run, over short pauses."""
    query = (
        "SELECT at, (SELECT at FROM rows AS before WHERE before.seq = rows.seq - 1) FROM rows "
        "WHERE kind = 'session_started' ORDER BY seq DESC LIMIT ?"
    )
    with mirror.reading() as connection:
        starts = connection.execute(query, (SESSIONS,)).fetchall()
    since = None
    for at, before in starts:
        since = utc(at)
        if before is None or since - utc(before) > PAUSE:
            break
    return since


def _failed(mirror: Mirror, now: datetime) -> int:
    """Return how many cycles failed lately."""
    since = millis(now - timedelta(minutes=FAILED_MINUTES))
    query = (
        "SELECT count(*) FROM (SELECT at FROM cycles WHERE outcome = 'failed' ORDER BY cycle DESC LIMIT 50) "
        "WHERE at >= ?"
    )
    with mirror.reading() as connection:
        return int(connection.execute(query, (since,)).fetchone()[0])


class HomeLook:
    """Looks at the home: its disk, and the clock beside one that nobody sets."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._last = (clock.now(), clock.monotonic())

    def __call__(self) -> HomeKnown:
        """Return what is known of the home now."""
        now, passed = self._clock.now(), self._clock.monotonic()
        before, then = self._last
        self._last = now, passed
        free = 1 << 62
        with suppress(OSError):
            free = shutil.disk_usage(self._root).free
        return HomeKnown(now, free, (now - before).total_seconds() - (passed - then))


def still(concern: Concern, agents: Mapping[str, Watched], incidents: frozenset[str]) -> bool | None:
    """Say whether what a concern is about is still so, None where nobody knows."""
    about, _, name = concern.about.partition("/")
    if about == "incident":
        return name in incidents
    watched = agents.get(concern.agent or "")
    if watched is None or not watched.mirror.journal_id or watched.mirror.behind:
        return None
    with suppress(BoydError, sqlite3.Error):
        state = watched.mirror.state
        with state.lock:
            if about == "kill":
                return state.kill_switch is not None
            if about == "order":
                return any(each.order.client_id == name for each in state.ledger.unresolved())
    return None
