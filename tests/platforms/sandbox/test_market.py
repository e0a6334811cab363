"""Candles are played on the real clock, told as klines of every interval, and matched on the way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import RawCandle
from domain.times import opened_by
from platforms.sandbox.exchange.exchange import Exchange
from platforms.sandbox.exchange.intervals import INTERVALS, played_length
from platforms.sandbox.exchange.market import MarketEvent
from platforms.sandbox.exchange.rules import rules_of
from platforms.sandbox.exchange.walk import walk
from tests.platforms.sandbox.world import BTC, START, candle


def exchange_of(
    rows: int = 600, base_ms: int = 1_000, history: int = 100, *, driven: bool = True
) -> Exchange:
    exchange = Exchange([rules_of("BTC-USDT")], {"USDT": Decimal(1000)}, START, base_ms)
    exchange.open_market(BTC, islice(walk("BTC", 3), rows), history, driven=driven)
    return exchange


def test_played_candles_are_the_data_s_own_stamped_with_the_real_clock() -> None:
    exchange = exchange_of()
    exchange.advance(START + 10_000)
    market = exchange.markets[BTC]
    played = market.series["1s"].between(START, START + 9_999, 100)
    data = list(islice(walk("BTC", 3), 100, 110))
    assert [bar.time for bar in played] == [START + 1_000 * n for n in range(10)]
    told = [(bar.open, bar.high, bar.low, bar.close) for bar in played]
    assert told == [tuple(market.on_grid(price) for price in row[1:5]) for row in data]
    assert [bar.volume for bar in played] == [market.quantity(row.volume) for row in data]


def test_history_lies_before_now_and_ends_where_the_play_begins() -> None:
    bars = exchange_of().markets[BTC].series["1s"].between(None, START - 1, 1000)
    assert (len(bars), bars[-1].end) == (100, START - 1)


@settings(max_examples=15)
@given(st.sampled_from([name for name in INTERVALS if INTERVALS[name] <= 900_000]), st.integers(1, 200))
def test_longer_candles_are_made_of_the_short_ones(name: str, seconds: int) -> None:
    exchange = exchange_of()
    exchange.advance(START + seconds * 1000)
    series = exchange.markets[BTC].series
    assert len(series[name].bars) > 0
    for bar in series[name].bars:
        parts = [one for one in series["1s"].bars if bar.time <= one.time <= bar.end]
        assert bar.time == opened_by(bar.time, INTERVALS[name])
        assert (bar.open, bar.close) == (parts[0].open, parts[-1].close)
        assert (bar.high, bar.low) == (max(one.high for one in parts), min(one.low for one in parts))
        assert bar.volume == sum(one.volume for one in parts)


def test_each_candle_closes_once_and_in_order_however_the_time_comes() -> None:
    exchange = exchange_of()
    closed: list[int] = []

    def hear(event: MarketEvent) -> None:
        closed.extend(bar.time for name, bar in event.closed if name == "1s")

    exchange.market_listeners.append(hear)
    for now in (START + 100, START + 2_050, START + 2_050, START + 1_000, START + 9_999, START + 30_000):
        exchange.advance(now)
    assert closed == [START + 1_000 * n for n in range(30)]


def test_the_price_goes_to_the_nearer_extreme_first() -> None:
    def seen(row: tuple[float, float, float, float]) -> list[Decimal]:
        exchange = Exchange([rules_of("BTC-USDT")], {}, START, 60_000)
        exchange.open_market(BTC, iter([candle(100, 100, 100, 100), candle(*row)]), 1)
        exchange.advance(START + 60_000)
        return [done.price for done in exchange.markets[BTC].prints]

    assert seen((100, 101, 95, 98)) == [100, 101, 95, 98]
    assert seen((100, 105, 99, 98)) == [100, 99, 105, 98]


def test_when_the_data_ends_the_market_stands_still_and_says_so() -> None:
    exchange = exchange_of(rows=103)
    exchange.advance(START + 2_500)
    assert not exchange.standing_still
    exchange.advance(START + 10_000)
    assert exchange.standing_still
    price = exchange.markets[BTC].price
    last = exchange.markets[BTC].series["1s"].bars[-1]
    assert (last.time, last.volume, last.close) == (START + 10_000, 0, price)


def test_another_thread_may_ask_while_the_data_are_read() -> None:
    """Data that are read from a file as they are played cannot be read by two threads at once."""
    reading, asked = threading.Event(), threading.Event()

    def rows() -> Iterator[RawCandle]:
        yield candle(100, 100, 100, 100)
        reading.set()
        asked.wait(0.2)  # so long the other thread has to ask
        yield candle(100, 101, 99, 100)

    exchange = Exchange([rules_of("BTC-USDT")], {}, START, 60_000)
    exchange.open_market(BTC, rows(), 1)
    with ThreadPoolExecutor(1) as other:
        playing = other.submit(exchange.advance, START + 30_000)
        assert reading.wait(60)
        assert not exchange.standing_still
        asked.set()
        playing.result()
    assert exchange.candles_played == {BTC: 1}


def test_an_undriven_market_moves_only_when_told() -> None:
    exchange = exchange_of(driven=False)
    price = exchange.markets[BTC].price
    exchange.advance(START + 60_000)
    assert (exchange.markets[BTC].price, exchange.skip(BTC, 3)) == (price, 3)
    assert exchange.markets[BTC].price != price
    assert exchange.candles_played == {BTC: 3}


def test_the_average_is_weighted_by_volume_over_five_minutes() -> None:
    exchange = Exchange([rules_of("BTC-USDT")], {}, START, 60_000)
    exchange.still_market(BTC, Decimal(100), history=0)
    market = exchange.markets[BTC]
    assert market.average(START) == 100
    exchange.set_price(BTC, 110, volume=Decimal(3))
    exchange.set_price(BTC, 120, volume=Decimal(1))
    assert market.average(START) == Decimal("112.5")
    exchange.advance(START + 299_999)
    assert market.average(exchange.now) == Decimal("112.5")
    exchange.advance(START + 300_000)
    assert market.average(exchange.now) == 120


@pytest.mark.parametrize(("speed", "length"), [("1", 60_000), ("60", 1_000)])
def test_a_speed_gives_an_interval(speed: str, length: int) -> None:
    assert played_length(60_000, Decimal(speed)) == length


def test_a_speed_that_gives_no_interval_is_refused_with_those_that_do() -> None:
    with pytest.raises(
        ValueError, match=r"speed 100 plays candles of 3600 s as none .*: 1, 2, 4, 12, 20, 60, 3600"
    ):
        played_length(3_600_000, Decimal(100))


def test_a_long_pause_costs_no_more_than_the_candles_that_are_kept() -> None:
    exchange = Exchange([rules_of("BTC-USDT")], {}, START, 1_000)
    exchange.still_market(BTC, Decimal(100))
    exchange.advance(START + 365 * 86_400_000)
    bars = exchange.markets[BTC].series["1s"].bars
    assert len(bars) <= 10_001
    assert bars[-1].time == START + 365 * 86_400_000
