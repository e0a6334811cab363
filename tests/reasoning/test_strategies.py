"""Strategies speak at crossings only, after warm-up only, and about the past only."""

from typing import Any

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.candle import Candle
from domain.decision import Signal
from reasoning.kernels.features import PLAN, Features, features_now, features_size, features_step
from reasoning.kernels.strategy import Strategy, StrategyParams, signal_of
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.rsi import RSI, RsiParams
from reasoning.strategies.sma import SMA, SmaParams
from tests.reasoning.samples import candles_of, ticks, walk
from tests.seeded import present

DEFAULTS: list[tuple[Strategy[Any], StrategyParams]] = [(RSI, RsiParams()), (SMA, SmaParams())]
FAST_RSI = RsiParams(period=2)
FAST_SMA = SmaParams(fast=2, slow=3)


def run(strategy: Strategy[Any], params: StrategyParams, candles: list[Candle]) -> list[tuple[Signal, str]]:
    """Step a strategy over candles from its start; return each signal with its reason."""
    packed = params.packed()
    features_memory = [0.0] * features_size(PLAN)
    memory = [0.0] * strategy.size(packed)
    said = []
    for candle in candles:
        opened, high, low, close, volume = (float(part) for part in candle[1:])
        features_step(features_memory, PLAN, high, low, close, volume)
        features = features_now(features_memory, PLAN)
        signal = strategy.on_candle(memory, packed, features, opened, high, low, close, volume, 0.0)
        said.append((signal, strategy.explain(memory, packed, signal)))
    return said


def votes(strategy: Strategy[Any], params: StrategyParams, closes: list[float]) -> list[int]:
    return [signal.vote for signal, _ in run(strategy, params, candles_of(closes))]


def test_the_built_in_strategies_are_listed_by_name() -> None:
    assert {"rsi", "sma", "liquidity-sweep", "bos-order-block", "fvg"} <= set(STRATEGIES)
    assert all(name == strategy.name for name, strategy in STRATEGIES.items())


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1m/BTC-USDT", 6_000), ("crypto/1m/BTC-USDT_1m_20230316-20230501.csv.gz", 20_000)),
)
def test_rsi_votes_where_the_talib_rsi_crosses_and_nowhere_else(name: str, count: int) -> None:
    candles = ticks(name, count)
    oracle = talib.RSI(np.array([float(candle.close) for candle in candles]), timeperiod=14)
    before, now = oracle[:-1], oracle[1:]
    expected = [
        0,
        *(np.where((before >= 30) & (now < 30), 1, 0) - np.where((before <= 70) & (now > 70), 1, 0)).tolist(),
    ]
    said = [signal.vote for signal, _ in run(RSI, RsiParams(), candles)]
    assert said == expected
    assert said.count(1) > count // 200
    assert said.count(-1) > count // 200


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1h/ETH-USDT", 6_000), ("crypto/1h/ETH-USDT_1h_2018-2023.csv.gz", 20_000)),
)
def test_sma_votes_where_the_talib_means_cross_and_nowhere_else(name: str, count: int) -> None:
    candles = ticks(name, count)
    closes = np.array([float(candle.close) for candle in candles])
    apart = np.sign(np.round(talib.SMA(closes, 20) - talib.SMA(closes, 50), 6))
    before, now = apart[:-1], apart[1:]
    expected = [
        0,
        *(np.where((before <= 0) & (now > 0), 1, 0) - np.where((before >= 0) & (now < 0), 1, 0)).tolist(),
    ]
    said = [signal.vote for signal, _ in run(SMA, SmaParams(), candles)]
    assert said == expected
    assert said.count(1) > count // 200
    assert said.count(-1) > count // 200


def test_rsi_speaks_once_per_crossing() -> None:
    closes = [100.0, 110.0, 105.0, 112.0, 90.0, 80.0, 70.0, 120.0, 160.0, 170.0, 100.0]
    said = run(RSI, FAST_RSI, candles_of(closes))
    assert [signal.vote for signal, _ in said] == [0, 0, 0, -1, 1, 0, 0, -1, 0, 0, 1]
    # gains and losses averaged by hand: 1.5 and 10.8125 after the fall to 80
    assert said[5][1] == "rsi 12.2 still below 30"


def test_rsi_exactly_on_its_line_has_not_crossed_but_may_cross_from_there() -> None:
    params = RsiParams(period=2, lower=50.0, upper=90.0)
    # changes -10 and +10 make RSI exactly 50; the next fall leads below it
    assert votes(RSI, params, [100.0, 90.0, 100.0, 80.0]) == [0, 0, 0, 1]
    assert votes(RSI, params, [100.0, 110.0, 110.0, 94.0, 104.0])[2:4] == [0, 1]
    assert votes(RSI, RsiParams(period=2, lower=10.0, upper=50.0), [100.0, 90.0, 100.0, 120.0]) == [
        0,
        0,
        0,
        -1,
    ]
    said = run(
        RSI, RsiParams(period=2, lower=50.0, upper=51.0), candles_of([100.0, 105.0, 110.0, 105.0, 104.0])
    )
    assert said[3][0].vote == 0


def test_rsi_says_what_it_saw() -> None:
    closes = [100.0, 110.0, 105.0, 112.0, 90.0, 90.0, 90.0, 130.0, 125.0]
    reasons = [reason for _, reason in run(RSI, FAST_RSI, candles_of(closes))]
    assert reasons[2] == "rsi warming up, 3 of 4 candles"
    # averages by hand: 6 and 1.25 at 112, then 3 and 11.625 at 90
    assert reasons[3] == "rsi 82.8 crossed above 70 from 66.7"
    assert reasons[4] == "rsi 20.5 crossed below 30 from 82.8"
    assert reasons[5] == "rsi 20.5 still below 30"
    assert reasons[7] == "rsi 93.3 crossed above 70 from 20.5"
    assert reasons[8] == "rsi 75.9 still above 70"
    assert run(RSI, FAST_RSI, candles_of([*closes[:3], 105.0, 104.0]))[-1][1] == "rsi 52.6 inside 30-70"


def test_sma_votes_on_the_crossing_candle() -> None:
    closes = [10.0, 10.0, 10.0, 13.0, 16.0, 16.0, 7.0, 4.0, 4.0, 4.0]
    assert votes(SMA, FAST_SMA, closes) == [0, 0, 0, 1, 0, 0, -1, 0, 0, 0]
    reasons = [reason for _, reason in run(SMA, FAST_SMA, candles_of(closes))]
    assert reasons[1] == "sma2/sma3 warming up, 2 of 4 candles"
    assert reasons[3] == "sma2 crossed above sma3 by 4.5 %"
    assert reasons[6] == "sma2 crossed below sma3 by 12 %"
    assert reasons[5] == "sma2 6.7 % above sma3"
    assert reasons[9] == "sma2 level with sma3"


@pytest.mark.parametrize(("strategy", "params"), DEFAULTS, ids=["rsi", "sma"])
def test_the_first_possible_vote_comes_right_after_warm_up(
    strategy: Strategy[Any], params: StrategyParams
) -> None:
    warmup = strategy.warmup(params.packed())
    assert warmup == {"rsi": 16, "sma": 51}[strategy.name]
    level = [1000.0 + place % 2 for place in range(warmup - 1)]
    shock = 5000.0 if strategy is SMA else 10.0
    assert votes(strategy, params, [*level, shock]) == [0] * (warmup - 1) + [1]
    assert votes(strategy, params, [*level[1:], shock]) == [0] * (warmup - 1)


@given(seed=st.integers(0, 10_000), strategy=st.sampled_from([RSI, SMA]))
@settings(max_examples=25)
def test_no_signal_before_warm_up(seed: int, strategy: Strategy[Any]) -> None:
    params = strategy.params()
    early = run(strategy, params, walk(strategy.warmup(params.packed()) - 1, seed))
    assert all(signal == Signal(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0) for signal, _ in early)


@given(seed=st.integers(0, 10_000), cut=st.integers(1, 200), strategy=st.sampled_from([RSI, SMA]))
@settings(max_examples=30)
def test_what_comes_later_changes_nothing(seed: int, cut: int, strategy: Strategy[Any]) -> None:
    candles = walk(200, seed)
    other = walk(200, seed + 1)
    params = RsiParams(period=5) if strategy is RSI else SmaParams(fast=4, slow=9)
    whole = run(strategy, params, candles)
    assert run(strategy, params, candles[:cut]) == whole[:cut]
    assert run(strategy, params, candles[:cut] + other[cut:])[:cut] == whole[:cut]


@given(seed=st.integers(0, 10_000), strategy=st.sampled_from([RSI, SMA]))
@settings(max_examples=25)
def test_a_confidence_is_the_sum_of_its_parts_and_at_most_100(seed: int, strategy: Strategy[Any]) -> None:
    params = RsiParams(period=5) if strategy is RSI else SmaParams(fast=4, slow=9)
    for signal, _ in run(strategy, params, walk(150, seed)):
        parts = signal.base + signal.trend + signal.volume + signal.volatility
        assert signal.confidence == pytest.approx(min(100.0, parts))
        assert signal.vote in (-1, 0, 1)
        assert (signal.base, signal.stop_ppm) == ((40.0, 30_000) if signal.vote else (0.0, 0))
        assert 0.0 <= signal.trend <= 20.0
        assert {signal.volume, signal.volatility} <= {0.0, 10.0, 20.0}
        assert (signal.stop, signal.target) == (0, 0)


def test_rsi_trend_is_two_points_per_rsi_point_up_to_twenty() -> None:
    packed = RsiParams().packed()
    features = Features(20.0, 10.0, 0, 0, 5.0, 5.0, 1)
    for depth, points in ((0.5, 1.0), (4.0, 8.0), (10.0, 20.0), (25.0, 20.0)):
        now = 30.0 - depth
        # candles seen and waited for, RSI before and now; then averages and last close such that an
        # unchanged close leaves the RSI at `now`
        memory = [30.0, 16.0, 0.0, 40.0, 30.0, 100.0, now, 100.0 - now]
        signal = RSI.on_candle(memory, packed, features, 100.0, 100.0, 100.0, 100.0, 1.0, 0.0)
        assert signal.vote == 1
        assert signal.trend == pytest.approx(points)
        assert signal.confidence == pytest.approx(40 + points + 30)


def test_sma_trend_is_full_when_the_means_part_by_two_fifths_of_the_atr() -> None:
    for atr, points in ((2.0, 25.0 / 2.0), (1.25, 20.0), (0.5, 20.0), (5.0, 5.0), (0.0, 0.0)):
        packed = FAST_SMA.packed()
        memory = [0.0] * SMA.size(packed)
        features = Features(0.0, 0.0, 0, 0, atr, atr, 0)
        for close in (10.0, 10.0, 10.0, 13.0):  # distance goes from 0 to 11.5 - 11 = 0.5
            signal = SMA.on_candle(memory, packed, features, close, close, close, close, 1.0, 0.0)
        assert signal.vote == 1
        assert signal.trend == pytest.approx(points)


def test_a_signal_never_promises_more_than_100() -> None:
    features = Features(20.0, 20.0, 0, 0, 1.0, 1.0, 1)
    assert signal_of(1, 90.0, 20.0, features, 5).confidence == 100.0


@pytest.mark.parametrize(
    ("params", "given_", "word"),
    [
        (RsiParams, {"lower": 60.0, "upper": 40.0}, "lower 60.0 is not below upper 40.0"),
        (RsiParams, {"period": 1}, "greater than or equal to 2"),
        (RsiParams, {"stop_ppm": 0}, "greater than or equal to 100"),
        (RsiParams, {"perod": 14}, "Extra inputs"),
        (SmaParams, {"fast": 50}, "fast 50 is not below slow 50"),
        (SmaParams, {"slow": 10**9}, "less than or equal to 5000"),
    ],
)
def test_bad_parameters_are_refused_with_the_limit(
    params: type[StrategyParams], given_: dict[str, Any], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        params(**given_)
