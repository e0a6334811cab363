"""Candles as a pair list measures them, however they arrive; and its settings."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from perception.pairs.tape import after_candles, begin_of, measures_of
from tests.perception.test_pairs import HOUR_MS, candles, settings, tape


@given(st.lists(st.integers(1, 400), max_size=6), st.integers(0, 30), st.sampled_from([1, 6, 24]))
def test_candles_come_to_the_same_however_they_arrive(cuts: list[int], later: int, hours: int) -> None:
    minutes = [
        Candle(n * 60_000, 100 + n % 7, 110 + n % 11, 90 + n % 5, 100 + n % 3, 1.5 + n % 13)
        for n in range(hours * 60 + 45)
    ]
    whole = after_candles(None, minutes, 0.01, hours * HOUR_MS)
    parts = None
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(minutes)], strict=True):
        parts = after_candles(parts, minutes[begin:end], 0.01, hours * HOUR_MS)
    assert parts == whole
    at_ms = len(minutes) * 60_000 + later * 60_000
    result = measures_of("BTC-USDT", whole, at_ms, hours * HOUR_MS, 5.0)
    inside = [each for each in minutes if each.time >= begin_of(at_ms, hours * HOUR_MS)]
    if not result.why:
        assert result.volume == pytest.approx(sum(c.close * 0.01 * c.volume for c in inside), rel=1e-6)


def test_a_window_that_was_not_seen_in_full_is_not_known() -> None:
    at_ms = 100 * HOUR_MS
    for hours, known in ((24, True), (23, False)):
        result = measures_of("BTC-USDT", tape(at_ms - hours * HOUR_MS, hours), at_ms, 24 * HOUR_MS, 0)
        assert (result.why == "") is known
        assert (result.volume is not None) is known
    assert result.why == "23 h of its candles have been seen, the window is 24 h"


def test_a_window_made_longer_is_known_once_it_was_seen() -> None:
    old = after_candles(None, candles(0, 48), 0.01, 6 * HOUR_MS)
    assert measures_of("BTC-USDT", old, 48 * HOUR_MS, 6 * HOUR_MS, 0).why == ""
    assert measures_of("BTC-USDT", old, 48 * HOUR_MS, 24 * HOUR_MS, 0).why


@pytest.mark.parametrize("volume", [math.nan, math.inf, -1.0])
def test_no_volume_ends_the_fold(volume: float) -> None:
    assert tape(0, 30, volume=volume).blocks


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"source": "exchange"}, "source exchange needs a filter: set one of volume_least"),
        ({"source": "exchange", "volume_top": 3, "window_hours": 6}, "window_hours 6 is for source candles"),
        ({"volatility_most": 1, "volatility_least": 2}, "volatility_most 1 is below volatility_least 2"),
        (
            {"source": "exchange", "volume_top": 3, "keep_minutes": 5},
            "keep_minutes 5 is below refresh_minutes 30",
        ),
        ({"source": "coinmarketcap"}, "Input should be 'off', 'exchange' or 'candles'"),
        ({"volume_top": 51}, "less than or equal to 50"),
        ({"spread_bp": math.nan}, "finite number"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        settings(**given_)
