"""The venues of a soak over real sockets: faults come and go, the market is lively, the key is told."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from itertools import pairwise
from typing import Any

import pytest

from agent.host.clock import SystemClock
from domain.times import MINUTE_MS, millis
from perception.providers.alpha_vantage.answers import candles as candles_of
from scripts.soak.rig.faults import FAULTS, Timing
from scripts.soak.rig.market import SYMBOLS, Market, markets
from scripts.soak.rig.venue import AlphaVantageVenue, BinanceVenue

CLOCK = SystemClock()
TIMING = Timing(timeout=1.0, breaker_reset=1.5, retry_after=2)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def venue() -> Iterator[BinanceVenue]:
    with BinanceVenue(markets(1, CLOCK), TIMING) as made:
        yield made


def get(url: str, seconds: float = 30.0) -> Any:
    with OPENER.open(url, timeout=seconds) as answer:
        return json.loads(answer.read())


def candles(venue: BinanceVenue, count: int = 5, seconds: float = 30.0) -> Any:
    start = millis(CLOCK.now()) - count * MINUTE_MS
    url = f"{venue.url}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit={count}&startTime={start}"
    return get(url, seconds)


def test_a_healthy_venue_serves_a_full_warm_up(venue: BinanceVenue) -> None:
    rows = candles(venue, 250)
    assert len(rows) == 250
    assert all(after[0] - before[0] == MINUTE_MS for before, after in pairwise(rows))


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.reason])
def test_a_fault_gives_no_candles_and_passes(venue: BinanceVenue, name: str) -> None:
    venue.become(FAULTS[name])
    with pytest.raises((OSError, ValueError, HTTPException)):
        candles(venue, seconds=0.05)
    venue.become(None)
    assert candles(venue)


def test_a_slow_venue_answers_after_half_the_deadline(venue: BinanceVenue) -> None:
    venue.become(FAULTS["slow"])
    began = CLOCK.monotonic()
    assert candles(venue)
    assert CLOCK.monotonic() - began >= TIMING.timeout / 2


def test_a_dead_venue_comes_back_at_the_same_port(venue: BinanceVenue) -> None:
    port = venue.port
    venue.become(FAULTS["dead"])
    with pytest.raises(urllib.error.URLError, match="refused"):
        candles(venue)
    venue.become(FAULTS["500"])
    with pytest.raises(urllib.error.HTTPError, match="500"):
        candles(venue)
    venue.become(None)
    assert candles(venue)
    assert venue.port == port


def test_closed_candles_never_change_and_hold_together() -> None:
    market = Market("ETH-USDT", 3, CLOCK)
    now = millis(CLOCK.now()) // MINUTE_MS * MINUTE_MS
    closed = [candle for candle in market(now - 100 * MINUTE_MS, MINUTE_MS) if candle.time < now]
    assert closed == [candle for candle in market(now - 100 * MINUTE_MS, MINUTE_MS) if candle.time < now]
    assert len(closed) == 100
    assert all(
        each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high for each in closed
    )
    assert all(round(price, 2) == price for each in closed for price in each[1:5])


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_market_is_lively_and_stays_near_its_base(symbol: str) -> None:
    market = Market(symbol, 1, CLOCK)
    closes = [candle.close for candle in market(millis(CLOCK.now()) - 900 * MINUTE_MS, MINUTE_MS)]
    turns = sum(1 for a, b, c in zip(closes, closes[1:], closes[2:], strict=False) if (b - a) * (c - b) < 0)
    assert turns > 200
    assert max(closes) < 1.1 * market.base
    assert min(closes) > 0.9 * market.base


def test_another_seed_is_another_market() -> None:
    now = millis(CLOCK.now())
    assert Market("BTC-USDT", 1, CLOCK).price(now) != Market("BTC-USDT", 2, CLOCK).price(now)


def test_alpha_vantage_counts_the_key_and_tells_it_back() -> None:
    key = "SOAKCANARY000009"
    with AlphaVantageVenue(markets(1, CLOCK), key, 1, CLOCK, TIMING._replace(timeout=0.02)) as venue:
        url = f"{venue.url}/query?function=NEWS_SENTIMENT&tickers=CRYPTO:BTC&apikey={key}"
        assert get(url)["feed"][0]["ticker_sentiment"][0]["ticker"] == "CRYPTO:BTC"
        told = 0
        for _ in range(24):
            try:
                with OPENER.open(url, timeout=0.5) as answer:
                    told += key.lower().encode() in answer.read().lower()
            except (OSError, HTTPException):
                continue
        assert venue.requests == venue.with_key == 25
        assert told >= 4


def test_alpha_vantage_serves_the_same_market_in_its_own_shape() -> None:
    made = markets(1, CLOCK)
    with AlphaVantageVenue(made, "KEY", 1, CLOCK, TIMING) as venue:
        document = get(f"{venue.url}/query?function=CRYPTO_INTRADAY&symbol=BTC&market=USD&interval=1min")
    theirs = candles_of(document, "USD")[:-1]
    ours = [
        candle for candle in made["BTC-USDT"](theirs[0].time, MINUTE_MS) if candle.time <= theirs[-1].time
    ]
    assert len(theirs) == 99
    assert [candle[:5] for candle in theirs] == [candle[:5] for candle in ours]
