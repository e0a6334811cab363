"""Research from Python, as frames for a notebook: what the commands do, and the same numbers.

from agent import backtest, sweep, walk_forward

run = backtest("BTC-USDT_1h.csv", strategies=["rsi"])
run.trades, run.indicators(), run.figures["sharpe"]
run.plot()
sweep("BTC-USDT_1h.csv", strategy="sma", grid={"fast": [5, 10, 20], "slow": [50, 100]}).trials
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.frames import Backtest, Swept, WalkedForward, equity_of, figures_of, times_of, trades_of, vetoes_of
from agent.settings.user_strategies import given
from agent.wiring.backtests import setup_of
from domain.errors import BadInput
from domain.symbols import spelled
from reasoning.declare import Declared
from research.engine.backtest import backtest as run_backtest
from research.engine.backtest import memory_of
from research.search.grid import Grid, default_grid, grid_of
from research.statistics.headline import stopped
from research.statistics.metrics import metrics
from research.statistics.words import stopped_words

Named = str | type[Declared]
"""A strategy by its name, or its class as a cell of the notebook defines it."""
Files = Sequence[str | Path] | str | Path
Tried = Mapping[str, Sequence[Any] | float] | Sequence[str] | str
"""The values to be tried: {"fast": [5, 10]}, ["fast=5:50:5"], or one such text."""


def backtest(
    data: Files = (),
    *,
    informative: Files = (),
    strategies: Sequence[Named] | Named = (),
    symbols: Sequence[str] | str = (),
    timerange: str | None = None,
    timeframe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | Path | None = None,
    home: str | Path | None = None,
    memory: int | None = None,
) -> Backtest:
    """Run the loop's rules over candle files, or over symbols of the catalogue where no file is given.

    `settings` are those of the configuration, nested or by dotted names: {"risk.daily_loss": 100}. `memory`
    bounds what several symbols' candles take once made ready, in MB. Raises BadInput with everything that is
    wrong.
    """
    from agent.cli.handlers.backtest.command import engine_for  # noqa: PLC0415  # what a command prints with comes with it

    asked = _asked(data, informative, strategies, symbols, timerange, timeframe, settings, config, home)
    options, candles, notes, beside = gather(asked)
    setup = setup_of(options, (), beside)
    engine, about = engine_for(setup, uncompiled=False, candles=sum(map(len, candles)))
    result = run_backtest(candles, setup, engine, memory_of(memory))
    match = stopped(result, setup.policy)
    quantities = {symbol: float(grid.step_size) for symbol, grid in setup.instruments.items()}
    return Backtest(
        equity=equity_of(result),
        trades=trades_of(result, quantities),
        vetoes=vetoes_of(result),
        figures=metrics(result, candles).plain(),
        stopped=stopped_words(match, result) if match else "",
        notes=[*notes, *about],
        result=result,
        setup=setup,
        candles=candles,
    )


def sweep(
    data: Files = (),
    *,
    informative: Files = (),
    strategy: Named,
    grid: Tried = (),
    symbols: Sequence[str] | str = (),
    timerange: str | None = None,
    timeframe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | Path | None = None,
    home: str | Path | None = None,
) -> Swept:
    """Try every combination of a grid, {"fast": [5, 10]} or ["fast=5:50:5"], under every rule of the loop.

    Without a grid the values around those that are set. Raises BadInput as `backtest`.
    """
    from agent.cli.handlers.search import begin  # noqa: PLC0415  # what a command prints with comes with it
    from research.search.executors import engine_named  # noqa: PLC0415  # as above
    from research.search.sweep import job_of  # noqa: PLC0415  # as above
    from research.search.sweep import sweep as run_sweep  # noqa: PLC0415  # as above

    begun = begin(
        _asked(data, informative, [strategy], symbols, timerange, timeframe, settings, config, home)
    )
    trials = _grid(begun, grid).trials
    job = job_of(begun.candles, begun.setup, trials, machine=begun.machine)
    scores = run_sweep(engine_named(None, None, None, machine=begun.machine), job, trials)
    rows = [
        {**dict(trial.parameters), **figures_of(scores.told(index))}
        for index, trial in enumerate(scores.trials)
    ]
    best = dict(scores.trials[scores.best("sharpe")].parameters)
    return Swept(pl.DataFrame(rows).sort("sharpe", descending=True, nulls_last=True), best, begun.notes)


def walk_forward(
    data: Files = (),
    *,
    informative: Files = (),
    strategy: Named,
    grid: Tried = (),
    train: str = "180d",
    test: str = "30d",
    step: str | None = None,
    anchored: bool = False,
    score: str = "sharpe",
    symbols: Sequence[str] | str = (),
    timerange: str | None = None,
    timeframe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | Path | None = None,
    home: str | Path | None = None,
) -> WalkedForward:
    """Fit on the past, trade the unseen time after it, window by window. Raises BadInput as `backtest`."""
    from agent.cli.handlers.search import begin  # noqa: PLC0415  # what a command prints with comes with it
    from research.search.executors import engine_named  # noqa: PLC0415  # as above
    from research.search.sweep import job_of  # noqa: PLC0415  # as above
    from research.search.walk_forward import walk_forward as walk  # noqa: PLC0415  # as above
    from research.search.windows import WindowPlan, length  # noqa: PLC0415  # as above

    plan = WindowPlan(length(train), length(test), length(step or test), anchored)
    begun = begin(
        _asked(data, informative, [strategy], symbols, timerange, timeframe, settings, config, home)
    )
    tried = _grid(begun, grid)
    job = job_of(begun.candles, begun.setup, tried.trials, machine=begun.machine)
    result = walk(engine_named(None, None, None, machine=begun.machine), job, tried, plan, score)
    rows = [
        {
            "train_from": fold.window.train[0],
            "test_from": fold.window.test[0],
            "test_to": fold.window.test[1],
            **dict(fold.trial.parameters),
            **{f"in_{name}": value for name, value in figures_of(fold.inside).items()},
            **{f"out_{name}": value for name, value in figures_of(fold.outside).items()},
        }
        for fold in result.folds
    ]
    times = ["train_from", "test_from", "test_to"]
    return WalkedForward(
        windows=pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.col(times).cast(pl.Int64).cast(pl.Datetime("ms", "UTC"))
        ),
        equity=pl.DataFrame({"time": times_of(result.times_ms), "equity": result.equity}),
        figures={
            **vars(result.outside),
            "efficiency": result.efficiency,
            "deflated_sharpe": result.deflated,
            "hold_return": result.hold_return,
        },
        notes=begun.notes,
        result=result,
    )


def _asked(
    data: Files,
    informative: Files,
    strategies: Sequence[Named] | Named,
    symbols: Sequence[str] | str,
    timerange: str | None,
    timeframe: str | None,
    settings: Mapping[str, Any] | None,
    config: str | Path | None,
    home: str | Path | None,
) -> ResearchRequest:
    files, others = map(_files, (data, informative))
    named = [strategies] if isinstance(strategies, str | type) else strategies
    return ResearchRequest(
        strategies=tuple(each if isinstance(each, str) else given(each) for each in named),
        data=files,
        symbols=[spelled(each) for each in ([symbols] if isinstance(symbols, str) else symbols)],
        timerange=timerange,
        timeframe=timeframe,
        sets=list(_assigned(settings or {})),
        config=None if config is None else Path(config),
        home=None if home is None else Path(home),
        informative=others,
    )


def _files(given: Files) -> list[Path]:
    """Return files as paths. Raises BadInput for what is none, such as a frame."""
    files = [given] if isinstance(given, str | Path) else given
    for each in [files] if hasattr(files, "columns") else files:
        if not isinstance(each, str | Path):
            what = f"candles come in files, not as {type(each).__name__}"
            raise BadInput(f'{what}: write a frame with write_csv("BTC-USDT_1h.csv") and name that file')
    return [Path(each) for each in files]


def _grid(begun: Any, grid: Tried) -> Grid:
    texts = [grid] if isinstance(grid, str) else list(grid)
    if isinstance(grid, Mapping):
        several = {
            name: [value] if isinstance(value, str | int | float) else value for name, value in grid.items()
        }
        texts = [f"{name}={','.join(map(str, values))}" for name, values in several.items()]
    return grid_of(begun.strategy, texts, begun.base) if texts else default_grid(begun.strategy, begun.base)


def _assigned(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _assigned(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}={','.join(map(str, value))}"
        else:
            yield f"{prefix}{name}={value}"
