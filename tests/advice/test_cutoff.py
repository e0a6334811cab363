"""Time honesty: what is asked in time is clean; what is asked later is refused or labelled."""

from datetime import UTC, date, datetime, timedelta
from inspect import signature

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advice.cutoff import MARGIN_DAYS, AdviceStanding, first_unknown, ruling
from domain.times import HOUR_MS, MONTH_MS, closing, millis, utc

CUTOFF = date(2024, 6, 30)
DEADLINE = 20.0
KNOWN = first_unknown(CUTOFF)


def ruled(
    candle: datetime, late: float, cutoff: date | None = CUTOFF, margin: int = MARGIN_DAYS
) -> AdviceStanding:
    asked = candle + timedelta(hours=1, seconds=late)
    return ruling(cutoff, millis(candle), HOUR_MS, asked, DEADLINE, margin).standing


def test_the_margin_begins_after_the_last_day_the_model_was_trained_on() -> None:
    assert first_unknown(CUTOFF) == datetime(
        2024, 9, 29, tzinfo=UTC
    )  # 30 June is known, and 90 days after it


@pytest.mark.parametrize("late", [-1.0, 0.0, 5.0, DEADLINE])
def test_advice_in_time_is_clean_however_old_the_model(late: float) -> None:
    assert ruled(datetime(2020, 1, 1, tzinfo=UTC), late) is AdviceStanding.CLEAN


@pytest.mark.parametrize("late", [-DEADLINE - 0.001, DEADLINE + 0.001, 3_600.0, 1e8])
def test_retrospective_advice_is_refused_before_the_margin_and_labelled_after_it(late: float) -> None:
    assert ruled(KNOWN - timedelta(milliseconds=1), late) is AdviceStanding.REFUSED
    assert ruled(KNOWN, late) is AdviceStanding.RETROSPECTIVE


def test_a_model_without_a_stated_cutoff_is_refused_even_in_time() -> None:
    assert ruled(KNOWN + timedelta(days=999), 1.0, cutoff=None) is AdviceStanding.REFUSED


@given(st.integers(-10_000, 10_000), st.integers(0, 4_000), st.floats(DEADLINE + 1, 1e9))
def test_no_margin_that_is_set_and_no_delay_makes_late_advice_clean(
    margin: int, days: int, late: float
) -> None:
    candle = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(days=days)
    standing = ruled(candle, late, margin=margin)
    assert standing is not AdviceStanding.CLEAN
    if candle < KNOWN:
        assert standing is AdviceStanding.REFUSED


def test_nothing_it_takes_is_an_override() -> None:
    names = set(signature(ruling).parameters)
    assert names == {
        "cutoff", "candle_ms", "timeframe_ms", "asked_at", "patience_seconds", "margin_days",
    }  # fmt: skip


def test_a_candle_of_a_month_closes_with_the_month() -> None:
    opened = millis(datetime(2020, 2, 1, tzinfo=UTC))
    asked = utc(closing(opened, MONTH_MS)) + timedelta(seconds=1)
    assert ruling(CUTOFF, opened, MONTH_MS, asked, DEADLINE).standing is AdviceStanding.CLEAN


def test_a_refusal_says_the_candle_and_what_stands_against_it() -> None:
    report = ruling(CUTOFF, millis(datetime(2023, 1, 1, tzinfo=UTC)), HOUR_MS, KNOWN, DEADLINE)
    assert report.why == (
        "the candle of 2023-01-01 00:00 opened before 2024-09-29, the cutoff 2024-06-30 and 90 days: "
        "the model may know what came of it"
    )
