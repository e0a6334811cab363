"""Behaviours of the two venues for the scripted server: Binance's klines, Alpha Vantage by function."""

import json
from collections.abc import Callable, Iterable, Mapping
from math import sin

from domain.candle import RawCandle
from domain.times import DAY_MS, TIMEFRAMES
from tests.perception.server import Behaviour, Exchange, answer

KLINES = "/api/v3/klines"
QUERY = "/query"

Market = Callable[[int, int], Iterable[RawCandle]]
"""Candles of a market, oldest first, given the first open time wanted (ms) and the timeframe (ms)."""


def kline(candle: RawCandle, timeframe_ms: int) -> list[object]:
    """Return one row as Binance sends it: twelve fields, numbers as strings."""
    prices = [f"{value:.8f}" for value in candle[1:]]
    quote_volume = f"{candle.volume * candle.close:.8f}"
    return [
        candle.time, *prices, candle.time + timeframe_ms - 1, quote_volume, 100, "1.0", "1.0", "0",
    ]  # fmt: skip


def klines(markets: Mapping[str, Market]) -> Behaviour:
    """Serve GET /api/v3/klines with startTime, endTime and limit; an unknown symbol is -1121."""

    def behave(exchange: Exchange) -> None:
        query = exchange.asked.query
        market = markets.get(query.get("symbol", ""))
        length = TIMEFRAMES.get(query.get("interval", ""))
        if market is None:
            return answer({"code": -1121, "msg": "Invalid symbol."}, status=400)(exchange)
        if length is None:
            return answer({"code": -1120, "msg": "Invalid interval."}, status=400)(exchange)
        start, end = int(query.get("startTime", "0")), int(query.get("endTime", str(1 << 62)))
        found = [candle for candle in market(start, length) if start <= candle.time <= end]
        limit = min(int(query.get("limit", "500")), 1000)
        return answer([kline(candle, length) for candle in found[:limit]])(exchange)

    return behave


def recorded(candles: Iterable[RawCandle]) -> Market:
    """Return a market that has these candles and no others."""
    kept = list(candles)
    return lambda start, _: [candle for candle in kept if candle.time >= start]


def waving(now_ms: Callable[[], int], middle: float = 50_000.0) -> Market:
    """Return a market that moves up and down for ever, the same at the same time; the last candle forms."""

    def price(instant: int) -> float:
        seconds = instant / 1000
        wave = 0.03 * sin(seconds / 900) + 0.01 * sin(seconds / 131) + 0.002 * sin(seconds / 17)
        return round(middle * (1 + wave), 2)

    def candles(start: int, length: int) -> list[RawCandle]:
        now = now_ms()
        first = max(start, now - 1000 * length) // length * length
        return [
            _candle(opened, min(opened + length - 1, now), price) for opened in range(first, now + 1, length)
        ]

    return candles


def _candle(opened: int, last: int, price: Callable[[int], float]) -> RawCandle:
    seen = [price(opened + (last - opened) * part // 8) for part in range(9)]
    return RawCandle(
        opened, seen[0], max(seen), min(seen), seen[-1], round(10.0 + opened % DAY_MS / DAY_MS, 5)
    )


def alpha_vantage(documents: Mapping[str, bytes | dict[str, object]]) -> Behaviour:
    """Serve GET /query by its `function`; an unknown one is Alpha Vantage's own error message."""
    bodies = {
        name: document if isinstance(document, bytes) else json.dumps(document).encode()
        for name, document in documents.items()
    }

    def behave(exchange: Exchange) -> None:
        name = exchange.asked.query.get("function", "")
        unknown = {"Error Message": f"This API function ({name}) does not exist."}
        answer(bodies.get(name, json.dumps(unknown).encode()))(exchange)

    return behave
