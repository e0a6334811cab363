"""Updates, of whatever shape: their number is read and nothing raises, so none stands before a kill."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.telegram.updates import Other, Pressed, Said, Sender, read

FROM = {"id": 7, "is_bot": False, "first_name": "Anna", "username": "anna"}
MESSAGE = {"message_id": 3, "date": 1_700_000_000, "chat": {"id": 5}, "from": FROM, "text": "/kill"}


def test_a_message_is_read_without_what_nobody_needs() -> None:
    said = read({"update_id": 1, "message": MESSAGE})
    assert said == Said(1, Sender(5, 7, "anna"), "/kill", 3, 1_700_000_000.0)
    assert isinstance(said, Said)
    assert said.sender.by == "telegram anna (7)"


def test_an_edited_or_passed_on_message_says_so() -> None:
    edited = read({"update_id": 1, "edited_message": MESSAGE})
    passed_on = read({"update_id": 1, "message": MESSAGE | {"forward_origin": {"type": "user"}}})
    assert isinstance(edited, Said)
    assert isinstance(passed_on, Said)
    assert (edited.second_hand, passed_on.second_hand) == ("edited", "passed on")


@pytest.mark.parametrize(
    "odd",
    [{"sender_chat": {"id": 5}}, {"from": FROM | {"is_bot": True}}, {"from": None}, {"from": {"id": "7"}}],
)
def test_who_speaks_as_a_chat_or_is_a_bot_is_no_user(odd: dict[str, Any]) -> None:
    update = read({"update_id": 1, "message": MESSAGE | odd})
    assert update is not None
    assert update.sender.user is None


def test_a_button_is_read_with_the_chat_of_its_message() -> None:
    below = {"message_id": 9, "chat": {"id": 5}, "date": 0}
    update = read(
        {"update_id": 2, "callback_query": {"id": "c", "from": FROM, "message": below, "data": "q:1:y"}}
    )
    assert update == Pressed(2, Sender(5, 7, "anna"), "c", "q:1:y", 9)
    without = read({"update_id": 2, "callback_query": {"id": "c", "from": FROM, "data": "q:1:y"}})
    assert without == Pressed(2, Sender(None, 7, "anna"), "c", "q:1:y", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["message", "edited_message", "callback_query", "chat", "from", "text", "id", "date", "data"]
)
SHAPES = st.dictionaries(FIELDS, st.dictionaries(FIELDS, JSON, max_size=5) | JSON, max_size=4)


@given(SHAPES, st.integers())
def test_whatever_shape_an_update_has_it_is_read_or_passed_over(shape: dict[str, Any], number: int) -> None:
    update = read(shape | {"update_id": number})
    if abs(number) < 2**62:
        assert isinstance(update, Said | Pressed | Other)
        assert update.number == number
    else:
        assert update is None
    assert read(shape) is None
