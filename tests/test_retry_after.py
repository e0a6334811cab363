"""Retry-After, as seconds or as a date, never believed beyond the longest ban."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.retry_after import LONGEST_SECONDS, retry_after

NOW = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("999999999", LONGEST_SECONDS),
        ("Fri, 20 Nov 2026 12:02:00 GMT", 120.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 1.0),
        ("-5", 60.0),
        ("soon", 60.0),
        ("nan", 60.0),
        ("", 60.0),
        ("99999999999999999999", 60.0),
    ],
)
def test_both_forms_are_read_and_nonsense_gets_the_default(header: str, seconds: float) -> None:
    assert retry_after({"retry-after": header, "date": NOW}, default=60.0) == seconds


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header_gives_a_bounded_silence(header: str, date: str) -> None:
    assert 1.0 <= retry_after({"retry-after": header, "date": date}, default=60.0) <= LONGEST_SECONDS
