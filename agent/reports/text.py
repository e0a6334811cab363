"""A report as lines that people read."""

from collections.abc import Iterable, Iterator

from agent.answers.learned import TradeGroup
from agent.answers.report import CostRow, HealthAnswer, PeriodReport, TwinAnswer
from domain.times import lasting, millis

WIDE = 10
FEW = 5


def lines(report: PeriodReport) -> Iterator[str]:
    """Yield a report's lines: money, trades, costs, vetoes, risk, health, the backtest beside it."""
    quote = report.quote or ""
    yield _line("report", f"{report.journal} ({report.mode}), {_span(report)}, row {report.seq}")
    yield _line("equity", f"{report.equity} {quote}, {report.profit} ({_share(report.earned)}) in the period")
    yield _line("trades", _trades(report))
    yield from _figures(report)
    for name, rows in (
        ("symbol", report.by_symbol),
        ("voice", report.by_voice),
        ("regime", report.by_regime),
        ("ending", report.by_exit),
    ):
        yield from _groups(name, rows)
    yield from (_line("costs", _costs(each, quote)) for each in report.costs)
    for veto in report.vetoes[:FEW]:
        saved = f", {veto.settled} settled: {veto.saved:+.2%} kept from us" if veto.settled else ""
        yield _line("veto", f"{veto.rule} denied {veto.denied}{saved}")
    yield from _risk(report)
    yield from _health(report.health)
    yield from twin_lines(report.twin, quote)
    yield from (_line("note", each) for each in report.notes)


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDE}}{text}"


def _span(report: PeriodReport) -> str:
    length = lasting(millis(report.until) - millis(report.since))
    return f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC ({length})"


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:+.2%}"


def _ratio(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _trades(report: PeriodReport) -> str:
    totals = report.totals
    if not totals.trades:
        return f"none closed; open positions: {len(report.positions)}"
    return (
        f"{totals.trades} closed, {totals.wins} won ({totals.win_rate or 0:.0%}), P&L {totals.pnl}, "
        f"profit factor {_ratio(totals.profit_factor)}; open positions: {len(report.positions)}"
    )


def _figures(report: PeriodReport) -> Iterator[str]:
    figures = report.figures
    if figures is None:
        return
    low, high = figures.sharpe_low, figures.sharpe_high
    between = "" if low is None or high is None else f" (95 %: {low:.2f} to {high:.2f})"
    sharpe = (
        f"{_ratio(figures.sharpe)}{between}" if figures.sharpe is not None else f"n/a, {figures.days} days"
    )
    fall = "n/a" if figures.max_drawdown is None else f"{figures.max_drawdown:.2%}"
    yield _line("risk", f"Sharpe {sharpe}, max drawdown {fall}, exposure {figures.exposure or 0:.0%}")


def _groups(name: str, rows: Iterable[TradeGroup]) -> Iterator[str]:
    for each in rows:
        yield _line(name, f"{each.name}: {each.trades} trades, {each.wins} won, P&L {each.pnl}")


def _costs(row: CostRow, quote: str) -> str:
    return (
        f"{row.symbol or 'all'}: fees {row.fees} (assumed {row.fees_assumed}), slippage {row.slippage} "
        f"(assumed {row.slippage_assumed}) of {row.traded} {quote} traded"
    )


def _risk(report: PeriodReport) -> Iterator[str]:
    risk = report.risk
    yield _line("kill", risk.kill_switch or "not thrown")
    yield from (_line("broken", each) for each in risk.breaks[:FEW])
    if len(risk.breaks) > FEW:
        yield _line("broken", f"and {len(risk.breaks) - FEW} more")


def _health(health: HealthAnswer) -> Iterator[str]:
    up = "n/a" if health.share_up is None else f"{health.share_up:.3%}"
    outcomes = ", ".join(f"{count} {name}" for name, count in health.outcomes.items())
    yield _line("cycles", f"{health.cycles} ({outcomes or 'none'})")
    yield _line(
        "uptime",
        f"{health.hours_up:.1f} h, {up}; longest {health.longest_hours:.1f} h; {health.sessions} sessions, "
        f"{health.crashes} cut off, {len(health.halts)} halted",
    )
    for gap in health.gaps[:FEW]:
        yield _line("gap", f"{gap.begin:%Y-%m-%d %H:%M} to {gap.end:%Y-%m-%d %H:%M}: {gap.why}")
    for fault in health.faults[:FEW]:
        yield _line("fault", f"{fault.count} {fault.kind} in {fault.stage}, the last: {fault.message}")
    sources = ", ".join(f"{name} {count}" for name, count in health.sources.items())
    yield _line("data", f"{sources or 'none'}; breaker open {health.breaker_open} times")
    yield _line("process", _process(health))
    for what in (
        *health.unresolved,
        *health.contradictions,
        *(f"{each} has no stop" for each in health.bare),
    ):
        yield _line("doubt", what)


def _process(health: HealthAnswer) -> str:
    reconnects = "not noted" if health.reconnects is None else str(health.reconnects)
    memory = health.memory
    if memory is None:
        return f"reconnects {reconnects}; memory not noted (it is once an hour)"
    slope = "" if memory.slope is None else f", {memory.slope / 1e6:+.2f} MB a day"
    held = f"memory {memory.last / 1e6:.0f} MB, at most {memory.largest / 1e6:.0f}"
    return f"reconnects {reconnects}; {held}{slope}"


def twin_lines(twin: TwinAnswer, quote: str) -> Iterator[str]:
    """Yield the session against its backtest: the sums, and the pairs that differ most."""
    if twin.why_not:
        yield _line("backtest", f"not compared: {twin.why_not}")
        return
    yield _line(
        "backtest",
        f"{twin.backtest_trades} trades, P&L {twin.backtest_pnl} {quote}; the session's "
        f"{twin.session_trades}, {twin.session_pnl}: {twin.matched} in both, {twin.identical} identical",
    )
    for why, count in twin.reasons.items():
        yield _line("differs", f"{count} times: {why}")
    worst = sorted((each for each in twin.pairs if each.why), key=lambda each: -abs(float(each.difference)))
    for each in worst[:FEW]:
        yield _line("pair", f"{each.opened:%Y-%m-%d %H:%M} {each.symbol} {each.difference}: {each.why}")
    yield from (_line("note", each) for each in twin.notes)
