"""A chart of one symbol: the candles the agent saw, what it did on them, and the levels it holds."""

import sqlite3
from datetime import datetime

import msgspec

from agent.answers.chart import CandleRow, Chart, ChartLine, Marker, MarkerKind
from agent.serve.mirror.mirror import Mirror
from agent.views import session
from domain.errors import BadInput
from domain.order import OrderType
from domain.times import millis, utc

LIMIT = 300
MOST = 2_000
MARKERS = 1_000

_decoded = msgspec.json.Decoder(list[tuple[str, bool, float]])


def chart(mirror: Mirror, symbol: str, limit: int | None = None, until: datetime | None = None) -> Chart:
    """Return the latest candles, or those before `until`. Raises BadInput for a symbol never traded here."""
    count = LIMIT if limit is None else limit
    if not 1 <= count <= MOST:
        raise BadInput(f"limit {count}: must be from 1 to {MOST}")
    if symbol not in mirror.grid:
        known = ", ".join(mirror.grid) or "none"
        raise BadInput(f"symbol {symbol[:40]!r}: not traded here; traded are: {known}")
    timeframe = mirror.options.timeframe if mirror.options else ""
    before = millis(until) if until else 2**62
    with mirror.reading() as connection:
        rows = connection.execute(
            "SELECT time, open, high, low, close, volume FROM candles "
            "WHERE symbol = ? AND timeframe = ? AND time < ? ORDER BY time DESC LIMIT ?",
            (symbol, timeframe, before, count),
        ).fetchall()[::-1]
        first = rows[0][0] if rows else 0
        markers = _markers(connection, symbol, first, before)
        bodies = dict(
            connection.execute(
                "SELECT time, body FROM lines WHERE symbol = ? AND timeframe = ? AND time >= ? AND time < ?",
                (symbol, timeframe, first, before),
            )
        )
    return Chart(
        symbol=symbol,
        timeframe=timeframe,
        candles=[
            CandleRow(
                time=utc(time),
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=f"{volume:.8f}".rstrip("0").rstrip("."),
            )
            for time, opened, high, low, close, volume in rows
        ],
        markers=markers,
        lines=_lines([row[0] for row in rows], bodies),
        **_levels(mirror, symbol),
    )


def _markers(connection: sqlite3.Connection, symbol: str, since: int, before: int) -> list[Marker]:
    """Return the latest markers of a span, oldest first."""
    rows = connection.execute(
        "SELECT kind, at, cycle, price, text FROM markers WHERE symbol = ? AND at >= ? AND at < ? "
        "ORDER BY at DESC, number DESC LIMIT ?",
        (symbol, since, before, MARKERS),
    ).fetchall()[::-1]
    return [
        Marker(kind=MarkerKind(kind), at=utc(at), cycle=cycle, price=price, text=text)
        for kind, at, cycle, price, text in rows
    ]


def _lines(times: list[int], bodies: dict[int, bytes]) -> list[ChartLine]:
    """Return each line with a value a candle, None where nobody looked."""
    values: dict[tuple[str, bool], list[float | None]] = {}
    for index, time in enumerate(times):
        for name, on_price, value in _decoded.decode(bodies[time]) if time in bodies else ():
            values.setdefault((name, on_price), [None] * len(times))[index] = value
    return [ChartLine(name=name, on_price=on_price, values=line) for (name, on_price), line in values.items()]


def _levels(mirror: Mirror, symbol: str) -> dict[str, str | None]:
    """Return the entry, the stop and the target of what is held."""
    levels: dict[str, str | None] = {}
    for position in session.positions(mirror.state):
        if position.symbol == symbol:
            levels["entry"] = position.entry
            for order in position.orders:
                if order.type in (OrderType.STOP, OrderType.TAKE_PROFIT):
                    levels["stop" if order.type is OrderType.STOP else "target"] = order.level
    return levels
