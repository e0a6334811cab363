"""Answers kept: fresh ones spare a request, old ones serve with their age, forming candles stay so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.candle import RawCandle
from domain.errors import BadAnswer, Unreachable
from domain.observation import Headline
from domain.ports import CandleRequest
from domain.times import MINUTE_MS, millis, utc
from perception import build
from perception.guard.budget import Budget
from perception.guard.cache import Kept, LastGood
from perception.guard.guard import Guard
from perception.guard.provider import GuardedNews, GuardedProvider
from perception.settings import (
    BinanceSettings,
    BreakerSettings,
    CacheSettings,
    PerceptionSettings,
    RetrySettings,
)
from tests.perception import server as scripted
from tests.perception.manual_clock import START, ManualClock
from tests.perception.server import ScriptedServer
from tests.perception.venues import KLINES, klines, waving

T0 = millis(START)
SHARED = PerceptionSettings(retry=RetrySettings(attempts=1), cache=CacheSettings(ttl_seconds=5))


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def provider(venue: ScriptedServer, clock: ManualClock, tmp_path: Path) -> Iterator[GuardedProvider]:
    venue.on(KLINES, klines({"BTCUSDT": waving(lambda: millis(clock.now()))}))
    built = build.binance(BinanceSettings(base_url=venue.url), SHARED, clock, tmp_path)
    yield built
    built.close()


def since(minutes: int, clock: ManualClock, limit: int = 500) -> CandleRequest:
    return CandleRequest("BTC-USDT", MINUTE_MS, T0 + minutes * MINUTE_MS, millis(clock.now()), limit)


def test_a_fresh_answer_serves_again_and_an_old_one_does_not(
    venue: ScriptedServer, clock: ManualClock, provider: GuardedProvider
) -> None:
    clock.advance(10)
    first = provider.candles(since(-5, clock))
    clock.advance(4.9)
    assert provider.candles(since(-5, clock)) == first
    assert len(venue.asked) == 1
    clock.advance(0.2)
    assert provider.candles(since(-5, clock)) != first
    assert len(venue.asked) == 2


def test_a_candle_that_was_still_forming_is_fetched_anew_once_it_has_closed(
    venue: ScriptedServer, clock: ManualClock, provider: GuardedProvider
) -> None:
    clock.advance(58)
    forming = provider.candles(since(0, clock))[-1]
    assert forming.time == T0
    clock.advance(3)
    closed = provider.candles(since(0, clock))
    assert len(venue.asked) == 2
    assert [candle.time for candle in closed] == [T0, T0 + MINUTE_MS]
    assert closed[0].close != forming.close


def test_the_last_good_answer_outlives_the_venue_with_the_time_it_was_fetched(
    venue: ScriptedServer, clock: ManualClock, provider: GuardedProvider
) -> None:
    assert provider.last_good(since(-5, clock)) is None
    clock.advance(30)
    provider.candles(since(-5, clock))
    venue.on(KLINES, scripted.answer({}, status=500))
    clock.advance(3600)
    with pytest.raises(BadAnswer, match="http 500"):
        provider.candles(since(-2, clock))
    kept = provider.last_good(since(-2, clock))
    assert kept is not None
    candles, fetched_at = kept
    assert fetched_at == START + timedelta(seconds=30)
    assert [candle.time for candle in candles] == [T0 - 2 * MINUTE_MS, T0 - MINUTE_MS]


def test_an_update_joins_the_history_and_corrects_its_unfinished_end(
    venue: ScriptedServer, clock: ManualClock, provider: GuardedProvider
) -> None:
    clock.advance(30)
    provider.candles(since(-5, clock))
    clock.advance(60)
    update = provider.candles(since(0, clock))
    kept = provider.last_good(since(-5, clock))
    assert kept is not None
    assert [candle.time for candle in kept[0]] == [T0 + step * MINUTE_MS for step in range(-5, 2)]
    assert kept[0][-2:] == update
    assert venue.asked[1].query["startTime"] == str(T0)


def test_a_candle_left_unfinished_by_one_fetch_and_skipped_by_the_next_is_forgotten(
    clock: ManualClock, provider: GuardedProvider
) -> None:
    clock.advance(30)
    provider.candles(since(-2, clock))
    clock.advance(300)
    provider.candles(since(3, clock))
    kept = provider.last_good(since(-2, clock))
    assert kept is not None
    assert [(candle.time - T0) // MINUTE_MS for candle in kept[0]] == [-2, -1, 3, 4, 5]


candles = st.lists(st.integers(0, 40), min_size=1, max_size=20, unique=True).map(
    lambda minutes: tuple(RawCandle(m * MINUTE_MS, 1.0, 1.0, 1.0, 1.0, 1.0) for m in sorted(minutes))
)


def row(minute: int) -> RawCandle:
    return RawCandle(minute * MINUTE_MS, 1.0, 1.0, 1.0, 1.0, 1.0)


@settings(deadline=None)
@example([((row(1),), 2 * MINUTE_MS), ((row(0),), 0)], 1)  # the clock was set back between two fetches
@given(
    st.lists(st.tuples(candles, st.integers(0, 50 * MINUTE_MS)), min_size=1, max_size=6), st.integers(0, 90)
)
def test_no_unfinished_candle_is_ever_kept_as_a_closed_one(
    fetches: list[tuple[tuple[RawCandle, ...], int]], now_minute: int
) -> None:
    last = LastGood()
    finished: set[int] = set()
    for rows, at in fetches:
        known = tuple(candle for candle in rows if candle.time <= at)
        finished |= {candle.time for candle in known if candle.time + MINUTE_MS <= at}
        last.add(CandleRequest("A-B", MINUTE_MS, 0, at, 99), Kept(known, utc(at)))
    now = now_minute * MINUTE_MS
    kept = last.get(CandleRequest("A-B", MINUTE_MS, 0, now, 99))
    assert kept is not None
    times = [candle.time for candle in kept.value]
    assert times == sorted(set(times))
    assert {time for time in times if time + MINUTE_MS <= now} <= finished


class Paper:
    """A news provider that has one headline an hour, counts its calls and fails when told."""

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False

    def headlines(self, symbol: str, since: datetime, limit: int) -> list[Headline]:
        self.calls += 1
        if self.broken:
            raise Unreachable("down")
        hours = [START - timedelta(hours=age) for age in range(100)]
        return [Headline(f"{symbol} {at:%d %H}", at, "paper") for at in hours if at > since][:limit]


def test_headlines_serve_a_moving_window_and_a_fault_is_not_repeated_every_cycle(clock: ManualClock) -> None:
    guard = Guard(
        clock,
        Budget("paper", clock, per_second=1000),
        timeout_seconds=5,
        breaker=BreakerSettings(),
        retry=RetrySettings(attempts=1),
    )
    paper = Paper()
    news = GuardedNews(paper, guard, clock, CacheSettings(), refresh_seconds=7200)
    assert len(news.headlines("A-B", START - timedelta(hours=3), 50)) == 3
    clock.advance(3600)
    assert len(news.headlines("A-B", START - timedelta(hours=2), 50)) == 2
    assert paper.calls == 1
    assert len(news.headlines("A-B", START - timedelta(hours=9), 50)) == 9
    assert paper.calls == 2
    paper.broken = True
    clock.advance(7201)
    for _ in range(3):
        with pytest.raises(Unreachable, match="down"):
            news.headlines("A-B", START, 50)
    assert paper.calls == 3
    clock.advance(601)
    paper.broken = False
    assert news.headlines("A-B", datetime(2026, 11, 20, 11, 30, tzinfo=UTC), 50)
    assert paper.calls == 4
