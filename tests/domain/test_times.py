"""Slots of candles: counted as Binance counts them, whatever their length, before 1970 too."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.times import (
    DAY_MS,
    MINUTE_MS,
    MONTH_MS,
    SECOND_MS,
    TIMEFRAMES,
    WEEK_MS,
    closing,
    grid,
    lasting,
    length_name,
    millis,
    opened_by,
    opening,
    slot,
    utc,
)
from research.data.slots import closings, openings, slots

instants = st.integers(-(10**12), 4 * 10**12)
lengths = st.sampled_from(list(TIMEFRAMES.values()))


def at(*date: int) -> int:
    return millis(datetime(*date, tzinfo=UTC))  # type: ignore[misc, arg-type]  # year, month, day and more


@given(instants, lengths)
def test_an_instant_lies_in_its_slot_and_slots_follow_one_another(time: int, length: int) -> None:
    number = slot(time, length)
    assert opening(number, length) <= time < opening(number + 1, length)
    assert closing(opening(number, length), length) == opening(number + 1, length)
    assert slot(opening(number, length), length) == number
    assert opening(number, length) % grid(length) == 0


@given(st.lists(instants, max_size=20), lengths)
def test_arrays_are_counted_as_single_instants_are(times: list[int], length: int) -> None:
    numbers = slots(np.array(times, dtype=np.int64), length)
    assert numbers.tolist() == [slot(time, length) for time in times]
    opens = openings(numbers, length)
    assert opens.tolist() == [opened_by(time, length) for time in times]
    assert closings(opens, length).tolist() == [closing(time, length) for time in opens.tolist()]


def test_weeks_begin_on_monday_and_months_are_those_of_the_calendar() -> None:
    assert opened_by(at(2024, 3, 3, 23), WEEK_MS) == at(2024, 2, 26)
    assert utc(opened_by(at(2024, 3, 3, 23), WEEK_MS)).isoweekday() == 1
    assert [closing(at(2024, month, 1), MONTH_MS) for month in (1, 2, 12)] == [
        at(2024, 2, 1), at(2024, 3, 1), at(2025, 1, 1),
    ]  # fmt: skip
    assert opened_by(at(2024, 2, 29, 12), MONTH_MS) == at(2024, 2, 1)


def test_a_candle_that_opened_off_its_slot_is_over_a_length_later() -> None:
    assert closing(at(2024, 1, 10), WEEK_MS) == at(2024, 1, 17)
    assert closing(at(2024, 1, 1, 5), MONTH_MS) == at(2024, 2, 1, 5)


def test_a_length_is_named_as_it_is_written() -> None:
    assert {name: length_name(length) for name, length in TIMEFRAMES.items()} == {n: n for n in TIMEFRAMES}
    assert length_name(7) == "7 ms"


@pytest.mark.parametrize("length", [length for length in TIMEFRAMES.values() if length <= DAY_MS])
def test_up_to_a_day_slots_divide_the_day(length: int) -> None:
    midnight = datetime(2024, 2, 29, tzinfo=UTC)
    assert opened_by(millis(midnight), length) == millis(midnight)
    assert opened_by(millis(midnight + timedelta(days=1)) - 1, length) == millis(midnight) + DAY_MS - length


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (250, "0.25 s"),
        (90 * SECOND_MS, "90 s"),
        (30 * MINUTE_MS, "30 min"),
        (90 * MINUTE_MS, "90 min"),
        (250 * MINUTE_MS, "4.17 h"),
        (DAY_MS, "24 h"),
        (12_240 * MINUTE_MS, "8.5 days"),
        (400 * DAY_MS, "400 days"),
    ],
)
def test_a_length_of_time_is_told_in_the_unit_a_person_would_choose(milliseconds: int, said: str) -> None:
    assert lasting(milliseconds) == said
