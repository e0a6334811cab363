"""The numbers the voices of a backtest look at, over all its candles: the lines of the page, as a frame."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from domain.errors import BadInput
from perception.quality.ticks import rounded
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
    rows = [rounded(row, grid)[0] for row in chosen.rows()]
    columns: dict[str, Any] = {"time": pl.Series(chosen.time).cast(pl.Datetime("ms", "UTC"))}
    for voice in setup.voices_of(chosen.symbol):
        columns |= _lines(voice, rows, float(grid.tick_size))
    return pl.DataFrame(columns)


def _lines(voice: BacktestVoice, rows: Sequence[Any], tick: float) -> dict[str, list[float | None]]:
    strategy, packed = voice.strategy, voice.packed
    memory = strategy.blank(packed)
    lines: dict[str, list[float | None]] = {}
    for index, row in enumerate(rows):
        opened, high, low, close, volume = (float(part) for part in row[1:])
        strategy.take(memory, packed, opened, high, low, close, volume, float(row.time))
        for each in strategy.drawn(memory, packed):
            line = lines.setdefault(f"{strategy.name} {each.name}", [None] * len(rows))
            line[index] = each.value * tick if each.on_price else each.value
    return lines
