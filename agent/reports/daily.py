"""The summary of a day: a pure function of what was lived in it, and of what the agent's process says now."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agent.answers.account import Status
from agent.answers.summary import DaySummary, HeldRow
from agent.reports import days, groups, health
from agent.reports.lived import Lived
from agent.reports.period import ReportPeriod
from agent.reports.uptime import cycles_due
from agent.views import alarms, session
from agent.views.pairs import not_standing
from agent.views.session import profit
from domain.money import cash_text

FAILED = "failed"
"""The outcome of a cycle that failed."""


class Process(NamedTuple):
    """The agent's process: its status, and the bytes of memory it holds, None where nobody knows."""

    status: Status
    memory: int | None = None


def summary(name: str, lived: Lived, period: ReportPeriod, process: Process) -> DaySummary:
    """Return the summary of a period."""
    ledger, state = lived.state.ledger, lived.state
    decimals, settings = ledger.cash_decimals, lived.started.settings if lived.started else {}
    earned = profit(ledger) - lived.profit_before
    began = ledger.equity - earned
    equity = [began - lived.profit_before + each for each in lived.profits]
    rows = days.days_of(lived.times_ms, equity, began)
    account, totals = session.account(state), groups.totals_of(lived.trades, decimals)
    ran, up = health.health(lived, period), lived.uptime.told(*period)
    status = process.status
    return DaySummary(
        journal=name,
        mode=lived.started.mode if lived.started else "",
        symbols=list(settings.get("symbols", ())),
        timeframe=str(settings.get("timeframe", "")),
        since=period.since,
        until=period.until,
        quote=account.quote,
        equity=account.equity,
        profit=cash_text(earned, decimals),
        earned=earned / began if began > 0 else None,
        profit_in_all=account.profit,
        trades=totals.trades,
        wins=totals.wins,
        win_rate=totals.win_rate,
        closed=totals.pnl,
        fees=totals.fees,
        entries=lived.entries,
        positions=[
            HeldRow(symbol=each.symbol, quantity=each.quantity, unrealised=each.unrealised)
            for each in session.positions(state)
        ],
        kill_switch=state.kill_switch,
        deepest_fall=max((each.deepest for each in rows), default=None),
        max_drawdown=account.max_drawdown,
        breaks=health.risk(lived, rows, None).breaks,
        bare=ran.bare,
        running=status.running,
        paused=status.paused,
        hours_up=ran.hours_up,
        share_up=ran.share_up,
        cycles=ran.cycles,
        cycles_due=cycles_due(up, lived.uptime, *period),
        cycles_failed=ran.outcomes.get(FAILED, 0),
        crashes=ran.crashes,
        halts=ran.halts,
        reconnects=_reconnects(status, ran.reconnects),
        memory=process.memory or (ran.memory.last if ran.memory else None),
        alarms=alarms.alarms(_known(lived, period, status)),
    )


def _reconnects(status: Status, noted: int | None) -> int | None:
    """Return the connections that were lost: what the process says, else what it noted each hour."""
    if not status.streams:
        return noted
    return max(sum(each.reconnects for each in status.streams.values()), noted or 0)


def _known(lived: Lived, period: ReportPeriod, status: Status) -> alarms.Known:
    state = lived.state
    return alarms.Known(
        running=status.running,
        sessions=state.session,
        ended=None if status.ended == "cut off" else status.ended,
        problem=status.problem,
        paused=status.paused,
        kill_switch=state.kill_switch,
        doubts=alarms.doubts(state.ledger, period.until, running=status.running),
        market=status.market,
        breakers=list(status.breakers.items()),
        blocked=list(status.account.blocked.items()) if status.running else (),
        unjudged=[(each.symbol, each.unjudged) for each in status.positions if each.unjudged]
        if status.running
        else (),
        pair_list=not_standing(state.pairs) if status.running else "",
    )


WIDE = 9


def title(answer: DaySummary) -> str:
    """Return the summary in one line."""
    won = f", {answer.wins} of {answer.trades} trades won" if answer.trades else ", no trade closed"
    alarm = f", {len(answer.alarms)} alarms" if answer.alarms else ""
    return f"{answer.journal}: {_amount(answer.profit)} {answer.quote or ''} in {_hours(answer)}{won}{alarm}"


def lines(answer: DaySummary) -> Iterator[str]:
    """Yield the summary as people read it."""
    quote = answer.quote or ""
    what = " ".join((*answer.symbols, answer.timeframe))
    yield _line("summary", f"{answer.journal} ({answer.mode}, {what}), {_hours(answer)} to {_at(answer)}")
    yield _line(
        "P&L",
        f"{_amount(answer.profit)} {quote} ({_share(answer.earned)}), equity {answer.equity}, "
        f"in all {_amount(answer.profit_in_all)}",
    )
    yield _line("trades", _trades(answer))
    for each in answer.positions:
        yield _line("holds", f"{each.quantity} {each.symbol}, unrealised {_amount(each.unrealised)}")
    yield _line("risk", _risk(answer))
    yield from (_line("broken", each) for each in answer.breaks)
    yield from (_line("naked", f"{each} has no stop") for each in answer.bare)
    yield _line("health", _health(answer))
    yield from (_line("halted", each) for each in answer.halts)
    yield from _alarms(answer)


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDE}} {text}"


def _amount(text: str) -> str:
    return text if text.startswith("-") or text == "0" else f"+{text}"


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:+.2%}"


def _hours(answer: DaySummary) -> str:
    return f"{(answer.until - answer.since).total_seconds() / 3600:.0f} h"


def _at(answer: DaySummary) -> str:
    return f"{answer.until:%Y-%m-%d %H:%M} UTC"


def _trades(answer: DaySummary) -> str:
    held = f"positions held: {len(answer.positions)}"
    if not answer.trades:
        return f"none closed; entries {answer.entries}; {held}"
    won = f"{answer.wins} won ({answer.win_rate or 0:.0%})"
    costs = f"{_amount(answer.closed)} after costs, fees {answer.fees}"
    return f"{answer.trades} closed, {won}, {costs}; entries {answer.entries}; {held}"


def _risk(answer: DaySummary) -> str:
    kill = "kill switch off" if answer.kill_switch is None else f"KILL SWITCH: {answer.kill_switch}"
    fall = "n/a" if answer.deepest_fall is None else f"{answer.deepest_fall:.2%}"
    return f"{kill}; the day's deepest fall {fall}, drawdown {answer.max_drawdown:.2%}"


def _health(answer: DaySummary) -> str:
    runs = "paused" if answer.paused else "running" if answer.running else "NOT RUNNING"
    up = f"up {answer.hours_up:.1f} h" + ("" if answer.share_up is None else f" ({answer.share_up:.1%})")
    due = "" if answer.cycles_due is None else f" of {answer.cycles_due} due"
    parts = [runs, up, f"cycles {answer.cycles}{due}, {answer.cycles_failed} failed"]
    if answer.reconnects is not None:
        parts.append(f"reconnects {answer.reconnects}")
    if answer.memory:
        parts.append(f"memory {answer.memory / 1e6:.0f} MB")
    if answer.crashes:
        parts.append(f"crashes {answer.crashes}")
    return ", ".join(parts)


def _alarms(answer: DaySummary) -> Iterable[str]:
    if not answer.alarms:
        return [_line("alarms", "none")]
    return [_line("alarm", f"{each.kind}: {each.text}") for each in answer.alarms]
