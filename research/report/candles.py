"""Trades on the candles: the series in few columns, whatever its length, and a chart to zoom.

A column holds the first open, the highest high, the lowest low and the last close of its candles, so
no extreme is lost. The page draws columns again at any zoom; a year of minutes fits in 0.5 MB.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from domain.errors import BadInput
from domain.instrument import Instrument
from domain.times import closing
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.result import Result
from research.report.axes import (
    BOX,
    Scale,
    drawn,
    grid,
    labels,
    price_scale,
    round_ticks,
    svg,
    time_scale,
    time_ticks,
)
from research.report.templates import chart
from research.report.text import note, number

COLUMNS = 16_000
"""Columns of all symbols together that the page keeps."""
SHOWN = 160
"""Columns drawn before a script has run."""
CROWD = 100
"""Trades in sight from which on their dots are small."""
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
    """Return one symbol's chart: drawn once here, again by the page's script at every zoom.

    From `unseen_ms` on the ground is shaded. Trades outside the candles are left out. Raises BadInput
    for a symbol without an instrument.
    """
    grid_of = instruments.get(candles.symbol)
    if grid_of is None:
        raise BadInput(f"{candles.symbol}: no instrument in the report")
    if not len(candles):
        return note(f"{candles.symbol}: no candle.")
    columns = columns_of(candles, max(400, COLUMNS // symbols), grid_of.tick)
    trades, missing = _trades(candles, results, MOST_TRADES // symbols)
    bought, sold = fill_prices(trades, grid_of)
    data = _data(columns, candles, grid_of, trades, (bought, sold), unseen_ms, results[0].endings)
    words = f"{missing} trades that moved least are not drawn." if missing else ""
    drawing = _drawn(candles, trades, (bought, sold), grid_of.tick, unseen_ms)
    return chart("market", candles.symbol, drawing, words, data)


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


def _data(
    columns: Columns,
    candles: Candles,
    instrument: Instrument,
    trades: NDArray[Any],
    prices: tuple[FloatArray, FloatArray],
    unseen_ms: int | None,
    endings: Sequence[str],
) -> str:
    """Return columns and trades for the script: differences, which are short, and ticks, which are whole."""
    body = np.minimum(columns.open, columns.close), np.maximum(columns.open, columns.close)
    before = np.concatenate([[0], columns.close[:-1]])
    seconds = {
        name: ((trades[name] - candles.time[0]) // 1000).tolist() for name in ("opened_ms", "closed_ms")
    }
    rows = {
        "first": int(candles.time[0]),
        "end": _end(candles),
        "tick": instrument.tick,
        "places": max(0, -int(instrument.tick_size.normalize().as_tuple().exponent)),
        "quote": instrument.quote,
        "unseen": unseen_ms,
        "endings": list(endings),
        "t": (np.diff(columns.time, prepend=columns.time[:1]) // 1000).tolist(),
        "o": (columns.open - before).tolist(),
        "c": (columns.close - columns.open).tolist(),
        "h": (columns.high - body[1]).tolist(),
        "l": (body[0] - columns.low).tolist(),
        "trades": [
            seconds["opened_ms"],
            seconds["closed_ms"],
            *(np.round(each / instrument.tick, 1).tolist() for each in prices),
            np.round(trades["pnl"] / 10**instrument.cash_decimals, 4).tolist(),
            trades["ending"].tolist(),
        ],
    }
    # A script's content ends at the first "</": no symbol may write one.
    return json.dumps(rows, separators=(",", ":")).replace("<", "\\u003c")


def _drawn(
    candles: Candles,
    trades: NDArray[Any],
    prices: tuple[FloatArray, FloatArray],
    tick: float,
    unseen_ms: int | None,
) -> Markup:
    columns = columns_of(candles, SHOWN, tick)
    first, end = int(candles.time[0]), _end(candles)
    x = time_scale(first, end)
    y = price_scale(_decimal(columns.low, tick), _decimal(columns.high, tick), *prices)
    ticks = round_ticks(y)
    paths = [
        drawn("shade", _shade(x, unseen_ms)),
        grid(ticks, y),
        *_sticks(columns, tick, x, y),
        *_marks(trades, prices, x, y),
    ]
    named = [(at, number(at, _digits(ticks))) for at in ticks]
    beside = labels(time_ticks(first, end), x, named, y)
    drawing = svg(Markup().join(paths), f"Candles and trades of {candles.symbol}")
    return chart("plot", drawing, beside, "high")


def _shade(x: Scale, unseen_ms: int | None) -> str:
    return "" if unseen_ms is None else f"M{max(0.0, float(x.place(unseen_ms))):.1f} 0V{BOX}H{BOX}V0Z"


def _decimal(ticks: IntArray, tick: float) -> FloatArray:
    prices: FloatArray = np.multiply(ticks, tick, dtype=np.float64)
    return prices


def _digits(ticks: Sequence[float]) -> int:
    step = min((b - a for a, b in pairwise(ticks)), default=1.0)
    return max(0, int(np.ceil(-np.log10(step) - 1e-9)))


def _sticks(columns: Columns, tick: float, x: Scale, y: Scale) -> list[Markup]:
    middle = x.place(columns.time) + 500 / len(columns)
    paths = dict.fromkeys(("up wick", "down wick", "up body", "down body"), "")
    prices = (columns.open, columns.high, columns.low, columns.close)
    places = (y.place(_decimal(each, tick)) for each in prices)
    for at, opened, high, low, close in zip(middle, *places, strict=True):
        kind = "up" if close <= opened else "down"
        paths[f"{kind} wick"] += f"M{at:.1f} {low:.1f}V{high:.1f}"
        paths[f"{kind} body"] += f"M{at:.1f} {opened:.1f}V{close:.1f}"
    return [drawn(kind, path) for kind, path in paths.items()]


def _marks(trades: NDArray[Any], prices: tuple[FloatArray, FloatArray], x: Scale, y: Scale) -> list[Markup]:
    small = " small" if len(trades) > CROWD else ""
    paths = dict.fromkeys(("trip won", "trip lost", "dot entry", "dot won", "dot lost"), "")
    places = (
        x.place(trades["opened_ms"]),
        y.place(prices[0]),
        x.place(trades["closed_ms"]),
        y.place(prices[1]),
    )
    for pnl, a, b, c, d in zip(trades["pnl"], *places, strict=True):
        kind = "won" if pnl > 0 else "lost"
        paths[f"trip {kind}"] += f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}"
        paths["dot entry"] += f"M{a:.1f} {b:.1f}h0"
        paths[f"dot {kind}"] += f"M{c:.1f} {d:.1f}h0"
    return [drawn(f"{kind}{small}", path) for kind, path in paths.items()]
