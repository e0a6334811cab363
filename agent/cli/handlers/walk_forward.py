"""`agent walk-forward`: fit, test on the unseen, show both sides."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from agent.answers.trials import (
    OverfittingAnswer,
    PresentAnswer,
    ScoreAnswer,
    SideAnswer,
    WalkForwardAnswer,
    WindowAnswer,
)
from agent.cli.handlers.inputs import ResearchRequest
from agent.cli.handlers.search import (
    Begun,
    Proposal,
    begin,
    chance,
    day,
    evidence_of,
    interval,
    number,
    said,
    search_bar,
    share,
    table,
)
from agent.cli.handlers.targets import writable
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.streams import say_json, say_lines
from agent.parameters.evidence import write
from agent.reports.drawn import curve_of, months_of, tried_of
from agent.settings.version import code_version
from domain.times import utc
from research.search.executors import engine_named
from research.search.grid import Grid, default_grid, grid_of
from research.search.sweep import job_of
from research.search.walk_forward import Fold, WalkForward, walk_forward
from research.search.windows import WindowPlan, length, windows


class WalkForwardRequest(NamedTuple):
    """The arguments of `agent walk-forward`; `step` is the test's length if not given."""

    asked: ResearchRequest
    train: str
    test: str
    step: str | None
    anchored: bool
    grid: Sequence[str]
    score: str
    engine: str | None
    workers: int | None
    address: str | None
    evidence: Path | None
    json: bool


def walk_forward_command(request: WalkForwardRequest) -> None:
    """Run it and print the windows, both sides, and how much of it may be luck."""
    if request.evidence is not None:
        writable("--evidence-out", request.evidence)
    plan = WindowPlan(
        length(request.train), length(request.test), length(request.step or request.test), request.anchored
    )
    begun = begin(request.asked)
    base = begun.base
    grid = grid_of(begun.strategy, request.grid, base) if request.grid else default_grid(begun.strategy, base)
    job = job_of(begun.candles, begun.setup, grid.trials, machine=begun.machine)
    engine = engine_named(request.engine, request.workers, request.address, machine=begun.machine)
    count = len(windows(job.candles, job.setup.warmup, plan))
    with compiling_told(), search_bar(f"{count} windows", 2 * count * (len(grid.trials) + 1)) as done:
        result = walk_forward(engine, job, grid, plan, request.score, done)
    if request.evidence is not None:
        write(request.evidence, evidence_of(begun, _found(result)))
    if request.json:
        say_json(answer_of(begun, grid, result, request))
    else:
        say_lines(lines(begun, grid, result, request))


def _found(result: WalkForward) -> Proposal:
    """Return the last window's parameters with the evidence of all windows."""
    pbo = None if result.overfit is None else result.overfit.probability
    sides = result.inside.sharpe, result.outside.sharpe
    parameters = dict(result.folds[-1].trial.parameters)
    source = f"walk-forward of {len(result.folds)} windows"
    return Proposal(parameters, sides, result.present, result.trials, result.deflated, pbo, source)


def lines(begun: Begun, grid: Grid, result: WalkForward, request: WalkForwardRequest) -> list[str]:
    """Return the result as lines for people."""
    varied = _varied(grid)
    rows = [_row(fold, varied) for fold in result.folds]
    head = ("unseen window", "fitted on", "parameters", "in Sharpe", "in return", "out Sharpe", "out return",
            "trades", "kill switch")  # fmt: skip
    kind = "anchored" if request.anchored else "rolling"
    symbols = ", ".join(each.symbol for each in begun.candles)
    pbo = None if result.overfit is None else result.overfit.probability
    count = result.trials
    inside, outside = result.inside, result.outside
    sides = [
        ("a year", share(inside.cagr), share(outside.cagr)),
        ("Sharpe", number(inside.sharpe), number(outside.sharpe) + interval(result.interval)),
        ("Calmar", number(inside.calmar), number(outside.calmar)),
        ("max drawdown", share(inside.max_drawdown), share(outside.max_drawdown)),
        ("total return", "", share(outside.total_return)),
    ]
    return [
        (
            f"walk-forward {begun.strategy.name} on {symbols} {begun.options.timeframe}, {kind}, "
            f"{len(result.folds)} windows, {count} trials each by {request.score}"
            + (f", {result.skipped} combinations not allowed" if result.skipped else "")
        ),
        "",
        *table(head, rows),
        "",
        *table(("", "in sample (mean)", "out of sample (joined)"), sides),
        "",
        f"efficiency        {number(result.efficiency)} of the yearly return in sample is left out of sample",
        f"deflated Sharpe   {chance(result.deflated)} that the edge unseen is no luck of {count} trials",
        f"overfitting       {chance(pbo)} that the best in sample is below the median out of sample",
        f"present settings  Sharpe {number(result.present[0])} in, {number(result.present[1])} out of sample",
        f"buy and hold      {share(result.hold_return)} over the unseen time, without costs",
        f"kill switch       tripped in {result.killed} of {len(result.folds)} unseen windows",
        *(f"note              {note}" for note in begun.notes),
    ]


def _varied(grid: Grid) -> list[str]:
    names = [name for name, _ in grid.trials[0].parameters]
    return [
        name
        for index, name in enumerate(names)
        if len({each.parameters[index][1] for each in grid.trials}) > 1
    ] or names


def _row(fold: Fold, varied: Sequence[str]) -> tuple[str, ...]:
    train, test = fold.window
    inside, outside = fold.inside, fold.outside
    return (
        f"{day(test[0])} to {day(test[1])}",
        f"{day(train[0])} to {day(train[1])}",
        said(fold.trial.parameters, varied),
        number(inside.sharpe),
        share(inside.net_return),
        number(outside.sharpe),
        share(outside.net_return),
        f"{outside.trades:.0f}",
        day(fold.killed_ms),
    )


def answer_of(
    begun: Begun, grid: Grid, result: WalkForward, request: WalkForwardRequest
) -> WalkForwardAnswer:
    """Return everything that is said about a walk-forward."""
    pbo = result.overfit
    present = PresentAnswer(in_sample_sharpe=result.present[0], out_of_sample_sharpe=result.present[1])
    return WalkForwardAnswer(
        strategy=begun.strategy.name,
        symbols=[each.symbol for each in begun.candles],
        timeframe=begun.options.timeframe,
        fingerprints=[each.fingerprint for each in begun.candles],
        anchored=request.anchored,
        score=request.score,
        trials=result.trials,
        skipped=result.skipped,
        windows=list(map(_window, result.folds)),
        in_sample=SideAnswer(**vars(result.inside)),
        out_of_sample=SideAnswer(**vars(result.outside)),
        out_of_sample_sharpe_interval=result.interval,
        efficiency=result.efficiency,
        deflated_sharpe=result.deflated,
        overfitting=None if pbo is None else OverfittingAnswer(**pbo.plain()),
        present=present,
        hold_return=result.hold_return,
        kill_switch_windows=result.killed,
        daily_returns=result.daily.tolist(),
        notes=begun.notes,
        code_version=code_version(),
        curve=curve_of(result.times_ms, result.equity, begun.candles),
        months=months_of(result.times_ms, result.equity),
        tried=tried_of(
            (dict(each.parameters), *scores) for each, scores in zip(grid.trials, result.tried, strict=True)
        ),
    )


def _window(fold: Fold) -> WindowAnswer:
    inside, outside = fold.inside, fold.outside
    return WindowAnswer(
        train=[_at(each) for each in fold.window.train],
        test=[_at(each) for each in fold.window.test],
        parameters=dict(fold.trial.parameters),
        in_sample=ScoreAnswer(**inside.plain()),
        out_of_sample=ScoreAnswer(**outside.plain()),
        kill_switch_at=_at(fold.killed_ms),
    )


def _at(time_ms: int | None) -> datetime | None:
    return None if time_ms is None else utc(time_ms)
