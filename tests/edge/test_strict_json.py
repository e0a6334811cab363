"""JSON from outside is refused whenever two readers could disagree about it."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadAnswer
from edge.strict_json import DEEPEST, Json, Unsound, decode, number, parse, shallow, signed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@settings(deadline=None)
@given(VALUES)
def test_sound_json_is_read_as_it_is(value: object) -> None:
    assert decode(json.dumps(value).encode()) == value


def test_a_byte_order_mark_is_tolerated() -> None:
    assert decode(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": Infinity}', "holds Infinity"),
        (b'{"a": -Infinity}', "holds -Infinity"),
        (b'{"a": 1e309}', "too large for a float"),
        (b'{"a": 1, "a": 2}', "holds a key twice"),
        (b'[{"b": {"a": 1, "a": 1}}]', "holds a key twice"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf  ", "is empty"),
        (b"  <html>", "is html instead of json"),
        (b'{"a": "SECRET', "is cut short or malformed"),
        (b"\xff\xfe", "is not utf-8"),
        (b"[" * 200_000, "is nested too deep"),
        (b"1" * 5000, "is cut short or malformed"),
    ],
)
def test_unsound_json_is_refused_with_the_reason_and_without_quoting_it(body: bytes, reason: str) -> None:
    with pytest.raises(BadAnswer, match=reason) as caught:
        decode(body)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", ["1", "0.5", "1e-5", "20687122", 3, 2.5, "00012.50"])
def test_a_number_is_a_number_as_text_too(value: Json) -> None:
    assert number(value, "price") == float(str(value))


@pytest.mark.parametrize(
    "value",
    [None, True, "", "nan", "NaN", "inf", "-1", -1, 0, "0", "0.0", "1_000", " 1", "1 ", "+1", "0x10", "1e309",
     "1" * 400, 10**400, "٣", [], {}, "-", "1,5"],
)  # fmt: skip
def test_what_is_not_a_finite_number_above_zero_is_refused_by_name(value: Json) -> None:
    with pytest.raises(BadAnswer, match=r"^price is not a number above 0$"):
        number(value, "price")


def test_volume_may_be_zero_and_a_score_negative() -> None:
    assert number("0", "volume", inclusive=True) == 0
    assert signed("-0.25") == -0.25
    assert signed("-nan") is None


def test_a_number_too_large_is_infinity_to_those_who_look_at_each_number_by_themselves() -> None:
    assert parse('{"price": 1e309}', finite=False) == {"price": math.inf}
    for text in ('{"price": 1e309}', '{"a": 1, "a": 2}', "[NaN]"):
        with pytest.raises(ValueError, match="holds"):
            parse(text)
    for text in ('{"a": 1, "a": 2}', "[-Infinity]"):
        with pytest.raises(ValueError, match="holds"):
            parse(text, finite=False)


def nested(levels: int, around: str) -> str:
    text = json.dumps(around)
    for level in range(levels):
        text = f"[{text}, []]" if level % 2 else f'{{"]}}[": {text}, "\\\\": 1}}'
    return text


@given(st.integers(DEEPEST - 3, DEEPEST + 3), st.text(alphabet='[]{}"\\ab'))
def test_a_text_is_as_deep_as_its_lists_whatever_its_strings_hold(levels: int, around: str) -> None:
    text = nested(levels, around)
    assert json.loads(text)
    if levels <= DEEPEST:
        assert parse(text) == json.loads(text)
    else:
        with pytest.raises(Unsound, match="nested too deep"):
            parse(text)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, '["]",' * 70, "[" * 900 + "]" * 900])
def test_nothing_that_is_nested_too_deep_comes_to_a_parser(text: str) -> None:
    with pytest.raises(Unsound, match="nested too deep"):
        shallow(text)


def test_width_is_no_depth() -> None:
    wide = json.dumps([[number, {"a": []}] for number in range(1_000)])
    assert shallow(wide) is wide
