"""A report over a period: a pure function of a journal's rows up to the last of the period.

The same rows give the same report to the byte, whoever asks and when: no clock, no setting of today and no
file of the home enters it, and the checkpoint it may begin from is the fold of rows that were checked.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.answers.report import PeriodReport, TwinAnswer
from agent.reports import days, groups, health
from agent.reports.lines import Drawn, drawn
from agent.reports.lived import Lived, in_force
from agent.reports.period import ReportPeriod, Span, before, rows_of, span_of
from agent.reports.twin import twin_of
from agent.state.checkpoints import Checkpoints
from agent.views import session, trades
from agent.views.session import profit
from domain.errors import BadInput
from domain.money import cash_text
from journal.history import History
from platforms.fills import Costs

NOT_ASKED = "it was not asked for"

MOST_TRADES = 2_000
"""Trades that are told one by one, the latest."""


class Reported(NamedTuple):
    """A report with what its page draws."""

    answer: PeriodReport
    lived: Lived
    drawn: Drawn | None


def reported(
    records: History,
    name: str,
    period: ReportPeriod,
    checkpoints: Checkpoints | None = None,
    tell: Callable[[int], None] = lambda _done: None,
    *,
    twin: bool = True,
) -> Reported:
    """Return the report of a journal over a period; `tell` hears how many rows were read.

    With `twin` a backtest of the candles that were seen is run beside it.

    Raises BadInput where the journal has no session by then, JournalFault where its chain is broken.
    """
    span = span_of(records, period)
    lived = Lived(*before(records, span, checkpoints))
    for row in rows_of(records, span):
        lived.take(row.event)
        tell(row.seq - span.after)
    if lived.started is None:
        raise BadInput(f"the journal holds no session before {period.until:%Y-%m-%dT%H:%M:%SZ}")
    beside = twin_of(records, period, span, lived) if twin else TwinAnswer(why_not=NOT_ASKED)
    return _told(records, name, period, span, lived, beside)


def _told(
    records: History, name: str, period: ReportPeriod, span: Span, lived: Lived, beside: TwinAnswer
) -> Reported:
    state, ledger = lived.state, lived.state.ledger
    earned = profit(ledger) - lived.profit_before
    began = ledger.equity - earned
    lines = drawn(lived, began)
    equity = [began - lived.profit_before + each for each in lived.profits]
    daily = days.days_of(lived.times_ms, equity, began)
    closed, decimals = lived.trades, ledger.cash_decimals
    answer = PeriodReport(
        journal=name,
        journal_id=records.journal_id,
        seq=span.last,
        hash=records.hash_at(span.last),
        since=period.since,
        until=period.until,
        days=round((period.until - period.since).total_seconds() / 86_400, 4),
        sessions=lived.sessions,
        mode=lived.started.mode if lived.started else "",
        symbols=_setting(lived, "symbols"),
        strategies=list(lived.options.reasoning.strategies) if lived.options else [],
        timeframe=str((lived.started.settings if lived.started else {}).get("timeframe", "")),
        quote=next((each.quote for each in ledger.instruments.values()), None),
        code_versions=lived.versions,
        equity_before=cash_text(began, decimals),
        equity=cash_text(ledger.equity, decimals),
        profit=cash_text(earned, decimals),
        earned=earned / began if began > 0 else None,
        account=session.account(state),
        positions=session.positions(state),
        totals=groups.totals_of(closed, decimals),
        by_symbol=groups.by(closed, groups.symbol, decimals),
        by_hour=groups.by(closed, groups.hour, decimals),
        by_voice=groups.by(closed, groups.voices, decimals),
        by_regime=groups.by(closed, groups.regime, decimals),
        by_exit=groups.by(closed, groups.ending, decimals),
        days_told=days.told(daily, closed, decimals),
        months=lines.months if lines else {},
        falls=lines.falls if lines else [],
        figures=lines.figures if lines else None,
        curve=lines.curve if lines else None,
        costs=groups.costs(closed, _assumed(lived), decimals),
        vetoes=groups.vetoes(dict(lived.denied), lived.lessons),
        risk=health.risk(lived, daily, lines.metrics.max_drawdown if lines else None),
        health=health.health(lived, period),
        twin=beside,
        trades=list(trades.rows(closed[-MOST_TRADES:])),
        notes=_notes(lived, closed),
    )
    return Reported(answer, lived, lines)


def _setting(lived: Lived, name: str) -> list[str]:
    return list((lived.started.settings if lived.started else {}).get(name, ()))


def _assumed(lived: Lived) -> Costs | None:
    """Return the costs a backtest takes: those of the settings, whatever the mode."""
    options = in_force(lived)
    return None if options is None else options.paper.costs()


def _notes(lived: Lived, closed: Sequence[object]) -> list[str]:
    notes = []
    if lived.options is None:
        notes.append("the last session's settings are of another version: limits and costs are not known")
    if len(closed) > MOST_TRADES:
        notes.append(f"the first {len(closed) - MOST_TRADES} of {len(closed)} trades are not listed")
    if not lived.times_ms:
        notes.append("no cycle ended in the period")
    return notes
