"""Schedules: each instant once, in UTC, whichever instant one asks at, also where clocks are set."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.settings.schedule import Schedule, checked_rule, checked_zone

RULES = [
    "30 2 * * *",
    "*/30 * * * *",
    "0 * * * *",
    "15,45 1-4 * * *",
    "0 0 * * *",
    "0 23 * * 0",
    "0 4 1,15 * *",
]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Beirut", "America/Havana", "Africa/Casablanca"]
DAY = timedelta(days=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    return list(takewhile(lambda each: each < end, schedule.after(start)))


@pytest.mark.parametrize(
    ("rule", "day", "instants"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00 (01:00 UTC). 25 October: 03:00 becomes 02:00 again.
        ("30 2 * * *", utc(2026, 3, 29), ["01:00"]),
        ("30 2 * * *", utc(2026, 10, 25), ["00:30"]),
        ("0 3 * * *", utc(2026, 3, 29), ["01:00"]),
        ("0 3 * * *", utc(2026, 10, 25), ["02:00"]),
        ("*/30 2 * * *", utc(2026, 10, 25), ["00:00", "00:30", "01:00", "01:30"]),
    ],
)
def test_where_clocks_are_set_a_daily_job_is_due_once(rule: str, day: datetime, instants: list[str]) -> None:
    found = between(Schedule(rule, "Europe/Berlin"), day - timedelta(hours=2), day + timedelta(hours=6))
    assert [f"{each:%H:%M}" for each in found] == instants


def test_a_rule_of_minutes_goes_by_the_time_that_passes_over_both_changes() -> None:
    schedule = Schedule("*/30 * * * *", "Europe/Berlin")
    for day in (utc(2026, 3, 29), utc(2026, 10, 25)):
        found = between(schedule, day, day + DAY)
        assert {later - each for each, later in pairwise(found)} == {timedelta(minutes=30)}


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(RULES), st.sampled_from(ZONES), st.sampled_from([utc(2026, 3, 5), utc(2026, 10, 20)]),
    st.integers(0, 30 * 86_400 * 1000), st.integers(0, 3 * 86_400 * 1000),
)  # fmt: skip
def test_the_instants_are_the_same_from_wherever_one_asks(
    rule: str, zone: str, start: datetime, ahead: int, further: int
) -> None:
    schedule = Schedule(rule, zone)
    at = start + timedelta(milliseconds=ahead)
    end = at + timedelta(milliseconds=further)
    first = schedule.next(at)
    assert first > at
    assert first.tzinfo is UTC
    assert next(each for each in schedule.after(at - DAY) if each > at) == first
    found = between(schedule, at, end)
    assert found == sorted(set(found))
    assert schedule.latest(at, end) == next(
        iter(
            reversed([*takewhile(lambda each: each <= end, schedule.after(at - timedelta(milliseconds=1)))])
        ),
        None,
    )


def test_the_latest_of_a_year_of_minutes_is_found_without_a_walk_through_it() -> None:
    schedule = Schedule("* * * * *")
    assert schedule.latest(utc(2025, 1, 1), utc(2026, 1, 1, 0, 0, 30)) == utc(2026, 1, 1)
    assert schedule.latest(utc(2026, 1, 1, 0, 0, 1), utc(2026, 1, 1, 0, 0, 30)) is None


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "five fields: .* and here are 0"),
        ("* * * *", "and here are 4"),
        ("* * * * * *", "and here are 6"),
        ("@daily", "and here are 1"),
        ("60 * * * *", "its minute is 60, allowed is 0 to 59"),
        ("a b c d e", "its minute is a, "),
        ("0 99 * * *", "its hour is 99, allowed is 0 to 23"),
        ("0 5-2 * * *", "its hour is 5-2, "),
        ("0 0 32 * *", "its day of the month is 32, allowed is 1 to 31"),
        ("0 0 * 13 *", "its month is 13, allowed is 1 to 12"),
        ("0 0 * * 8", "its day of the week is 8, allowed is 0 .* to 7"),
        ("*/0 * * * *", r"its minute is \*/0, "),
        ("0 0 31 2 *", "no month 2 has a day 31"),
    ],
)
def test_what_is_no_rule_is_refused_by_the_field_that_is_wrong(bad: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"is no schedule.*{why}"):
        checked_rule(bad)


@pytest.mark.parametrize("bad", ["", "Berlin", "/etc/passwd", "../UTC", "a\0b"])
def test_what_is_no_zone_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no time zone such as"):
        checked_zone(bad)
