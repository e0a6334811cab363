"""Text from outside is cut, printable and on one line; masked, it names no day, no amount and no asset."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advice.clean import HEADLINE, MOST_HEADLINES, cleaned, headlines, mask, names_of

TEXTS = st.text(st.characters(), max_size=400)


@given(TEXTS, st.integers(2, 300))
def test_whatever_comes_is_one_printable_line_no_longer_than_allowed_and_stays_so(
    text: str, longest: int
) -> None:
    line = cleaned(text, longest)
    assert len(line) <= longest
    assert line.isprintable()
    assert line == line.strip()
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs", "Co", "Cn"} for each in line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("BTC \u202eslleb\u202c up\u2066\u2069", "BTC slleb up"),
        ("a\u200bb\u200d\ufeffc", "abc"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("one\r\ntwo\x00\x1b[31m\x07three\u2028four", "one two[31mthree four"),
        ("\uff22\uff34\uff23 \uff55\uff50", "BTC up"),
        ("half\ud800", "half"),
        ("a\ufe0f\U000e0150\U000e01efb\u3164\u2800\u034f", "ab"),
        ("e" + "\u20dd\u0488" * 20 + "!", "e\u20dd\u0488!"),
        ("z" + "\u0301" * 40 + "algo", "ź\u0301\u0301algo"),
    ],
)
def test_what_nobody_sees_is_dropped(text: str, line: str) -> None:
    assert cleaned(text) == line


def test_a_bomb_costs_no_more_than_what_is_kept() -> None:
    assert cleaned("\ufdfa" * 1_000_000, 50) == cleaned("\ufdfa" * 100, 50)
    assert cleaned("\u200b" * 5_000_000) == ""


def test_headlines_come_once_each_newest_first_ten_at_most() -> None:
    titles = ["b\nb", "a", "b b", "", "\u200b", *(f"t{n}" for n in range(50))]
    found = headlines(titles)
    assert found[:2] == ("b b", "a")
    assert len(found) == MOST_HEADLINES
    assert len(headlines(["x" * 1000])[0]) == HEADLINE


@given(st.lists(TEXTS, max_size=12))
def test_each_is_one_json_string_and_ends_no_other(titles: list[str]) -> None:
    found = headlines(titles)
    assert json.loads(json.dumps(list(found))) == list(found)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Bitcoin hits $67,000 on March 16, 2023", "asset A hits AMOUNT on DATE"),
        ("BTC/USDT at 2023-03-16 22:15, was 16/03/2023", "asset A at DATE, was DATE"),
        ("#BTC and $btc, not BTCXYZ", "asset A and asset A, not BTCXYZ"),
        ("Q3 2022 was bad, 16th March 2022 worse", "DATE was bad, DATE worse"),
        ("Since 2021 it may fall 20 %", "Since DATE it may fall 20 %"),
        ("worth 1.2 billion USD or 30k", "worth AMOUNT or AMOUNT"),
        ("the market may rise in a march of bulls", "the market may rise in a march of bulls"),
    ],
)
def test_masked_a_headline_tells_no_day_no_amount_and_no_name(text: str, masked: str) -> None:
    assert mask(text, names_of("BTC-USDT")) == masked


def test_a_name_full_of_signs_is_no_pattern() -> None:
    assert mask("a.b aXb (", ("a.b", "(")) == "asset A aXb asset A"
    assert headlines(["X rose on 2021-01-01"], ("X",), masked=True) == ("asset A rose on DATE",)
