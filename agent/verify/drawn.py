"""The numbers the voices of a backtest look at, over all its candles: the lines of the page, as a frame."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from agent.verify.lookahead import Beside
from domain.candle import Candle
from domain.errors import BadInput
from domain.instrument import Instrument
from perception.quality.ticks import rounded
from reasoning.informative import CandleFeed
from research.data.candles import Candles
from research.engine.backtest import BacktestVoice, Setup


def drawn_over(candles: Sequence[Candles], setup: Setup, symbol: str | None) -> pl.DataFrame:
    """Return a row for each candle of a symbol, the first if none is named: time, and each voice's numbers.

    Columns are named voice and number; prices in the quote currency, null until known. Raises BadInput for a
    symbol that has no candles here.
    """
    chosen = next((each for each in candles if symbol in (None, each.symbol)), None)
    if chosen is None:
        raise BadInput(f"no candles of {symbol}; there are {', '.join(each.symbol for each in candles)}")
    grid = setup.instruments[chosen.symbol]
    rows = _rows(chosen, grid)
    columns: dict[str, Any] = {"time": pl.Series(chosen.time).cast(pl.Datetime("ms", "UTC"))}
    beside = {each.symbol: _rows(each, setup.instruments[each.symbol]) for each in candles}
    beside |= {each.candles.symbol: _rows(each.candles, each.instrument) for each in setup.beside}
    for voice in setup.voices_of(chosen.symbol):
        columns |= _lines(voice, rows, float(grid.tick_size), beside)
    return pl.DataFrame(columns)


def _rows(candles: Candles, grid: Instrument) -> list[Candle]:
    return [rounded(row, grid)[0] for row in candles.rows()]


def _lines(
    voice: BacktestVoice, rows: Sequence[Any], tick: float, beside: Beside
) -> dict[str, list[float | None]]:
    strategy, packed = voice.strategy, voice.packed
    memory = strategy.blank(packed)
    feed = CandleFeed(strategy, packed, beside, rows[0].time if rows else 0)
    lines: dict[str, list[float | None]] = {}
    for index, row in enumerate(rows):
        opened, high, low, close, volume = (float(part) for part in row[1:])
        feed.before(memory, row.time)
        strategy.take(memory, packed, opened, high, low, close, volume, float(row.time))
        for each in strategy.drawn(memory, packed):
            line = lines.setdefault(f"{strategy.name} {each.name}", [None] * len(rows))
            line[index] = each.value * tick if each.on_price else each.value
    return lines
