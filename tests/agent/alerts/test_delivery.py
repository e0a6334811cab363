"""A delivery tells everything at least once, each source in its order, whatever fails and dies when."""

import tempfile
from collections.abc import Iterator
from datetime import time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerts.attempts import NEVERS, OLDEST
from agent.alerts.backoff import STEPS
from agent.alerts.channel import AlertKind, Gone, Later, Message, Never, Severity
from agent.alerts.rules import Quiet, SendRule, SendRules
from tests.agent.alerts.rig import JOURNAL, NOW, Rig, critical, later, message


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.settle()  # it is known, and begins with the present
    yield made
    made.close()


def test_a_new_channel_begins_with_the_present_and_a_new_journal_with_its_first_row(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.outbox.say(message(1), message(2))
    rig.settle()
    assert rig.channel.titles == []
    rig.outbox.say(message(3))
    rig.outbox.say(message(1, title="of another"), source="ffffffffffff")
    rig.settle()
    assert sorted(rig.channel.titles) == ["message 3", "of another"]
    rig.restart()
    rig.settle()
    assert rig.channel.asked == 2
    rig.close()


def test_a_failure_is_tried_again_after_the_pauses_of_the_table(rig: Rig) -> None:
    rig.outbox.say(message(1), message(2))
    rig.channel.fails = [later() for _ in range(8)]
    tries = []
    for second in range(20_000):
        before = rig.channel.asked
        rig.delivery.step()
        if rig.channel.asked > before and not rig.channel.arrived:
            tries.append(second)
        rig.hands.sleep(1)
        if rig.channel.arrived:
            break
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == [1, 5, 30, 120, 600, 3600, 3600]
    assert len(STEPS) == 6
    rig.settle()
    assert rig.channel.titles == ["message 1", "message 2"]
    assert rig.delivery.state.attempts == 0


def test_the_silence_a_service_asks_for_is_kept(rig: Rig) -> None:
    rig.outbox.say(message(1))
    rig.channel.fails = [Later(300, "http 429")]
    rig.settle()
    for _ in range(59):
        rig.settle(5)
    assert rig.channel.asked == 1
    rig.settle(6)
    assert rig.channel.titles == ["message 1"]


def test_a_clock_that_is_set_back_holds_nothing_up(rig: Rig) -> None:
    rig.outbox.say(message(1))
    rig.channel.fails = [later()]
    rig.settle()
    rig.hands.at -= timedelta(days=2)
    rig.settle(2)
    assert rig.channel.titles == ["message 1"]


def test_what_a_clock_that_was_ahead_held_back_comes_once_it_is_right(tmp_path: Path) -> None:
    rig = Rig(tmp_path, SendRules((SendRule(send="digest"),)))
    rig.settle()
    rig.hands.at += timedelta(days=365)
    rig.outbox.say(message(1))
    rig.settle()
    assert rig.channel.titles == []
    rig.hands.at -= timedelta(days=365)
    rig.settle(2)
    assert rig.channel.titles == ["message 1"]
    rig.close()


def test_a_message_that_can_never_be_sent_is_a_dead_letter_and_the_next_one_goes(rig: Rig) -> None:
    rig.outbox.say(message(1), message(2))
    rig.channel.fails = [Never("http 400: the message is refused")]
    rig.settle()
    assert rig.channel.titles == ["message 2"]
    (letter,) = rig.notices.channels.dead_letters()
    assert (letter.channel, letter.id, letter.why) == (
        "ops",
        f"{JOURNAL[:8]}-1",
        "http 400: the message is refused",
    )
    assert not rig.died


def test_refusals_in_a_row_say_that_the_channel_is_dead(rig: Rig) -> None:
    rig.outbox.say(*map(message, range(NEVERS)))
    rig.channel.fails = [Never("http 400") for _ in range(NEVERS)]
    rig.settle()
    assert rig.delivery.state.dead is not None
    assert [why for why, _ in rig.died] == ["http 400"]


def test_a_channel_that_is_gone_is_dead_at_once_loses_nothing_and_names_what_is_critical(rig: Rig) -> None:
    rig.outbox.say(message(1), critical(2))
    rig.channel.fails = [Gone("http 404: the address is refused")]
    rig.settle()
    assert [(why, [each.title for each in waiting]) for why, waiting in rig.died] == [
        ("http 404: the address is refused", ["kill 2"])
    ]
    rig.settle(3_500)
    assert rig.channel.asked == 1
    rig.settle(200)
    assert rig.channel.titles == ["message 1", "kill 2"]
    assert rig.delivery.state.dead is None


def test_a_channel_that_was_mended_is_tried_at_once_after_a_restart(rig: Rig) -> None:
    rig.outbox.say(message(1))
    rig.channel.fails = [Gone("http 401")]
    rig.settle()
    assert rig.notices.channels.state("ops").dead is not None
    rig.restart()
    rig.settle()
    assert rig.channel.titles == ["message 1"]


def test_a_channel_that_fails_for_long_is_dead_and_its_oldest_messages_are_dead_letters(rig: Rig) -> None:
    rig.outbox.say(message(1))
    rig.channel.fails = [later() for _ in range(500)]
    rig.settle()
    while rig.hands.at - NOW < timedelta(minutes=55):
        rig.settle(20)
    assert rig.delivery.state.dead is None
    while rig.hands.at - NOW < timedelta(hours=3):
        rig.settle(60)
    assert rig.delivery.state.dead is not None
    assert len(rig.died) == 1
    assert rig.notices.channels.dead_letters() == []
    while rig.hands.at - NOW < OLDEST + timedelta(hours=2):
        rig.settle(600)
    assert [each.id for each in rig.notices.channels.dead_letters()] == [message(1).id]


def test_more_than_twenty_that_wait_come_as_one_with_the_gravest_first(rig: Rig) -> None:
    rig.outbox.say(*map(message, range(1, 21)))
    rig.outbox.say(critical(21))
    rig.settle()
    (digest,) = rig.channel.arrived
    assert digest.kind is AlertKind.DIGEST
    assert digest.severity is Severity.CRITICAL
    assert digest.title == "21 messages had gathered: 20 fill, 1 kill_switch"
    assert "kill 21" in digest.lines[0]
    assert len(digest.lines) == 21
    rig.outbox.say(message(22))
    rig.settle()
    assert rig.channel.titles[1:] == ["message 22"]


def test_what_is_said_again_within_minutes_is_counted_and_told_with_the_next(rig: Rig) -> None:
    same = [message(n, AlertKind.SESSION, title="session began") for n in range(1, 5)]
    rig.outbox.say(same[0], once=True)
    rig.settle()
    for each in same[1:3]:
        rig.outbox.say(each, once=True)
        rig.settle()
        rig.restart()
    assert rig.channel.titles == ["session began"]
    rig.outbox.say(msgspec.structs.replace(same[3], at=NOW + timedelta(minutes=11)), once=True)
    rig.settle(660)
    assert rig.channel.arrived[1].lines == ("said 2 times more since 2026-11-29 12:00 UTC",)


def test_quiet_hours_hold_what_is_not_critical_until_the_morning_over_restarts(tmp_path: Path) -> None:
    quiet = Quiet(time(13), time(7), ZoneInfo("Europe/Berlin"))  # it is 13:00 there
    rig = Rig(tmp_path, SendRules(quiet=quiet))
    rig.settle()
    rig.outbox.say(message(1), critical(2), message(3))
    rig.settle()
    assert rig.channel.titles == ["kill 2"]
    rig.restart()
    rig.settle(17 * 3_600)  # 06:00 in Berlin
    assert rig.channel.titles == ["kill 2"]
    rig.settle(3_601)
    assert [each.title for each in rig.channel.arrived[1:]] == ["2 messages were held back: 2 fill"]
    rig.settle(60)
    assert rig.channel.asked == 2
    rig.close()


def test_a_rule_sends_with_the_next_digest_or_never_or_elsewhere(tmp_path: Path) -> None:
    rules = SendRules(
        (
            SendRule(kinds=frozenset({AlertKind.FILL}), agents=frozenset({"paper"}), send="digest"),
            SendRule(kinds=frozenset({AlertKind.SESSION}), send="never"),
            SendRule(kinds=frozenset({AlertKind.SUMMARY}), channels=frozenset({"mail"})),
        )
    )
    rig = Rig(tmp_path, rules)
    rig.settle()
    rig.outbox.say(
        message(1), message(2, AlertKind.SESSION), message(3, AlertKind.SUMMARY), message(4, agent="other")
    )
    rig.settle()
    assert rig.channel.titles == ["message 4"]
    rig.settle(3_599)
    assert rig.channel.titles == ["message 4"]
    rig.settle(2)
    assert rig.channel.titles == ["message 4", "message 1"]
    rig.close()


def test_a_critical_message_goes_over_another_channel_where_its_own_is_dead(tmp_path: Path) -> None:
    rig = Rig(tmp_path, SendRules((SendRule(channels=frozenset({"mail"})),)))
    rig.settle()
    rig.others = {"mail": False}
    rig.outbox.say(critical(1))
    rig.settle()
    assert rig.channel.titles == []
    rig.others = {"mail": True}
    rig.outbox.say(critical(2), message(3))
    rig.settle()
    assert rig.channel.titles == ["kill 2"]
    rig.close()


def test_the_parts_of_one_row_are_each_told_once_though_one_fails(rig: Rig) -> None:
    rig.outbox.row(message(1, title="a"), message(1, title="b"), message(1, title="c"))
    rig.channel.fails = [None, later()]
    rig.settle()
    assert rig.channel.titles == ["a"]
    rig.settle(2)
    assert rig.channel.titles == ["a", "b", "c"]


def test_a_journal_that_was_restored_is_told_from_where_it_was_cut(rig: Rig) -> None:
    rig.outbox.say(*map(message, range(1, 9)))
    rig.settle()
    rig.outbox.head[JOURNAL] = 3
    del rig.outbox.sources[JOURNAL][3:]
    rig.settle()
    rig.outbox.was_cut.add(JOURNAL)
    rig.settle()
    rig.outbox.say(message(4, title="after the restore"))
    rig.settle()
    assert rig.channel.titles[8:] == ["after the restore"]


def test_a_disk_that_is_full_makes_no_message_come_twice(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.notices import NoticesFault  # noqa: PLC0415

    rig.outbox.say(message(1))
    with monkeypatch.context() as patch:

        def full() -> None:
            raise NoticesFault("database or disk is full")

        patch.setattr(rig.notices, "together", full)
        for _ in range(5):
            rig.settle(2)
    assert rig.channel.titles == ["message 1"]
    rig.settle()
    rig.restart()
    rig.settle()
    assert rig.channel.titles == ["message 1"]


class _Death(BaseException):
    """The process dies here."""


def test_a_death_between_two_sends_repeats_none_that_arrived(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.outbox.say(*map(message, range(1, 6)))
    arrived = rig.channel.send

    def send(message: Message) -> None:
        if len(rig.channel.arrived) == 3:
            raise _Death
        arrived(message)

    with monkeypatch.context() as patch:
        patch.setattr(rig.channel, "send", send)
        with pytest.raises(_Death):
            rig.settle()
    rig.restart()
    rig.settle()
    assert rig.channel.titles == [f"message {number}" for number in range(1, 6)]


def test_an_error_nobody_foresaw_is_told_by_its_kind_alone(rig: Rig) -> None:
    rig.outbox.say(message(1))
    rig.channel.fails = [RuntimeError("https://canary@example.org")]
    rig.settle()
    assert rig.delivery.state.error == "RuntimeError"


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("die"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 40, 4_000]), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ACTS, st.integers(2, 8))
def test_everything_is_told_at_least_once_in_order_under_failures_and_restarts(
    acts: list[tuple[str, int, int]], collapse: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), SendRules(collapse=collapse))
        rig.settle()
        number = 0
        for act, first, second in acts:
            match act:
                case "say":
                    number += 1
                    rig.outbox.say(message(number), source=("a", "b", JOURNAL)[first], silent=second)
                case "fail":
                    rig.channel.late = bool(second)
                    rig.channel.fails = [later() for _ in range(first)]
                case "die":
                    rig.restart()
                case "wait":
                    rig.hands.sleep(first)
            rig.delivery.step()
        rig.channel.fails = []
        rig.settle(4_000, steps=200)
        _judge(rig, number)
        rig.close()


def _judge(rig: Rig, number: int) -> None:
    """Find every message, alone or named in a digest, those of a source first told in their order."""
    told: list[int] = []
    for each in rig.channel.arrived:
        texts = each.lines if each.kind is AlertKind.DIGEST else (each.title,)
        numbers = [int(text.partition("message ")[2].split(" ")[0]) for text in texts]
        told += [n for n in numbers if n not in told]
    assert sorted(told) == list(range(1, number + 1))
    for source in rig.outbox.sources.values():
        ours = [int(each.message.title.split(" ")[1]) for each in source]
        assert [n for n in told if n in ours] == ours
    asked = rig.channel.asked
    rig.settle(4_000)
    rig.restart()
    rig.settle()
    assert rig.channel.asked == asked, "what was told is not told again"
