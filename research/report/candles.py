"""Trades on the candles: the series in few columns, whatever its length, and a chart to zoom.

A column holds the first open, the highest high, the lowest low and the last close of its candles, so
no extreme is lost; a year of minutes fits in 0.5 MB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.times import closing
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.result import Result
from research.report.charts import figure
from research.report.text import note

COLUMNS = 16_000
"""Columns of all symbols together that the page keeps."""
MOST_TRADES = 6_000
"""Trades of all symbols together; beyond, those that moved most."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Candles put together: open time (ms) and prices in ticks, int64[n]."""

    time: IntArray
    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.time)


def columns_of(candles: Candles, most: int, tick: float) -> Columns:
    """Return the candles in at most `most` columns, each of equally many candles."""
    size = -(-len(candles) // most)
    first = np.arange(0, len(candles), size)
    last = np.minimum(first + size, len(candles)) - 1
    prices = (
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
    )
    return Columns(candles.time[first], *(np.rint(each / tick).astype(np.int64) for each in prices))


def fill_prices(trades: NDArray[Any], instrument: Instrument) -> tuple[FloatArray, FloatArray]:
    """Return the average price bought and sold at, decimal, float64[trades]."""
    lots = np.maximum(trades["lots"], 1) * float(instrument.cash_factor)
    tick = instrument.tick
    return trades["bought"] / lots * tick, trades["sold"] / lots * tick


def market_chart(
    candles: Candles,
    results: Sequence[Result],
    instruments: Mapping[str, Instrument],
    symbols: int,
    unseen_ms: int | None = None,
) -> Markup:
    """Return one symbol's chart, zoomed and read on the page.

    From `unseen_ms` on the ground is shaded. Trades outside the candles are left out. Raises BadInput
    for a symbol without an instrument.
    """
    grid = instruments.get(candles.symbol)
    if grid is None:
        raise BadInput(f"{candles.symbol}: no instrument in the report")
    if not len(candles):
        return note(f"{candles.symbol}: no candle.")
    columns = columns_of(candles, max(400, COLUMNS // symbols), grid.tick)
    trades, missing = _trades(candles, results, MOST_TRADES // symbols)
    data = _data(columns, grid, trades) | {
        "symbol": candles.symbol, "unseen": unseen_ms, "endings": list(results[0].endings)
    }  # fmt: skip
    words = note(f"{missing} trades that moved least are not drawn.") if missing else Markup()
    return words + figure("market", f"Candles and trades of {candles.symbol}", data, candles.symbol)


def _trades(candles: Candles, results: Sequence[Result], most: int) -> tuple[NDArray[Any], int]:
    """Return the symbol's trades in time order, those of all results, and how many were left out."""
    parts = []
    for result in results:
        index = result.symbols.index(candles.symbol) if candles.symbol in result.symbols else -1
        parts.append(result.trades[result.trades["symbol"] == index])
    rows = np.concatenate(parts)
    rows = rows[(rows["opened_ms"] >= candles.time[0]) & (rows["closed_ms"] <= _end(candles))]
    missing = max(0, len(rows) - most)
    if missing:
        rows = rows[np.argsort(-np.abs(rows["pnl"]), kind="stable")[:most]]
    return rows[np.argsort(rows["opened_ms"], kind="stable")], missing


def _end(candles: Candles) -> int:
    return closing(int(candles.time[-1]), candles.timeframe_ms)


def _data(columns: Columns, instrument: Instrument, trades: NDArray[Any]) -> dict[str, Any]:
    """Return columns and trades for the script: differences, which are short, and ticks, which are whole."""
    body = np.minimum(columns.open, columns.close), np.maximum(columns.open, columns.close)
    before = np.concatenate([[0], columns.close[:-1]])
    first = int(columns.time[0])
    prices = fill_prices(trades, instrument)
    return {
        "first": first,
        "tick": instrument.tick,
        "places": max(0, -int(instrument.tick_size.normalize().as_tuple().exponent)),
        "quote": instrument.quote,
        "t": (np.diff(columns.time, prepend=columns.time[:1]) // 1000).tolist(),
        "o": (columns.open - before).tolist(),
        "c": (columns.close - columns.open).tolist(),
        "h": (columns.high - body[1]).tolist(),
        "l": (body[0] - columns.low).tolist(),
        "trades": [
            *(((trades[name] - first) // 1000).tolist() for name in ("opened_ms", "closed_ms")),
            *(np.round(each / instrument.tick, 1).tolist() for each in prices),
            np.round(trades["pnl"] / 10**instrument.cash_decimals, 4).tolist(),
            trades["ending"].tolist(),
        ],
    }
