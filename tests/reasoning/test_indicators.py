"""Indicators agree with TA-Lib, do not drift, and say nothing before they can."""

import math

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle
from reasoning.kernels.indicators import (
    ATR_SIZE,
    RSI_SIZE,
    atr_step,
    mean_size,
    mean_step,
    rsi_step,
    window_mean,
)
from tests.reasoning.samples import ticks
from tests.seeded import present

FILES = present(
    ("seeded/1m/DOGE-USDT", 5_000),
    ("seeded/1d/AAPL", 1_500),
    ("crypto/1m/BTC-USDT_1m_20230316-20230501.csv.gz", 10**6),
    ("crypto/1m/DOGE-USDT_1m_20230316-20230501.csv.gz", 10**6),
    ("crypto/1h/BTC-USDT_1h_2017-2023.csv.gz", 10**6),
    ("equities/1d/AAPL_1d_1998-2018.csv.gz", 10**6),
)
TOLERANCE = 1e-9


@pytest.fixture(scope="module", params=FILES, ids=lambda size: size[0].split(".")[0])
def candles(request: pytest.FixtureRequest) -> list[Candle]:
    return ticks(*request.param)


def _column(candles: list[Candle], name: str) -> np.ndarray:
    return np.array([float(getattr(candle, name)) for candle in candles])


def _agree(ours: list[float], oracle: np.ndarray, first: int) -> None:
    assert np.isnan(oracle[:first]).all()
    assert ours[:first] == [0.0] * first, "a value before warm-up"
    np.testing.assert_allclose(ours[first:], oracle[first:], rtol=TOLERANCE, atol=0.0)


@pytest.mark.parametrize("period", [2, 14])
def test_rsi_agrees_with_talib(candles: list[Candle], period: int) -> None:
    closes = _column(candles, "close")
    memory = [0.0] * RSI_SIZE
    _agree(
        [rsi_step(memory, 0, period, close) for close in closes.tolist()],
        talib.RSI(closes, timeperiod=period),
        period,
    )


@pytest.mark.parametrize("period", [20, 50])
def test_the_mean_of_closes_agrees_with_talib(candles: list[Candle], period: int) -> None:
    closes = _column(candles, "close")
    memory = [0.0] * mean_size(period)
    ours = [mean_step(memory, 0, period, close) for close in closes.tolist()]
    _agree(ours, talib.SMA(closes, timeperiod=period), period - 1)


def test_atr_agrees_with_talib(candles: list[Candle]) -> None:
    high, low, close = (_column(candles, name) for name in ("high", "low", "close"))
    memory = [0.0] * ATR_SIZE
    ours = [
        atr_step(memory, 0, 14, *bar) for bar in zip(high.tolist(), low.tolist(), close.tolist(), strict=True)
    ]
    _agree(ours, talib.ATR(high, low, close, timeperiod=14), 14)


def test_a_window_of_volumes_is_exact_after_thousands_of_candles(candles: list[Candle]) -> None:
    volumes = _column(candles, "volume").tolist()
    ring = [0.0] * 50
    for place, volume in enumerate(volumes):
        ring[place % 50] = volume
        if place >= 19 and place % 7 == 0:
            exact = math.fsum(volumes[place - 19 : place + 1]) / 20
            mean = window_mean(ring, 0, 50, place % 50, 20)
            assert mean == pytest.approx(exact, rel=1e-15, abs=0.0)
            assert mean == window_mean(volumes, 0, len(volumes), place, 20)


def test_a_mean_of_whole_numbers_does_not_drift() -> None:
    memory = [0.0] * mean_size(20)
    for place in range(10_000):
        mean_step(memory, 0, 20, 7.0 + 1e12 * (place % 3))
    for _ in range(20):
        mean = mean_step(memory, 0, 20, 0.0)
    assert mean == 0.0


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=120), st.integers(1, 30))
@settings(max_examples=60)
def test_a_mean_is_that_of_its_window(values: list[int], n: int) -> None:
    memory = [0.0] * mean_size(n)
    for place, value in enumerate(values):
        mean = mean_step(memory, 0, n, float(value))
        if place + 1 >= n:
            assert mean == sum(values[place + 1 - n : place + 1]) / n


def test_blocks_side_by_side_do_not_touch_each_other() -> None:
    size = mean_size(3)
    together = [0.0] * (2 * size)
    alone = [0.0] * size
    for value in (1.0, 5.0, 2.0, 8.0):
        mean_step(together, 0, 3, value)
        mean_step(together, size, 3, -value)
        mean_step(alone, 0, 3, value)
    assert together[:size] == alone


def test_rsi_of_a_price_that_never_moved_is_neutral() -> None:
    memory = [0.0] * RSI_SIZE
    assert [rsi_step(memory, 0, 14, 100.0) for _ in range(30)][14:] == [50.0] * 16


def test_rsi_is_100_when_only_rising_and_0_when_only_falling() -> None:
    up, down = [0.0] * RSI_SIZE, [0.0] * RSI_SIZE
    rising = [rsi_step(up, 0, 14, 100.0 + place) for place in range(40)]
    falling = [rsi_step(down, 0, 14, 100.0 - place) for place in range(40)]
    assert rising[14:] == [100.0] * 26
    assert falling[14:] == [0.0] * 26


@given(st.lists(st.floats(1, 1e7), min_size=16, max_size=100))
@settings(max_examples=60)
def test_rsi_stays_between_0_and_100(closes: list[float]) -> None:
    memory = [0.0] * RSI_SIZE
    assert all(0.0 <= rsi_step(memory, 0, 14, close) <= 100.0 for close in closes)
