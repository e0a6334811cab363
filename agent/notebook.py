"""A backtest from Python, as frames for a notebook: what `agent backtest` does, and the same numbers.

from agent import backtest

run = backtest(["BTC-USDT_1h.csv"], strategies=["rsi"])
run.equity, run.trades, run.figures["sharpe"]
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.wiring.backtests import setup_of
from domain.symbols import spelled
from research.engine.backtest import backtest as run_backtest
from research.engine.result import Result
from research.statistics.headline import stopped
from research.statistics.metrics import metrics
from research.statistics.words import stopped_words
from risk.table import NOTHING_TO_REDUCE, RULES


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


def backtest(
    data: Sequence[str | Path] | str | Path = (),
    *,
    strategies: Sequence[str] = (),
    symbols: Sequence[str] = (),
    timerange: str | None = None,
    timeframe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    config: str | Path | None = None,
    home: str | Path | None = None,
) -> Backtest:
    """Run the loop's rules over candle files, or over symbols of the catalogue where no file is given.

    `settings` are those of the configuration, nested or by dotted names: {"risk.daily_loss": 100}. Raises
    BadInput with everything that is wrong.
    """
    from agent.cli.handlers.backtest.command import engine_for  # noqa: PLC0415  # what a command prints with comes with it

    files = [data] if isinstance(data, str | Path) else data
    asked = ResearchRequest(
        strategies=tuple(strategies),
        data=[Path(each) for each in files],
        symbols=[spelled(each) for each in symbols],
        timerange=timerange,
        timeframe=timeframe,
        sets=list(_assigned(settings or {})),
        config=None if config is None else Path(config),
        home=None if home is None else Path(home),
    )
    options, candles, notes = gather(asked)
    setup = setup_of(options)
    engine, about = engine_for(setup, uncompiled=False)
    result = run_backtest(candles, setup, engine)
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
    )


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
