"""Research from Python, as frames for a notebook: what the commands do, and the same numbers.

from agent import backtest, sweep, walk_forward

run = backtest("BTC-USDT_1h.csv", strategies=["rsi"])
run.trades, run.indicators(), run.figures["sharpe"]
run.plot()
sweep("BTC-USDT_1h.csv", strategy="sma", grid={"fast": [5, 10, 20], "slow": [50, 100]}).trials
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.settings.user_strategies import given
from agent.verify.drawn import drawn_over
from agent.wiring.backtests import setup_of
from domain.symbols import spelled
from reasoning.declare import Declared
from research.data.candles import Candles
from research.engine.backtest import Setup, memory_of
from research.engine.backtest import backtest as run_backtest
from research.engine.result import Result
from research.search.grid import Grid, default_grid, grid_of
from research.search.walk_forward import WalkForward
from research.statistics.headline import stopped
from research.statistics.metrics import metrics
from research.statistics.scoring import Score
from research.statistics.words import stopped_words
from risk.table import NOTHING_TO_REDUCE, RULES

Named = str | type[Declared]
"""A strategy by its name, or its class as a cell of the notebook defines it."""
Files = Sequence[str | Path] | str | Path


class Picture:
    """A page with charts: a notebook shows it, `save` writes it to a file."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        quoted = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{quoted}" style="width: 100%; height: 900px; border: 0"></iframe>'

    def save(self, path: str | Path) -> Path:
        """Write the page; it is whole in itself."""
        Path(path).write_text(self.html, encoding="utf-8")
        return Path(path)


class Backtest(NamedTuple):
    """The result of a backtest as data frames.

    `equity` has time and equity of each cycle, `trades` a row for each closed trade, `vetoes` one for each
    denied decision; amounts in the quote currency as floats, times in UTC. `figures` are those of the report
    by name, None where the data do not define one; `stopped` says since when nothing could be bought, ""
    where something could; `notes` what is to be known of data and settings. `result` is exact, in cash units.
    """

    equity: pl.DataFrame
    trades: pl.DataFrame
    vetoes: pl.DataFrame
    figures: dict[str, float | int | None]
    stopped: str
    notes: list[str]
    result: Result
    setup: Setup
    candles: Sequence[Candles]

    def indicators(self, symbol: str | None = None) -> pl.DataFrame:
        """Return what every voice looks at, a row for each candle; prices in the quote currency.

        Of the first symbol if none is named; null until known. Raises BadInput for a symbol it has not.
        """
        return drawn_over(self.candles, self.setup, None if symbol is None else spelled(symbol))

    def plot(self) -> Picture:
        """Return the report's page: equity beside buy and hold, drawdown, months, trades."""
        from agent.settings.version import code_version  # noqa: PLC0415  # only where asked
        from research.data.flaws import flaw_lines, flaws  # noqa: PLC0415  # as above
        from research.report.page import Report, html_report  # noqa: PLC0415  # as above

        known = [f"{each.symbol}: {line}" for each in self.candles for line in flaw_lines(flaws(each))]
        return Picture(
            html_report(
                Report(
                    result=self.result,
                    metrics=metrics(self.result, self.candles),
                    candles=tuple(self.candles),
                    instruments=self.setup.instruments,
                    parameters=self.result.parameters,
                    flaws=tuple(known),
                    code_version=code_version(),
                    command="agent.backtest(...)",
                    stopped=self.stopped,
                )
            )
        )


class Swept(NamedTuple):
    """Parameters tried out: `trials` has a row for each, its parameters and figures, the best Sharpe first.

    `best` are its parameters. All were tried on the same candles, so the best is flattered: walk forward.
    """

    trials: pl.DataFrame
    best: dict[str, Any]
    notes: list[str]


class WalkedForward(NamedTuple):
    """A walk-forward: `windows` with what was chosen and both sides' figures, `equity` of the unseen time.

    `figures` are those of the unseen time; `result` is all of it.
    """

    windows: pl.DataFrame
    equity: pl.DataFrame
    figures: dict[str, float | None]
    notes: list[str]
    result: WalkForward


def backtest(
    data: Files = (),
    *,
    informative: Files = (),
    strategies: Sequence[Named] = (),
    symbols: Sequence[str] = (),
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
        equity=_equity(result),
        trades=_trades(result, quantities),
        vetoes=_vetoes(result),
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
    grid: Mapping[str, Sequence[Any]] | Sequence[str] = (),
    symbols: Sequence[str] = (),
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
        {**dict(trial.parameters), **_figures(scores.score(index))}
        for index, trial in enumerate(scores.trials)
    ]
    best = dict(scores.trials[scores.best("sharpe")].parameters)
    return Swept(pl.DataFrame(rows).sort("sharpe", descending=True, nulls_last=True), best, begun.notes)


def walk_forward(
    data: Files = (),
    *,
    informative: Files = (),
    strategy: Named,
    grid: Mapping[str, Sequence[Any]] | Sequence[str] = (),
    train: str = "180d",
    test: str = "30d",
    step: str | None = None,
    anchored: bool = False,
    score: str = "sharpe",
    symbols: Sequence[str] = (),
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
            **{f"in_{name}": value for name, value in _figures(fold.inside).items()},
            **{f"out_{name}": value for name, value in _figures(fold.outside).items()},
        }
        for fold in result.folds
    ]
    times = ["train_from", "test_from", "test_to"]
    return WalkedForward(
        windows=pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.col(times).cast(pl.Int64).cast(pl.Datetime("ms", "UTC"))
        ),
        equity=pl.DataFrame({"time": _times(result.times_ms), "equity": result.equity}),
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
    strategies: Sequence[Named],
    symbols: Sequence[str],
    timerange: str | None,
    timeframe: str | None,
    settings: Mapping[str, Any] | None,
    config: str | Path | None,
    home: str | Path | None,
) -> ResearchRequest:
    files, others = ([each] if isinstance(each, str | Path) else each for each in (data, informative))
    return ResearchRequest(
        strategies=tuple(each if isinstance(each, str) else given(each) for each in strategies),
        data=[Path(each) for each in files],
        symbols=[spelled(each) for each in symbols],
        timerange=timerange,
        timeframe=timeframe,
        sets=list(_assigned(settings or {})),
        config=None if config is None else Path(config),
        home=None if home is None else Path(home),
        informative=[Path(each) for each in others],
    )


def _grid(begun: Any, grid: Mapping[str, Sequence[Any]] | Sequence[str]) -> Grid:
    texts = list(grid)
    if isinstance(grid, Mapping):
        texts = [f"{name}={','.join(map(str, values))}" for name, values in grid.items()]
    return grid_of(begun.strategy, texts, begun.base) if texts else default_grid(begun.strategy, begun.base)


def _figures(score: Score) -> dict[str, float | None]:
    """Return a trial's figures by name, None where the data do not define one."""
    known = score._asdict()
    del known["cash"]  # in cash units
    return {name: value if isfinite(value) else None for name, value in known.items()}


def _assigned(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _assigned(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}={','.join(map(str, value))}"
        else:
            yield f"{prefix}{name}={value}"


def _times(column: Any) -> pl.Series:
    return pl.Series(column).cast(pl.Datetime("ms", "UTC"))


def _equity(result: Result) -> pl.DataFrame:
    return pl.DataFrame({"time": _times(result.times_ms), "equity": result.equity / result.cash_scale})


def _trades(result: Result, quantities: Mapping[str, float]) -> pl.DataFrame:
    rows = result.trades
    symbols = [result.symbols[index] for index in rows["symbol"].tolist()]
    lots = zip(rows["lots"].tolist(), symbols, strict=True)
    money = ("bought", "sold", "gross", "fees", "slippage", "pnl")
    return pl.DataFrame(
        {
            "symbol": pl.Series(symbols, dtype=pl.String),
            "opened": _times(rows["opened_ms"]),
            "closed": _times(rows["closed_ms"]),
            "entry_cycle": rows["entry_cycle"],
            "quantity": pl.Series([count * quantities[symbol] for count, symbol in lots], dtype=pl.Float64),
            **{name: rows[name] / result.cash_scale for name in money},
            "exit": pl.Series([result.endings[index] for index in rows["ending"].tolist()], dtype=pl.String),
        }
    )


def _vetoes(result: Result) -> pl.DataFrame:
    rows, names = result.vetoes, [NOTHING_TO_REDUCE.reason, *(rule.reason for rule in RULES)]
    return pl.DataFrame(
        {
            "time": _times(rows["at_ms"]),
            "cycle": rows["cycle"],
            "symbol": pl.Series(
                [result.symbols[index] for index in rows["symbol"].tolist()], dtype=pl.String
            ),
            "rule": pl.Series([names[code] for code in rows["rule"].tolist()], dtype=pl.String),
        }
    )
