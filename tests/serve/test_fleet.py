"""The fleet: journals found, followed, read again; no row is left out, whatever becomes of agent and link."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from agent.account import at_hand
from agent.account.client import AccountClient
from agent.account.control import ControlServer
from agent.account.feed import JournalFeed, gathering
from agent.answers.agents import AlarmKind
from agent.answers.stream import LiveState
from agent.host.clock import SystemClock
from agent.serve.fleet import keeper as keeping
from agent.serve.fleet import link as linking
from agent.serve.fleet.fleet import Fleet, Unknown
from agent.serve.fleet.keeper import News
from agent.serve.fleet.link import Link
from agent.serve.fleet.watched import Watched
from agent.serve.mirror import queries
from agent.serve.mirror.mirror import Mirror, RawRow
from agent.settings.home import Home
from domain.commands import Kill
from domain.errors import BoydError
from domain.events import KillSwitchSet, SessionEnded
from domain.replies import KillSwitch
from journal.copying import OpenHere
from journal.reader import open_reader
from journal.sql import SqlJournal, open_journal
from tests.agent.command import agent, start
from tests.agent.world import ID
from tests.journal.cycles import at, cycle, session
from tests.journal.postgres_server import postgres_server, url

__all__ = ["postgres_server", "url"]

RUN = ("run", "--plain", "--provider", "simulated", "--speed", "max")
ENDLESS = (*RUN, "--cycles", "0")
Heard = list[tuple[str, News]]


def until(what: Callable[[], object], seconds: float = 90) -> float:
    """Wait for something and return how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.005)
    return time.monotonic() - began


@contextmanager
def fleet_of(root: Path) -> Iterator[tuple[Fleet, Heard]]:
    fleet = Fleet(Home(root), SystemClock())
    heard: Heard = []
    fleet.subscribe(lambda each, news: heard.append((each.name, news)))
    fleet.start()
    try:
        until(lambda: fleet.readiness().ready)
        yield fleet, heard
    finally:
        fleet.close()


def whole(watched: Watched) -> bool:
    """Say whether a mirror has every row of its journal, to the byte."""
    home, mirror = watched.home, watched.mirror
    with open_reader(home.journal_location(watched.name), account=watched.name) as journal:
        last, digest = journal.head()
        if mirror.head < last:
            return False
        with mirror.records() as records:
            # A file that was made anew a moment ago has fewer rows than what was read of the one before.
            return records.head() == (last, digest) and all(
                records.hash_at(seq) == journal.hash_at(seq) for seq in range(0, last, 37)
            )


def equal_to_the_command_line(watched: Watched) -> None:
    until(lambda: not watched.running)
    status = AccountClient(watched.home, watched.name).status()
    ours = watched.status()
    for name in ("journal", "session", "cycle", "account", "positions", "ended", "parameters", "running"):
        assert getattr(ours, name) == getattr(status, name), name


def test_a_kill_of_an_agent_is_known_within_two_seconds_and_no_row_is_lost(tmp_path: Path) -> None:
    process = start(tmp_path, *ENDLESS, "--journal", "x")
    try:
        until((tmp_path / "journals" / "x.db").exists)
        with fleet_of(tmp_path) as (fleet, heard):
            watched = fleet.get("x")
            until(lambda: watched.live is not None and watched.mirror.head > 200)
            assert watched.status().running
            assert watched.status().state
            os.kill(process.pid, signal.SIGKILL)
            assert until(lambda: ("x", News.DIED) in heard) < 2
            assert not watched.running
            until(lambda: whole(watched))
            process.wait(60)
            equal_to_the_command_line(watched)
            assert watched.row().alarms[0].kind is AlarmKind.DEAD
            assert fleet.health().amiss == 1
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_at_full_speed_the_loop_comes_first_and_what_waits_is_taken_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds
            if self.now >= ends:
                pace.rate = 0.0

    class Beside:
        @property
        def fast(self) -> bool:
            return pace.rate > linking.FAST

    def slept(work: float) -> float:
        with watched._making_way(cast("Link", Beside())):
            clock.now += work
        return clock.now - work

    clock, pace, ends = Clock(), linking.RowRate(0.0), 100.0
    monkeypatch.setattr(keeping, "time", clock)
    watched = Watched(Home(tmp_path), "x", SystemClock(), lambda _watched, _news: None)
    pace.note(20, 1.0)
    assert slept(0.1) == pytest.approx(0)
    pace.note(4_000, 2.0)
    clock.now = 0.0
    assert slept(0.1) == pytest.approx(0.1 * (keeping.SHARE - 1))
    clock.now, ends = 0.0, 0.5
    assert slept(0.1) < 0.7
    assert [gathering(rows) for rows in (1, 30, 100, 5_000)] == [0.03, 0.03, 0.1, 0.3]


def test_one_that_begins_between_two_looks_is_no_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked, missed, dead = Watched._linked, set[str](), list[bool]()

    def late(self: Watched) -> Link | None:
        """Have the first look come before there is a socket."""
        if self.name not in missed:
            missed.add(self.name)
            return None
        return linked(self)

    def taken(self: Mirror, rows: Sequence[RawRow]) -> None:
        take(self, rows)
        alarms = fleet.get("x").row().alarms
        dead.append(any(each.kind is AlarmKind.DEAD for each in alarms))

    take = Mirror.take
    process = start(tmp_path, *ENDLESS, "--journal", "x")
    try:
        until((tmp_path / "journals" / "x.sock").exists)
        monkeypatch.setattr(Watched, "_linked", late)
        monkeypatch.setattr(Mirror, "take", taken)
        fleet = Fleet(Home(tmp_path), SystemClock())
        fleet.start()
        until(lambda: fleet.get("x").live is not None and dead)
        fleet.close()
        assert missed
        assert not any(dead)
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_an_agent_that_starts_again_is_followed_again_and_its_end_is_no_death(tmp_path: Path) -> None:
    agent(tmp_path, *RUN, "--cycles", "20", "--journal", "x")
    with fleet_of(tmp_path) as (fleet, heard):
        watched = fleet.get("x")
        equal_to_the_command_line(watched)
        process = start(tmp_path, *ENDLESS, "--journal", "x")
        try:
            until(lambda: watched.live is not None and watched.mirror.head > 200)
            reply = watched.handle(Kill(reason="look"))
            assert reply == KillSwitch(kill_switch="look")
            until(lambda: watched.mirror.state.kill_switch == "look")
            process.send_signal(signal.SIGTERM)
            until(lambda: ("x", News.GONE) in heard)
        finally:
            process.kill()
            process.communicate(timeout=20)
        until(lambda: whole(watched))
        until(lambda: watched.row().ended == "stopped")  # its process may take a moment longer
        equal_to_the_command_line(watched)
        # at rest too what is written is seen
        assert watched.handle(Kill(reason="again")) == KillSwitch(kill_switch="again")
        until(lambda: queries.account(watched.mirror).kill_switch == "again")
        assert ("x", News.DIED) not in heard


def test_the_end_of_the_server_harms_no_agent(tmp_path: Path) -> None:
    process = start(tmp_path, *ENDLESS, "--journal", "x")
    try:
        until((tmp_path / "journals" / "x.sock").exists)
        code = (
            "import sys, time; from pathlib import Path; from agent.host.clock import SystemClock\n"
            "from agent.serve.fleet.fleet import Fleet; from agent.settings.home import Home\n"
            "fleet = Fleet(Home(Path(sys.argv[1])), SystemClock()); fleet.start()\n"
            "while fleet.get('x').live is None: time.sleep(.01)\n"
            "print('following', flush=True); time.sleep(60)\n"
        )
        python = str(Path(os.sys.executable))  # type: ignore[attr-defined]
        server = subprocess.Popen([python, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"following\n"
        finally:
            server.kill()
            server.communicate(timeout=20)
        before = AccountClient(Home(tmp_path), "x").status()
        until(lambda: AccountClient(Home(tmp_path), "x").status().cycle > before.cycle + 100)
        assert process.poll() is None
        with fleet_of(tmp_path) as (fleet, _):  # and the next one goes on where that one was
            until(lambda: fleet.get("x").live is not None)
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_a_journal_put_aside_and_one_begun_anew_are_told_apart(tmp_path: Path) -> None:
    agent(tmp_path, *RUN, "--cycles", "30", "--journal", "x")
    with fleet_of(tmp_path) as (fleet, heard):
        first = fleet.get("x").mirror.journal_id
        agent(tmp_path, *RUN, "--cycles", "5", "--journal", "x", "--fresh")
        until(lambda: len(fleet.names()) == 2 and fleet.get("x").mirror.journal_id not in ("", first))
        kept = next(name for name in fleet.names() if name != "x")
        until(lambda: fleet.readiness().ready and whole(fleet.get("x")) and whole(fleet.get(kept)))
        assert fleet.get(kept).mirror.journal_id == first
        assert fleet.get("x").row().cycle == 5
        (tmp_path / "journals" / f"{kept}.db").unlink()
        until(lambda: (kept, News.REMOVED) in heard)
        with pytest.raises(Unknown, match="there are: x"):
            fleet.get(kept)
        assert not (tmp_path / "serve" / "mirrors" / f"{kept}.db").exists()


def test_a_journal_that_cannot_be_read_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    agent(tmp_path, *RUN, "--cycles", "10", "--journal", "x")
    (tmp_path / "journals" / "odd.db").write_bytes(b"no journal")
    with fleet_of(tmp_path) as (fleet, _):
        equal_to_the_command_line(fleet.get("x"))
        row = fleet.get("odd").row()
        assert "odd.db" in row.alarms[0].text
        assert fleet.health().amiss == 1


class Told:
    """An agent without a loop: a journal that is written by the test, and its feed."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.make()
        self.lock = self.home.lock("x")
        self.journal: SqlJournal = open_journal(self.home.journal("x"), ID)
        live = LiveState(agent="x", running=True, state="IDLE", cycle=0, paused=False)
        self.feed = JournalFeed(self.journal, lambda: live)
        self.server = ControlServer(self.home.control("x"), str, self.lock.renew, self.feed)
        self.server.start()

    def close(self) -> None:
        self.server.close()
        self.journal.close()
        self.lock.release()


def test_what_the_link_leaves_out_comes_from_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "MOST_BYTES", 20_000)
    copied: list[int | None] = []
    copy, take = Watched._caught_up, Mirror.take

    def counted(watched: Watched, until: int | None = None) -> None:
        copied.append(until)
        copy(watched, until)

    def slow(mirror: Mirror, rows: Sequence[RawRow]) -> None:
        time.sleep(0.03)  # time in which more is written than the link keeps
        take(mirror, rows)

    monkeypatch.setattr(Watched, "_caught_up", counted)
    monkeypatch.setattr(Mirror, "take", slow)
    told = Told(tmp_path)
    try:
        # a copy of a journal that this very process writes is refused: another writes it
        monkeypatch.setattr("journal.copying._held", set())
        told.journal.append(session())
        for number in range(1, 500):
            told.journal.append(*cycle(number))
        with fleet_of(tmp_path) as (fleet, _):
            watched = fleet.get("x")
            until(lambda: watched.live is not None)
            for number in range(500, 2000):
                told.journal.append(*cycle(number))
            last = told.journal.head()[0]
            until(lambda: watched.mirror.head == last)
            assert [line.seq for line in watched.mirror.events(0, 10_000)] == list(range(1, last + 1))
            assert len(copied) > 1
    finally:
        told.close()


def test_a_journal_at_rest_is_mirrored_without_a_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(*_: object, **__: object) -> None:
        pytest.fail("copied")

    monkeypatch.setattr(at_hand, "copied", copied)
    monkeypatch.setattr(keeping, "open_reader", copied)
    home = Home(tmp_path)
    home.make()
    with fleet_of(tmp_path) as (fleet, _):
        for _ in range(2):  # found, and then changed
            with home.lock("x"), open_journal(home.journal("x"), ID) as journal:
                journal.append(session())
                last, _ = journal.head()
            until(lambda: "x" in fleet.names() and fleet.get("x").mirror.head == last)  # noqa: B023
        assert fleet.get("x").problem is None


def test_a_mirror_that_does_not_fit_the_journal_is_made_anew(tmp_path: Path) -> None:
    agent(tmp_path, *RUN, "--cycles", "20", "--journal", "x")
    with fleet_of(tmp_path) as (fleet, _):
        head = fleet.get("x").mirror.head
    agent(tmp_path / "other", *RUN, "--cycles", "40", "--journal", "x")
    (tmp_path / "other" / "journals" / "x.db").replace(tmp_path / "journals" / "x.db")
    with fleet_of(tmp_path) as (fleet, _):
        assert fleet.get("x").mirror.head != head
        assert whole(fleet.get("x"))
        equal_to_the_command_line(fleet.get("x"))


def test_a_silent_agent_is_told_from_one_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "SILENT_SECONDS", 1.5)
    process = start(tmp_path, *ENDLESS, "--interval", "1", "--journal", "x")
    try:
        until((tmp_path / "journals" / "x.db").exists)
        with fleet_of(tmp_path) as (fleet, _):
            watched = fleet.get("x")
            until(lambda: watched.live is not None)
            os.kill(process.pid, signal.SIGSTOP)
            until(lambda: watched.silent)
            assert watched.running
            assert "says nothing" in watched.row().alarms[0].text
            os.kill(process.pid, signal.SIGCONT)
            until(lambda: not watched.silent)
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_journals_on_a_server_are_mirrored_as_those_in_files(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_DB_URL", url)
    monkeypatch.setattr(keeping, "ON_SERVER_SECONDS", 0.2)
    agent(tmp_path, *RUN, "--cycles", "60", "--journal", "served", env={"AGENT_DB_URL": url})
    process = start(tmp_path, *ENDLESS, "--interval", "1", "--journal", "served", env={"AGENT_DB_URL": url})
    try:
        with fleet_of(tmp_path) as (fleet, heard):
            watched = fleet.get("served")
            until(lambda: watched.live is not None)
            until(lambda: watched.mirror.head > 150)
            assert watched.status().session == 2
            process.kill()
            until(lambda: ("served", News.DIED) in heard)
            until(lambda: whole(watched))
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_a_link_is_refused_by_who_does_not_hold_the_account(tmp_path: Path) -> None:
    told = Told(tmp_path)
    try:
        with pytest.raises(linking.Unlinked, match="does not hold this account"):
            Link(told.home.control("x"), os.getpid() + 1, 0, lambda _link: None)
        with pytest.raises(linking.Unlinked):
            Link(tmp_path / "nobody", None, 0, lambda _link: None)
    finally:
        told.close()


def kinds(watched: Watched) -> list[AlarmKind]:
    return [alarm.kind for alarm in watched.row().alarms]


@pytest.mark.parametrize("in_order", [True, False])
def test_an_end_in_order_is_no_death_while_its_last_rows_are_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, in_order: bool
) -> None:
    told, go, take = Told(tmp_path), threading.Event(), Mirror.take

    def held_up(mirror: Mirror, rows: Sequence[RawRow]) -> None:
        assert mirror.head < 3 or go.wait(30)
        take(mirror, rows)

    monkeypatch.setattr(Mirror, "take", held_up)
    told.journal.append(session(), *cycle(1))
    with fleet_of(tmp_path) as (fleet, heard):
        watched = fleet.get("x")
        until(lambda: watched.live is not None and watched.mirror.head == 3)
        told.journal.append(*cycle(2), *[SessionEnded(1, at(3), "stopped")] * in_order)
        told.close()
        until(lambda: ("x", News.GONE if in_order else News.DIED) in heard)
        assert (watched.row().ended, watched.running) == (None, False)  # its last rows are not read
        assert kinds(watched) == ([] if in_order else [AlarmKind.DEAD])
        go.set()
        until(lambda: watched.mirror.head == 5 + in_order)
        until(lambda: not watched._ending)
        assert kinds(watched) == ([] if in_order else [AlarmKind.DEAD])


def test_a_journal_that_is_open_here_for_a_command_is_looked_at_again_and_raises_no_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent(tmp_path, *RUN, "--cycles", "10", "--journal", "x")
    met: list[OpenHere] = []
    missed = Watched._missed

    def counted(watched: Watched, fault: BoydError) -> float:
        pause = missed(watched, fault)
        met.extend([fault] if isinstance(fault, OpenHere) else [])
        return pause

    monkeypatch.setattr(Watched, "_missed", counted)
    with fleet_of(tmp_path) as (fleet, _):
        watched = fleet.get("x")
        head = watched.mirror.head
        journal = open_journal(tmp_path / "journals" / "x.db", ID)
        try:
            journal.append(KillSwitchSet(at(1), active=True, reason="look", by="test"))
            until(lambda: met)
            assert (watched.problem, kinds(watched)) == (None, [])
        finally:
            journal.close()
        until(lambda: watched.mirror.head == head + 1)
        assert kinds(watched) == [AlarmKind.KILLED]


def test_agents_are_told_by_name_whichever_was_used_last(tmp_path: Path) -> None:
    journals = tmp_path / "journals"
    journals.mkdir()
    for age, name in enumerate(("b", "a", "c")):
        (journals / f"{name}.db").write_bytes(b"")
        os.utime(journals / f"{name}.db", (age, age))
    fleet = Fleet(Home(tmp_path), SystemClock())
    fleet.look()
    try:
        assert fleet.names() == ["a", "b", "c"]
        os.utime(journals / "a.db", (9, 9))
        fleet.look()
        assert fleet.names() == ["a", "b", "c"]
    finally:
        fleet.close()
