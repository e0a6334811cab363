"""Whatever writes, joins, cuts and appearances meet one another, a stream misses and doubles nothing."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.keeper import News
from agent.serve.mirror.ingest import StreamLine
from agent.serve.stream import client as clients
from agent.serve.stream import frames, serving
from agent.serve.stream import relay as relays
from agent.serve.stream.cursor import parsed, written
from agent.serve.stream.relay import Relay
from agent.serve.stream.serving import OpenStream, Subscription
from domain.errors import BadInput


class Mirror:
    """A mirror of rows that a test writes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.journal_id = f"id of {name}"
        self.lines: list[StreamLine] = []
        self.listeners: list[Callable[[Sequence[StreamLine]], None]] = []

    @property
    def head(self) -> int:
        return len(self.lines)

    @property
    def target(self) -> int:
        return self.head

    def subscribe(self, listener: Callable[[Sequence[StreamLine]], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def events(
        self,
        after: int,
        limit: int,
        kinds: frozenset[str] = frozenset(),
        *,
        most_bytes: int | None = None,
    ) -> list[StreamLine]:
        del most_bytes
        wanted = [each for each in self.lines[after:] if not kinds or each.kind in kinds]
        return wanted[:limit]

    def write(self, count: int) -> None:
        new = []
        for seq in range(self.head + 1, self.head + 1 + count):
            body = json.dumps({"agent": self.name, "seq": seq, "at": "2026-11-28T00:00:00Z"})
            new.append(StreamLine(seq, "odd" if seq % 2 else "even", body.encode()))
        self.lines += new
        for listener in self.listeners:
            listener(new)


class Watched:
    """An agent of a test."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.mirror = Mirror(name)
        self.looked = threading.Event()
        self.looked.set()
        self.live = None


class Agents:
    """A fleet of a test."""

    def __init__(self) -> None:
        self.agents: dict[str, Watched] = {}
        self.listener: Callable[[Any, News], None] = lambda _watched, _news: None

    def names(self) -> list[str]:
        return list(self.agents)

    def get(self, name: str) -> Watched:
        return self.agents[name]

    def subscribe(self, listener: Callable[[Any, News], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    def found(self, name: str) -> Watched:
        if name not in self.agents:
            self.agents[name] = Watched(name)
            self.listener(self.agents[name], News.FOUND)
        return self.agents[name]


class Follower:
    """A client that is cut now and then, and goes on from the last event it had."""

    def __init__(self, relay: Relay, last: str, kinds: frozenset[str] = frozenset()) -> None:
        self.relay = relay
        self.last: str | None = last
        self.kinds = kinds
        self.rows: list[tuple[str, int]] = []
        self.others: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.connect()

    def connect(self) -> None:
        after = None if self.last is None else parsed(self.last)
        self.left = asyncio.Event()
        stream = OpenStream(self.relay, Subscription(kinds=self.kinds, after=after), self.send, None)
        self.task = asyncio.create_task(stream.run(self.receive))

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.open.wait()
        if self.left.is_set():
            return
        for frame in message.get("body", b"").decode().split("\n\n"):
            self.take(dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line))

    def take(self, fields: dict[str, str]) -> None:
        if fields.get("event") in ("odd", "even"):
            data = json.loads(fields["data"])
            self.rows.append((data["agent"], data["seq"]))
        elif "event" in fields:
            self.others.append(fields["event"])
        self.last = fields.get("id", self.last)

    async def cut(self) -> None:
        """Leave in the midst of whatever is sent."""
        self.left.set()
        self.open.set()
        await self.task


OPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["a", "b", "c"]), st.integers(1, 9)),
        st.tuples(st.just("join"), st.just(""), st.integers(0, 2)),
        st.tuples(st.just("cut"), st.just(""), st.integers(0, 5)),
        st.tuples(st.just("hold"), st.just(""), st.integers(0, 5)),
        st.tuples(st.just("yield"), st.just(""), st.integers(0, 9)),
    ),
    max_size=40,
)


AHEAD = [("write", "a", 3), ("yield", "", 9), ("write", "a", 5), ("join", "", 0), ("yield", "", 9)]
"""A client that pages through rows which are not handed on yet."""


async def played(ops: list[tuple[str, str, int]]) -> list[Follower]:
    """Play a story, let everyone come to the end, and return the clients."""
    fleet = Agents()
    fleet.found("a").mirror.write(4)
    relay = Relay(cast("Fleet", fleet))
    relay.start()
    followers: list[Follower] = []
    for op, name, number in ops:
        chosen = followers[number % len(followers)] if followers else None
        if op == "write":
            fleet.found(name).mirror.write(number)
        elif op == "join":
            followers.append(Follower(relay, "0", frozenset({"odd"}) if number == 2 else frozenset()))
        elif op == "cut" and chosen:
            await chosen.cut()
            chosen.connect()
        elif op == "hold" and chosen:
            chosen.open.clear() if chosen.open.is_set() else chosen.open.set()
        else:
            await asyncio.sleep(number * 0.001)
    for each in followers:
        each.open.set()
    ends = {name: each.mirror.head for name, each in fleet.agents.items()}
    await until(lambda: all(complete(each, ends) for each in followers))
    relay.close()
    for each in followers:
        await each.task
        assert complete(each, ends), (each.rows, ends, each.kinds)
    return followers


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something, a machine's worst day at most."""
    for _ in range(4_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    assert condition()


def complete(follower: Follower, ends: dict[str, int]) -> bool:
    step = 2 if follower.kinds else 1
    return all(
        [seq for agent, seq in follower.rows if agent == name] == list(range(1, end + 1, step))
        for name, end in ends.items()
    )


@settings(max_examples=60)
@example(AHEAD)
@given(OPS)
def test_nothing_is_missed_and_nothing_doubled(ops: list[tuple[str, str, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "PAGE", 3)
        patch.setattr(serving, "AGAIN_SECONDS", 0.001)
        patch.setattr(relays, "BATCH_SECONDS", 0.04)
        patch.setattr(relays, "LOOK_SECONDS", 0.001)
        asyncio.run(played(ops))


def test_a_journal_that_cannot_be_read_holds_up_nobody_and_is_covered_once_it_can() -> None:
    async def play() -> Follower:
        fleet = Agents()
        fleet.found("a").mirror.write(2)
        broken = fleet.found("b")
        broken.mirror.journal_id = ""
        relay = Relay(cast("Fleet", fleet))
        relay.start()
        follower = Follower(relay, "0")
        await until(lambda: follower.rows == [("a", 1), ("a", 2)])
        broken.mirror.journal_id = "mended"
        broken.mirror.write(3)
        await until(lambda: len(follower.rows) == 5)
        relay.close()
        await follower.task
        return follower

    follower = asyncio.run(play())
    assert [seq for name, seq in follower.rows if name == "b"] == [1, 2, 3]
    assert "gap" not in follower.others


def test_what_is_in_step_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []
    real = frames.rows

    def counted(name: str, lines: Sequence[StreamLine], *rest: Any) -> bytes:
        encoded.append(len(lines))
        return real(name, lines, *rest)

    async def play() -> None:
        fleet = Agents()
        mirror = fleet.found("a").mirror
        relay = Relay(cast("Fleet", fleet))
        relay.start()
        followers = [Follower(relay, "0") for _ in range(20)]
        await until(lambda: len(relay.clients) == 20 and all(each.in_step for each in relay.clients))
        monkeypatch.setattr(relays, "rows", counted)
        mirror.write(5)
        await until(lambda: all(len(each.rows) == 5 for each in followers))
        relay.close()
        for each in followers:
            await each.task
            assert len(each.rows) == 5

    asyncio.run(play())
    assert encoded == [5]


@pytest.mark.parametrize(("crowd", "pieces"), [(1, [1, 1]), (10, [2])])
def test_rows_are_gathered_for_a_crowd_and_handed_on_at_once_to_one(
    crowd: int, pieces: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[int] = []
    real = frames.rows

    def counted(name: str, lines: Sequence[StreamLine], *rest: Any) -> bytes:
        encoded.append(len(lines))
        return real(name, lines, *rest)

    async def play() -> None:
        fleet = Agents()
        mirror = fleet.found("a").mirror
        relay = Relay(cast("Fleet", fleet))
        relay.start()
        followers = [Follower(relay, "0") for _ in range(crowd)]
        await until(lambda: len(relay.clients) == crowd and all(each.in_step for each in relay.clients))
        monkeypatch.setattr(relays, "BATCH_SECONDS", 1.5)
        monkeypatch.setattr(relays, "GATHER_SECONDS", 0.0 if crowd == 1 else 1.0)
        monkeypatch.setattr(relays, "rows", counted)
        mirror.write(1)
        await until(lambda: encoded == pieces[1:])  # one alone has the first by now
        mirror.write(1)
        await until(lambda: all(len(each.rows) == 2 for each in followers))
        relay.close()
        for each in followers:
            await each.task

    asyncio.run(play())
    assert encoded == pieces


def test_one_that_does_not_read_is_told_so_or_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_BYTES", 1_000)
    monkeypatch.setattr(clients, "PATIENCE_SECONDS", 1.0)

    async def play() -> tuple[Follower, int]:
        fleet = Agents()
        mirror = fleet.found("a").mirror
        relay = Relay(cast("Fleet", fleet))
        relay.start()
        follower, other = Follower(relay, "0"), Follower(relay, "0")
        await until(lambda: len(relay.clients) == 2 and all(each.in_step for each in relay.clients))
        follower.open.clear()
        mirror.write(60)  # more at once than may wait: a burst is no reason
        for _ in range(20):
            await asyncio.sleep(0.02)
            mirror.write(3)
        await until(lambda: [seq for _, seq in other.rows] == list(range(1, 121)))
        await until(lambda: any(each.over for each in relay.clients))
        follower.open.set()
        await follower.task
        dropped = relay.dropped
        relay.close()
        await other.task
        return follower, dropped

    follower, dropped = asyncio.run(play())
    assert dropped == 1
    assert follower.others[-1] == "dropped"
    seqs = [seq for _, seq in follower.rows]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) < 120


def test_a_cursor_is_what_it_was_written_from() -> None:
    assert parsed(written({"a": 3}, ["a"])) == 3
    assert parsed(written({"a": 3, "b.c-d_e": 0}, ["a", "b.c-d_e"])) == {"a": 3, "b.c-d_e": 0}
    for odd in ("", "a", "a=", "=3", "a=3,", "a=-1", "a=3;b=4", "1,2", "9" * 16, "٣", "a=1," * 2_000):
        with pytest.raises(BadInput):
            parsed(odd)
