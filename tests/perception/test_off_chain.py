"""The chain: who serves, what is said about it, and how indicators are kept to one market."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice, RawCandle
from domain.errors import BadAnswer, BadInput, LocalFault, NoData, Unreachable, VenueFault
from domain.observation import Attempt, Headline, Observation, Source
from domain.ports import CandleRequest, Observer
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis
from perception.chain import Chain, Guarded
from perception.driven.simulated import SimulatedProvider, SimulatedSettings
from perception.headlines import Headlines, NewsSource
from tests.perception.off_candles import BTC, START, at, instrument, series, ticks

NOW = at(START + 500 * MINUTE_MS + 20_000)
ROWS = series(2_000)
GRID = {"BTC-USDT": BTC, "ETH-USDT": instrument("ETH-USDT")}
WARMUP = 50


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        raise AssertionError("the chain takes the time from its caller")

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Fake:
    """A guarded provider over given rows: shows what had opened by now, fails or drags when told."""

    def __init__(self, name: str, clock: Clock, rows: Sequence[RawCandle] = ROWS) -> None:
        self.name = name
        self.state = "closed"
        self.rows = rows
        self.fault: Exception | None = None
        self.takes = 0.0
        self.asked: list[tuple[CandleRequest, float | None]] = []
        self.kept: tuple[tuple[RawCandle, ...], datetime] | None = None
        self.stale: timedelta = timedelta()
        self.closed = False
        self._clock = clock

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> Sequence[RawCandle]:
        self.asked.append((request, deadline_seconds))
        self._clock.sleep(self.takes if deadline_seconds is None else min(self.takes, deadline_seconds))
        if self.fault is not None:
            raise self.fault
        fetched = at(request.now_ms) - self.stale
        found = [row for row in self.rows if request.since_ms <= row.time <= millis(fetched)][: request.limit]
        if found and found[-1].time + MINUTE_MS > millis(fetched):
            found[-1] = half(found[-1])
        self.kept = (tuple(found), fetched)
        return found

    def last_good(self, request: CandleRequest) -> tuple[Sequence[RawCandle], datetime] | None:
        assert request.timeframe_ms in {MINUTE_MS, DAY_MS}
        return self.kept

    def close(self) -> None:
        self.closed = True


def half(row: RawCandle) -> RawCandle:
    """Return a candle as seen in its midst: not its final close, nor its final volume."""
    return row._replace(close=row.open, volume=row.volume / 2)


class Wire:
    """A news source that says what it is given."""

    def __init__(self) -> None:
        self.items: list[Headline] = []
        self.fault: VenueFault | None = None
        self.asked: list[tuple[str, datetime, float | None]] = []

    def headlines(
        self, symbol: str, since: datetime, limit: int, deadline_seconds: float | None = None
    ) -> tuple[Headline, ...]:
        self.asked.append((symbol, since, deadline_seconds))
        if self.fault is not None:
            raise self.fault
        return tuple(item for item in self.items if item.published_at > since)[:limit]


class TrialRunner:
    """Two live providers, the simulated market and news, joined in a chain."""

    def __init__(
        self,
        *,
        simulated: bool = True,
        budget: float | None = None,
        news_seconds: float = 300.0,
        known: dict[str, str] | None = None,
        shifted: float = 1.0,
    ) -> None:
        self.clock = Clock()
        self.first = Fake("first", self.clock)
        self.second = Fake("second", self.clock, [scaled(row, shifted) for row in ROWS])
        self.wire = Wire()
        self.simulated = SimulatedProvider(SimulatedSettings(missing_chance=0), GRID) if simulated else None
        self.chain = Chain(
            [self.first, self.second],
            self.simulated,
            GRID,
            MINUTE_MS,
            warmup=WARMUP,
            clock=self.clock,
            budget_seconds=budget,
            news=Headlines(self.wire, every_seconds=news_seconds, limit=10),
            series=known,
        )
        self.after: dict[str, Candle] = {}

    def see(self, now: datetime = NOW, symbol: str = "BTC-USDT") -> Observation:
        seen = self.chain.observe(symbol, self.after.get(symbol), now)
        if seen.candles:
            self.after[symbol] = seen.candles[-1]
        return seen

    def fail(self, *providers: Fake) -> None:
        for provider in (self.first, self.second):
            provider.fault = Unreachable(f"{provider.name} is down") if provider in providers else None


def scaled(row: RawCandle, factor: float) -> RawCandle:
    open_, high, low, close = (round(price * factor, 2) for price in row[1:5])
    return RawCandle(row.time, open_, high, low, close, row.volume)


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def closed(now: datetime, since: int) -> tuple[Candle, ...]:
    return tuple(ticks(row) for row in ROWS if since <= row.time <= millis(now) - MINUTE_MS)


def test_the_chain_and_the_fakes_keep_to_the_ports() -> None:
    bench = TrialRunner()
    observer: Observer = bench.chain
    guarded: Guarded = bench.first
    source: NewsSource = bench.wire
    assert (observer, guarded, source) == (bench.chain, bench.first, bench.wire)


def test_the_first_observation_is_a_full_warmup_and_the_next_ones_only_what_is_new() -> None:
    bench = TrialRunner()
    seen = bench.see()
    assert seen.candles == closed(NOW, START + 450 * MINUTE_MS)
    assert len(seen.candles) == WARMUP
    assert (seen.source, seen.provider, seen.series) == (Source.LIVE, "first", "first:BTC-USDT")
    assert seen.fetched_at == NOW
    assert seen.quote == LastPrice(ticks(ROWS[500]).open, millis(NOW))
    assert [finding.kind for finding in seen.findings] == ["still_open"]
    assert seen.attempts == ()
    again = bench.see(NOW + timedelta(seconds=5))
    assert again.candles == ()
    later = bench.see(minutes(3))
    assert later.candles == closed(minutes(3), START + 500 * MINUTE_MS)
    assert len(later.candles) == 3
    request, _ = bench.first.asked[-1]
    assert request.since_ms == bench.after["BTC-USDT"].time - 3 * MINUTE_MS
    assert bench.second.asked == []


def test_each_provider_that_failed_is_named_before_the_one_that_served() -> None:
    bench = TrialRunner()
    bench.fail(bench.first)
    seen = bench.see()
    assert (seen.source, seen.provider, seen.series) == (Source.LIVE, "second", "second:BTC-USDT")
    assert seen.attempts == (Attempt("first", "Unreachable: first is down"),)


def test_when_all_fail_the_newest_kept_answer_serves_with_its_age() -> None:
    bench = TrialRunner()
    bench.see()
    bench.fail(bench.first)
    bench.see(minutes(1))
    bench.fail(bench.first, bench.second)
    bench.second.state = "open"
    seen = bench.see(minutes(3))
    assert (seen.source, seen.provider, seen.series) == (Source.CACHED, "second", "second:BTC-USDT")
    assert seen.fetched_at == minutes(1)
    assert seen.candles == ()
    assert seen.quote == LastPrice(ticks(ROWS[501]).open, millis(minutes(1)))
    assert seen.breaker == "open"
    assert [attempt.provider for attempt in seen.attempts] == ["first", "second"]


def test_a_candle_that_was_forming_when_fetched_never_counts_as_closed() -> None:
    bench = TrialRunner()
    bench.see()
    bench.fail(bench.first, bench.second)
    cached = bench.see(minutes(2))
    assert cached.source is Source.CACHED
    assert cached.candles == ()
    bench.fail()
    bench.first.stale = timedelta(seconds=50)  # a provider that answers from its own short-lived cache
    seen = bench.see(minutes(2) + timedelta(seconds=10))
    assert seen.source is Source.LIVE
    assert seen.fetched_at == minutes(2) - timedelta(seconds=40)
    assert seen.candles == closed(minutes(2) - timedelta(seconds=40), START + 500 * MINUTE_MS)
    assert seen.quote is not None
    assert seen.quote.time <= millis(seen.fetched_at)


def test_an_old_answer_gives_way_to_the_simulated_market_at_the_last_price() -> None:
    bench = TrialRunner()
    real = bench.see()
    bench.fail(bench.first, bench.second)
    assert bench.see(minutes(5)).source is Source.CACHED
    seen = bench.see(minutes(5.1))
    assert (seen.source, seen.provider, seen.series) == (Source.SIMULATED, "simulated", "simulated:BTC-USDT")
    assert seen.fetched_at == minutes(5.1)
    assert seen.breaker == "closed"
    assert [attempt.provider for attempt in seen.attempts] == ["first", "second", "first"]
    assert seen.attempts[-1].reason == "NoData: kept answer is 306 s old, limit 300 s"
    assert len(seen.candles) == WARMUP
    assert seen.quote is not None
    assert real.quote is not None
    assert seen.quote.price == real.quote.price
    later = bench.see(minutes(7.1))
    assert [candle.time for candle in later.candles] == [START + 505 * MINUTE_MS, START + 506 * MINUTE_MS]
    assert later.series == seen.series


def test_each_time_it_takes_over_the_simulated_market_begins_at_the_last_price() -> None:
    bench = TrialRunner(shifted=1.3)
    bench.fail(bench.first, bench.second)
    bench.see()
    bench.fail(bench.first)
    real = bench.see(minutes(1))
    bench.fail(bench.first, bench.second)
    seen = bench.see(minutes(10))
    assert (seen.source, len(seen.candles)) == (Source.SIMULATED, WARMUP)
    assert seen.quote is not None
    assert real.quote is not None
    assert seen.quote.price == real.quote.price > 6_000_000


def test_without_a_simulated_market_the_kept_answer_serves_at_any_age_and_says_so() -> None:
    bench = TrialRunner(simulated=False)
    bench.see()
    bench.fail(bench.first, bench.second)
    seen = bench.see(minutes(300))
    assert (seen.source, seen.fetched_at) == (Source.CACHED, NOW)


def test_with_nobody_left_the_last_fault_is_raised() -> None:
    bench = TrialRunner(simulated=False)
    bench.first.fault = BadAnswer("html")
    bench.second.fault = Unreachable("no route")
    with pytest.raises(Unreachable, match="no route"):
        bench.see()
    nobody = Chain([], None, GRID, MINUTE_MS, warmup=5, clock=Clock())
    with pytest.raises(NoData, match="there is no provider for BTC-USDT"):
        nobody.observe("BTC-USDT", None, NOW)
    with pytest.raises(BadInput, match="symbol LTC-USDT is not observed"):
        nobody.observe("LTC-USDT", None, NOW)


def test_a_fault_of_ours_is_not_taken_for_the_venues() -> None:
    bench = TrialRunner()
    bench.first.fault = LocalFault("ours")
    with pytest.raises(LocalFault, match="ours"):
        bench.see()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "NoData: no candles"),
        ([row._replace(high=float("nan")) for row in ROWS], "NoData: no usable candle: more, not_finite"),
        ([row._replace(time=row.time + 1) for row in ROWS], "NoData: no usable candle: more, off_schedule"),
    ],
)
def test_an_answer_that_says_nothing_counts_as_none(rows: list[RawCandle], reason: str) -> None:
    bench = TrialRunner()
    bench.first.rows = rows
    seen = bench.see()
    assert seen.provider == "second"
    assert seen.attempts == (Attempt("first", reason),)


def test_prices_under_doubt_are_reported_and_not_replaced_by_another_source() -> None:
    bench = TrialRunner()
    bench.see()
    bench.first.rows = [scaled(row, 10.0) for row in ROWS]
    for minute in range(1, 5):
        seen = bench.see(minutes(minute))
        assert (seen.source, seen.provider) == (Source.LIVE, "first")
        assert seen.candles == ()
        assert seen.quote is None
        assert "jump" in {finding.kind for finding in seen.findings}
    believed = bench.see(minutes(5))
    assert len(believed.candles) == 5


def test_another_providers_candles_begin_with_a_full_warmup() -> None:
    bench = TrialRunner(shifted=1.01)
    bench.see()
    before = bench.after["BTC-USDT"]
    bench.fail(bench.first)
    seen = bench.see(minutes(1))
    assert seen.series == "second:BTC-USDT"
    assert len(seen.candles) == WARMUP
    assert seen.candles[-2].time == before.time
    assert not {finding.kind for finding in seen.findings} & {"revised", "jump", "gap"}
    assert len(bench.see(minutes(2)).candles) == 1
    bench.fail()
    back = bench.see(minutes(3))
    assert back.series == "first:BTC-USDT"
    assert len(back.candles) == WARMUP


def test_a_warmup_the_loop_did_not_take_in_is_given_again() -> None:
    bench = TrialRunner()
    bench.see()
    kept = bench.after["BTC-USDT"]
    bench.fail(bench.first)
    assert len(bench.see(minutes(1)).candles) == WARMUP
    bench.after["BTC-USDT"] = kept
    assert len(bench.see(minutes(2)).candles) == WARMUP


def test_at_a_restart_the_last_candle_is_taken_on_trust_or_by_its_series() -> None:
    trusting = TrialRunner()
    trusting.after["BTC-USDT"] = ticks(ROWS[497])
    assert len(trusting.see().candles) == 2
    told = TrialRunner(known={"BTC-USDT": "simulated:BTC-USDT"})
    told.after["BTC-USDT"] = ticks(ROWS[497])
    assert len(told.see().candles) == WARMUP
    same = TrialRunner(known={"BTC-USDT": "first:BTC-USDT"})
    same.after["BTC-USDT"] = ticks(ROWS[497])
    assert len(same.see().candles) == 2


def test_a_simulated_session_goes_on_after_a_restart_where_its_candle_closed() -> None:
    bench = TrialRunner(known={"BTC-USDT": "simulated:BTC-USDT"})
    bench.fail(bench.first, bench.second)
    last = ticks(ROWS[489])
    bench.after["BTC-USDT"] = last
    seen = bench.see()
    assert [candle.time for candle in seen.candles] == [START + n * MINUTE_MS for n in range(490, 500)]
    assert abs(seen.candles[0].open - last.close) <= 2
    assert "gap" not in {finding.kind for finding in seen.findings}


def test_after_a_long_silence_a_warmup_fills_in_and_the_gap_is_told() -> None:
    bench = TrialRunner()
    bench.after["BTC-USDT"] = ticks(ROWS[100])
    seen = bench.see()
    assert len(seen.candles) == WARMUP
    assert [finding.kind for finding in seen.findings if finding.kind == "gap"] == ["gap"]


def test_a_clock_set_back_asks_for_what_is_closed_and_delivers_nothing_twice() -> None:
    bench = TrialRunner()
    bench.see()
    seen = bench.see(minutes(-60))
    assert seen.candles == ()
    assert seen.source is Source.LIVE
    assert seen.quote == LastPrice(ticks(ROWS[440]).open, millis(minutes(-60)))
    assert seen.findings[0].kind == "clock"
    assert bench.see(minutes(1)).candles == closed(minutes(1), START + 500 * MINUTE_MS)


def test_shares_are_asked_for_further_back_than_their_warmup() -> None:
    clock = Clock()
    share = instrument("MSFT", asset_class="equity")
    provider = Fake("first", clock, series(400, step=DAY_MS))
    chain = Chain([provider], None, {"MSFT": share}, DAY_MS, warmup=100, clock=clock)
    now = at(START + 300 * DAY_MS + HOUR_MS)
    seen = chain.observe("MSFT", None, now)
    assert len(seen.candles) == 100
    assert provider.asked[0][0].since_ms < START + 200 * DAY_MS - 90 * DAY_MS


def test_one_cycle_waits_no_longer_than_its_budget_in_sum() -> None:
    bench = TrialRunner(budget=10.0)
    for provider in (bench.first, bench.second):
        provider.takes = 8.0
    bench.fail(bench.first)
    assert bench.see().provider == "second"
    assert [deadline for _, deadline in bench.first.asked + bench.second.asked] == [10.0, 2.0]
    bench.fail(bench.first, bench.second)
    seen = bench.see(symbol="ETH-USDT")
    assert seen.source is Source.CACHED or seen.source is Source.SIMULATED
    assert [attempt.reason for attempt in seen.attempts[:2]] == [
        "Unreachable: the 10 s a cycle may wait are used up"
    ] * 2
    assert bench.clock.seconds == 10.0
    assert len(bench.first.asked) == 1
    bench.see(minutes(1))
    assert bench.clock.seconds == 20.0


@settings(max_examples=40, deadline=None)
@given(
    costs=st.lists(st.floats(0, 20), min_size=4, max_size=4),
    faults=st.lists(st.booleans(), min_size=4, max_size=4),
    budget=st.floats(0.5, 30),
)
def test_no_mix_of_slow_and_failing_providers_exceeds_the_budget(
    costs: list[float], faults: list[bool], budget: float
) -> None:
    bench = TrialRunner(budget=budget)
    for number, symbol in enumerate(GRID):
        for place, provider in enumerate((bench.first, bench.second)):
            provider.takes = costs[2 * number + place]
            provider.fault = Unreachable("down") if faults[2 * number + place] else None
        bench.see(symbol=symbol)
    assert bench.clock.seconds <= budget + 1e-9


def story(title: str, minute: float) -> Headline:
    return Headline(title, minutes(minute), "wire")


def titles(items: Iterable[Headline]) -> list[str]:
    return [item.title for item in items]


def test_headlines_are_delivered_once_and_asked_for_now_and_then() -> None:
    bench = TrialRunner()
    bench.wire.items = [story("b", -2), story("a", -10)]
    assert titles(bench.see().headlines) == ["b", "a"]
    bench.wire.items = [story("c", 1), *bench.wire.items, story("late", -30)]
    assert bench.see(minutes(4)).headlines == ()
    assert titles(bench.see(minutes(5)).headlines) == ["c", "late"]
    assert titles(bench.see(minutes(5), symbol="ETH-USDT").headlines) == ["c", "b", "a", "late"]
    assert bench.see(minutes(11)).headlines == ()
    assert [(symbol, since) for symbol, since, _ in bench.wire.asked] == [
        ("BTC-USDT", NOW - timedelta(hours=24)),
        ("BTC-USDT", minutes(5) - timedelta(hours=24)),
        ("ETH-USDT", minutes(5) - timedelta(hours=24)),
        ("BTC-USDT", minutes(11) - timedelta(hours=24)),
    ]


def test_news_that_fail_are_noted_and_cost_nothing_else() -> None:
    bench = TrialRunner()
    bench.wire.fault = BadAnswer("not json")
    seen = bench.see()
    assert len(seen.candles) == WARMUP
    assert seen.attempts == (Attempt("news", "BadAnswer: not json"),)
    assert bench.see(minutes(1)).attempts == ()
    assert len(bench.wire.asked) == 1


def test_news_wait_within_the_budget_and_come_after_the_candles() -> None:
    bench = TrialRunner(budget=10.0)
    bench.first.takes = 4.0
    bench.see()
    assert bench.wire.asked[-1][2] == 6.0
    bench.first.takes = 10.0
    assert bench.see(minutes(10)).candles
    assert len(bench.wire.asked) == 1
    bench.first.takes = 0.0
    bench.see(minutes(11))
    assert len(bench.wire.asked) == 2


def test_a_flood_of_headlines_is_bounded() -> None:
    bench = TrialRunner(news_seconds=0.0)
    for hour in range(30):
        bench.wire.items = [story(f"{hour} {number}", hour * 60 + number / 100 - 5) for number in range(50)]
        assert len(bench.see(minutes(hour * 60)).headlines) == 10


def test_close_reaches_every_provider_even_when_one_fails_to() -> None:
    bench = TrialRunner()

    def broken() -> None:
        raise OSError("stuck")

    bench.second.close = broken  # type: ignore[method-assign]  # a fake that fails
    with pytest.raises(OSError, match="stuck"):
        bench.chain.close()
    assert bench.first.closed


@settings(max_examples=25, deadline=None)
@given(plan=st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(6, 240)), min_size=1, max_size=20))
def test_whatever_fails_when_each_series_is_given_whole_and_in_order(
    plan: list[tuple[bool, bool, int]],
) -> None:
    bench = TrialRunner(shifted=1.02)
    now, on, last = NOW, "", 0
    for first, second, passed in plan:
        bench.fail(*[p for p, down in ((bench.first, first), (bench.second, second)) if down])
        seen = bench.see(now)
        assert seen.quote is not None
        assert seen.quote.time <= millis(now)
        assert seen.fetched_at <= now
        times = [candle.time for candle in seen.candles]
        if times:
            if seen.series != on:
                assert len(times) == WARMUP or seen.source is Source.CACHED
            else:
                assert times[0] == last + MINUTE_MS
            assert times == list(range(times[0], times[-1] + 1, MINUTE_MS))
            on, last = seen.series, times[-1]
        expected = "first" if not first else "second" if not second else None
        if expected is not None:
            assert (seen.source, seen.provider) == (Source.LIVE, expected)
            assert last == millis(now) // MINUTE_MS * MINUTE_MS - MINUTE_MS
        else:
            assert seen.source in {Source.CACHED, Source.SIMULATED}
        now += timedelta(seconds=passed)


def test_faults_of_every_kind_are_survived() -> None:
    kinds: list[Callable[[str], VenueFault]] = [Unreachable, BadAnswer, NoData, VenueFault]
    for kind in kinds:
        bench = TrialRunner()
        bench.first.fault = kind("x")
        assert bench.see().provider == "second"
