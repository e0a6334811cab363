"""Lessons in a question were learned before its candle closed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from advice.lessons import MOST_LESSONS, chosen, known, told
from domain.lesson import Context, Lesson

CLOSED = datetime(2024, 1, 1, tzinfo=UTC)


def lesson(minutes: float, symbol: str = "BTC-USDT", regime: str = "calm", result: float = 0.01) -> Lesson:
    at = CLOSED + timedelta(minutes=minutes)
    context = Context(1, symbol, at - timedelta(hours=1), 70.0, regime, ())
    return Lesson("trade", context, at, result, "stop", 3_600_000, 100.0, 101.0)


LESSONS = st.lists(
    st.builds(
        lesson, st.integers(-5_000, 5_000), st.sampled_from(("BTC-USDT", "ETH-USDT")),
        st.sampled_from(("calm", "wild")),
    ),
    max_size=20,
)  # fmt: skip


@given(LESSONS, st.lists(st.integers(0, 9_999), max_size=10))
def test_what_is_learned_later_changes_no_question(lessons: list[Lesson], later: list[int]) -> None:
    before = chosen(lessons, CLOSED, "BTC-USDT", "calm")
    assert all(each.learned_at < CLOSED for each in before)
    after = [*lessons, *(lesson(minutes) for minutes in later)]
    assert chosen(after, CLOSED, "BTC-USDT", "calm") == before


def test_one_learned_as_the_candle_closes_is_too_late() -> None:
    assert known([lesson(0.0), lesson(-0.001)], CLOSED) == (lesson(-0.001),)


def test_the_same_regime_comes_first_then_the_newest() -> None:
    lessons = [
        lesson(-30, regime="wild"),
        lesson(-10, regime="wild"),
        lesson(-60),
        lesson(-90),
        lesson(-5, "ETH-USDT"),
    ]
    found = chosen(lessons, CLOSED, "BTC-USDT", "calm", 3)
    assert found == (lesson(-60), lesson(-90), lesson(-10, regime="wild"))
    assert len(chosen([lesson(-n) for n in range(1, 50)], CLOSED, "BTC-USDT", "calm")) == MOST_LESSONS


def test_its_text_holds_no_date_no_name_and_no_price() -> None:
    assert told([lesson(-5, result=-0.0123)]) == (
        "a purchase in regime calm with score 70 came to -1.23 % and ended by stop",
    )
