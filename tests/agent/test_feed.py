"""The feed: whoever follows is told of every row once it is durable, and the loop waits for nobody."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.account import feed as feeding
from agent.account.asking import listens
from agent.account.catch_up import catch_up
from agent.account.control import ControlServer
from agent.account.feed import JournalFeed
from agent.answers.account import Vitals
from agent.answers.stream import LiveState
from domain.errors import JournalFault
from domain.events import KillSwitchSet
from journal.reader import open_reader
from journal.sql import SqlJournal, open_journal
from journal.stored import Stored
from tests.agent.command import start
from tests.agent.test_afterwards import NOW, guarded
from tests.agent.world import ID, lively
from tests.journal.cycles import cycle, session
from tests.shared import in_time, within

LIVE = LiveState(agent="paper", running=True, state="IDLE", cycle=0, paused=False)


class Follower:
    """One who follows at a socket, as `agent serve` does."""

    def __init__(self, path: Path, after: int | None = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        json.loads(self.file.readline())
        self.socket.sendall(json.dumps({"do": "follow", "after": after}).encode() + b"\n")
        self.began: dict[str, Any] = json.loads(self.file.readline())

    def lines(self) -> Iterator[dict[str, Any]]:
        for line in self.file:
            yield json.loads(line)

    def rows(self, last: int) -> list[dict[str, Any]]:
        """Read until row `last` was told."""
        result: list[dict[str, Any]] = []
        for line in self.lines():
            result += line.get("rows", [])
            if result and result[-1]["seq"] >= last:
                return result
        return result

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Told:
    """A journal in a file whose rows are told at a socket."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "paper.db"
        self.journal = open_journal(self.file, ID)
        self.live = LIVE
        self.feed = JournalFeed(self.journal, lambda: self.live)
        self.server = ControlServer(folder / "x.sock", str, followed=self.feed)
        self.server.start()

    def follower(self, after: int | None = None) -> Follower:
        return Follower(self.server.path, after)

    def close(self) -> None:
        self.server.close()
        self.journal.close()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path)
    yield made
    made.close()


def stored(journal: SqlJournal) -> Sequence[Stored]:
    return journal.page(0, 10_000)


def until(what: Any) -> None:
    due = time.monotonic() + 90
    while not what():
        assert time.monotonic() < due
        time.sleep(0.005)


def test_what_is_told_is_the_journal_to_the_byte(told: Told) -> None:
    told.journal.append(session())
    follower = told.follower()
    assert follower.began == {"result": {"journal_id": ID, "seq": 1}}
    for number in range(1, 40):
        told.journal.append(*cycle(number))
    raw = b""
    while b'"seq":79,' not in raw:
        line = follower.file.readline()
        raw += line if line.startswith(b'{"rows"') else b""
    for row in stored(told.journal)[1:]:
        line = b'{"seq":%d,"hash":"%b","event":%b}' % (row.seq, row.hash.hex().encode(), row.payload)
        assert line in raw, row.seq
    assert raw.count(b'"hash"') == 78
    follower.close()


def test_a_few_rows_from_before_are_told_first_and_many_are_left_to_a_copy(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 20):
        told.journal.append(*cycle(number))
    few = told.follower(after=30)
    told.journal.append(*cycle(20))
    assert [row["seq"] for row in few.rows(40)] == list(range(31, 41))
    monkeypatch.setattr(feeding, "FEW", 5)
    many = told.follower(after=30)
    told.journal.append(*cycle(21))
    assert [row["seq"] for row in many.rows(42)] == [41, 42]
    few.close()
    many.close()


def test_without_a_follower_nothing_is_done_and_the_last_to_leave_ends_it(told: Told) -> None:
    assert told.journal.committed is None
    one, other = told.follower(), told.follower()
    until(lambda: told.journal.committed is not None)
    one.close()
    told.journal.append(*cycle(1))
    assert [row["seq"] for row in other.rows(2)] == [1, 2]
    other.close()
    until(lambda: told.journal.committed is None)
    assert not told.feed._followers


def test_one_who_does_not_read_is_let_go_while_the_journal_goes_on(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "MOST_BYTES", 64 * 1024)
    monkeypatch.setattr(feeding, "SEND_SECONDS", 1.0)
    deaf = told.follower()
    slowest = 0.0
    number = 0
    while told.journal.committed is not None:
        number += 1
        assert number < 20_000
        began = time.monotonic()
        told.journal.append(*cycle(number))
        slowest = max(slowest, time.monotonic() - began)
    within(slowest, 0.8)  # of the second it was waited for, none was the writer's
    fresh = told.follower()
    told.journal.append(*cycle(number + 1))
    assert fresh.rows(2 * number + 2)[-1]["seq"] == 2 * number + 2
    deaf.close()
    fresh.close()


def test_whoever_raises_is_told_no_more_and_the_append_has_succeeded(told: Told) -> None:
    def broken(_rows: Sequence[Stored]) -> None:
        raise RuntimeError("no")

    told.journal.committed = broken
    told.journal.append(*cycle(1))
    assert told.journal.committed is None
    told.journal.append(*cycle(2))
    assert told.journal.head()[0] == 4


def test_a_state_that_cannot_be_told_ends_the_connection_and_no_write(told: Told) -> None:
    follower = told.follower()
    told.feed.live = lambda: 1 // 0  # type: ignore[assignment,return-value]
    assert not any("rows" in line for line in follower.lines())
    until(lambda: not told.feed._followers)
    told.journal.append(*cycle(1))
    follower.close()


def test_the_state_is_told_when_it_changed_and_a_beat_each_second(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(feeding, "LOOK_SECONDS", 0.01)
    follower = told.follower()
    lines = follower.lines()
    assert next(lines) == {"state": {**LIVE_FIELDS}}
    beats = [next(lines) for _ in range(3)]
    assert [line.get("beat") for line in beats] == [1, 2, 3]
    assert msgspec.convert(beats[0]["vitals"], Vitals) == Vitals()
    told.live = LiveState(agent="paper", running=True, state="EXECUTION", cycle=7, paused=True)
    line = next(line for line in lines if "beat" not in line)
    assert line["state"]["state"] == "EXECUTION"
    follower.close()


LIVE_FIELDS = {"agent": "paper", "running": True, "state": "IDLE", "cycle": 0, "paused": False}


def test_the_last_rows_are_told_before_the_end_closes_it(told: Told) -> None:
    follower = told.follower()
    told.journal.append(*cycle(1))
    closing = threading.Thread(target=told.server.close)
    closing.start()
    rows = [row for line in follower.lines() for row in line.get("rows", [])]
    closing.join()
    assert [row["seq"] for row in rows] == [1, 2]
    follower.close()


def test_no_more_than_eight_follow(told: Told) -> None:
    followers = [told.follower() for _ in range(feeding.MOST)]
    refused = told.follower()
    assert "follow already" in refused.began["error"]
    for each in (*followers, refused):
        each.close()


def test_rows_of_an_outage_are_told_when_they_are_in_the_journal(told: Told, tmp_path: Path) -> None:
    journal = guarded(told.journal, tmp_path)
    journal.append(session())
    follower = told.follower()
    told.journal._write = _full  # type: ignore[method-assign,assignment]
    journal.append(KillSwitchSet(NOW, True, "outage", "operator"))
    assert journal.note()
    told.server.close()
    assert not [line for line in follower.lines() if "rows" in line]
    follower.close()
    told.journal.close()

    after = tmp_path / "after"
    after.mkdir()
    (tmp_path / "paper.db").rename(after / "paper.db")
    again = Told(after)
    follower = again.follower()
    next(follower.lines())
    taken = guarded(again.journal, tmp_path)
    catch_up(taken, lambda: wiring.parts(lively(), taken), NOW)
    kinds = [row["event"]["type"] for row in follower.rows(3)]
    assert kinds == ["journaled_afterwards", "kill_switch_set"]
    follower.close()
    again.close()


def _full(_rows: Sequence[Stored]) -> None:
    raise JournalFault("the disk is full")


def test_a_kill_of_the_agent_closes_it_at_once(tmp_path: Path) -> None:
    words = ("run", "--plain", "--provider", "simulated", "--speed", "max", "--cycles", "0", "--journal", "x")
    agent = start(tmp_path, *words)
    try:
        path = tmp_path / "journals" / "x.sock"
        until(lambda: listens(path) or agent.poll() is not None)
        follower = Follower(path, after=0)
        rows = follower.rows(50)
        os.kill(agent.pid, signal.SIGKILL)
        began = time.monotonic()
        rows += [row for line in _whole(follower) for row in line.get("rows", [])]
        in_time(began, 2)
        follower.close()
    finally:
        agent.kill()
        agent.communicate(timeout=20)
    with open_reader(tmp_path / "journals" / "x.db") as journal:
        for row in rows:  # whatever was told is in the journal that the crash left
            assert journal.hash_at(row["seq"]) == row["hash"]
    assert [row["seq"] for row in rows] == list(range(rows[0]["seq"], rows[-1]["seq"] + 1))


def _whole(follower: Follower) -> Iterator[dict[str, Any]]:
    for line in follower.file:
        if line.endswith(b"\n"):
            yield json.loads(line)
