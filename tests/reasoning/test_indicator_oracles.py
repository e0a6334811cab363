"""Indicators agree to 1e-9 with TA-Lib, or with a formula written out beside them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import talib as stubbed
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning.indicators.table import INDICATORS
from reasoning.indicators.windows import sum_size, sum_step
from reasoning.kernels.structure import BREAK, TREND, structure_size, structure_step
from tests.reasoning import slow_indicators
from tests.reasoning.indicating import Columns, Rows, level, stepped, walked

talib: Any = stubbed
"""Its stubs know not every call it takes."""

Oracle = Callable[[dict[str, np.ndarray]], Any]
MARKETS: dict[str, Columns] = {
    "ticks": walked(500, seed=11, rests=False),
    "fractions": walked(500, seed=12, price=0.07, tick=1e-5, rests=False),
}


def bars(c: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return what most of TA-Lib's functions take first."""
    return c["high"], c["low"], c["close"]


def directions(c: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return both directional indicators."""
    return talib.PLUS_DI(*bars(c), 14), talib.MINUS_DI(*bars(c), 14)


def keltner(c: dict[str, np.ndarray], n: int, ranges: int, width: float) -> tuple[np.ndarray, ...]:
    """Return the channel out of TA-Lib's average and range."""
    middle, away = talib.EMA(c["close"], n), width * talib.ATR(*bars(c), ranges)
    return middle - away, middle + 0.0 * away, middle + away


TALIB: list[tuple[str, tuple[float, ...], Oracle]] = [
    ("sma", (20,), lambda c: talib.SMA(c["close"], 20)),
    ("sma", (1,), lambda c: c["close"]),
    ("mean", (20,), lambda c: talib.SMA(c["close"], 20)),
    ("ema", (20,), lambda c: talib.EMA(c["close"], 20)),
    ("rsi", (14,), lambda c: talib.RSI(c["close"], 14)),
    ("rsi", (2,), lambda c: talib.RSI(c["close"], 2)),
    ("atr", (14,), lambda c: talib.ATR(c["high"], c["low"], c["close"], 14)),
    ("bollinger", (20, 2.0), lambda c: talib.BBANDS(c["close"], 20, 2.0, 2.0)[::-1]),
    ("wma", (20,), lambda c: talib.WMA(c["close"], 20)),
    ("dema", (20,), lambda c: talib.DEMA(c["close"], 20)),
    ("tema", (9,), lambda c: talib.TEMA(c["close"], 9)),
    ("kama", (10, 2, 30), lambda c: talib.KAMA(c["close"], 10)),
    ("roc", (10,), lambda c: talib.ROC(c["close"], 10)),
    ("cci", (20,), lambda c: talib.CCI(*bars(c), 20)),
    ("macd", (12, 26, 9), lambda c: talib.MACD(c["close"], 12, 26, 9)),
    ("macd", (5, 34, 5), lambda c: talib.MACD(c["close"], 5, 34, 5)),
    ("stochastic", (14, 3, 5), lambda c: talib.STOCH(*bars(c), 14, 3, 0, 5, 0)),
    ("stochastic", (14, 1, 3), lambda c: talib.STOCHF(*bars(c), 14, 3, 0)),
    ("stoch_rsi", (14, 10, 1, 3), lambda c: talib.STOCHRSI(c["close"], 14, 10, 3, 0)),
    ("williams_r", (14,), lambda c: talib.WILLR(*bars(c), 14)),
    ("adx", (14,), lambda c: (talib.ADX(*bars(c), 14), *directions(c))),
    ("di", (14,), directions),
    ("sar", (0.02, 0.2), lambda c: talib.SAR(c["high"], c["low"], 0.02, 0.2)),
    ("keltner", (20, 10, 2.0), lambda c: keltner(c, 20, 10, 2.0)),
    ("keltner", (5, 30, 1.0), lambda c: keltner(c, 5, 30, 1.0)),
    ("donchian", (20,), lambda c: talib.DONCHIAN(c["high"], c["low"], 20)[::-1]),
    ("mfi", (14,), lambda c: talib.MFI(*bars(c), c["volume"], 14)),
    ("obv", (), lambda c: talib.OBV(c["close"], c["volume"])),
    ("zscore", (20,), lambda c: (c["close"] - talib.SMA(c["close"], 20)) / talib.STDDEV(c["close"], 20)),
    ("slope", (14,), lambda c: talib.LINEARREG_SLOPE(c["close"], 14)),
    ("correlation", (30,), lambda c: talib.CORREL(c["close"], c["volume"], 30)),
]


def agree(name: str, parameters: tuple[float, ...], columns: Columns, oracle: Any, settled: int = 0) -> None:
    """Hold an indicator against its oracle, from its own first value, or `settled`, on."""
    kind = INDICATORS[name]
    expected = np.atleast_2d(np.array(oracle, dtype=float))
    ours = np.array(stepped(kind, columns, *parameters)).T
    warmup = kind.warmup(*parameters)
    unknown = np.isnan(expected) | (expected == 0.0)
    assert unknown[:, :warmup].any(axis=0).all(), "it is known later than its oracle"
    ours, warmup = ours[: len(expected)], max(warmup, settled)
    scale = np.nanmax(np.abs(expected), axis=1, keepdims=True)
    np.testing.assert_allclose(ours[:, warmup:] / scale, expected[:, warmup:] / scale, rtol=1e-9, atol=1e-9)


def shown(each: object) -> str:
    """Name a case the same in every worker: a function's own text has its address in it."""
    return getattr(each, "__name__", None) or str(each)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(("name", "parameters", "oracle"), TALIB, ids=shown)
def test_it_agrees_with_talib(market: str, name: str, parameters: tuple[float, ...], oracle: Oracle) -> None:
    columns = MARKETS[market]
    agree(name, parameters, columns, oracle({key: np.array(column) for key, column in columns.items()}))


SLOW: list[tuple[str, tuple[float, ...], Callable[..., Rows]]] = [
    ("rolling_vwap", (20,), slow_indicators.rolling_vwap),
    ("vwap", (24, 0), lambda c, *_: slow_indicators.vwap(c)),
    ("pivots", (24, 0), lambda c, *_: slow_indicators.pivots(c)),
    ("ichimoku", (9, 26, 52, 26), slow_indicators.ichimoku),
    ("ichimoku", (3, 5, 4, 1), slow_indicators.ichimoku),
    ("supertrend", (10, 3.0), slow_indicators.supertrend),
    ("supertrend", (3, 1.0), slow_indicators.supertrend),
    ("realised_volatility", (20, 365), slow_indicators.realised_volatility),
    ("variance_ratio", (100, 5), slow_indicators.variance_ratio),
    ("variance_ratio", (30, 1), slow_indicators.variance_ratio),
    ("swings", (3,), slow_indicators.swings),
]


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(("name", "parameters", "slow"), SLOW, ids=shown)
def test_it_agrees_with_its_formula(
    market: str, name: str, parameters: tuple[float, ...], slow: Callable[..., Rows]
) -> None:
    columns = MARKETS[market]
    agree(name, parameters, columns, np.array(slow(columns, *parameters)).T)


def test_every_kind_has_an_oracle() -> None:
    elsewhere = {"structure", "swept", "gaps", "order_blocks"}
    assert {name for name, *_ in (*TALIB, *SLOW)} | elsewhere == set(INDICATORS), (
        "tests of the built-in strategies"
    )


def test_supertrend_agrees_with_talib_from_the_first_turn_on() -> None:
    columns = MARKETS["ticks"]
    c = {key: np.array(column) for key, column in columns.items()}
    agree("supertrend", (10, 3.0), columns, talib.SUPERTREND(*bars(c), 10, 3.0), settled=60)


def test_the_vwap_of_a_day_is_talibs_over_that_day() -> None:
    columns = {key: column[:24] for key, column in MARKETS["ticks"].items()}
    c = {key: np.array(column) for key, column in columns.items()}
    agree("vwap", (24, 0), columns, talib.VWAP(*bars(c), c["volume"]))


def test_structure_is_that_of_the_kernel_it_wraps() -> None:
    columns = walked(600, seed=13)
    memory = [0.0] * structure_size(2)
    own: list[float] = []
    for row, bar in zip(
        stepped(INDICATORS["structure"], columns, 2),
        zip(columns["high"], columns["low"], columns["close"], strict=True),
        strict=True,
    ):
        structure_step(memory, 0, 2, *bar)
        assert row[:2] == (memory[TREND], memory[BREAK])
        own.append(row[1])
    assert {1.0, -1.0, 2.0, -2.0} <= set(own)


STILL: list[tuple[str, float]] = [
    ("rsi", 50.0), ("stochastic", 50.0), ("stoch_rsi", 50.0), ("williams_r", -50.0), ("mfi", 50.0),
    ("cci", 0.0), ("zscore", 0.0), ("slope", 0.0), ("correlation", 0.0), ("roc", 0.0), ("adx", 0.0),
    ("di", 0.0), ("macd", 0.0), ("atr", 0.0), ("realised_volatility", 0.0), ("variance_ratio", 1.0),
]  # fmt: skip  # a kind and what it says of a market at rest


@pytest.mark.parametrize(("name", "value"), STILL)
def test_a_market_at_rest_is_neutral(name: str, value: float) -> None:
    kind = INDICATORS[name]
    for price in (100.0, 0.1, 0.3):
        rows = stepped(kind, level(150, price=price))
        assert {abs(each - value) < 1e-9 for row in rows[kind.warmup(*kind.defaults) :] for each in row} == {
            True
        }


def test_a_market_that_comes_to_rest_gives_no_signal_of_rounding() -> None:
    closes = [*walked(60, seed=21, price=0.07, tick=1e-5)["close"], *[0.0712] * 200]
    columns = {"close": closes}
    assert set(stepped(INDICATORS["stoch_rsi"], columns)[-150:]) == {(50.0, 50.0)}
    assert set(stepped(INDICATORS["zscore"], columns)[-150:]) == {(0.0,)}


@pytest.mark.parametrize(
    "name", ["sma", "wma", "bollinger", "zscore", "rolling_vwap", "donchian", "stochastic", "cci", "mfi"]
)
def test_a_window_is_the_same_to_the_bit_wherever_history_began(name: str) -> None:
    columns = MARKETS["fractions"]
    later = {key: column[137:] for key, column in columns.items()}
    assert stepped(INDICATORS[name], later)[60:] == stepped(INDICATORS[name], columns)[197:]


def test_a_sum_forgets_what_left_it() -> None:
    closes = [1e15, 3.0, 0.1, *[0.1] * 50]
    rows = stepped(INDICATORS["sma"], {"close": closes}, 10)
    assert rows[-1] == (sum([0.1] * 10) / 10,)


@given(st.lists(st.one_of(st.integers(-(2**41), 2**41).map(float), st.floats(-1e9, 1e9)), max_size=60))
@settings(max_examples=60)
def test_a_window_of_whole_and_other_numbers_is_summed_as_if_anew(values: list[float]) -> None:
    memory = [0.0] * sum_size(7)
    for index, value in enumerate(values):
        total = sum_step(memory, 0, 7, value)
        assert total == sum(values[max(0, index - 6) : index + 1], 0.0)
