"""One agent whole: its status and its row of the overview, from its mirror and what its process says."""

import sqlite3
from datetime import datetime
from typing import Any, NamedTuple

from agent import wiring
from agent.answers.account import DecisionRow, MarketRow, Status, VersionInForce, Vitals
from agent.answers.agents import AgentRow, Alarm, Supervised
from agent.answers.stream import LiveState
from agent.parameters import spoken
from agent.serve.mirror.mirror import Mirror
from agent.state.leaving import long_unjudged
from agent.views import alarms, session
from agent.views.pairs import not_standing
from domain.times import utc

CUT_OFF = "cut off"
STARTING = "STARTING"


class Beside(NamedTuple):
    """Facts of an agent beside its journal: that it runs, its process's own words, what is wrong.

    `ending`: its process ended in order, and the last rows are still to be read.
    """

    running: bool
    live: LiveState | None
    vitals: Vitals
    problem: str | None
    supervised: Supervised | None
    now: datetime
    ending: bool = False


class LastCycle(NamedTuple):
    """The end of the last cycle; None before the first."""

    at: datetime | None = None
    outcome: str | None = None
    error: str | None = None


def last_cycle(connection: sqlite3.Connection) -> LastCycle:
    """Return the end of the last cycle that ended."""
    query = "SELECT at, outcome, error FROM cycles WHERE outcome IS NOT NULL ORDER BY cycle DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    return LastCycle() if row is None else LastCycle(utc(row[0]), row[1], row[2])


def status(mirror: Mirror, beside: Beside) -> Status:
    """Return an agent's status as of the last mirrored row, with what its process says."""
    with mirror.reading() as connection:
        ended = last_cycle(connection)
        cycles = _cycles(connection, mirror)
    state, settings = mirror.state, _settings(mirror)
    with state.lock:
        live = beside.live
        return Status(
            running=beside.running,
            problem=beside.problem,
            journal=mirror.name,
            mode=settings.get("mode"),
            symbols=list(settings.get("symbols", ())),
            timeframe=settings.get("timeframe"),
            clock=now(mirror, beside.now),
            driven=mirror.options.driven if mirror.options else None,
            next_candle_seconds=_next_candle(mirror, beside),
            session=state.session,
            cycle=state.cycle_id,
            ended=None if beside.running else state.ended_reason or CUT_OFF,
            state=live.state if live else None,
            paused=live.paused if live else False,
            cycles=cycles,
            at=ended.at,
            outcome=ended.outcome,
            error=ended.error,
            market=market(mirror),
            breakers=beside.vitals.breakers,
            streams=beside.vitals.streams,
            muted=beside.vitals.muted or _muted(mirror),
            timings=beside.vitals.timings,
            parameters=parameters(mirror),
            changed=session.changed(state),
            account=session.account(state),
            positions=session.positions(state, at_rest=not beside.running),
            decisions=decisions(mirror),
            seq=mirror.head,
        )


def now(mirror: Mirror, clock: datetime) -> datetime:
    """Return the agent's present: the clock's, or that of the market that drives it."""
    return (mirror.state.at if mirror.options and mirror.options.driven else None) or clock


def market(mirror: Mirror) -> list[MarketRow]:
    """Return what the last cycle saw of each market."""
    decided = mirror.latest.decided
    return session.market(decided, mirror.grid) if decided else []


def decisions(mirror: Mirror) -> list[DecisionRow]:
    """Return the decisions of the last cycle."""
    decided = mirror.latest.decided
    parts = mirror.parts
    return session.decision(decided, mirror.grid, parts.mind if parts else None) if decided else []


def parameters(mirror: Mirror) -> dict[str, VersionInForce]:
    """Return the version in force of each voice that has not the settings' own parameters."""
    parts = mirror.parts
    return spoken.view(parts.state, parts.mind) if parts else {}


def _cycles(connection: sqlite3.Connection, mirror: Mirror) -> int:
    """Return the cycles of the last session."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'cycles_before'").fetchone()
    return max(0, mirror.state.cycles - (int(row[0]) if row else 0))


def _settings(mirror: Mirror) -> dict[str, Any]:
    return mirror.started.settings if mirror.started else {}


def _muted(mirror: Mirror) -> dict[str, str]:
    parts = mirror.parts
    return dict(parts.mind.muted) if parts else {}


def _next_candle(mirror: Mirror, beside: Beside) -> float | None:
    if not beside.running or mirror.options is None:
        return None
    return session.next_candle_seconds(mirror.state, mirror.options, beside.now)


def row(mirror: Mirror, beside: Beside) -> AgentRow:
    """Return the agent as one of several side by side."""
    with mirror.reading() as connection:
        ended = last_cycle(connection)
    state, settings = mirror.state, _settings(mirror)
    with state.lock:
        answer, live = session.account(state), beside.live
        return AgentRow(
            agent=mirror.name,
            running=beside.running,
            mode=settings.get("mode"),
            symbols=list(settings.get("symbols", ())),
            timeframe=settings.get("timeframe"),
            state=live.state if live else None,
            paused=live.paused if live else False,
            cycle=state.cycle_id,
            seq=mirror.head,
            at=ended.at,
            outcome=ended.outcome,
            ended=None if beside.running else state.ended_reason,
            equity=answer.equity,
            profit=answer.profit,
            profit_today=answer.profit_today,
            quote=answer.quote,
            positions=session.positions(state),
            decisions=decisions(mirror),
            kill_switch=answer.kill_switch,
            alarms=alarms_of(mirror, beside, ended.at),
            supervised=beside.supervised,
        )


def unread(name: str, problem: str | None, supervised: Supervised | None, *, running: bool) -> AgentRow:
    """Return the row of an agent whose journal cannot be read, or was not yet, or is not there yet."""
    known = alarms.Known(running=running, sessions=0, problem=problem, supervised=supervised)
    starting = supervised is not None and supervised.wanted and not problem
    return AgentRow(
        agent=name,
        running=running,
        mode=None,
        symbols=[],
        timeframe=None,
        state=STARTING if starting else None,
        paused=False,
        cycle=0,
        seq=0,
        at=None,
        outcome=None,
        ended=problem or (supervised.halted if supervised else None),
        equity="0",
        profit="0",
        profit_today="0",
        quote=None,
        positions=[],
        decisions=[],
        kill_switch=None,
        alarms=alarms.alarms(known),
        supervised=supervised,
    )


def interval(mirror: Mirror) -> float | None:
    """Return the seconds between two cycles, as the settings in force have it."""
    if mirror.options is None:
        return None
    return wiring.pause_seconds(wiring.options_in_force(mirror.options, mirror.state.changed))


def alarms_of(mirror: Mirror, beside: Beside, ended: datetime | None) -> list[Alarm]:
    """Return what people should know of an agent now, gravest first; the state's lock is held."""
    state, options = mirror.state, mirror.options
    driven = options is None or options.driven
    # A session that has just begun is as old as that: by a schedule its first cycle may be hours away.
    since = max(ended, mirror.started.at) if ended and mirror.started else ended
    quiet = None if driven or since is None else (beside.now - since).total_seconds()
    return alarms.alarms(
        alarms.Known(
            running=beside.running,
            sessions=state.session,
            ended=state.ended_reason,
            problem=beside.problem,
            paused=beside.live.paused if beside.live else False,
            kill_switch=state.kill_switch,
            doubts=alarms.doubts(state.ledger, now(mirror, beside.now), running=beside.running),
            market=market(mirror) if beside.running else (),
            breakers=list(beside.vitals.breakers.items()),
            blocked=list(state.ledger.blocked().items()) if beside.running else (),
            unjudged=list(long_unjudged(state).items()) if beside.running else (),
            faults=list(state.faults.items()) if beside.running else (),
            pair_list=not_standing(state.pairs) if beside.running else "",
            quiet_seconds=quiet,
            interval_seconds=interval(mirror),
            supervised=beside.supervised,
            ending=beside.ending,
        )
    )
