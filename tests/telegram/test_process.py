"""`agent serve` with a bot, a process beside a real agent: steered, killed in the midst, begun anew."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.settings.home import Home
from domain.events import CommandReceived
from journal.reader import open_reader
from tests.agent.command import agent, start
from tests.agent.test_process import LIVELY
from tests.serve.test_supervisor import until
from tests.telegram.bot_api import CHAT, TOKEN, USER, BotApi, bot_api

NAME = "one"


class Beside(NamedTuple):
    """A home with a running agent, and the Bot API its server will speak with."""

    root: Path
    url: str
    api: BotApi

    @property
    def env(self) -> dict[str, str]:
        names = {
            "TOKEN": TOKEN,
            "CHATS": str(CHAT),
            "USERS": str(USER),
            "BASE_URL": self.url,
            "POLL_SECONDS": "2",
        }
        return LIVELY | {f"AGENT_TELEGRAM__{name}": value for name, value in names.items()}


@contextmanager
def serving(beside: Beside) -> Iterator[subprocess.Popen[str]]:
    """Serve the home in a process, until the block ends."""
    process = start(beside.root, "serve", "--port", "0", "--json", env=beside.env)
    assert process.stdout is not None
    try:
        assert process.stdout.readline()
        yield process
    finally:
        process.terminate()
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err
        assert TOKEN not in out + err


def commands(root: Path) -> list[Any]:
    with open_reader(Home(root).journal(NAME), account=NAME) as opened:
        return [row.event.command for row in opened.rows() if isinstance(row.event, CommandReceived)]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Begin a lively agent and end it at last."""
    root = tmp_path_factory.mktemp("beside")
    agent(
        root,
        "run",
        "--provider",
        "simulated",
        "--journal",
        NAME,
        "--plain",
        "--speed",
        "3000",  # at full speed it outruns a server on a machine with other work
        "--cycles",
        "100",
    )
    with bot_api() as (url, api):
        yield Beside(root, url, api)
    left = Home(root).owner(NAME)
    if left is not None and Home(root).held(NAME):  # a test that failed leaves its agent
        os.kill(left, signal.SIGKILL)
    for file in (root / "serve.log", root / "agent.log"):
        assert TOKEN.partition(":")[2] not in file.read_text()


def pressed(api: BotApi, text: str, question: str) -> None:
    api.press(api.asked(text, question).buttons[0])


def test_an_agent_is_begun_held_killed_sold_out_and_ended_from_the_chat(beside: Beside) -> None:
    api, home = beside.api, Home(beside.root)
    with serving(beside):
        pressed(api, "/start", "Begin one again?")
        api.answer("one: begun")
        api.wait(lambda _each: home.control(NAME).exists() and home.held(NAME))
        until(lambda: "running" in api.asked("/status", "one: ").text)
        api.asked("/pause a look", "one: paused")
        until(lambda: "running, paused" in api.asked("/status", "one: ").text)
        api.asked("/unpause", "one: goes on")
        api.asked("/kill odd prices", "KILL SWITCH THROWN: odd prices")
        until(lambda: "! kill switch: odd prices" in api.asked("/status", "one: ").text)
        before = len(api.sent)
        pressed(api, "/unpause", "Its kill switch is thrown (odd prices)")
        api.answer("one: goes on", before)
        pressed(api, "/flatten a holiday", "Flatten one?")
        api.answer("one: FLAT")
        pressed(api, "/reset_kill", "Reset the kill switch of one?")
        api.answer("kill switch reset")
        before = len(api.sent)
        pressed(api, "/reload", "End one and begin it again")
        pid = int(api.answer("one: begun", before).text.split("process ")[1].split(")")[0])
        until(lambda: home.control(NAME).exists() and home.owner(NAME) == pid)
        api.asked("/stop for today", "ends after the cycle under way")
        until(lambda: not home.held(NAME))
    told = commands(beside.root)
    kinds = [type(each).__name__ for each in told]
    assert kinds == ["Pause", "Unpause", "Kill", "Unpause", "Flatten", "ResetKill", "Stop", "Stop"]
    assert {each.by for each in told} == {"telegram anna (4711)"}
    assert [each.reason for each in told[:3]] == ["a look", "asked for in Telegram", "odd prices"]
    assert len({each.key for each in told}) == len(told)


def test_a_server_killed_in_the_midst_of_a_flatten_does_not_do_it_when_it_comes_back(beside: Beside) -> None:
    api, home = beside.api, Home(beside.root)
    before = commands(beside.root)
    numbers = sqlite3.connect(beside.root / "serve" / "chat.db")
    with serving(beside) as process:
        asked = api.asked("/flatten now", "Flatten one?")
        with home.lock(NAME):  # whoever starts or ends has it: an exit waits for that one
            number = api.press(asked.buttons[0])
            until(lambda: numbers.execute("SELECT 1 FROM taken WHERE number = ?", (number,)).fetchone())
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    numbers.close()
    with serving(beside):
        told = api.answer("the server ended in the midst of it")
        assert told.text.startswith("/flatten one of ")
        below = {"message_id": 1, "date": 0, "chat": {"id": CHAT}}
        who = {"id": USER, "is_bot": False, "username": "anna"}
        again = {"id": "again", "from": who, "message": below, "data": asked.buttons[0]["callback_data"]}
        api.put({"callback_query": again}, number)
        api.wait(lambda each: "answered or is too old" in each.text)
        api.asked(
            "/version",
            "0.1.0",
        )
        assert commands(beside.root) == before
        sent = len(api.sent)
        pressed(api, "/flatten now", "Flatten one?")
        api.answer("one: FLAT", sent)
    assert len(commands(beside.root)) == len(before) + 1


def test_the_server_serves_though_telegram_is_not_there_and_refuses_what_is_no_token(beside: Beside) -> None:
    away = beside._replace(url="http://127.0.0.1:9")
    with serving(away):
        pass
    bad = agent(
        beside.root,
        "serve",
        "--port",
        "0",
        env=beside.env | {"AGENT_TELEGRAM__TOKEN": "12:short-token"},
        check=2,
    )
    assert "telegram.token" in bad.stderr
    assert "short-token" not in bad.stderr
