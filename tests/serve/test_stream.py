"""The live stream misses and doubles nothing: through cuts, restarts and kills, for one agent and several."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.account.client import AccountClient
from agent.answers.stream import AgentNews, StreamEvent
from agent.serve.stream import serving as streaming
from agent.settings.home import Home
from tests.agent.command import agent, start
from tests.serve.asking import ask
from tests.serve.served import Served, serving
from tests.serve.streams import Reader, Told
from tests.serve.test_process import served
from tests.shared import in_time

SIMULATED = ("run", "--provider", "simulated")


@contextmanager
def running(home: Path, name: str = "one", interval: str = "0.05") -> Iterator[subprocess.Popen[str]]:
    """Have an agent run, and stop it at the end of the block."""
    process = start(home, *SIMULATED, "--interval", interval, "--journal", name, "--json")
    assert process.stdout is not None
    assert process.stdout.readline(), process.communicate()[1]
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def finished(home: Path, name: str = "one", cycles: int = 40) -> int:
    """Have an agent run to its end; return the number of its rows."""
    agent(home, *SIMULATED, "--speed", "max", "--cycles", str(cycles), "--journal", name)
    with AccountClient(Home(home), name).journal() as opened:
        return opened.head()[0]


def kinds_in_journal(home: Path, name: str = "one") -> list[tuple[int, str]]:
    with AccountClient(Home(home), name).journal() as opened:
        return [(row.seq, str(row.event.__struct_config__.tag)) for row in opened.rows()]


def told(events: list[Told]) -> list[tuple[int, str]]:
    return [(each.data["seq"], each.kind) for each in events]


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, int]]:
    """Return a server of a home with one journal at rest, and the number of its rows."""
    home = tmp_path_factory.mktemp("resting")
    rows = finished(home)
    with serving(home) as made:
        yield made, rows


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home in which one agent runs."""
    folder = tmp_path_factory.mktemp("running")
    with running(folder):
        yield folder


def test_history_is_the_journal_row_by_row(resting: tuple[Served, int]) -> None:
    served, rows = resting
    with Reader(served.url, served.tokens.read, after="0") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["x-accel-buffering"] == "no"
        hello = stream.first("hello")
        assert hello.id is None
        assert hello.data["agents"]["one"]["seq"] == rows
        events = stream.until(rows)
    assert told(events) == kinds_in_journal(served.home.root)
    assert [each.id for each in events] == [str(seq) for seq in range(1, rows + 1)]
    for each in events:
        assert each.data["agent"] == "one"
        assert each.data["kind"] == each.kind
        assert each.data["at"].endswith("Z")


def test_it_goes_on_after_any_row(resting: tuple[Served, int]) -> None:
    served, rows = resting
    for last in (1, rows // 2, rows - 1):
        places: list[dict[str, Any]] = [{"last": str(last)}, {"after": str(last)}]
        for given in (*places, {"last": str(last), "after": "0"}):
            with Reader(served.url, served.tokens.read, **given) as stream:
                assert [each.data["seq"] for each in stream.until(rows)] == list(range(last + 1, rows + 1))


def test_without_a_place_it_begins_now_and_says_where_that_is(resting: tuple[Served, int]) -> None:
    served, rows = resting
    with Reader(served.url, served.tokens.read) as stream:
        hello = stream.first("hello")
    assert hello.id == str(rows)
    assert hello.data["seq"] == rows


def test_a_place_beyond_the_journal_is_that_of_a_former_one(resting: tuple[Served, int]) -> None:
    served, rows = resting
    with Reader(served.url, served.tokens.read, last=str(rows + 1_000)) as stream:
        gap = stream.first("gap")
        assert gap.data == {"agent": "one", "after": 0, "reason": "its journal was begun anew"}
        assert len(stream.until(rows)) == rows


def test_only_what_was_asked_for(resting: tuple[Served, int]) -> None:
    served, rows = resting
    with Reader(served.url, served.tokens.read, after="0", kind="cycle_ended,session_ended") as stream:
        events = stream.until(rows)
    wanted = [
        each for each in kinds_in_journal(served.home.root) if each[1] in ("cycle_ended", "session_ended")
    ]
    assert told(events) == wanted
    with Reader(served.url, served.tokens.read, after="0", agent="one") as stream:
        assert len(stream.until(rows)) == rows


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("agent=nobody", 404),
        ("kind=nonsense", 422),
        ("after=x", 422),
        ("after=-1", 422),
        ("after=one=", 422),
        ("after=1=2=3", 422),
        ("after=9999999999999999", 422),
        ("nonsense=1", 422),
    ],
)
def test_what_cannot_be_meant_is_said_before_a_stream_begins(
    resting: tuple[Served, int], query: str, status: int
) -> None:
    served, _ = resting
    answer = served.read(f"/api/v1/events?{query}")
    assert answer.status == status
    assert answer.json["error"]["message"]


def test_cut_and_resumed_it_misses_and_doubles_nothing(home: Path) -> None:
    with serving(home) as served:
        events: list[Told] = []
        last: str | None = "0"
        for _ in range(5):
            with Reader(served.url, served.tokens.read, last=last) as stream:
                for each in stream.rows():
                    events.append(each)
                    last = each.id
                    if len(events) % 11 == 0:  # in the midst of a batch as well
                        break
        assert [each.data["seq"] for each in events] == list(range(1, len(events) + 1))
    assert told(events) == kinds_in_journal(home)[: len(events)]


def edge(stream: Reader) -> int:
    """Return the row after which a stream goes on."""
    return int(stream.first("hello").data["seq"])


def test_it_goes_on_over_a_restart_of_the_server(home: Path) -> None:
    with serving(home) as first, Reader(first.url, first.tokens.read) as stream:
        begun = edge(stream)
        events = stream.until(begun + 12)
    last = events[-1].id
    with serving(home) as second, Reader(second.url, second.tokens.read, last=last) as stream:
        events += stream.until(begun + 30)
    assert [each.data["seq"] for each in events] == list(range(begun + 1, begun + len(events) + 1))
    assert told(events) == kinds_in_journal(home)[begun:][: len(events)]


def test_it_goes_on_when_the_server_was_killed_and_the_agent_knows_nothing_of_it(home: Path) -> None:
    with served(home) as (server, where):
        token = (home / "api.token").read_text().strip()
        with Reader(where["url"], token) as stream:
            begun = edge(stream)
            events = stream.until(begun + 12)
            server.kill()
            events += list(stream.rows())
    with served(home) as (_, where), Reader(where["url"], token, last=events[-1].id) as stream:
        events += stream.until(events[-1].data["seq"] + 12)
    assert [each.data["seq"] for each in events] == list(range(begun + 1, begun + len(events) + 1))
    assert told(events) == kinds_in_journal(home)[begun:][: len(events)]


def by_agent(events: list[Told]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in events:
        found.setdefault(each.data["agent"], []).append(each.data["seq"])
    return found


def read_both(stream: Reader, events: list[Told], rows: int) -> None:
    """Read until both agents have told so many rows."""
    for each in stream.rows():
        events.append(each)
        found = by_agent(events)
        if len(found) == 2 and all(seqs[-1] >= rows for seqs in found.values()):
            return


def test_an_agent_that_appears_is_told_of_from_its_first_row_to_its_death(tmp_path: Path) -> None:
    events: list[Told] = []
    with running(tmp_path, "one"), serving(tmp_path) as served, ExitStack() as stack:

        def reader(**given: Any) -> Reader:
            return stack.enter_context(Reader(served.url, served.tokens.read, **given))

        stream = reader(after="0")
        events += stream.until(5)
        second = stack.enter_context(running(tmp_path, "two"))
        read_both(stream, events, 12)
        stream.close()
        assert events[-1].id is not None
        assert sorted(part.partition("=")[0] for part in events[-1].id.split(",")) == ["one", "two"]
        read_both(reader(last=events[-1].id), events, events[-1].data["seq"] + 15)
        bare: list[Told] = []
        read_both(reader(last="5"), bare, 12)  # it knew of one journal
        alone = reader(last="0", agent="two").until(10)
        news = reader(kind="state,agent", agent="two")
        assert news.first("state").data["running"] is True
        second.kill()
        while (latest := news.first("agent").data["news"]) == "came":
            pass
        assert latest == "died"
    for seqs in by_agent(events).values():
        assert seqs == list(range(1, len(seqs) + 1))
    found = by_agent(bare)
    assert found["one"] == list(range(6, found["one"][-1] + 1))
    assert found["two"] == list(range(1, found["two"][-1] + 1))
    assert [each.id for each in alone] == [str(seq) for seq in range(1, 11)]


def test_a_journal_begun_anew_is_told_from_its_first_row_and_what_was_put_aside_is_not(
    tmp_path: Path,
) -> None:
    rows = finished(tmp_path)
    with serving(tmp_path) as served, Reader(served.url, served.tokens.read) as stream:
        stream.first("hello")
        agent(tmp_path, *SIMULATED, "--speed", "max", "--cycles", "5", "--journal", "one", "--fresh")
        assert stream.first("gap").data["agent"] == "one"
        events = stream.until(5)
        assert len(events) < rows
    assert {each.data["agent"] for each in events} == {"one"}
    assert [each.data["seq"] for each in events] == list(range(1, len(events) + 1))


def test_fifty_clients_are_told_the_same(home: Path) -> None:
    with serving(home) as served:

        def follow(number: int) -> list[tuple[int, str]]:
            given: dict[str, Any] = {"after": "0"} if number % 2 else {"last": "3"}
            with Reader(served.url, served.tokens.read, **given) as stream:
                return told(stream.until(until))

        with Reader(served.url, served.tokens.read) as stream:
            until = edge(stream) + 20
        with ThreadPoolExecutor(50) as pool:
            found = list(pool.map(follow, range(50)))
    journal = kinds_in_journal(home)
    for number, events in enumerate(found):
        begin = 0 if number % 2 else 3
        assert events == journal[begin : events[-1][0]]


def test_one_that_does_not_read_is_dropped_and_nobody_waits_for_it(home: Path) -> None:
    with serving(home) as served:
        relay = served.server.asking.stream
        with Reader(served.url, served.tokens.read, kind="agent") as slow:
            assert isinstance(slow.connection.sock, socket.socket)
            slow.first("hello")
            news = AgentNews(agent="x" * 20_000, news="came")
            for _ in range(500):
                relay.tell("agent", None, news)
            with Reader(served.url, served.tokens.read, kind="cycle_ended") as other:
                last_row = edge(other)
                while not relay.dropped:
                    relay.tell("agent", None, news)
                    last_row = other.until(last_row + 2)[-1].data["seq"]
            assert relay.dropped == 1
            last: Told | None = None
            try:
                for each in slow:
                    last = each
            except (OSError, HTTPException):
                return  # cut off, before it had read so far
            assert last is not None
            assert last.kind == "dropped"
            assert "Last-Event-ID" in last.data["reason"]


def test_a_signal_ends_it_in_time_whoever_listens(home: Path) -> None:
    with served(home) as (process, where):
        token = (home / "api.token").read_text().strip()
        streams = [Reader(where["url"], token) for _ in range(5)]
        for each in streams:
            each.first("hello")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0
        in_time(began, 3)
        for each in streams:
            assert list(each.rows()) is not None  # it ends, and is whole
            each.close()


def test_it_beats_and_ends_with_its_login(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.05)
    with serving(home) as served, ExitStack() as stack:
        login = ask(served.url, "POST", "/api/v1/login", body={"token": served.tokens.read})
        cookie = login.headers["set-cookie"].partition(";")[0]
        idle = stack.enter_context(Reader(served.url, "", cookie=cookie, kind="session_ended"))
        busy = stack.enter_context(Reader(served.url, "", cookie=cookie))
        assert any(line == b": beat\n" for line in idle.answer)
        busy.until(edge(busy) + 6)
        ask(served.url, "POST", "/api/v1/logout", body={}, headers={"Cookie": cookie})
        for stream in (idle, busy):
            assert stream.first("dropped").data == {"reason": "the login has ended"}
            assert not list(stream)


def test_every_body_is_the_struct_of_the_document(resting: tuple[Served, int]) -> None:
    served, rows = resting
    with Reader(served.url, served.tokens.read, after="0") as stream:
        for each in stream.until(rows):
            msgspec.convert(each.data, StreamEvent)
