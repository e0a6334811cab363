"""Texts for a chat: every line arrives, in parts that a message may be, and nothing in them is markup."""

from hypothesis import given
from hypothesis import strategies as st

from agent.telegram.clean import CUT, LIMIT, MOST_PARTS, NOTHING, one_line, parts, units

LINES = st.lists(st.text(alphabet=st.sampled_from("ab_*<&>()-.! \n\U0001f600\u202e\x00"), max_size=80))


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(LINES, st.integers(40, 200))
def test_every_part_is_short_enough_and_together_they_are_the_whole(lines: list[str], limit: int) -> None:
    found = parts(lines, limit, most=10_000)
    assert all(0 < length(each) <= limit and each.strip() for each in found)
    numbered = len(found) > 1
    assert not numbered or [each.split("\n")[0] for each in found] == [
        f"({place}/{len(found)})" for place in range(1, len(found) + 1)
    ]
    bodies = [each.split("\n", 1)[1] if numbered else each for each in found]
    letters = "".join(bodies).replace("\n", "").replace(" ", "")
    meant = "".join(lines).replace("\n", "").replace(" ", "").replace("\u202e", "�").replace("\x00", "�")
    assert letters == meant or bodies == [NOTHING]


def test_a_long_text_is_split_at_line_ends() -> None:
    lines = [f"{number:04d} {'x' * 95}" for number in range(100)]
    found = parts(lines)
    assert [each.split("\n")[0] for each in found] == ["(1/3)", "(2/3)", "(3/3)"]
    assert [line for each in found for line in each.split("\n")[1:]] == lines


def test_an_emoji_counts_twice_as_telegram_counts_it() -> None:
    assert units("\U0001f600a") == 3
    found = parts(["\U0001f600" * 3_000])
    assert len(found) == 2
    assert all(length(each) <= LIMIT for each in found)


def test_what_is_far_too_long_ends_with_a_word_on_it() -> None:
    found = parts(["x" * 90] * 5_000)
    assert len(found) == MOST_PARTS
    assert found[-1].endswith(CUT)
    assert length(found[-1]) <= LIMIT


def test_nothing_is_said_in_words_and_a_half_of_a_pair_breaks_nothing() -> None:
    assert parts([]) == parts([" ", ""]) == [NOTHING]
    assert parts(["a\ud83db"]) == ["a�b"]
    assert one_line("a\nb\u202ec" + "x" * 50, 10) == "a b cxxxx…"
