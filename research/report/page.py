"""A backtest as one page: no file beside it, nothing loaded, the same bytes for the same result.

The page never shows a result better than it is: costs are taken off, buy-and-hold, the number of
trials and what luck explains stand beside every figure, in and out of sample side by side.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.times import TIMEFRAMES
from research.data.candles import Candles
from research.engine.result import Result
from research.report.candles import market_chart
from research.report.charts import equity_chart, histogram, monthly
from research.report.figures import Samples, costs, extremes, headline, pairs, vetoes
from research.report.inlined import script
from research.report.templates import page, style
from research.report.text import day, minute, number
from research.report.trades import best_and_worst_days, exit_reasons, falls, trade_table
from research.report.verdict import Luck, Sample, luck_rows, tiles, verdict
from research.statistics.metrics import Metrics

SEEN, UNSEEN = "In sample", "Out of sample"
STYLES = ("tokens.css", "charts.css", "report.css")
SCRIPT = "charts/report.js"


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
    badge, words = verdict(samples[-1], _luck(report), _quote(report))
    parameters = {**report.result.parameters, **report.parameters}
    return page(
        "report.html.j2",
        digest=_digest(),
        style=style(*STYLES),
        script=script(SCRIPT),
        title=_title(report),
        what=_what(report, samples),
        badge=badge,
        words=words,
        stopped=report.stopped,
        said=list(report.said),
        quote=_quote(report),
        tiles=tiles(samples[-1], _luck(report)),
        sides=[_side(report, sample, samples) for sample in samples],
        figures=headline(samples, luck_rows(_luck(report))),
        figures_note=_figures_note(report),
        markets=_markets(report),
        markets_note=_markets_note(report),
        parameters=pairs(parameters),
        flaws=list(report.flaws),
        settings=pairs(report.settings),
        origin=pairs(_origin(report)),
        command=report.command,
    )


def _digest() -> str:
    """Return the hash by which the browser knows the one script it may run."""
    return base64.b64encode(hashlib.sha256(script(SCRIPT).encode()).digest()).decode()


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


def _what(report: Report, samples: Samples) -> list[str]:
    """Return what was run on what, for how long."""
    result, last = report.result, samples[-1][1]
    frames = {length: name for name, length in TIMEFRAMES.items()}
    return [
        ", ".join(result.strategies) or "no strategy",
        ", ".join(result.symbols),
        frames.get(result.timeframe_ms, f"{result.timeframe_ms} ms"),
        f"{day(int(result.times_ms[0]))} to {day(int(last.times_ms[-1]))} UTC",
        f"{number(result.cycles, 0)} cycles",
    ]


def _figures_note(report: Report) -> str:
    periods = report.metrics.periods
    note = f"After costs, in {_quote(report)}. Ratios: daily returns, {periods} a year, risk-free 0."
    if report.metrics.days < periods:
        note += f" Yearly figures are stretched from {report.metrics.days} days: do not compare them."
    return note


def _markets(report: Report) -> list[Markup]:
    results = [report.result] if report.unseen is None else [report.result, report.unseen[0]]
    start = None if report.unseen is None else int(report.unseen[0].times_ms[0])
    return [
        market_chart(each, results, report.instruments, len(report.candles), start) for each in report.candles
    ]


def _markets_note(report: Report) -> str:
    note = "Dots: blue an entry, green an exit with a gain, red one with a loss, at average fill prices."
    return note + (" The shaded part is out of sample." if report.unseen else "")


def _side(report: Report, sample: Sample, samples: Samples) -> dict[str, str]:
    """Return the tables and charts of one sample by their names in the template."""
    title, result, _ = sample
    suffix = f", {title.lower()}" if len(samples) > 1 else ""
    return {
        "suffix": suffix,
        "equity": equity_chart(result, _quote(report)),
        "months": monthly(result, suffix),
        "falls": falls(result),
        "days": best_and_worst_days(result),
        "costs": costs(result),
        "endings": exit_reasons(result),
        "results": histogram(result),
        "denied": vetoes(result),
        "extremes": extremes(result, report.instruments),
        "trades": trade_table(result, report.instruments),
    }


def _origin(report: Report) -> dict[str, Any]:
    """Return where code, candles and endings of the page come from."""
    match: dict[str, Any] = {"code version": report.code_version}
    for title, result, _ in _samples(report):
        match |= _ending(result, title.lower())
        series = result.candles or report.candles
        for each in series:
            span = f"{minute(int(each.time[0]))} to {minute(int(each.time[-1]))}" if len(each) else "empty"
            match[f"{each.symbol}, {title.lower()}"] = (
                f"{len(each):,} candles, {span}, SHA-256 {each.fingerprint}"
            )
    return match


def _ending(result: Result, title: str) -> dict[str, str]:
    """Return what the figures of closed trades leave out: the kill switch, positions still open."""
    match = {}
    if result.kill_switch_ms is not None:
        match[f"kill switch, {title}"] = f"thrown {minute(result.kill_switch_ms)} UTC"
    if result.open_positions:
        names = ", ".join(str(each.get("symbol")) for each in result.open_positions)
        match[f"still open, {title}"] = f"{names}, counted in equity at the last mark"
    return match
