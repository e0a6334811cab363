"""A report as one page: the modules and the style of every other page, nothing loaded, no clock."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from markupsafe import Markup

from agent.answers.learned import TradeGroup
from agent.answers.report import CostRow, HealthAnswer, PairRow, PeriodReport
from agent.reports.report import Reported
from research.report.charts import equity_chart, histogram, monthly
from research.report.inlined import script
from research.report.page import SCRIPT, STYLES
from research.report.templates import page, part, style
from research.report.text import Cell, coloured, note, number, percent, span, table
from research.report.trades import falls, trade_table

MOST_PAIRS = 500
"""Pairs in the table, those that differ most."""


def html(done: Reported) -> str:
    """Return the page, complete and self-contained."""
    report, lines = done.answer, done.drawn
    result = lines.result if lines else None
    nothing = note("No cycle ended in the period.")
    grids = done.lived.state.ledger.instruments
    return page(
        "period.html.j2",
        digest=base64.b64encode(hashlib.sha256(script(SCRIPT).encode()).digest()).decode(),
        style=style(*STYLES),
        script=script(SCRIPT),
        title=f"{report.journal}, {report.since:%Y-%m-%d} to {report.until:%Y-%m-%d}",
        what=[*report.strategies, ", ".join(report.symbols), report.timeframe, report.mode],
        stopped=report.risk.kill_switch,
        said=list(_said(report)),
        tiles=_tiles(report),
        quote=report.quote or "",
        equity=equity_chart(result, report.quote or "") if result else nothing,
        months=monthly(result) if result else nothing,
        falls=falls(result) if result else nothing,
        results=histogram(result) if result else nothing,
        trades=trade_table(result, grids) if result else nothing,
        days=_days(report),
        costs=_table(COSTS, report.costs, "No closed trade."),
        groups=list(_groups(report)),
        vetoes=_vetoes(report),
        health=table(["", ""], [[name, text] for name, text in _ran(report.health)]),
        breaks=[*report.risk.breaks, *_doubts(report.health)],
        gaps=_gaps(report.health),
        faults=_faults(report.health),
        twin=_twin(report),
        pairs_table=_pairs(report.twin.pairs),
        backtest_note="A backtest over the candles the session saw, with the settings it had.",
        twin_notes=report.twin.notes,
        origin=list(_origin(report)),
        command=_command(report),
    )


def _said(report: PeriodReport) -> Iterator[tuple[str, str]]:
    yield "Period", f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC"
    yield from (("Note", each) for each in report.notes)


def _tiles(report: PeriodReport) -> Markup:
    totals, health, figures = report.totals, report.health, report.figures
    low, high = (figures.sharpe_low, figures.sharpe_high) if figures else (None, None)
    sure = f"95 %: {number(low)} to {number(high)}" if low is not None else "too few days"
    costs = report.costs[-1] if report.costs else None
    rows: Sequence[tuple[str, Cell, str]] = (
        (
            "Profit",
            coloured(number(float(report.profit), signed=True), float(report.profit)),
            percent(report.earned, signed=True),
        ),
        (
            "Trades",
            number(totals.trades, 0),
            f"{percent(totals.win_rate, 0)} won, profit factor {number(totals.profit_factor)}",
        ),
        ("Sharpe ratio", number(figures.sharpe if figures else None), sure),
        ("Max drawdown", percent(report.risk.drawdown), f"deepest day {percent(report.risk.deepest_day)}"),
        (
            "Costs",
            number(float(costs.fees) + float(costs.slippage) if costs else 0.0),
            f"assumed {number(float(costs.fees_assumed) + float(costs.slippage_assumed) if costs else 0.0)}",
        ),
        (
            "Uptime",
            percent(health.share_up, 3),
            f"{number(health.hours_up, 1)} h, {health.sessions} sessions",
        ),
    )
    return part("tiles", "The period at a glance", rows)


def _table(
    columns: Sequence[tuple[str, Callable[[CostRow], Cell]]], rows: Sequence[CostRow], nothing: str
) -> Markup:
    if not rows:
        return note(nothing)
    return table([head for head, _ in columns], [[show(row) for _, show in columns] for row in rows])


def _more(row: CostRow) -> Cell:
    paid = float(row.fees) + float(row.slippage)
    more = paid - float(row.fees_assumed) - float(row.slippage_assumed)
    return coloured(number(more, signed=True), -more)


COSTS: Sequence[tuple[str, Callable[[CostRow], Cell]]] = (
    ("", lambda row: row.symbol or "all"),
    ("Trades", lambda row: number(row.trades, 0)),
    ("Traded", lambda row: number(float(row.traded), 0)),
    ("Fees", lambda row: number(float(row.fees))),
    ("… assumed", lambda row: number(float(row.fees_assumed))),
    ("Slippage", lambda row: number(float(row.slippage))),
    ("… assumed", lambda row: number(float(row.slippage_assumed))),
    ("More than assumed", _more),
)


def _groups(report: PeriodReport) -> Iterator[tuple[str, str, Markup]]:
    named = (
        ("By symbol", "", report.by_symbol),
        ("By hour of entry", "UTC.", report.by_hour),
        ("By voice", "A trade counts under each voice that spoke for it.", report.by_voice),
        ("By regime", "Of the market at entry.", report.by_regime),
        ("How trades ended", "", report.by_exit),
    )
    for name, words, rows in named:
        yield name, words, _group(rows)


def _group(rows: Sequence[TradeGroup]) -> Markup:
    if not rows:
        return note("No closed trade.")
    head = ("", "Trades", "Won", "Mean result", "Net")
    return table(
        head,
        [
            [
                each.name,
                number(each.trades, 0),
                percent(each.wins / each.trades, 0),
                percent(each.mean_result, signed=True),
                coloured(number(float(each.pnl), signed=True), float(each.pnl)),
            ]
            for each in rows
        ],
    )


def _days(report: PeriodReport) -> Markup:
    if not report.days_told:
        return note("No cycle ended in the period.")
    head = ("", "Net", "", "Deepest", "Trades", "Equity")
    rows = [
        [
            each.day,
            coloured(number(float(each.profit), signed=True), float(each.profit)),
            coloured(percent(each.earned, signed=True), each.earned),
            percent(each.deepest),
            number(each.trades, 0),
            number(float(each.equity)),
        ]
        for each in reversed(report.days_told)
    ]
    return table(head, rows, "tall")


def _vetoes(report: PeriodReport) -> Markup:
    if not report.vetoes:
        return note("No decision was denied.")
    head = ("", "Denied", "Settled", "Losses avoided", "Gains missed", "Kept from us")
    return table(
        head,
        [
            [
                each.rule,
                number(each.denied, 0),
                number(each.settled, 0),
                number(each.losses_avoided, 0),
                number(each.gains_missed, 0),
                coloured(percent(each.saved, signed=True), each.saved) if each.settled else "n/a",
            ]
            for each in report.vetoes
        ],
    )


def _ran(health: HealthAnswer) -> Iterator[tuple[str, str]]:
    outcomes = ", ".join(f"{count} {name}" for name, count in health.outcomes.items())
    yield "Cycles", f"{number(health.cycles, 0)} ({outcomes or 'none'})"
    yield "Up", f"{number(health.hours_up, 1)} h, {percent(health.share_up, 3)} of the time not paused"
    yield "Longest without a gap", span(health.longest_hours)
    yield "Sessions", f"{health.sessions}, {health.crashes} cut off, {len(health.halts)} halted"
    yield "Kill switch thrown", f"{health.kill_switches} times"
    sources = ", ".join(f"{name} {number(count, 0)}" for name, count in health.sources.items())
    yield "Data", f"{sources or 'none'}; breaker open {health.breaker_open} times"
    yield "Reconnects", "not noted" if health.reconnects is None else str(health.reconnects)
    yield "Memory", _memory(health)
    commands = ", ".join(f"{name} {count}" for name, count in health.commands.items())
    yield "Commands", commands or "none"


def _memory(health: HealthAnswer) -> str:
    memory = health.memory
    if memory is None:
        return "not noted (it is once an hour)"
    slope = "" if memory.slope is None else f", {number(memory.slope / 1e6, 2, signed=True)} MB a day"
    return f"{number(memory.last / 1e6, 0)} MB, at most {number(memory.largest / 1e6, 0)} MB{slope}"


def _doubts(health: HealthAnswer) -> Iterable[str]:
    bare = (f"{each}: no stop rests under the position" for each in health.bare)
    return [*health.halts, *health.unresolved, *health.contradictions, *bare]


def _gaps(health: HealthAnswer) -> Markup:
    if not health.gaps:
        return note("None.")
    rows = [
        [f"{each.begin:%Y-%m-%d %H:%M}", f"{each.end:%Y-%m-%d %H:%M}", span(each.hours), each.why]
        for each in health.gaps
    ]
    return table(("From", "To", "", "Why"), rows, "tall")


def _faults(health: HealthAnswer) -> Markup:
    if not health.faults:
        return note("None.")
    rows = [
        [each.kind, each.stage, "ours" if each.ours else "a venue's", number(each.count, 0), each.message]
        for each in health.faults
    ]
    return table(("", "In", "Whose", "Times", "The last"), rows)


def _twin(report: PeriodReport) -> Markup:
    twin = report.twin
    if twin.why_not:
        return note(f"Not compared: {twin.why_not}.")
    rows: list[list[Cell]] = [
        ["Session", number(twin.session_trades, 0), number(float(twin.session_pnl), signed=True)],
        ["Backtest", number(twin.backtest_trades, 0), number(float(twin.backtest_pnl), signed=True)],
        ["Difference", "", number(float(twin.difference), signed=True)],
        ["In both", number(twin.matched, 0), f"{twin.identical} identical"],
    ]
    rows += [[why, number(count, 0), ""] for why, count in twin.reasons.items()]
    return table(("", "Trades", "Net"), rows)


def _pairs(pairs: Sequence[PairRow]) -> Markup:
    different = sorted((each for each in pairs if each.why), key=lambda each: -abs(float(each.difference)))
    if not different:
        return Markup()
    head = ("", "Opened", "Session", "Backtest", "Difference", "Size", "Entry", "Exit", "Fees", "Why")
    return table(head, [_pair(each) for each in different[:MOST_PAIRS]], "tall")


def _pair(row: PairRow) -> list[Cell]:
    amounts = (row.size, row.entry, row.exit, row.fees)
    return [
        row.symbol,
        f"{row.opened:%Y-%m-%d %H:%M}",
        "none" if row.session is None else number(float(row.session), signed=True),
        "none" if row.backtest is None else number(float(row.backtest), signed=True),
        coloured(number(float(row.difference), signed=True), float(row.difference)),
        *(number(float(each), signed=True) for each in amounts),
        row.why,
    ]


def _origin(report: PeriodReport) -> Iterator[tuple[str, str]]:
    yield "journal", f"{report.journal}, id {report.journal_id}"
    yield "up to row", f"{report.seq}, SHA-256 {report.hash}"
    yield "sessions", ", ".join(map(str, report.sessions)) or "none"
    yield "code of the sessions", ", ".join(report.code_versions) or "unknown"


def _command(report: PeriodReport) -> str:
    return (
        f"agent report --journal {report.journal} --since {report.since:%Y-%m-%dT%H:%M:%S.%fZ} "
        f"--until {report.until:%Y-%m-%dT%H:%M:%S.%fZ}"
    )
