"""The simulated market: repeatable, alive, and never a jump in what a position is worth."""

import math
import random
import statistics
import tracemalloc
from collections.abc import Mapping
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.candle import Candle, RawCandle
from domain.errors import BadInput, Refused
from domain.observation import Observation, Source
from domain.ports import CandleRequest
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis, utc
from perception.driven.random_walk import DOWN, EPOCH, RANGE, UP, RandomWalk
from perception.driven.simulated import SimulatedMarket, SimulatedProvider, SimulatedSettings
from perception.driven.simulated_series import HISTORY
from perception.quality.intake import intake
from tests.perception.alone import alone
from tests.perception.off_candles import BTC, START, instrument

GRID = {symbol: instrument(symbol) for symbol in ("BTC-USDT", "ETH-USDT", "XYZ-USDT")}
WILD = SimulatedSettings(missing_chance=0.05, jump_chance=0.05, gap_chance=0.2)
Seen = tuple[datetime, dict[str, Observation]]


def live(market: SimulatedMarket, count: int, known: Mapping[str, Candle] | None = None) -> list[Seen]:
    after = dict(known or {})
    lived: list[Seen] = []
    for _ in range(count):
        now = market.next_time()
        assert now is not None
        seen = {symbol: market.observe(symbol, after.get(symbol), now) for symbol in GRID}
        after |= {symbol: each.candles[-1] for symbol, each in seen.items() if each.candles}
        lived.append((now, seen))
    return lived


def market(
    chosen: SimulatedSettings = WILD, known: Mapping[str, Candle] | None = None, **more: Any
) -> SimulatedMarket:
    return SimulatedMarket(chosen, GRID, MINUTE_MS, known, warmup=20, **more)


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    first = live(market(), 200)
    random.seed(0)  # the process-wide generator has no part in it
    assert live(market(), 200) == first
    other = live(market(WILD.model_copy(update={"seed": 8})), 200)
    assert [seen["BTC-USDT"].quote for _, seen in other] != [seen["BTC-USDT"].quote for _, seen in first]
    bitcoin, ether = ([seen[s].quote for _, seen in first] for s in ("BTC-USDT", "ETH-USDT"))
    assert [q and q.price % 97 for q in bitcoin] != [q and q.price % 97 for q in ether]


def test_a_driven_session_begins_at_the_start_with_the_warmup_and_the_start_prices() -> None:
    calm = SimulatedSettings(missing_chance=0, prices={"XYZ-USDT": 7.5})
    (now, seen), (second, later) = live(market(calm), 2)
    assert now == datetime.fromisoformat("2024-01-01T00:20:00Z")
    assert second == datetime.fromisoformat("2024-01-01T00:21:00Z")
    for symbol, price in (("BTC-USDT", 5_000_000), ("ETH-USDT", 300_000), ("XYZ-USDT", 750)):
        each = seen[symbol]
        assert [candle.time for candle in each.candles] == [START + n * MINUTE_MS for n in range(20)]
        assert each.candles[0].open == pytest.approx(price, rel=0.02)
        assert (each.source, each.provider, each.series) == (
            Source.SIMULATED,
            "simulated",
            f"simulated:{symbol}",
        )
        assert len(later[symbol].candles) == 1
        assert each.quote is not None
        assert later[symbol].candles[0].open == each.quote.price


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 150), seed=st.integers(0, 1000))
def test_a_session_cut_anywhere_goes_on_as_if_it_had_never_stopped(cut: int, seed: int) -> None:
    chosen = WILD.model_copy(update={"seed": seed})
    whole = live(market(chosen), 160)
    known = {s: each.candles[-1] for _, seen in whole[:cut] for s, each in seen.items() if each.candles}
    rest = market(chosen, known, lived_until=whole[cut - 1][0])
    assert live(rest, 160 - cut, known) == whole[cut:]


def test_it_goes_on_across_the_places_where_its_randomness_begins_anew() -> None:
    chosen = SimulatedSettings(start=utc(START - START % (EPOCH * MINUTE_MS) - 30 * MINUTE_MS))
    whole = live(market(chosen), 60)
    known = {symbol: seen.candles[-1] for symbol, seen in whole[29][1].items()}
    assert live(market(chosen, known), 30, known) == whole[30:]


def test_missing_candles_are_gaps_and_the_rest_is_sound() -> None:
    findings = [f for _, seen in live(market(), 600) for each in seen.values() for f in each.findings]
    gaps = [finding for finding in findings if finding.kind == "gap"]
    assert 40 < len(gaps) < 150
    assert {finding.kind for finding in findings} <= {"gap", "more"}


def test_a_symbol_that_joins_later_does_not_bring_years() -> None:
    known = {"BTC-USDT": Candle(START + 5 * 365 * DAY_MS, 5_000_000, 5_000_000, 5_000_000, 5_000_000, 1.0)}
    late = market(WILD, known)
    lived = live(late, 3, known)
    assert lived[0][0] > utc(known["BTC-USDT"].time)
    assert late.position < 200
    assert any(len(seen["ETH-USDT"].candles) == 20 for _, seen in lived)


def returns(chosen: SimulatedSettings, count: int, timeframe: int = MINUTE_MS) -> list[float]:
    walk = RandomWalk(chosen.climate(timeframe), chosen.seed, "BTC-USDT", 0)
    return [walk.step().body for _ in range(count)]


def test_regimes_differ_in_drift_roughness_and_reach() -> None:
    chosen = SimulatedSettings(jump_chance=0)
    walk = RandomWalk(chosen.climate(MINUTE_MS), 3, "BTC-USDT", 0)
    bodies: dict[int, list[float]] = {UP: [], DOWN: [], RANGE: []}
    runs: list[tuple[int, list[float]]] = []
    for _ in range(40_000):
        body = walk.step().body
        bodies[walk.regime].append(body)
        if not runs or runs[-1][0] != walk.regime:
            runs.append((walk.regime, []))
        runs[-1][1].append(body)
    sigma = chosen.climate(MINUTE_MS).sigma
    assert all(len(each) > 7_000 for each in bodies.values())
    drift = {regime: statistics.fmean(each) / sigma for regime, each in bodies.items()}
    assert drift[UP] == pytest.approx(0.1, abs=0.04)
    assert drift[DOWN] == pytest.approx(-0.1, abs=0.04)
    assert abs(drift[RANGE]) < 0.02
    rough = {regime: statistics.pstdev(each) for regime, each in bodies.items()}
    assert rough[DOWN] > 1.2 * rough[UP] > 1.4 * rough[RANGE]
    # A range keeps returning: over 60 candles it gets much less far than its noise alone would.
    reach = {
        r: [abs(sum(run[:60])) for regime, run in runs if regime == r and len(run) >= 60] for r in bodies
    }
    assert statistics.fmean(reach[RANGE]) < 0.5 * rough[RANGE] * math.sqrt(60)
    assert statistics.fmean(reach[UP]) > 0.8 * rough[UP] * math.sqrt(60)
    mean_run = statistics.fmean(len(run) for _, run in runs)
    assert 80 < mean_run < 140


def autocorrelation(values: list[float], lag: int) -> float:
    mean = statistics.fmean(values)
    spread = sum((value - mean) ** 2 for value in values)
    return sum((values[n] - mean) * (values[n + lag] - mean) for n in range(len(values) - lag)) / spread


def test_volatility_comes_in_clusters_and_tails_are_fat() -> None:
    calm = SimulatedSettings(jump_chance=0)
    moves = returns(calm, 20_000)
    assert autocorrelation([abs(move) for move in moves], 1) > 0.1
    assert autocorrelation([abs(move) for move in moves], 20) > 0.05
    assert abs(autocorrelation(moves, 1)) < 0.05
    wild = returns(calm.model_copy(update={"jump_chance": 0.005}), 20_000)

    def kurtosis(values: list[float]) -> float:
        return (
            statistics.fmean(value**4 for value in values)
            / statistics.fmean(value**2 for value in values) ** 2
        )

    assert kurtosis(moves) > 3.5
    assert kurtosis(wild) > 3 * kurtosis(moves)


@pytest.mark.parametrize("timeframe", [MINUTE_MS, HOUR_MS])
def test_volatility_is_the_setting_whatever_the_timeframe(timeframe: int) -> None:
    chosen = SimulatedSettings(jump_chance=0, trend=0, volatility=0.5)
    spread = statistics.pstdev(returns(chosen, 30_000, timeframe))
    assert spread * math.sqrt(365 * DAY_MS / timeframe) == pytest.approx(0.5, rel=0.15)


def test_volume_goes_with_the_range() -> None:
    candles = [c for _, seen in live(market(SimulatedSettings()), 1500) for c in seen["BTC-USDT"].candles]
    ranges = [math.log(candle.high / candle.low) for candle in candles]
    assert statistics.correlation(ranges, [candle.volume for candle in candles]) > 0.5


def test_opening_gaps_come_as_often_as_set() -> None:
    def gaps(chance: float) -> int:
        walk = RandomWalk(SimulatedSettings(gap_chance=chance).climate(MINUTE_MS), 3, "A", 0)
        sigma = SimulatedSettings().climate(MINUTE_MS).sigma
        return sum(abs(walk.step().gap) > sigma for _ in range(5_000))

    assert gaps(0.0) < 5
    assert 250 < gaps(0.1) < 600


@pytest.mark.parametrize("tick", ["0.01", "10000"])
def test_prices_stay_sound_on_any_grid_over_decades(tick: str) -> None:
    coarse = {"BTC-USDT": instrument(tick=tick)}
    rough = SimulatedSettings(volatility=5, jump_chance=0.2, trend=2, gap_chance=0.5)
    long = SimulatedMarket(rough, coarse, DAY_MS, warmup=1)
    after: Candle | None = None
    for now in islice(iter(long.next_time, None), 3_000):
        seen = long.observe("BTC-USDT", after, now)
        assert {finding.kind for finding in seen.findings} <= {"gap"}
        for candle in seen.candles:
            after = candle
            assert (
                1
                <= candle.low
                <= min(candle.open, candle.close)
                <= max(candle.open, candle.close)
                <= candle.high
            )
            assert candle.volume >= 0


def grown_in_an_endless_session() -> int:
    """Return the bytes that 1,500 more steps leave behind."""
    endless = market(SimulatedSettings())
    after = live(endless, 500)[-1][1]
    known = {symbol: each.candles[-1] for symbol, each in after.items() if each.candles}
    tracemalloc.start()
    for now in islice(iter(endless.next_time, None), 1_500):
        for symbol in GRID:
            seen = endless.observe(symbol, known.get(symbol), now)
            known |= {symbol: seen.candles[-1]} if seen.candles else {}
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return grown


def test_an_endless_session_keeps_its_memory_flat() -> None:
    assert alone(__name__, grown_in_an_endless_session.__name__) < 60_000


@pytest.mark.parametrize(
    "bad",
    [
        {"volatility": 0},
        {"seed": -1},
        {"start": "2024-01-01T00:00:00"},
        {"prices": {"A": 0}},
        {"nonsense": 1},
    ],
)
def test_settings_out_of_bounds_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulatedSettings.model_validate(bad)


def test_another_symbol_is_refused() -> None:
    with pytest.raises(BadInput, match="symbol LTC-USDT is not in this simulated market"):
        market().observe("LTC-USDT", None, utc(START))
    with pytest.raises(Refused, match="symbol LTC-USDT is not simulated"):
        SimulatedProvider(WILD, GRID).candles(CandleRequest("LTC-USDT", MINUTE_MS, 0, START, 10))


def ask(
    provider: SimulatedProvider, now_ms: int, count: int = 50, symbol: str = "BTC-USDT"
) -> tuple[RawCandle, ...]:
    return provider.candles(
        CandleRequest(symbol, MINUTE_MS, now_ms - now_ms % MINUTE_MS - count * MINUTE_MS, now_ms, count + 5)
    )


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(st.integers(0, 400_000), min_size=1, max_size=40),
    begin=st.integers(START, START + DAY_MS),
    seed=st.integers(0, 50),
)
def test_what_has_closed_never_changes_and_the_last_candle_is_forming(
    steps: list[int], begin: int, seed: int
) -> None:
    provider = SimulatedProvider(WILD.model_copy(update={"seed": seed}), GRID)
    now, closed, forming = begin, dict[int, RawCandle](), dict[int, RawCandle]()
    for step in steps:
        now += step
        rows = ask(provider, now)
        assert all(row.time % MINUTE_MS == 0 for row in rows)
        assert all(earlier.time < later.time for earlier, later in pairwise(rows))
        assert rows[-1].time == now - now % MINUTE_MS
        for row in rows[:-1]:
            assert closed.setdefault(row.time, row) == row
        last = rows[-1]
        before = forming.get(last.time)
        if before is not None:
            assert (before.open, before.time) == (last.open, last.time)
            assert before.high <= last.high
            assert before.low >= last.low
            assert before.volume <= last.volume
        forming[last.time] = last
        taken = intake(BTC, rows, None, MINUTE_MS, now)
        assert {finding.kind for finding in taken.findings} <= {"gap", "still_open", "more"}
    for time, row in forming.items():
        if time in closed:
            assert closed[time].low <= row.low <= row.high <= closed[time].high


def test_the_forming_candle_moves_within_its_minute() -> None:
    provider = SimulatedProvider(SimulatedSettings(volatility=5), GRID)
    closes = {ask(provider, START + second * 1000)[-1].close for second in range(0, 60, 5)}
    assert len(closes) > 8


@settings(max_examples=25, deadline=None)
@given(price=st.integers(1_000, 20_000_000), now=st.integers(START, START + DAY_MS), seed=st.integers(0, 99))
def test_it_begins_at_the_anchor_to_the_tick(price: int, now: int, seed: int) -> None:
    provider = SimulatedProvider(WILD.model_copy(update={"seed": seed}), GRID)
    provider.anchor("BTC-USDT", price, now)
    rows = ask(provider, now)
    assert round(rows[-1].close * 100) == price
    assert len(rows) > 40
    soon = ask(provider, now + 1_000)
    assert abs(soon[-1].close / rows[-1].close - 1) < 0.2


def test_an_anchor_far_from_the_settings_price_is_not_left_for_it() -> None:
    provider = SimulatedProvider(SimulatedSettings(), GRID)
    provider.anchor("XYZ-USDT", 6_000_000, START)  # the settings' price is 100.00
    for hour in range(15):
        closes = [row.close for row in ask(provider, START + hour * HOUR_MS, 60, symbol="XYZ-USDT")]
        assert all(40_000 < close < 90_000 for close in closes)


def test_an_anchor_in_the_past_is_where_the_walk_began() -> None:
    provider = SimulatedProvider(SimulatedSettings(missing_chance=0), GRID)
    provider.anchor("BTC-USDT", 4_242_424, START)
    rows = ask(provider, START + 10 * MINUTE_MS + 5_000)
    assert rows[-1].time == START + 10 * MINUTE_MS
    anchored = next(row for row in rows if row.time == START)
    assert round(anchored.open * 100) == pytest.approx(4_242_424, abs=1)


def test_anchoring_anew_begins_anew_for_that_symbol_only() -> None:
    provider = SimulatedProvider(WILD, GRID)
    bitcoin, ether = ask(provider, START), ask(provider, START, symbol="ETH-USDT")
    provider.anchor("BTC-USDT", 100, START)
    assert ask(provider, START)[-1].close == pytest.approx(1.0, abs=0.011)
    assert ask(provider, START) != bitcoin
    assert ask(provider, START, symbol="ETH-USDT") == ether


def test_after_a_long_absence_the_price_has_stood_still() -> None:
    provider = SimulatedProvider(SimulatedSettings(missing_chance=0), GRID)
    before = ask(provider, START + MINUTE_MS - 1)[-1].close
    later = START + (HISTORY + 10) * MINUTE_MS
    rows = ask(provider, later)
    assert rows[-1].close == pytest.approx(before, abs=0.02)
    assert len(rows) == 51


def test_a_clock_set_back_finds_the_market_standing_still() -> None:
    provider = SimulatedProvider(SimulatedSettings(), GRID)
    rows = ask(provider, START + 5 * MINUTE_MS + 30_000)
    back = ask(provider, START + 4 * MINUTE_MS)
    assert back[-1].time == rows[-1].time
    assert back[-1].close == back[-1].open
    assert ask(provider, START + 5 * MINUTE_MS + 30_000) == rows


def test_a_request_is_answered_within_its_limits() -> None:
    provider = SimulatedProvider(SimulatedSettings(missing_chance=0), GRID)
    since = START - 10 * MINUTE_MS
    rows = provider.candles(CandleRequest("BTC-USDT", MINUTE_MS, since, START, 4))
    assert [row.time for row in rows] == [since + n * MINUTE_MS for n in range(4)]
    fresh = SimulatedProvider(SimulatedSettings(missing_chance=0), GRID)
    assert len(ask(fresh, START, count=5_000)) == HISTORY + 1
    hours = provider.candles(CandleRequest("BTC-USDT", HOUR_MS, START - DAY_MS, START, 99))
    assert {later.time - earlier.time for earlier, later in pairwise(hours)} == {HOUR_MS}


def test_the_made_up_past_has_holes_like_the_rest() -> None:
    rows = ask(SimulatedProvider(SimulatedSettings(missing_chance=0.5), GRID), START, count=200)
    assert 70 < len(rows) < 130


def test_the_provider_is_the_same_in_another_process() -> None:
    assert ask(SimulatedProvider(WILD, GRID), START) == ask(SimulatedProvider(WILD, GRID), START)
    assert millis(WILD.start) == START
