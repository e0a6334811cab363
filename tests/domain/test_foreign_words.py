"""Words of code that is not ours can be written into a journal, whatever they hold."""

import msgspec
import pytest

from domain.foreign_words import LONGEST_FAULT, LONGEST_REASON, fault_words, told

WORDS = ["above the band", "über dem Band", "half \ud800", "y" * 9_000, "\ud800" * 9_000, "", "\x1b[31m"]


@pytest.mark.parametrize("text", WORDS, ids=lambda each: ascii(each[:20]))
def test_any_text_can_be_written_and_what_can_be_written_stays_as_it_is(text: str) -> None:
    for words in (told(text), fault_words(ValueError(text))):
        assert msgspec.json.decode(msgspec.json.encode(words)) == words
        assert len(words) <= LONGEST_REASON * len("\\ud800")
    if len(text) <= LONGEST_REASON and "\ud800" not in text:
        assert told(text) == text


def test_a_fault_is_told_in_a_line_of_bounded_length_that_comes_again() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert fault_words(ValueError("one\n  two")) == "ValueError: one two"
    assert fault_words(ValueError(f"of <it at {hex(id(Mute))}>")) == "ValueError: of <it at 0x...>"
    assert len(fault_words(ValueError("y" * 9_000))) == LONGEST_FAULT + len("ValueError: ")
    assert fault_words(Mute()) == "Mute"
