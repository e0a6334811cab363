"""Hindsight over vetoed entries equals a scan of what came after, however the candles arrive."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from domain.errors import LocalFault
from domain.lesson import Lesson, Pending
from learning.settings import LearningSettings
from learning.vetoes import advance, advance_all, watch
from tests.learning.outcomes import BITCOIN, START, SYMBOL, candle, context

LATER = START + timedelta(hours=2)
SETTINGS = LearningSettings(veto_horizon_candles=8)


@st.composite
def paths(draw: st.DrawFn) -> list[Candle]:
    price, path = 1000, []
    for number in range(draw(st.integers(0, 14))):
        opened = max(1, price + draw(st.integers(-15, 15)))
        price = max(1, opened + draw(st.integers(-25, 25)))
        high = max(opened, price) + draw(st.integers(0, 15))
        low = max(1, min(opened, price) - draw(st.integers(0, 15)))
        path.append(candle(number, opened, high, low, price))
    return path


_entries = st.builds(
    lambda stop, target: watch(context(), "cool_down_active", 1000, stop, target, SETTINGS),
    st.sampled_from([0, 940, 970, 990, 1010]),
    st.sampled_from([0, 995, 1015, 1030, 1080]),
)


def by_scan(entry: Pending, path: Sequence[Candle]) -> tuple[str, int] | None:
    """Scan tick by tick: a candle opens, then may visit its low before its high."""
    for seen, bar in enumerate(path, 1):
        for price in (bar.open, *range(bar.open, bar.low - 1, -1)):
            if entry.target and bar.open >= entry.target and not (entry.stop and bar.open <= entry.stop):
                return "target", bar.open
            if entry.stop and bar.open <= entry.stop and entry.target and bar.open >= entry.target:
                return "target", bar.open  # both passed at once: nothing was at risk, the better order is hit
            if entry.stop and price <= entry.stop:
                return "stop", price
        for price in range(bar.low, bar.high + 1):
            if entry.target and price >= entry.target:
                return "target", price
        if seen == SETTINGS.veto_horizon_candles:
            return "horizon", bar.close
    return None
