"""What a model writes is read strictly, and what it says it took is believed only where that can be true."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advice import heard
from advice.answer import ReadAnswer, combined, read_answer
from advice.clients import anthropic, openai
from advice.question import Prompt
from advice.seat import Seat
from advice.settings import ModelSettings
from domain.advice import AdviserAnswer, Role
from domain.events import AdviceAnswered
from tests.advice.asked import AT, asked
from tests.advice.fakes import MODEL, Model, chat, settings, written

GOOD = ReadAnswer(1, 0.7, "calm")


def test_an_answer_in_order_is_read() -> None:
    assert read_answer(written(), Role.ANALYST) == GOOD
    assert read_answer(written(-1, 0.2, ["a", "b"]), Role.BEAR) == ReadAnswer(-1, 0.2, "a; b")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (written(vote=2), "is not what was asked for"),
        (written(vote="1"), "is not what was asked for"),
        (written(vote=True), "is not what was asked for"),
        (written(vote=1.0), "is not what was asked for"),
        (written(probability=1.2), "is not what was asked for"),
        (written(probability="0.7"), "is not what was asked for"),
        (written(reasons=["x" * 700]), "is not what was asked for"),
        (written(stop=3), "is not what was asked for"),
        ('{"vote":1,"vote":-1,"probability":0.7,"reasons":[]}', "holds a key twice"),
        ('{"vote":1,"probability":NaN,"reasons":[]}', "holds NaN"),
        ("I would buy.", "is not what was asked for"),
        ("[" * 100_000, "nested too deep"),
        (written(1, 0.3), "contradicts"),
        (written(-1, 0.8), "contradicts"),
    ],
)
def test_an_answer_out_of_order_is_refused_with_its_reason(text: str, wrong: str) -> None:
    read = read_answer(text, Role.ANALYST)
    assert isinstance(read, str)
    assert wrong in read


def test_a_role_bounds_the_vote() -> None:
    assert read_answer(written(1, 0.9), Role.CRITIC) == "a critic voted 1"
    assert read_answer(written(-1, 0.1), Role.BULL) == "a bull voted -1"


def test_samples_are_combined_in_log_odds() -> None:
    one = combined([ReadAnswer(1, 0.9, "up"), ReadAnswer(1, 0.5, ""), ReadAnswer(-1, 0.4, "down")])
    assert one == ReadAnswer(1, 0.645028, "up")
    assert combined([ReadAnswer(1, 1.0, "")]).probability == 0.99, "nobody is certain"
    assert combined([ReadAnswer(1, 0.5, ""), ReadAnswer(1, 0.5, ""), ReadAnswer(-1, 0.1, "")]).vote == 0
    with pytest.raises(ValueError, match="no answer"):
        combined([])


def seat(role: str = "analyst", dialect: Any = openai) -> Seat:
    chosen = settings(f"macro={role}")
    return Seat("macro", chosen.advisers["macro"], chosen.models["m"], Model(AdviserAnswer()), dialect)


def read(answer: AdviserAnswer, seconds: float = 1.0, **more: Any) -> AdviceAnswered:
    event = asked(1, 2_000, tokens=1_000)
    arrived = heard.Arrived(answer, seconds)
    return heard.answered(seat(**more), event, arrived, 5.0, AT, retrospective=False)


def test_an_answer_is_charged_by_its_usage() -> None:
    event = read(chat(written()))
    assert (event.micro_usd, event.tokens, event.alarm, event.why) == (180, 120, "", "")
    assert event.advice is not None
    assert (event.advice.vote, event.advice.probability, event.advice.weight) == (1, 0.7, 0.25)


@pytest.mark.parametrize(
    ("tokens", "alarm"),
    [
        (None, "does not tell"),
        ((-1, 5), "does not tell"),
        ((True, 5), "does not tell"),
        ((900, 400), "more than were reserved"),
        ((10, 600), "more than were reserved"),
        ((10**18, 1), "does not tell"),
        (("10", 1), "does not tell"),
    ],
)
def test_an_account_that_cannot_be_true_keeps_the_whole_reservation(tokens: Any, alarm: str) -> None:
    event = read(chat(written(), tokens))
    assert (event.micro_usd, event.tokens) == (2_000, 1_000)
    assert alarm in event.alarm


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (AdviserAnswer(429, b"{}"), "the server answered with status 429"),
        (AdviserAnswer(200, b"<html>"), "answer is html instead of json"),
        (AdviserAnswer(200, b'{"choices":['), "cut short or malformed"),
        (AdviserAnswer(200, b"[]"), "no JSON object"),
        (AdviserAnswer(fault="no answer within 5 s"), "no answer within 5 s"),
        (chat(written(), finish_reason="length"), "ended with 'length'"),
        (chat(written(), finish_reason=None), "ended with 'None'"),
        (chat(written(), message=None), "has no text"),
    ],
)
def test_what_is_no_answer_is_said_and_counts_for_nothing(answer: AdviserAnswer, why: str) -> None:
    event = read(answer)
    assert event.advice is None
    assert why in event.why
    one = heard.advised(seat(), [asked(1)], [event])
    assert (one.vote, one.samples, one.asked, one.cost) == (0, 0, 1, event.micro_usd)
    assert one.reason == event.why


def test_a_question_that_surely_did_not_leave_costs_nothing() -> None:
    event = read(AdviserAnswer(fault="not reached: ConnectError", sent=False))
    assert (event.micro_usd, event.tokens) == (0, 0)
    assert read(AdviserAnswer(fault="broken off: ReadError")).micro_usd == 2_000


def test_a_late_answer_is_charged_and_not_used() -> None:
    event = read(chat(written()), seconds=5.01)
    assert (event.late, event.micro_usd) == (True, 180)
    assert heard.advised(seat(), [asked(1)], [event]).samples == 0


def test_anthropic_answers_by_its_tool_and_counts_its_cache() -> None:
    told = {
        "stop_reason": "tool_use",
        "content": [
            {"type": "text", "text": "vote 1!"},
            {"type": "tool_use", "name": "advise", "input": json.loads(written())},
        ],
        "usage": {"input_tokens": 50, "cache_read_input_tokens": 50, "output_tokens": 20},
    }
    event = read(AdviserAnswer(200, json.dumps(told).encode()), dialect=anthropic)
    assert event.advice is not None
    assert (event.advice.vote, event.micro_usd) == (1, 180)
    told["content"] = [*told["content"], *told["content"]]
    assert "the tool once" in read(AdviserAnswer(200, json.dumps(told).encode()), dialect=anthropic).why


@pytest.mark.parametrize("dialect", [openai, anthropic])
@given(envelope=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "usage", "message", "content", "type", "input", "stop_reason"]), inner
    ),
    max_leaves=12,
))  # fmt: skip
def test_no_envelope_breaks_a_dialect(dialect: Any, envelope: Any) -> None:
    event = read(AdviserAnswer(200, json.dumps(envelope).encode()), dialect=dialect)
    assert event.advice is None
    assert event.micro_usd == 2_000


@pytest.mark.parametrize("dialect", [openai, anthropic])
def test_a_body_is_the_same_for_the_same_prompt_and_names_its_limit(dialect: Any) -> None:
    model = ModelSettings.model_validate(MODEL | {"max_tokens": 77, "temperature": 0.5})
    prompt = Prompt("be brief", "is it \u202e \ud83d up?")
    body = dialect.body(prompt, model)
    assert body == dialect.body(prompt, model)
    assert body.isascii()
    assert 77 in json.loads(body).values()
    assert json.loads(body)["temperature"] == 0.5
    assert "secret" not in str(dialect.headers(None))
    assert "sk-1" in str(dialect.headers("sk-1"))
