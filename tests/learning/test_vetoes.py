"""Hindsight over vetoed entries equals a scan of what came after, however the candles arrive."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from domain.errors import LocalFault
from domain.lesson import Lesson, Pending
from learning.settings import LearningSettings
from learning.vetoes import advance, advance_all, watch
from tests.learning.outcomes import BITCOIN, START, SYMBOL, candle, context, patient

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
    """Walk every tick: a candle opens, falls to its low, then rises to its high."""
    for seen, bar in enumerate(path, 1):
        for price in (bar.open, *range(bar.open, bar.low - 1, -1), *range(bar.low, bar.high + 1)):
            if entry.stop and price <= entry.stop:
                return "stop", price
            if entry.target and price >= entry.target:
                return "target", price
        if seen == SETTINGS.veto_horizon_candles:
            return "horizon", bar.close
    return None


@given(_entries, paths())
@patient
def test_hindsight_equals_a_walk_over_every_tick(entry: Pending, path: list[Candle]) -> None:
    found = advance(entry, path, BITCOIN, 0, LATER)
    expected = by_scan(entry, path)
    if expected is None:
        assert isinstance(found, Pending)
        assert found.candles_left == SETTINGS.veto_horizon_candles - len(path)
    else:
        assert isinstance(found, Lesson)
        assert (found.exit, round(found.leave * 100)) == expected


@given(_entries, paths(), st.lists(st.integers(0, 14), max_size=3))
@patient
def test_it_does_not_matter_in_which_batches_the_candles_come(
    entry: Pending, path: list[Candle], cuts: list[int]
) -> None:
    found: Pending | Lesson = entry
    edges = [0, *sorted(cuts), len(path)]
    for start, stop in pairwise(edges):
        if isinstance(found, Pending):
            found = advance(found, path[start:stop], BITCOIN, 800, LATER)
    assert found == advance(entry, path, BITCOIN, 800, LATER)


@given(st.lists(_entries, max_size=6), paths())
@patient
def test_advancing_all_is_advancing_each(entries: list[Pending], path: list[Candle]) -> None:
    each = [advance(entry, path, BITCOIN, 800, LATER) for entry in entries]
    still, lessons = advance_all(entries, SYMBOL, path, BITCOIN, 800, LATER, SETTINGS)
    assert still == [one for one in each if isinstance(one, Pending)]
    assert lessons == [one for one in each if isinstance(one, Lesson)]


@pytest.mark.parametrize(("low", "high", "exit_"), [(990, 1005, "stop"), (991, 1010, "target")])
def test_a_level_touched_exactly_is_hit(low: int, high: int, exit_: str) -> None:
    entry = watch(context(), "cool_down_active", 1000, 990, 1010, SETTINGS)
    touch = [candle(1, 1000, high, low, 1000)]
    still, lessons = advance_all([entry], SYMBOL, touch, BITCOIN, 0, LATER, SETTINGS)
    assert (still, [lesson.exit for lesson in lessons]) == ([], [exit_])
    near = [candle(1, 1000, 1009, 991, 1000)]
    assert advance_all([entry], SYMBOL, near, BITCOIN, 0, LATER, SETTINGS)[1] == []


def test_another_symbol_s_entries_are_left_alone() -> None:
    other = watch(context(symbol="ETH-USDT"), "cool_down_active", 1000, 990, 0, SETTINGS)
    crash = [candle(1, 900, 900, 800, 800)]
    assert advance_all([other], SYMBOL, crash, BITCOIN, 0, LATER, SETTINGS) == ([other], [])


def test_with_learning_off_nothing_is_watched() -> None:
    entry = watch(context(), "cool_down_active", 1000, 990, 0, SETTINGS)
    crash = [candle(1, 900, 900, 800, 800)]
    off = LearningSettings(enabled=False)
    assert advance_all([entry], SYMBOL, crash, BITCOIN, 0, LATER, off) == ([], [])


def test_a_candle_that_touches_both_counts_as_the_stop() -> None:
    entry = watch(context(), "cool_down_active", 1000, 990, 1010, SETTINGS)
    found = advance(entry, [candle(1, 1000, 1020, 980, 1000)], BITCOIN, 0, LATER)
    assert isinstance(found, Lesson)
    assert (found.exit, found.leave) == ("stop", 9.9)


def test_costs_are_taken_at_entry_and_at_the_end() -> None:
    entry = watch(context(), "max_trades_per_day", 1000, 0, 1100, SETTINGS)
    found = advance(entry, [candle(3, 1050, 1100, 1050, 1100)], BITCOIN, 1000, LATER)
    assert isinstance(found, Lesson)
    assert found.result == pytest.approx((1100 * 0.999 - 1000 * 1.001) / 1000)
    assert (found.kind, found.rule, found.exit) == ("veto", "max_trades_per_day", "target")
    assert (found.entry, found.leave, found.held_ms) == (10.0, 11.0, 3 * 60_000)
    assert (found.pnl, found.gross, found.fees, found.slippage) == (0, 0, 0, 0)
    assert (found.context, found.learned_at) == (context(), LATER)


def test_the_horizon_is_the_setting_s() -> None:
    calm = [candle(number, 1000, 1001, 999, 1000 + number) for number in range(20)]
    for horizon in (1, 5, 20):
        entry = watch(context(), "x", 1000, 0, 0, LearningSettings(veto_horizon_candles=horizon))
        found = advance(entry, calm, BITCOIN, 0, LATER)
        assert isinstance(found, Lesson)
        assert (found.exit, round(found.leave * 100)) == ("horizon", 999 + horizon)


def test_an_entry_at_no_price_is_refused() -> None:
    with pytest.raises(LocalFault, match="at 0 ticks, must be above 0"):
        watch(context(), "x", 0, 0, 0, SETTINGS)
