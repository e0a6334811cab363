"""What the memory of final candles claims to know, against a market that is known."""

from hypothesis import given
from hypothesis import strategies as st

from domain.candle import RawCandle
from domain.times import MINUTE_MS
from perception.stream.memory import SETTLED_MS, CandleMemory, Novelty
from tests.perception.stream_server import Market

START = 28_000_000 * MINUTE_MS
MARKET = Market(1)
LATER = 1 << 50


def at(step: int) -> int:
    return START + step * MINUTE_MS


def candle(step: int) -> RawCandle:
    return MARKET.candle(at(step))


def memory(size: int = 100) -> CandleMemory:
    return CandleMemory(MINUTE_MS, size)


def steps(kept: CandleMemory, since: int = 0, until: int = 1000) -> list[int]:
    return [(row.time - START) // MINUTE_MS for row in kept.window(at(since), at(until), 1000)]


def test_an_empty_memory_lacks_everything() -> None:
    assert memory().lacks(at(0), at(5)) == at(0)
    assert memory().lacks(at(5), at(5)) is None
    assert memory().newest is None


def test_final_candles_in_a_row_are_known() -> None:
    kept = memory()
    assert [kept.final(candle(step), at(step + 1)) for step in range(4)] == [Novelty.NEW] * 4
    assert kept.lacks(at(0), at(4)) is None
    assert kept.lacks(at(0), at(5)) == at(4)
    assert kept.lacks(at(-1), at(4)) == at(-1)
    assert kept.window(at(0), at(9), 10) == tuple(candle(step) for step in range(4))
    assert kept.window(at(0), at(9), 2) == (candle(0), candle(1))


def test_a_gap_is_lacking_and_nothing_behind_it_is_served_until_it_is_filled() -> None:
    kept = memory()
    for step in (0, 1, 4, 3):
        kept.final(candle(step), at(step + 1))
    assert kept.lacks(at(0), at(5)) == at(2)
    assert kept.newest == at(4)
    assert steps(kept) == [0, 1]
    kept.final(candle(2), at(5))
    assert kept.lacks(at(0), at(5)) is None
    assert steps(kept) == [0, 1, 2, 3, 4]


def test_rest_fills_and_its_holes_are_holes() -> None:
    kept = memory()
    kept.final(candle(0), at(1))
    kept.final(candle(5), at(6))
    kept.join(at(1), [candle(1), candle(3), candle(5)], at(6))
    assert kept.lacks(at(0), at(6)) is None
    assert steps(kept) == [0, 1, 3, 5]


def test_the_last_row_of_rest_is_final_only_when_nothing_can_change_it() -> None:
    kept = memory()
    # Asked right at the boundary: the row of the minute that is over may lack its last trades.
    kept.join(at(0), [candle(0), MARKET.forming(at(1), 0.9)], at(2) + 10)
    assert kept.lacks(at(0), at(2)) == at(1)
    assert steps(kept) == [0]
    assert kept.window(at(0), at(2), 9) == (candle(0),)
    kept.join(at(1), [candle(1)], at(2) + SETTLED_MS)
    assert kept.lacks(at(0), at(2)) is None


def test_a_forming_candle_is_the_last_row_until_its_time_is_over() -> None:
    kept = memory()
    kept.final(candle(0), at(1))
    assert kept.form(MARKET.forming(at(1), 0.5), at(1) + 5, at(1) + 5)
    assert kept.window(at(0), at(2) - 1, 9) == (candle(0), MARKET.forming(at(1), 0.5))
    assert kept.window(at(0), at(2), 9) == (candle(0),)
    assert not kept.form(MARKET.forming(at(1), 0.4), at(1) + 4, at(1) + 6), "an older state came later"
    assert kept.final(candle(1), at(2)) is Novelty.NEW
    assert not kept.form(MARKET.forming(at(1), 0.9), at(2) - 1, at(2) + 1), "it is over"
    assert kept.window(at(0), at(2) - 1, 9) == (candle(0), candle(1))


def test_what_is_doubted_forms_no_more_until_it_is_told_again() -> None:
    kept = memory()
    kept.final(candle(0), at(1))
    kept.form(MARKET.forming(at(1), 0.5), at(1) + 5, at(1) + 5)
    kept.doubt()
    assert kept.doubted
    assert kept.window(at(0), at(1) + 9, 9) == (candle(0),)
    kept.form(MARKET.forming(at(1), 0.6), at(1) + 8, at(1) + 8)
    assert kept.window(at(0), at(1) + 9, 9) == (candle(0), MARKET.forming(at(1), 0.6))


def test_two_versions_of_a_final_candle_are_contested_until_rest_says_which() -> None:
    kept = memory()
    for step in range(3):
        kept.final(candle(step), at(step + 1))
    other = candle(1)._replace(close=candle(1).open)
    assert kept.final(candle(1), at(3)) is Novelty.SAME
    assert kept.final(other, at(3)) is Novelty.REVISED
    assert kept.lacks(at(0), at(3)) == at(1)
    assert kept.lacks(at(2), at(3)) is None
    assert kept.window(at(1), at(1), 1) == (candle(1),), "the first version stands"
    kept.join(at(1), [other, candle(2), candle(3)], at(4))
    assert kept.lacks(at(0), at(3)) is None
    assert kept.window(at(1), at(1), 1) == (other,)
    assert kept.revisions == 2


def test_a_contested_candle_behind_a_gap_does_not_hide_the_gap() -> None:
    kept = memory()
    kept.final(candle(0), at(1))
    kept.final(candle(4), at(5))
    kept.final(candle(4)._replace(close=candle(4).open), at(5))
    assert kept.lacks(at(0), at(5)) == at(1)


def test_the_memory_is_bounded_and_says_what_it_forgot() -> None:
    kept = memory(10)
    for step in range(50):
        kept.final(candle(step), at(step + 1))
    assert steps(kept) == list(range(40, 50))
    assert kept.lacks(at(39), at(50)) == at(39)
    assert kept.lacks(at(40), at(50)) is None
    assert kept.final(candle(3), at(50)) is Novelty.OLD
    for step in range(100, 300, 2):
        kept.final(candle(step), at(step + 1))
    assert len(kept._aside) <= 10


def test_an_older_answer_of_rest_does_not_bridge_what_nobody_told() -> None:
    kept = memory()
    kept.final(candle(9), at(10))
    kept.join(at(0), [candle(0), candle(1), MARKET.forming(at(2), 0.5)], at(2) + 30_000)
    assert kept.lacks(at(0), at(10)) == at(2)
    kept.join(at(2), [candle(step) for step in range(2, 10)], at(10) - 1)
    assert kept.lacks(at(0), at(10)) is None
    assert steps(kept) == list(range(10))


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("final"), st.integers(0, 30)),
        st.tuples(st.just("forming"), st.integers(0, 30)),
        st.tuples(st.just("rest"), st.integers(0, 30), st.integers(0, 30), st.integers(1, 12)),
        st.tuples(st.just("doubt")),
    ),
    max_size=40,
)


@given(EVENTS, st.integers(0, 30), st.integers(0, 30), st.sampled_from([8, 100]))
def test_whatever_comes_in_whatever_order_what_is_said_to_be_complete_is(
    events: list[tuple[str, int, int, int]], since: int, until: int, size: int
) -> None:
    kept = memory(size)
    for kind, *values in events:
        if kind == "final":
            kept.final(candle(values[0]), at(values[0] + 1))
        elif kind == "forming":
            kept.form(MARKET.forming(at(values[0]), 0.5), at(values[0]) + 1, at(values[0]) + 1)
        elif kind == "rest":
            first, now, most = values
            rows = [*MARKET.between(at(first), at(now)), MARKET.forming(at(now), 0.3)]
            if now >= first:
                kept.join(at(first), rows[:most], at(now) + 20_000)
        else:
            kept.doubt()
    lacking = kept.lacks(at(since), at(until))
    known_until = until if lacking is None else (lacking - START) // MINUTE_MS
    rows = [row for row in kept.window(at(since), at(until) - 1, 1000) if row.time < at(known_until)]
    assert rows == [candle(step) for step in range(since, known_until)]
    assert kept.revisions == 0
