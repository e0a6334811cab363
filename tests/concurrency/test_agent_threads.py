"""Kill switch, inbox and API of one agent under threads."""

import socket
import time
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from agent import Agent, Settings
from agent.account.asking import ask
from agent.account.client import AccountClient
from agent.account.control import ControlServer
from agent.account.requests import Request, WhyRequest
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox, NotRunning
from agent.settings.home import Home
from agent.verify.replay import replay
from domain.commands import ApplyParameters, Flatten, Kill
from domain.events import CycleDecided, Event, FlattenAsked, KillSwitchSet, ParametersSet
from domain.replies import Flattened
from domain.verdict import Approved
from journal.verify import Verified, verify
from tests.concurrency.shaken import Shaken, times


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))


def running(**more: Any) -> Agent:
    """Return an agent that decides often."""
    eager = {"strategies": ("rsi",), "vote_threshold": 1, "rsi": {"period": 3}}
    given: dict[str, Any] = {"provider": "simulated", "interval_seconds": 0, "speed": "max"}
    given |= {"journal": "crowd", "reasoning": eager, "risk": {"min_confidence": 0}}
    agent = Agent(Settings(**given | more))
    agent.start()
    while agent.status().cycle < 1:
        time.sleep(0.01)
    return agent


def test_every_turn_is_had_once_and_alone_while_the_loop_goes_on(shaken: Shaken) -> None:
    inbox = Inbox(SystemClock())
    inbox.open()
    inside, had = [0], list[int]()

    def alone() -> None:
        inside[0] += 1
        assert inside[0] == 1
        inside[0] -= 1

    def loop() -> None:
        while inbox.wait(0):
            with inbox.trading_lock:
                alone()
        inbox.close()

    everybody = Barrier(3)

    def caller() -> None:
        for _ in range(20):
            with inbox.turn():
                alone()
                had.append(1)
        everybody.wait()
        inbox.stop()

    shaken.run(loop, caller, caller, caller)
    assert len(had) == 60


def test_who_wants_a_turn_while_it_closes_has_it_or_is_told_that_nothing_was_done(shaken: Shaken) -> None:
    inbox = Inbox(SystemClock())
    inbox.open()
    done, answered, refused = list[int](), list[int](), list[int]()

    def ask_for_it() -> None:
        try:
            with inbox.turn(5):
                done.append(1)
            answered.append(1)
        except NotRunning:
            refused.append(1)

    shaken.run(*[times(20, ask_for_it)] * 4, inbox.close)
    assert len(done) == len(answered)
    assert len(answered) + len(refused) == 80
    ask_for_it()
    assert refused


def test_a_kill_that_was_taken_is_seen_after_the_end(shaken: Shaken) -> None:
    inbox = Inbox(SystemClock())
    taken: list[str] = []

    def kill() -> None:
        try:
            inbox.at_once(Kill(reason="enough"))
            taken.append("enough")
        except NotRunning:
            return

    seen: list[Kill | Flatten | None] = []

    def end() -> None:
        inbox.close()
        seen.append(inbox.pending_kill)

    shaken.run(kill, kill, end)
    assert bool(seen[0]) == bool(taken)


def test_the_last_kill_is_kept_until_it_is_journaled(shaken: Shaken) -> None:
    inbox = Inbox(SystemClock())
    journaled: list[str] = []

    def write() -> None:
        for each in inbox.urgent:
            journaled.append(each.reason)
            inbox.journaled(each)

    def loop() -> None:
        while inbox.wait(0.001):
            write()
        write()

    def kill() -> None:
        times(5, lambda: inbox.at_once(Kill(reason="one")))()
        inbox.at_once(Kill(reason="last"))
        inbox.stop()

    shaken.run(loop, kill)
    assert journaled == ["one"] * 5 + ["last"]


def test_killed_and_reset_by_many_it_never_enters_while_killed_and_replays(
    shaken: Shaken, tmp_path: Path
) -> None:
    agent = running()

    def switch(name: str) -> None:
        for turn in range(3):
            agent.kill(f"{name} {turn}")
            agent.status()
            agent.reset_kill(f"{name} {turn} is over")

    def look() -> None:
        for _ in range(10):
            assert agent.status().running
            agent.positions()
            agent.decisions(5)

    shaken.run(lambda: switch("one"), lambda: switch("other"), look, look)
    agent.stop(60)
    events = journaled(tmp_path)
    killed = False
    for event in events:
        if isinstance(event, KillSwitchSet):
            killed = event.active
        elif isinstance(event, CycleDecided) and killed:
            assert not [
                each for each in event.verdicts if isinstance(each, Approved) and each.order.side == "buy"
            ]
    assert any(isinstance(event, KillSwitchSet) and event.active for event in events)


def test_versions_that_many_apply_are_numbered_without_a_gap_and_replay(
    shaken: Shaken, tmp_path: Path
) -> None:
    agent = running()
    given: list[int] = []

    def apply(period: int) -> None:
        for more in range(3):
            values = {"period": period + more}
            wish = ApplyParameters(strategy="rsi", given=values, force=True, reason="a try")
            given.append(agent.apply_parameters(wish).version)

    shaken.run(lambda: apply(10), lambda: apply(20), times(10, agent.status), times(3, agent.why))
    agent.stop(60)
    told = [event.version for event in journaled(tmp_path) if isinstance(event, ParametersSet)]
    assert sorted(given) == told == list(range(1, 7))


def test_two_that_flatten_at_once_sell_once(shaken: Shaken, tmp_path: Path) -> None:
    agent = running(interval_seconds=0.001, speed=None)
    told: list[Flattened] = []

    def flatten() -> None:
        told.append(agent.flatten("all out"))

    shaken.run(flatten, flatten, times(10, agent.status))
    assert [each.flat for each in told] == [True, True]
    agent.stop(60)
    asked = [event for event in journaled(tmp_path) if isinstance(event, FlattenAsked)]
    assert len(asked) == 2


def test_the_control_socket_answers_every_command_whoever_else_calls(shaken: Shaken, tmp_path: Path) -> None:
    file = tmp_path / "x.sock"
    served: list[int] = []

    def add(asked: Request) -> int:
        assert isinstance(asked, WhyRequest)
        served.append(asked.cycle or 0)
        return len(served)

    server = ControlServer(file, add)
    server.start()

    def command(first: int) -> None:
        for number in range(first, first + 10):
            assert ask(file, WhyRequest(number)) >= 1

    def intrude() -> None:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(file))
            caller.sendall(b'{"do": "subtract"}\n')
            with caller.makefile("rb") as answers:
                answers.readline()
                assert b"cannot be read" in answers.readline()

    try:
        shaken.run(lambda: command(0), lambda: command(10), lambda: command(20), times(5, intrude))
    finally:
        server.close()
    assert sorted(served) == list(range(30))


def test_asked_while_it_stops_it_answers_or_says_that_it_has_ended(shaken: Shaken, tmp_path: Path) -> None:
    agent = running()

    def ask_on() -> None:
        for _ in range(10):
            try:
                agent.why()
                agent.kill("while it stops")
            except NotRunning:
                return

    shaken.run(ask_on, ask_on, lambda: agent.stop(60))
    assert journaled(tmp_path)


def test_killed_or_flattened_while_it_stops_the_switch_is_in_the_journal(
    shaken: Shaken, tmp_path: Path
) -> None:
    agent = running()
    taken: list[str] = []

    def kill() -> None:
        try:
            agent.kill("while it stops")
            taken.append("kill")
        except NotRunning:
            return

    def flatten() -> None:
        try:
            agent.flatten("while it stops")
            taken.append("flatten")
        except NotRunning:
            return

    shaken.run(kill, flatten, lambda: agent.stop(60))
    thrown = [each for each in journaled(tmp_path) if isinstance(each, KillSwitchSet)]
    assert thrown or not taken


def journaled(home: Path) -> list[Event]:
    """Return everything in the journal once it was found intact and every session to replay identically."""
    with AccountClient(Home(home), "crowd").journal() as journal:
        assert isinstance(verify(journal), Verified)
        assert replay(journal, None, SystemClock()).difference is None
        return [row.event for row in journal.rows()]
