"""The chat over a loopback Bot API, of an account that no agent runs: who may, what, how often, how late."""

import itertools
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent.host import log
from agent.host.clock import SystemClock
from agent.serve.chat import queries, steering
from agent.serve.chat import taken as keeping
from agent.serve.chat.strangers import Doorkeeper
from agent.serve.chat.taken import Unkept
from agent.serve.chat.watch import CONFLICT as CONFLICTING
from agent.serve.chat.watch import TOKEN as TOKENS
from agent.settings.home import Home
from domain.events import CommandReceived, Event, KillSwitchSet
from journal.copying import OpenHere
from journal.reader import open_reader
from tests.agent.command import agent
from tests.serve.test_supervisor import until
from tests.shared import free_port, within
from tests.telegram.bot_api import (
    BAD_GATEWAY,
    CHAT,
    CONFLICT,
    FLOOD,
    TOKEN,
    USER,
    BotApi,
    Fault,
    Sent,
    bot_api,
    refusal,
)
from tests.telegram.chatting import Chatting, chatting

NAME = "one"
RUN = ("run", "--provider", "simulated", "--journal", NAME, "--plain", "--speed", "max", "--cycles", "100")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with an account at rest that holds a position."""
    root = tmp_path_factory.mktemp("begun")
    agent(root, *RUN)
    return root


@pytest.fixture(scope="module")
def quiet(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatting]:
    """A chat that is only asked."""
    root = tmp_path_factory.mktemp("quiet") / "home"
    shutil.copytree(begun, root)
    with chatting(root) as chat:
        settled(chat)
        yield chat


@pytest.fixture
def home(begun: Path, tmp_path: Path) -> Path:
    """Return a home of a test's own."""
    shutil.copytree(begun, tmp_path / "home")
    return tmp_path / "home"


def settled(chat: Chatting) -> None:
    for each in chat.chat.life.desk.fleet.all():
        assert each.looked.wait(60)


def events(chat: Chatting, name: str = NAME) -> list[Event]:
    with open_reader(chat.home.journal(name), account=name) as opened:
        return [row.event for row in opened.rows()]


def commands(chat: Chatting, name: str = NAME) -> list[Any]:
    return [each.command for each in events(chat, name) if isinstance(each, CommandReceived)]


def quiet_for(chat: Chatting, number: int) -> list[str]:
    """Wait until an update was taken and what it could have led to was done; return what was sent."""
    chat.api.settled(number)
    assert chat.chat.strands.wait(60)
    mark = chat.api.say("/version")
    chat.api.settled(mark)
    assert chat.chat.strands.wait(60)
    chat.api.answer("0.1.0", 0)
    return chat.api.texts()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("/help", "/kill [AGENT] [REASON]"),
        ("/status", "one: not running (cycles)"),
        ("/status ONE", "paper, BTC-USDT 1m"),
        ("/positions", "bought at"),
        ("/count", "positions held: 1 of 3 that may be"),
        ("/balance", "opened with 10,000.00"),
        ("/profit", "after costs"),
        ("/daily 3", "2024-01-01  -"),
        ("/weekly", "by week,"),
        ("/monthly", "2024-01 "),
        ("/trades 2", "no trade has closed yet"),
        ("/performance", "no trade has closed yet"),
        ("/why", "cycle 100,"),
        ("/why 30", "cycle 30,"),
        ("/why 9999", "is not in the journal, it holds 1 to 100"),
        ("/health", "all works"),
        ("/logs 3", "session ended"),
        ("/version", "0.1.0"),
        ("/summary", "the day of one"),
        ("/flaten", "/flatten perhaps"),
        ("what is up", "commands begin with a stroke"),
    ],
)
def test_a_question_is_answered(quiet: Chatting, question: str, said: str) -> None:
    answer = quiet.api.asked(question, said)
    assert (
        answer.body["reply_parameters"]["message_id"] == quiet.api._message - 1
        or answer.body["chat_id"] == CHAT
    )
    assert TOKEN not in answer.text


def test_a_question_is_answered_however_old_and_as_often_as_it_is_asked(quiet: Chatting) -> None:
    for _ in range(2):
        quiet.api.asked("/balance", "cash", age=86_000)


def test_the_menu_shows_every_command(quiet: Chatting) -> None:
    menu = next(each for each in quiet.api.sent if each.method == "setMyCommands")
    assert {"command": "kill", "description": "no entry from now on, at once and unasked"} in menu.body[
        "commands"
    ]


def test_a_stranger_gets_no_answer_and_one_line_in_the_log(home: Path) -> None:
    log.start(home, (TOKEN,), "serve.log")
    with chatting(home) as chat:
        chat.api.say("/kill", user=666)
        chat.api.say("/kill", chat=667)
        chat.api.say("/kill", chat=CHAT, user=666)
        chat.api.say("/kill", chat=CHAT, sender_chat={"id": CHAT})
        below = {"message_id": 1, "chat": {"id": CHAT}, "date": 0}
        chat.api.put(
            {"callback_query": {"id": "c", "from": {"id": 666}, "message": below, "data": "ack:notice-1"}}
        )
        chat.api.put(
            {"edited_message": {"chat": {"id": CHAT}, "from": {"id": 666}, "text": "/kill", "date": 0}}
        )
        last = chat.api.put({"channel_post": {"chat": {"id": CHAT}, "text": "/kill"}})
        assert [text for text in quiet_for(chat, last) if "0.1.0" not in text] == []
        assert commands(chat) == []
        assert chat.acknowledged == []
    lines = [json.loads(line) for line in (home / "serve.log").read_text().splitlines()]
    told = sorted(
        (each["chat"] or 0, each["user"] or 0) for each in lines if each["event"] == "telegram: a stranger"
    )
    assert told == [(0, 0), (667, USER), (CHAT, 0), (CHAT, 666)]


def test_a_kill_is_journaled_with_who_why_and_its_key_and_done_once_over_duplicates_and_a_restart(
    home: Path,
) -> None:
    def again(api: BotApi) -> None:
        api.put({"message": message}, number)
        api.put({"message": message}, number)

    with chatting(home) as chat:
        number = chat.api.say("/kill one odd_prices <b>*")
        message = chat.api._updates[0]["message"]
        told = chat.api.answer("KILL SWITCH THROWN: odd_prices <b>*")
        assert f"#{number}" in told.text
        again(chat.api)
        quiet_for(chat, number)
        (command,) = commands(chat)
        assert (command.by, command.reason, command.key) == (
            "telegram anna (4711)", "odd_prices <b>*", f"telegram-110201543-{number}",
        )  # fmt: skip
        stands = chat.chat.answer()
        assert (stands.on, bool(stands.bot), stands.failures, stands.turned_away) == (True, True, 0, 0)
        assert [(each.number, each.did, each.chat) for each in stands.commands] == [
            (number, "/kill one", CHAT)
        ]
    with chatting(home, before=again) as chat:
        chat.api._next = number + 1
        assert not [text for text in quiet_for(chat, number) if "KILL" in text]
        assert sum(isinstance(each, KillSwitchSet) for each in events(chat)) == 1


def test_a_command_of_three_minutes_ago_is_not_done_and_that_is_said(home: Path) -> None:
    with chatting(home) as chat:
        told = chat.api.asked("/kill", "NOT DONE /kill", age=180)
        assert "it was sent 18" in told.text
        assert "the limit is 120 s" in told.text
        assert commands(chat) == []
        chat.api.asked("/kill", "KILL SWITCH THROWN", age=60)


def test_its_age_is_by_telegrams_clock_whatever_ours_says(home: Path) -> None:
    def shift(api: BotApi) -> None:
        api.date_shift = -86_400.0

    with chatting(home, before=shift) as chat:
        chat.api.asked("/kill", "NOT DONE /kill", age=180)
        chat.api.asked("/kill", "KILL SWITCH THROWN")


@pytest.mark.parametrize("how", ["edited", "passed on"])
def test_what_was_edited_or_passed_on_is_not_carried_out(home: Path, how: str) -> None:
    with chatting(home) as chat:
        if how == "edited":
            who = {"id": USER, "is_bot": False, "first_name": "Anna"}
            text = {"message_id": 1, "date": int(SystemClock().now().timestamp()), "text": "/kill"}
            chat.api.put({"edited_message": text | {"chat": {"id": CHAT}, "from": who}})
        else:
            chat.api.say("/kill", forward_origin={"type": "user"})
        chat.api.answer(f"what was {how} is not carried out")
        assert commands(chat) == []


def press(talk: Chatting, asked: Sent, which: int = 0, **given: int) -> int:
    return talk.api.press(asked.buttons[which], **given)


def test_a_flatten_asks_back_and_is_done_once_by_who_asked_alone(home: Path) -> None:
    with chatting(home, doorkeeper=keeper(USER, 8)) as chat:
        settled(chat)
        asked = chat.api.asked("/flatten going on holiday", "Flatten one?")
        assert "It holds 0." in asked.text
        assert "60 seconds" in asked.text
        for other in ({"user": 8}, {"chat": 8}):
            after = len(chat.api.sent)
            press(chat, asked, **other)
            chat.api.wait(lambda each: each.text == "only who asked can answer this", after=after)
        assert commands(chat) == []
        press(chat, asked)
        told = chat.api.answer("FLAT. No order and no position is left")
        assert "/reset_kill" in told.text
        press(chat, asked)
        chat.api.wait(lambda each: "answered or is too old" in each.text)
        (command,) = commands(chat)
        assert (type(command).__name__, command.reason) == ("Flatten", "going on holiday")
        bare = next(each for each in chat.api.sent if each.method == "editMessageReplyMarkup")
        assert "reply_markup" not in bare.body
        until(lambda: chat.chat.life.desk.fleet.get(NAME).row().kill_switch)
        back = chat.api.asked(
            "/reset_kill all is well", "Reset the kill switch of one? It was thrown: going on"
        )
        press(chat, back, 1)
        chat.api.answer("/reset_kill: nothing was done")
        press(chat, chat.api.asked("/reset_kill all is well", "Reset the kill switch"))
        chat.api.answer("kill switch reset")
        assert commands(chat)[-1].reason == "all is well"


def keeper(*users: int) -> Any:
    return Doorkeeper([CHAT, 8], users)


class Given:
    """A clock whose seconds are given."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.inner = SystemClock()

    def now(self) -> Any:
        return self.inner.now()

    def monotonic(self) -> float:
        return self.inner.monotonic() + self.seconds

    def sleep(self, seconds: float) -> None:
        self.inner.sleep(seconds)


def test_a_button_lives_for_a_minute_and_for_no_restart(home: Path) -> None:
    clock = Given()
    with chatting(home, clock) as chat:
        settled(chat)
        asked = chat.api.asked("/flatten", "Flatten one?")
        clock.seconds += 61
        press(chat, asked)
        chat.api.wait(lambda each: "older than 60 seconds" in each.text)
        asked = chat.api.asked("/flatten", "Flatten one?")
    with chatting(home) as chat:
        press(chat, asked)
        chat.api.wait(lambda each: "answered or is too old" in each.text)
        assert commands(chat) == []


def test_a_share_is_sold_of_the_one_position_that_is_held(home: Path) -> None:
    with chatting(home) as chat:
        settled(chat)
        asked = chat.api.asked("/close", "Close BTC-USDT of one?")
        press(chat, asked, 1)
        asked = chat.api.asked("/close BTCUSDT 50% a bit less", "Close 0.5 of BTC-USDT of one?")
        press(chat, asked)
        chat.api.answer("a share of BTC-USDT is sold")
        press(chat, chat.api.asked("/forceexit one BTC/USDT", "Close BTC-USDT of one?"))
        chat.api.answer("BTC-USDT is closed, the venue confirms")
        until(lambda: not chat.chat.life.desk.fleet.get(NAME).row().positions)
        told = chat.api.asked("/close", "holds nothing that is known here: which position?")
        assert not told.buttons


def test_several_agents_are_chosen_by_a_button_and_all_are_killed_at_once(home: Path) -> None:
    shutil.copy(home / "journals" / "one.db", home / "journals" / "two.db")
    shutil.copy(home / "journals" / "one.db", home / "journals" / "old.20260101T000000.db")
    with chatting(home) as chat:
        settled(chat)
        asked = chat.api.asked("/profit", "which agent?")
        assert [each["text"] for each in asked.buttons] == ["one", "two"]
        press(chat, asked, 1)
        assert chat.api.answer("after costs").text.startswith("two\n")
        asked = chat.api.asked("/kill odd", "which agent?")
        press(chat, asked, 1)
        chat.api.answer("two: KILL SWITCH THROWN: odd")
        number = chat.api.say("/kill all very odd")
        chat.api.answer("one: KILL SWITCH THROWN: very odd")
        quiet_for(chat, number)
        assert [each.reason for each in commands(chat)] == ["very odd"]
        assert [each.reason for each in commands(chat, "two")] == ["odd", "very odd"]


def _killed(home: Home) -> bool:
    """Say whether the kill switch is thrown, once the journal is not open here any more."""
    with suppress(OpenHere), open_reader(home.journal(NAME), account=NAME) as opened:
        return any(isinstance(row.event, KillSwitchSet) for row in opened.rows())
    return False


def test_a_kill_waits_for_no_question_and_no_message_on_its_way(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    usual = queries.of_agent

    def slow(*given: Any) -> Any:
        held.wait(60)
        return usual(*given)

    monkeypatch.setattr(queries, "of_agent", slow)
    with chatting(home) as chat:
        settled(chat)
        chat.api.faults["sendMessage"].append(Fault(seconds=2.0))
        chat.api.say("/help")  # its answer hangs at Telegram
        for _ in range(30):
            chat.api.say("/why")
        chat.api.say("/kill")
        began = time.monotonic()
        assert until(lambda: _killed(chat.home), 30)
        took = time.monotonic() - began
        held.set()
        told = chat.api.answer("KILL SWITCH THROWN")
        assert [each for each in chat.api.sent if each.method == "sendMessage"].index(told) <= 1
        chat.api.answer("too many questions wait")
        within(took, 3)


def test_floods_are_obeyed_and_what_nobody_answers_is_sent_again(home: Path) -> None:
    with chatting(home) as chat:
        chat.api.faults["sendMessage"].extend([FLOOD, BAD_GATEWAY, Fault(cut=True, delivered=True)])
        began = time.monotonic()
        chat.api.say("/version")
        until(lambda: len(chat.api.texts()) == 2)
        assert time.monotonic() - began >= 1.0  # retry_after
        assert len(chat.api.texts()) == 2  # delivered, not answered, and sent again
        calls = [each for each in chat.api.calls if each.method == "sendMessage"]
        assert len(calls) == 4


def test_what_telegram_refuses_holds_up_nothing(home: Path) -> None:
    with chatting(home) as chat:
        chat.api.faults["sendMessage"].append(refusal(400, "Bad Request: chat not found"))
        chat.api.say("/version")
        chat.api.asked("/health", "all works")


def test_a_long_answer_comes_in_numbered_parts(home: Path) -> None:
    with chatting(home) as chat:
        settled(chat)
        chat.chat.outbox.say(CHAT, [f"{number} {'y' * 100}" for number in range(100)])
        chat.api.answer("(3/3)")
        assert [text.split("\n")[0] for text in chat.api.texts()] == ["(1/3)", "(2/3)", "(3/3)"]


def test_bad_gateways_and_conflicts_are_counted_told_once_and_over_when_it_works(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.serve.chat.chat.CONFLICT_WAIT", 0.1)
    monkeypatch.setattr("agent.serve.chat.chat.FIRST_WAIT", 0.1)

    def odd(api: BotApi) -> None:
        api.faults["getUpdates"].extend([BAD_GATEWAY, CONFLICT, CONFLICT, FLOOD])

    with chatting(home, before=odd) as chat:
        chat.api.asked("/version", "0.1.0")
        assert chat.chat.life.watch.conflicts == 2
        assert [(each.key, each.over) for each in chat.troubles] == [
            (CONFLICTING, False),
            (CONFLICTING, True),
        ]
        assert "somebody else takes this bot's messages" in chat.troubles[0].text


def test_a_token_that_is_refused_is_told_and_nothing_else_is_said_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.serve.chat.chat.TOKEN_WAIT", 0.1)

    def other(api: BotApi) -> None:
        api.token = "1:another"  # noqa: S105 -- none

    with chatting(home, before=other) as chat:
        until(lambda: chat.troubles)
        assert [each.key for each in chat.troubles] == [TOKENS]
        assert TOKEN not in chat.troubles[0].text


def test_telegram_may_come_after_the_chat_has_begun(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.serve.chat.chat.FIRST_WAIT", 0.1)
    port = free_port()
    with chatting(home, at=f"http://127.0.0.1:{port}") as chat:
        time.sleep(0.3)
        with bot_api(port) as (_, api):
            api.asked("/version", "0.1.0")
        assert chat.troubles == []  # not for long


def test_a_kill_behind_what_nobody_can_read_is_heard(home: Path) -> None:
    with chatting(home) as chat:
        odd: dict[str, Any]
        for odd in ({"message": 5}, {"message": {"chat": {}, "text": 1}}, {"callback_query": []}, {"x": 1}):
            chat.api.put(odd)
        chat.api.asked("/kill", "KILL SWITCH THROWN")


def _polls(api: BotApi) -> list[bool]:
    """Return of each poll whether it confirmed something."""
    return ["offset" in each.body for each in api.calls if each.method == "getUpdates"]


def test_numbers_that_begin_anew_are_taken(home: Path) -> None:
    with chatting(home) as chat:
        chat.api.asked("/version", "0.1.0")
        until(lambda: _polls(chat.api)[-2:] == [True, False])
        chat.api._next = 7
        chat.api.asked("/kill", "KILL SWITCH THROWN")


def test_an_exit_is_done_though_nothing_can_be_kept_and_what_steers_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keeping.TakenNumbers.take
    full = itertools.count()

    def take(self: keeping.TakenNumbers, command: keeping.Command) -> bool:
        if command.number in self._unkept:
            return real(self, command)
        self._unkept.add(command.number)
        raise Unkept(f"chat.db cannot be written: disk full {next(full)}")

    monkeypatch.setattr(keeping.TakenNumbers, "take", take)
    with chatting(home) as chat:
        told = chat.api.asked("/kill odd", "KILL SWITCH THROWN: odd")
        assert "note: chat.db cannot be written" in told.text
        chat.api.asked("/pause", "NOT DONE /pause one: chat.db cannot be written")


def test_a_damaged_file_of_numbers_is_put_aside(home: Path) -> None:
    (home / "serve").mkdir()
    (home / "serve" / "chat.db").write_bytes(b"no database at all" * 100)
    with chatting(home) as chat:
        chat.api.asked("/kill", "KILL SWITCH THROWN")
    assert (home / "serve" / "chat.db.odd").exists()


def test_a_command_whose_end_was_not_seen_is_told_of_and_not_done_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, over = threading.Event(), threading.Event()

    def stuck(*_given: Any) -> Any:
        begun.set()
        over.wait(30)  # the thread of a process that was killed
        return []

    with monkeypatch.context() as killed:
        killed.setattr(steering, "carry_out", stuck)
        killed.setattr("agent.serve.chat.chat.END_SECONDS", 0.0)
        killed.setattr(keeping.TakenNumbers, "ended", lambda *_given: None)
        with chatting(home) as chat:
            number = chat.api.say("/kill odd")
            message = chat.api._updates[0]["message"]
            assert begun.wait(60)
    with chatting(home, before=lambda api: api.put({"message": message}, number)) as chat:
        told = chat.api.answer("the server ended in the midst of it")
        assert told.text.startswith("/kill one of ")
        assert f"#{number}" in told.text
        chat.api._next = number + 1
        quiet_for(chat, number)
        assert commands(chat) == []
    over.set()
    with chatting(home) as chat:
        chat.api.asked("/version", "0.1.0")
        assert not [text for text in chat.api.texts() if "midst" in text]  # told once


def test_what_a_command_is_refused_for_is_said(home: Path) -> None:
    with chatting(home) as chat:
        settled(chat)
        chat.api.asked("/pause", "NOT DONE /pause one: no agent runs on journal one")
        press(chat, chat.api.asked("/start", "Begin one again?"))
        chat.api.answer("NOT DONE /start one: this server begins no agents")
        chat.api.asked("/stop", "nothing stops, it does not run")


def test_a_fault_of_ours_is_said_without_the_token(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_given: Any) -> Any:
        raise ValueError(f"what? https://host/bot{TOKEN}/getMe")

    monkeypatch.setattr(steering, "carry_out", odd)
    log.start(home, (), "serve.log")
    with chatting(home) as chat:
        told = chat.api.asked("/kill", "FAILED, look at /status: ValueError")
        assert TOKEN not in told.text
        assert TOKEN not in (home / "serve.log").read_text()
        chat.api.asked("/version", "0.1.0")


def test_an_alert_is_acknowledged_by_its_button(home: Path) -> None:
    with chatting(home) as chat:
        chat.api.press({"callback_data": "ack:notice-12"})
        chat.api.answer("#notice-12 is seen to by telegram anna (4711)")
        assert chat.acknowledged == [("notice-12", "telegram anna (4711)")]


def test_a_home_without_an_agent_says_so(tmp_path: Path) -> None:
    Home(tmp_path).make()
    with chatting(tmp_path) as chat:
        chat.api.asked("/status", "there is no agent in this home yet")
        chat.api.asked("/kill", "/kill: there is no agent for it in this home")
