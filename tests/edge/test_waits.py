"""Waits double up to a bound, are drawn from all below it, and never overflow."""

from hypothesis import given
from hypothesis import strategies as st

from edge.waits import ceiling, full_jitter


def test_waits_double_from_the_first_up_to_the_longest() -> None:
    assert [ceiling(failures, 0.5, 6.0) for failures in range(7)] == [0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 6.0]
    assert full_jitter(3, 0.5, 6.0, 0.25) == 0.5


SECONDS = st.floats(0.001, 3600.0)


@given(st.integers(-5, 10**9), SECONDS, SECONDS, st.floats(0, 1, exclude_max=True))
def test_no_wait_is_negative_or_beyond_the_longest(
    failures: int, first: float, longest: float, draw: float
) -> None:
    assert 0.0 <= full_jitter(failures, first, longest, draw) <= longest
    assert ceiling(failures, first, longest) <= ceiling(failures + 1, first, longest)
