"""Indicators agree to 1e-9 with TA-Lib, or with a formula written out beside them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import talib

from reasoning.indicators.table import INDICATORS
from tests.reasoning.indicating import Columns, stepped, walked

Oracle = Callable[[dict[str, np.ndarray]], Any]
MARKETS: dict[str, Columns] = {
    "ticks": walked(900, seed=11),
    "fractions": walked(900, seed=12, price=0.07, tick=1e-5),
}

TALIB: list[tuple[str, tuple[float, ...], Oracle]] = [
    ("sma", (20,), lambda c: talib.SMA(c["close"], 20)),
    ("sma", (1,), lambda c: c["close"]),
    ("ema", (20,), lambda c: talib.EMA(c["close"], 20)),
    ("rsi", (14,), lambda c: talib.RSI(c["close"], 14)),
    ("rsi", (2,), lambda c: talib.RSI(c["close"], 2)),
    ("atr", (14,), lambda c: talib.ATR(c["high"], c["low"], c["close"], 14)),
    ("bollinger", (20, 2.0), lambda c: talib.BBANDS(c["close"], 20, 2.0, 2.0)[::-1]),
]


def agree(name: str, parameters: tuple[float, ...], columns: Columns, oracle: Any) -> None:
    """Hold an indicator against its oracle, from the oracle's first value on."""
    kind = INDICATORS[name]
    expected = np.atleast_2d(np.array(oracle, dtype=float))
    ours = np.array(stepped(kind, columns, *parameters)).T
    warmup = kind.warmup(*parameters)
    assert np.isnan(expected[:, :warmup]).all(), "it is known later than its oracle"
    scale = np.nanmax(np.abs(expected), axis=1, keepdims=True)
    np.testing.assert_allclose(ours[:, warmup:] / scale, expected[:, warmup:] / scale, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize(("name", "parameters", "oracle"), TALIB, ids=lambda each: str(each)[:30])
def test_it_agrees_with_talib(market: str, name: str, parameters: tuple[float, ...], oracle: Oracle) -> None:
    columns = MARKETS[market]
    agree(name, parameters, columns, oracle({key: np.array(column) for key, column in columns.items()}))
