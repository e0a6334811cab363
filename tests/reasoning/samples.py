"""Builders the tests of this room share: candles from the shared data, synthetic walks, observations."""

import csv
import gzip
import random
from collections.abc import Sequence
from pathlib import Path

from domain.candle import Candle, LastPrice
from domain.observation import Headline, Observation, Source
from domain.times import MINUTE_MS, utc
from tests.seeded import market

START = 1_680_000_000_000
SYMBOL = "BTC-USDT"


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV.gz with a header."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ticks(name: str, count: int) -> list[Candle]:
    """Return a market's first candles in ticks; times are counted, as no test here needs the real ones."""
    tick = 0.00001 if "DOGE" in name else 0.01
    made = []
    for place, row in enumerate(market(name, count).rows()):
        opened, high, low, close = (round(price / tick) for price in row[1:5])
        made.append(Candle(START + place * MINUTE_MS, opened, high, low, close, row.volume))
    return made


def candles_of(closes: Sequence[float], volumes: Sequence[float] | None = None) -> list[Candle]:
    """Make candles that close at `closes` (ticks), each opening where the last closed."""
    made = []
    before = closes[0]
    for place, close in enumerate(closes):
        high, low = max(before, close) + 2, min(before, close) - 2
        volume = 10.0 if volumes is None else volumes[place]
        made.append(
            Candle(START + place * MINUTE_MS, round(before), round(high), round(low), round(close), volume)
        )
        before = close
    return made


def walk(length: int, seed: int) -> list[Candle]:
    """Make a random walk with calm and wild stretches and uneven volume."""
    dice = random.Random(seed)
    closes, volumes, swing = [1_000_000.0], [5.0], 100.0
    for place in range(length - 1):
        if place % 40 == 0:
            swing = dice.choice((20.0, 100.0, 800.0))
        closes.append(max(1_000.0, closes[-1] + dice.gauss(0, swing)))
        volumes.append(dice.expovariate(0.1))
    return candles_of(closes, volumes)


def observation(
    candles: Sequence[Candle] = (),
    *,
    series: str = "walk",
    headlines: Sequence[Headline] = (),
    now_ms: int | None = None,
    symbol: str = SYMBOL,
) -> Observation:
    """Make an observation of candles, fetched when the last of them closed."""
    now = now_ms if now_ms is not None else (candles[-1].time if candles else START) + MINUTE_MS
    quote = LastPrice(candles[-1].close, now) if candles else None
    return Observation(
        symbol=symbol,
        source=Source.RECORDED,
        provider="recorded",
        series=series,
        fetched_at=utc(now),
        candles=tuple(candles),
        quote=quote,
        headlines=tuple(headlines),
    )
