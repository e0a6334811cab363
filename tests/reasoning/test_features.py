"""Shared features: the parts of a confidence, the regime, and when they are known."""

import pytest

from domain.candle import Candle
from reasoning.kernels.features import (
    PLAN,
    Features,
    features_at,
    features_now,
    features_size,
    features_step,
    features_warmup,
    regime,
    trend_of,
    volatility_part,
    volume_part,
)
from reasoning.kernels.indicators import ATR_SIZE, atr_step
from tests.reasoning.samples import candles_of, walk


def _run(closes: list[float], volumes: list[float] | None = None) -> list[Features]:
    return _told(candles_of(closes, volumes))


def _told(candles: list[Candle]) -> list[Features]:
    memory = [0.0] * features_size(PLAN)
    told = []
    for candle in candles:
        features_step(memory, PLAN, *(float(part) for part in candle[2:]))
        told.append(features_now(memory, PLAN))
    return told


@pytest.mark.parametrize(
    ("volume", "points"), [(150.0, 20.0), (149.9, 10.0), (100.0, 10.0), (99.9, 0.0), (0.0, 0.0)]
)
def test_volume_points(volume: float, points: float) -> None:
    assert volume_part(volume, 100.0) == points


@pytest.mark.parametrize(
    ("atr", "points"),
    [
        (49.9, 0.0),
        (50.0, 10.0),
        (79.9, 10.0),
        (80.0, 20.0),
        (150.0, 20.0),
        (150.1, 10.0),
        (200.0, 10.0),
        (200.1, 0.0),
    ],
)
def test_volatility_points(atr: float, points: float) -> None:
    assert volatility_part(atr, 100.0) == points


def test_what_is_not_measured_earns_nothing() -> None:
    assert volume_part(50.0, 0.0) == 0.0
    assert volume_part(0.0, 0.0) == 0.0
    assert volatility_part(50.0, 0.0) == 0.0


def test_everything_is_known_after_64_candles_and_not_before() -> None:
    features = _run([1000.0 + place % 7 for place in range(70)])
    assert features_warmup(PLAN) == 64
    assert [known.ready for known in features] == [0] * 63 + [1] * 7
    assert all(known.baseline == 0.0 and known.volatility == 0.0 for known in features[:63])
    assert features[63].baseline > 0.0
    assert {regime(known) for known in features[:63]} == {"unknown"}


def test_volume_counts_against_a_mean_that_holds_it() -> None:
    volumes = [10.0] * 19 + [16.0]
    assert _run([1000.0] * 20, volumes)[-1].volume == 20.0
    volumes = [10.0] * 19 + [15.0]  # 15 is 1.46 times the mean 10.25
    assert _run([1000.0] * 20, volumes)[-1].volume == 10.0
    assert [known.volume for known in _run([1000.0] * 20, [10.0] * 20)] == [0.0] * 19 + [10.0]


def test_regimes_name_direction_and_wildness() -> None:
    rising = _run([1000.0 + 10 * place for place in range(100)])
    falling = _run([9000.0 - 10 * place for place in range(100)])
    ranging = _run([1000.0 + 10 * (place % 2) for place in range(100)])
    bursting = _run(
        [1000.0 + 10 * (place % 2) for place in range(90)]
        + [1000.0 + 900 * (place % 2) for place in range(4)]
    )
    assert regime(rising[-1]) == "up calm"
    assert regime(falling[-1]) == "down calm"
    assert regime(ranging[-1]) == "range calm"
    assert regime(bursting[-1]).endswith("wild")


def test_a_trend_needs_more_than_one_atr_between_the_means() -> None:
    assert (trend_of(112.0, 100.0, 10.0), trend_of(110.0, 100.0, 10.0)) == (1, 0)
    assert (trend_of(100.0, 112.0, 10.0), trend_of(100.0, 110.0, 10.0)) == (-1, 0)


def test_a_flat_market_with_zero_volume_is_survived() -> None:
    last = _run([500.0] * 100, [0.0] * 100)[-1]
    assert (last.volume, last.ready) == (0.0, 1)


def test_the_same_candles_give_the_same_features_whenever_they_stop() -> None:
    candles = walk(150, seed=3)
    whole = _told(candles)
    for cut in (1, 15, 64, 149):
        assert _told(candles[:cut]) == whole[:cut]


def test_a_ring_and_the_whole_series_give_the_same_bits() -> None:
    candles = walk(200, seed=5)
    told = _told(candles)
    atr_memory = [0.0] * ATR_SIZE
    atrs = [atr_step(atr_memory, 0, PLAN.atr, float(c.high), float(c.low), float(c.close)) for c in candles]
    series = [*(float(c.close) for c in candles), *(c.volume for c in candles), *atrs]
    for place in range(200):
        assert features_at(series, 0, 200, place, place + 1, PLAN) == told[place]
