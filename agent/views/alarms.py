"""The alarms of an agent: what people should know of, gravest first, from what is known of it.

One pure function, read by the overview, the metrics and whoever sends messages: what one of them calls an
alarm all of them do.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from agent.answers.account import LEFT_ALONE, MarketRow
from agent.answers.agents import Alarm, AlarmKind, Supervised
from agent.state.ledger import Ledger
from domain.observation import Source
from domain.order import OrderStatus

LATE = 3
"""Intervals without a cycle after which an agent is stale."""

LEAST_SECONDS = 15.0
"""The shortest silence that is called one, however short the interval is."""

FAULT = "fault: "
"""How a session's end begins that was a fault."""


class Known(NamedTuple):
    """All that is known of an agent at a moment.

    `ended` is why its last session ended, None while one goes on or where it was cut off. `quiet_seconds`
    have passed since the last cycle ended, `interval_seconds` lie between two, None where that is unknown.
    `unjudged` are symbols whose custom exit cannot be judged, `faults` those left alone for a fault of ours,
    and why; `pair_list` says why the list does not stand. `problem` says that its process lives and does not
    answer. `sessions` counts those it had. `ending` says that its last session ended in order, in rows that
    are not read yet.
    """

    running: bool
    sessions: int
    ended: str | None = None
    problem: str | None = None
    paused: bool = False
    kill_switch: str | None = None
    doubts: Sequence[str] = ()
    market: Sequence[MarketRow] = ()
    breakers: Sequence[tuple[str, str]] = ()
    blocked: Sequence[tuple[str, str]] = ()
    unjudged: Sequence[tuple[str, str]] = ()
    faults: Sequence[tuple[str, str]] = ()
    pair_list: str = ""
    quiet_seconds: float | None = None
    interval_seconds: float | None = None
    supervised: Supervised | None = None
    ending: bool = False


def alarms(known: Known) -> list[Alarm]:
    """Return the alarms, gravest first."""
    sources = (_life, _order, _exits, _data, _gate)
    return sorted((each for source in sources for each in source(known)), key=lambda each: GRAVITY[each.kind])


GRAVITY = {kind: place for place, kind in enumerate(AlarmKind)}


def _life(known: Known) -> Iterator[Alarm]:
    halted = known.supervised and known.supervised.halted
    if known.problem:
        yield Alarm(kind=AlarmKind.DEAD, text=known.problem)
    elif known.running:
        yield from _late(known)
    elif halted or (known.ended or "").startswith(FAULT):
        text = halted or (known.ended or "").removeprefix(FAULT)
        yield Alarm(kind=AlarmKind.HALTED, text=f"halted: {text}")
    elif known.ending:
        return
    elif known.sessions and known.ended is None:
        yield Alarm(kind=AlarmKind.DEAD, text="its process is gone and wrote no end: killed, or it crashed")
    elif known.supervised and known.supervised.wanted and known.supervised.pid is None:
        failed = known.supervised.failed
        yield Alarm(kind=AlarmKind.DEAD, text=f"it should run and does not{(failed and f': {failed}') or ''}")


def _late(known: Known) -> Iterator[Alarm]:
    quiet, interval = known.quiet_seconds, known.interval_seconds
    if known.paused or quiet is None or interval is None:
        return
    if quiet > max(LATE * interval, LEAST_SECONDS):
        yield Alarm(
            kind=AlarmKind.STALE,
            text=f"no cycle for {quiet:.0f} s, where one is due every {interval:g} s",
        )


def _order(known: Known) -> Iterator[Alarm]:
    if known.kill_switch is not None:
        yield Alarm(kind=AlarmKind.KILLED, text=f"kill switch: {known.kill_switch or 'no reason given'}")
    for doubt in known.doubts:
        yield Alarm(kind=AlarmKind.IN_DOUBT, text=doubt)


def _exits(known: Known) -> Iterator[Alarm]:
    for symbol, why in known.unjudged:
        yield Alarm(kind=AlarmKind.UNJUDGED, text=f"{symbol}: its custom exit is not judged: {why}")
    for symbol, why in known.faults:
        yield Alarm(kind=AlarmKind.UNJUDGED, text=f"{symbol}: {LEFT_ALONE}: {why}")


def _data(known: Known) -> Iterator[Alarm]:
    for row in known.market:
        refused = "; ".join(f"{name}: {why}" for name, why in row.not_served_by.items())
        why = f" ({refused})" if refused else ""
        if row.source == Source.SIMULATED:
            yield Alarm(kind=AlarmKind.SIMULATED, text=f"{row.symbol}: the data are simulated{why}")
        elif row.source == Source.CACHED:
            yield Alarm(kind=AlarmKind.STALE, text=f"{row.symbol}: on kept answers of {row.provider}{why}")


def _gate(known: Known) -> Iterator[Alarm]:
    for provider, breaker in known.breakers:
        if breaker != "closed":
            yield Alarm(kind=AlarmKind.BREAKER, text=f"{provider}: circuit breaker {breaker}")
    for symbol, why in known.blocked:
        yield Alarm(kind=AlarmKind.BLOCKED, text=f"{symbol or 'every symbol'} takes no entry: {why}")
    if known.pair_list:
        yield Alarm(kind=AlarmKind.PAIR_LIST, text=f"the pair list: {known.pair_list}")


def doubts(ledger: Ledger, now: datetime, *, running: bool, after_seconds: float = 2.0) -> list[str]:
    """Return what is in doubt: orders whose fate nobody knows, and what was told that cannot be.

    An order on its way is in doubt after a moment, or where nobody waits for its answer any more.
    """
    orders = [
        f"order {each.order.client_id} of {each.order.symbol} is {each.status}"
        for each in ledger.unresolved()
        if each.status is not OrderStatus.SENDING
        or not running
        or (now - each.at).total_seconds() > after_seconds
    ]
    return orders + [f"{what}: {why}" for what, why in ledger.contradictions.items()]
