"""The agent's own record in a period, and what came near its limits."""

from collections.abc import Iterator, Sequence
from functools import partial

from agent import wiring
from agent.answers.report import FaultRow, GapRow, HealthAnswer, MemoryRow, RiskAnswer
from agent.reports.days import DayEquity
from agent.reports.lived import Lived, in_force, ours
from agent.reports.period import ReportPeriod
from agent.state.state import State
from domain.events import ProcessNoted
from domain.money import show_cash
from domain.order import OrderType
from risk.limits import day_limit, trade_limit

FEWEST = 6
"""Notes of one session that a slope of its memory needs."""
DAY_SECONDS = 86_400.0


def health(lived: Lived, period: ReportPeriod) -> HealthAnswer:
    """Return how the agent ran."""
    up, state = lived.uptime.told(*period), lived.state
    notes = [note for _, note in lived.notes]
    return HealthAnswer(
        cycles=len(lived.times_ms),
        outcomes=dict(sorted(lived.outcomes.items())),
        hours_up=round(up.seconds / 3600, 4),
        longest_hours=round(up.longest / 3600, 4),
        share_up=None if up.share is None else round(up.share, 6),
        gaps=[
            GapRow(begin=each.begin, end=each.end, hours=round(each.seconds / 3600, 4), why=each.why)
            for each in up.gaps
        ],
        gaps_left_out=up.left_out,
        sessions=len(lived.sessions),
        halts=lived.halts,
        crashes=lived.crashes,
        faults=list(_faults(lived)),
        kill_switches=lived.kills,
        sources={str(name): count for name, count in sorted(lived.sources.items())},
        breaker_open=lived.breaker_open,
        commands=dict(sorted(lived.commands.items())),
        unresolved=_unresolved(state),
        contradictions=[f"{what}: {why}" for what, why in state.ledger.contradictions.items()],
        bare=bare(state),
        reconnects=sum(_reconnects(lived)) if notes else None,
        memory=_memory(lived.notes),
    )


def _faults(lived: Lived) -> Iterator[FaultRow]:
    for (kind, stage), each in sorted(lived.faults.items()):
        if each.last is not None:
            yield FaultRow(
                kind=kind,
                stage=stage,
                ours=ours(kind),
                count=each.count,
                last=each.last,
                message=each.message,
            )


def _unresolved(state: State) -> list[str]:
    """Return the orders whose fate nobody knows at the end."""
    return [
        f"order {each.order.client_id} of {each.order.symbol} is {each.status}"
        for each in state.ledger.unresolved()
    ]


def bare(state: State) -> list[str]:
    """Return positions that were to have a stop and have none resting."""
    ledger = state.ledger
    names = []
    for symbol in sorted(ledger.positions):
        entry = state.entries.get(symbol)
        wanted = entry is not None and bool(entry.stop or entry.stop_ppm)
        stops = any(each.order.type is OrderType.STOP for each in ledger.resting(symbol))
        if wanted and not stops and not ledger.small(symbol):
            names.append(symbol)
    return names


def _reconnects(lived: Lived) -> Iterator[int]:
    """Yield the lost connections of each session: its last note counts them all."""
    last: dict[int, ProcessNoted] = dict(lived.notes)
    for each in last.values():
        yield sum(each.reconnects.values())


def _memory(notes: Sequence[tuple[int, ProcessNoted]]) -> MemoryRow | None:
    known = [(session, each) for session, each in notes if each.memory]
    if not known:
        return None
    sessions: dict[int, list[ProcessNoted]] = {}
    for session, each in known:
        sessions.setdefault(session, []).append(each)
    values = [each.memory for _, each in known]
    longest = max(sessions.values(), key=len)
    return MemoryRow(
        notes=len(known), first=values[0], last=values[-1], largest=max(values), slope=_slope(longest)
    )


def _slope(notes: Sequence[ProcessNoted]) -> float | None:
    """Return the bytes a day by which memory grew, by least squares; None of too few notes."""
    if len(notes) < FEWEST:
        return None
    times = [each.seconds / DAY_SECONDS for each in notes]
    mean, middle = sum(times) / len(times), sum(each.memory for each in notes) / len(notes)
    spread = sum((time - mean) ** 2 for time in times)
    if not spread:
        return None
    grown = sum((time - mean) * (each.memory - middle) for time, each in zip(times, notes, strict=True))
    return round(grown / spread, 1)


def risk(lived: Lived, days: Sequence[DayEquity], drawdown: float | None) -> RiskAnswer:
    """Return what came near the limits, and what went beyond them."""
    return RiskAnswer(
        kill_switch=lived.state.kill_switch,
        deepest_day=max((each.deepest for each in days), default=None),
        drawdown=drawdown,
        entries=lived.entries,
        breaks=[*lived.failed_checks, *_losses(lived, days)],
    )


def _losses(lived: Lived, days: Sequence[DayEquity]) -> Iterator[str]:
    """Yield each day and each trade that lost more than its limit, in words."""
    options, ledger = in_force(lived), lived.state.ledger
    if options is None or not ledger.instruments:
        return
    policy = wiring.policy_of(options, ledger.instruments)
    limits = policy.limits
    show = partial(show_cash, decimals=ledger.cash_decimals)
    for each in days:
        lost, limit = each.began - each.lowest, day_limit(limits, each.began)
        if lost > limit:
            yield f"{each.day}: the day lost {show(lost)}, limit {show(limit)}"
    for closed in lived.trades:
        own = policy.of(closed.trade.symbol).limits
        lost, limit = -closed.trade.pnl, trade_limit(own, ledger.peak_equity)
        if lost > limit:
            yield (
                f"{closed.trade.closed_at:%Y-%m-%d %H:%M}: {closed.trade.symbol} lost {show(lost)}, "
                f"limit {show(limit)}"
            )
