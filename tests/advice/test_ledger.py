import msgspec
from hypothesis import given
from hypothesis import strategies as st

from advice.ledger import after_answered, after_asked, after_start, refusal
from domain.advice import Caps, Charges, Spend, usd
from domain.events import AdviceAnswered, AdviceAsked, AdviserSet, Event
from domain.observation import Observation
from journal.codec import decode, encode
from tests.advice.asked import AT, CANDLE, advice, answered, asked


def folded(*events: AdviceAsked | AdviceAnswered) -> Spend:
    spend = Spend()
    for event in events:
        spend = after_asked(spend, event) if isinstance(event, AdviceAsked) else after_answered(spend, event)
    return spend


def test_a_question_is_charged_whole_until_its_answer_lowers_it() -> None:
    assert folded(asked(1)).total == Charges(1, 0, 1_000, 500)
    spend = folded(asked(1), answered(1))
    assert spend.today == spend.session == spend.total == Charges(1, 1, 400, 200)
    assert spend.advisers == {"macro": Charges(1, 1, 400, 200)}
    assert spend.open == {}


def test_an_answer_counts_once_and_only_for_a_question_that_waits() -> None:
    spend = folded(asked(1), answered(1))
    assert after_answered(spend, answered(1, 1)) == spend
    assert after_answered(spend, answered(9)) == spend


def test_a_question_nobody_answered_stays_charged_in_the_next_session_and_is_waited_for_no_more() -> None:
    spend = after_start(folded(asked(1)))
    assert (spend.total.micro_usd, spend.today.micro_usd, spend.session.micro_usd) == (1_000, 1_000, 0)
    assert after_answered(spend, answered(1)) == spend


def test_a_day_begins_with_nothing_and_a_clock_set_back_opens_none_again() -> None:
    spend = folded(asked(1), asked(2, days=1))
    assert (spend.today.micro_usd, spend.total.micro_usd) == (1_000, 2_000)
    late = after_answered(spend, answered(1, 0, days=1))
    assert (late.today.micro_usd, late.total.micro_usd) == (1_000, 1_000), "it was reserved the day before"
    assert after_asked(spend, asked(3)).today.micro_usd == 2_000


def test_the_newest_candle_asked_about_is_remembered_by_adviser_and_symbol() -> None:
    spend = folded(asked(1), asked(2, candle=CANDLE - 60_000), asked(3, adviser="bear"))
    assert spend.last == {"macro BTC-USDT": CANDLE, "bear BTC-USDT": CANDLE}


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5_000), st.booleans()), max_size=30))
def test_the_sums_are_those_of_the_questions(steps: list[tuple[int, int, bool]]) -> None:
    events: list[AdviceAsked | AdviceAnswered] = []
    charged: dict[int, int] = {}
    waiting: set[int] = set()
    for back, amount, ask in steps:
        number = len(charged) + 1
        if ask:
            events.append(asked(number, amount))
            charged[number] = amount
            waiting.add(number)
        else:
            settled = number - back
            events.append(answered(settled, amount))
            if settled in waiting:
                waiting.remove(settled)
                charged[settled] = amount
    spend = folded(*events)
    assert spend.total.micro_usd == sum(charged.values())
    assert spend.open.keys() == waiting


def test_events_of_advice_come_back_from_the_journal_as_they_were() -> None:
    said = advice(answered_at=AT, reason="flat\u202e")
    events: list[Event] = [
        asked(1),
        answered(1, advice=said),
        AdviserSet(AT, 1, "macro", "abc", promoted=True, reason="gate", by="me", raise_cap=5.0),
    ]
    assert [decode(encode(each)) for each in events] == events


def test_an_observation_of_an_older_journal_has_no_advice() -> None:
    old = b'{"symbol":"A","source":"live","provider":"p","series":"s","fetched_at":"2026-03-01T12:00:00Z"}'
    assert msgspec.json.decode(old, type=Observation).advice == ()


def test_amounts_are_told_to_the_last_micro_dollar() -> None:
    assert [usd(each) for each in (0, 1, 2_500_000, -40)] == ["0.000000", "0.000001", "2.500000", "-0.000040"]


def test_a_clock_that_was_ahead_gives_no_second_budget_and_says_what_is_counted() -> None:
    caps = Caps(10**6, 1_500, 10**9, 10**6, 10**9, 10**9)
    ahead = after_asked(Spend(), asked(1, days=40))
    for days in (0, 39, 40):
        day = AT.toordinal() + days
        why = refusal(ahead, caps, 1_000, 500, day)
        assert "the budget of the day is 0.001500 USD" in why
        assert ("the clock was set back, 2026-04-10 is counted on" in why) is (days < 40)
    assert refusal(ahead, caps, 1_000, 500, AT.toordinal() + 41) == ""
