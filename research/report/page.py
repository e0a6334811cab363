"""A backtest as one page: no file beside it, nothing loaded, the same bytes for the same result.

The page never shows a result better than it is: costs are taken off, buy-and-hold, the number of
trials and what luck explains stand beside every figure, in and out of sample side by side.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.times import TIMEFRAMES
from research.data.candles import Candles
from research.engine.result import Result
from research.report.candles import market_chart
from research.report.charts import equity_chart, histogram
from research.report.figures import (
    Samples,
    costs,
    extremes,
    headline,
    lines,
    monthly,
    pairs,
    vetoes,
)
from research.report.script import SCRIPT
from research.report.style import STYLE
from research.report.text import Markup, card, day, element, joined, minute, number, safe
from research.report.trades import best_and_worst_days, exit_reasons, falls, trade_table
from research.report.verdict import Luck, luck_rows, tiles, verdict
from research.statistics.metrics import Metrics

SEEN, UNSEEN = "In sample", "Out of sample"


@dataclass(frozen=True, eq=False)
class Report:
    """Everything the page tells; without a title it names the strategies and symbols.

    `candles` are drawn with the trades on them, of both samples; `instruments` by symbol gives their
    grids. `unseen` is the out-of-sample result with its figures. `trials`, `deflated` and `overfit`
    are the number of trials behind the parameters, the deflated Sharpe ratio and the probability of
    backtest overfitting; None is told as not known. `parameters` adds to those in the result.

    `session` is true of a paper or live run (engine.journaled), of which nothing is said about trials.
    `stopped` says since when nothing could be bought; `said` holds further lines under the headline, name and
    text (limits, costs); `settings` are those in force, nested as the settings' `public()` has them.
    """

    result: Result
    metrics: Metrics
    candles: tuple[Candles, ...]
    instruments: Mapping[str, Instrument]
    code_version: str
    command: str
    title: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    flaws: Sequence[str] = ()
    unseen: tuple[Result, Metrics] | None = None
    trials: int | None = None
    deflated: float | None = None
    overfit: float | None = None
    session: bool = False
    stopped: str = ""
    said: Sequence[tuple[str, str]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def html_report(report: Report) -> str:
    """Return the page, complete and self-contained.

    Raises BadInput for a result without a cycle or a symbol without an instrument.
    """
    _check(report)
    samples = _samples(report)
    parts = [
        _head(report, samples),
        tiles(samples[-1], _luck(report)),
        *_curves(report, samples),
        _figures(report, samples),
        _markets(report),
        *_months(samples),
        _trading(report, samples),
        _inputs(report),
        _made(report),
    ]
    body = element("main", joined(parts))
    return _PAGE.format(policy=_policy(), title=safe(_title(report)), style=STYLE, body=body, script=SCRIPT)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>{style}</style></head>
<body>{body}<script>{script}</script></body></html>
"""


def _policy() -> str:
    """Return what the browser may do with the page: run this one script, load nothing."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def _check(report: Report) -> None:
    for result, _ in ((report.result, None), *([report.unseen] if report.unseen else [])):
        if not result.cycles:
            raise BadInput("a report needs a result of at least 1 cycle, not 0")
        missing = [each for each in result.symbols if each not in report.instruments]
        if missing:
            raise BadInput(f"{missing[0]}: no instrument in the report")


def _samples(report: Report) -> Samples:
    value = (SEEN, report.result, report.metrics)
    return [value] if report.unseen is None else [value, (UNSEEN, *report.unseen)]


def _luck(report: Report) -> Luck:
    unseen = report.unseen is not None
    return Luck(report.trials, report.deflated, report.overfit, unseen=unseen, session=report.session)


def _title(report: Report) -> str:
    result = report.result
    kind = "Session" if report.session else "Backtest"
    return report.title or f"{', '.join(result.strategies) or kind} on {', '.join(result.symbols)}"


def _quote(report: Report) -> str:
    return " / ".join(sorted({report.instruments[each].quote for each in report.result.symbols}))


def _head(report: Report, samples: Samples) -> Markup:
    result, last = report.result, samples[-1][1]
    frames = {length: name for name, length in TIMEFRAMES.items()}
    what = (
        ", ".join(result.strategies) or "no strategy",
        ", ".join(result.symbols),
        frames.get(result.timeframe_ms, f"{result.timeframe_ms} ms"),
        f"{day(int(result.times_ms[0]))} to {day(int(last.times_ms[-1]))} UTC",
        f"{number(result.cycles, 0)} cycles",
    )
    badge, text = verdict(samples[-1], _luck(report), _quote(report))
    return element("header", joined([
        element("p", " · ".join(what), "meta"),
        element("h1", _title(report)),
        _stop(report.stopped),
        element("p", joined([badge, safe(text)], " "), "verdict"),
        pairs(dict(report.said), kind="said") if report.said else Markup(),
    ]))  # fmt: skip


def _stop(why: str) -> Markup:
    if not why:
        return Markup()
    return element("p", joined([element("strong", "stopped", "badge bad"), safe(why)], " "), "verdict")


def _figures(report: Report, samples: Samples) -> Markup:
    periods = report.metrics.periods
    note = f"After costs, in {_quote(report)}. Ratios: daily returns, {periods} a year, risk-free 0."
    if report.metrics.days < periods:
        note += f" Yearly figures are stretched from {report.metrics.days} days: do not compare them."
    inner = joined([headline(samples, luck_rows(_luck(report))), _METHOD])
    return card("Figures", inner, note)


_METHOD = Markup(
    "<details><summary>How each figure is made</summary><p>Sharpe: mean over deviation of daily returns "
    "(Sharpe 1994). Sortino: the same over downside deviation, target 0 (Sortino and van der Meer 1991). "
    "Calmar: growth per year over max drawdown (Young 1991). Drawdown: deepest fall of equity from a peak "
    "over all cycles, and its time from the peak to recovery or the end. Profit factor: won over lost; "
    "expectancy: mean result of a trade, both after costs. Turnover: bought and sold, over average equity, "
    "per year. Exposure: share of cycles that ended with a position. Buy and hold: equal parts of every "
    "symbol, first open to last close, without costs. Deflated Sharpe ratio: probability that the Sharpe "
    "ratio is above what the best of as many lucky trials would reach (Bailey and López de Prado 2014). "
    "Probability of backtest overfitting: how often the best in sample was not above the median out of "
    "sample (Bailey, Borwein, López de Prado and Zhu 2017). n/a: the data do not define it.</p></details>"
)


def _curves(report: Report, samples: Samples) -> list[Markup]:
    quote = _quote(report)
    return [card(f"Equity{_of(title, samples)}", equity_chart(result, quote)) for title, result, _ in samples]


def _of(title: str, samples: Samples) -> str:
    return f", {title.lower()}" if len(samples) > 1 else ""


def _markets(report: Report) -> Markup:
    results = [report.result] if report.unseen is None else [report.result, report.unseen[0]]
    start = None if report.unseen is None else int(report.unseen[0].times_ms[0])
    charts = [
        market_chart(each, results, report.instruments, len(report.candles), start) for each in report.candles
    ]
    note = "Dots: entry, winning exit, losing exit, at average fill prices."
    shaded = " The shaded part is out of sample." if report.unseen else ""
    return card("Trades on the candles", joined(charts), note + shaded)


def _months(samples: Samples) -> list[Markup]:
    note = "By UTC month, after costs; the first and last are as long as the data."
    parts = []
    for title, result, _ in samples:
        report = _of(title, samples)
        deepest = card(f"Worst drawdowns{report}", falls(result), "From a peak of equity to its recovery.")
        days = card(f"Best and worst days{report}", best_and_worst_days(result), "UTC days, after costs.")
        parts += [
            card(f"Months{report}", monthly(result), note),
            element("div", joined([deepest, days]), "pair"),
        ]
    return parts


def _trading(report: Report, samples: Samples) -> Markup:
    parts = []
    for title, result, _ in samples:
        answer = _of(title, samples)
        results = card(f"Trade results{answer}", histogram(result), "After costs, share of what was bought.")
        denied = card(f"Denied by rule{answer}", vetoes(result))
        parts += [
            card(f"Costs{answer}", costs(result), f"Closed trades, in {_quote(report)}."),
            card(f"How trades ended{answer}", exit_reasons(result), "After costs."),
            element("div", joined([results, denied]), "pair"),
            card(f"Largest wins and losses{answer}", extremes(result, report.instruments)),
            card(f"Trades{answer}", trade_table(result, report.instruments), _TRADES),
        ]
    return joined(parts)


_TRADES = (
    "In the order they closed, after costs; prices are averages of the fills. A heading sorts by its column."
)


def _inputs(report: Report) -> Markup:
    parameters = {**report.result.parameters, **report.parameters}
    cards = [
        card("Parameters", pairs(parameters) if parameters else element("p", "None.", "note")),
        card("Flaws in the data", lines(report.flaws, "None found.")),
    ]
    results = [element("div", joined(cards), "pair")]
    if report.settings:
        inner = element("details", joined([element("summary", "Show all"), pairs(report.settings)]))
        results.append(card("Settings in force", inner))
    return joined(results)


def _made(report: Report) -> Markup:
    match: dict[str, Any] = {"code version": report.code_version}
    for title, result, _ in _samples(report):
        match |= _ending(result, title.lower())
        series = result.candles or report.candles
        for each in series:
            span = f"{minute(int(each.time[0]))} to {minute(int(each.time[-1]))}" if len(each) else "empty"
            match[f"{each.symbol}, {title.lower()}"] = (
                f"{len(each):,} candles, {span}, SHA-256 {each.fingerprint}"
            )
    command = element("pre", report.command)
    return card("Where it comes from", joined([pairs(match), element("h3", "Made by"), command]))


def _ending(result: Result, title: str) -> dict[str, str]:
    """Return what the figures of closed trades leave out: the kill switch, positions still open."""
    match = {}
    if result.kill_switch_ms is not None:
        match[f"kill switch, {title}"] = f"thrown {minute(result.kill_switch_ms)} UTC"
    if result.open_positions:
        names = ", ".join(str(each.get("symbol")) for each in result.open_positions)
        match[f"still open, {title}"] = f"{names}, counted in equity at the last mark"
    return match
