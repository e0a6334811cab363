"""Whoever connects and does not go on: streams that are not read, heads sent in part, many at a time."""

import asyncio
import re
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from agent.serve.fleet.fleet import Fleet
from agent.serve.guard import patient
from agent.serve.stream import client as clients
from agent.serve.stream import serving as streaming
from agent.serve.stream.client import Client
from agent.serve.stream.relay import Relay
from tests.serve.asking import ask
from tests.serve.served import serving
from tests.serve.streams import Reader
from tests.serve.test_process import served as process_of
from tests.serve.test_stream import finished
from tests.shared import within

CROWD = 300
SMALL = 4_096


def connected(url: str, stack: ExitStack) -> socket.socket:
    """Return a connection of a client that has little room."""
    where = urlsplit(url)
    made = stack.enter_context(socket.socket())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    made.settimeout(60)
    made.connect((where.hostname, where.port))
    return made


def deaf(url: str, token: str, stack: ExitStack) -> None:
    """Return a stream from the first row on that nobody reads."""
    made = connected(url, stack)
    head = f"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    made.sendall(head.encode())


def megabytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def test_a_crowd_that_reads_nothing_keeps_nobody_from_a_kill(tmp_path: Path) -> None:
    finished(tmp_path, cycles=250)
    with process_of(tmp_path) as (process, where), ExitStack() as stack:
        read, trade = ((tmp_path / f"{name}.token").read_text().strip() for name in ("api-read", "api"))
        while ask(where["url"], "GET", "/api/v1/ready", token=read).json["ready"] is not True:
            time.sleep(0.05)
        before = megabytes(process.pid)
        for _ in range(CROWD):
            deaf(where["url"], read, stack)
        longest = 0.0
        for _ in range(5):
            began = time.monotonic()
            assert ask(where["url"], "GET", "/api/v1/health").status == 200
            longest = max(longest, time.monotonic() - began)
        began = time.monotonic()
        body = {"reason": "a crowd stands before the door"}
        killed = ask(where["url"], "POST", "/api/v1/agents/one/kill", token=trade, body=body)
        assert (killed.status, killed.json["kill_switch"]) == (200, body["reason"])
        within(max(longest, time.monotonic() - began), 10)
        assert megabytes(process.pid) - before < 60  # megabytes


def test_who_may_only_read_leaves_streams_to_who_may_trade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_READERS", 2)
    with serving(tmp_path) as served, ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(Reader(served.url, served.tokens.read)).first("hello")
        over = stack.enter_context(Reader(served.url, served.tokens.read))
        assert over.status == 200  # another status ends an EventSource for good
        assert over.first("dropped").data["reason"].startswith("there are 2 streams already")
        assert not list(over)
        stack.enter_context(Reader(served.url, served.tokens.trade)).first("hello")


def ended(connection: socket.socket) -> bool:
    """Say whether the other side has closed, which is waited for."""
    with suppress(ConnectionError):
        while connection.recv(4_096):
            pass
    return True


HEALTH = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize("begun", [b"", b"GET", HEALTH])
def test_a_head_that_does_not_come_whole_ends_the_connection(
    begun: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "HEAD_SECONDS", 1.0)
    with serving(tmp_path) as served, ExitStack() as stack:
        connection = connected(served.url, stack)
        connection.sendall(begun)
        assert ended(connection)
        again = connected(served.url, stack)
        again.sendall(HEALTH + b"\r\n")
        assert again.recv(12) == b"HTTP/1.1 200"
        again.sendall(HEALTH)
        assert ended(again)


def test_a_head_that_trickles_in_gains_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "HEAD_SECONDS", 0.3)
    with serving(tmp_path) as served, ExitStack() as stack:
        connection = connected(served.url, stack)
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() < began + 60:
                connection.sendall(b"G")
                connection.settimeout(0.05)
                with suppress(TimeoutError):
                    if not connection.recv(1):
                        break
        assert time.monotonic() < began + 60


def test_a_stream_outlives_the_wait_for_a_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "HEAD_SECONDS", 0.8)
    monkeypatch.setattr(streaming, "BEAT_SECONDS", 0.2)
    with serving(tmp_path) as served, Reader(served.url, served.tokens.read) as stream:
        assert sum(line == b": beat\n" for line, _ in zip(stream.answer, range(14), strict=False)) > 1


def test_of_many_that_ask_nothing_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "MOST_SILENT", 3)
    with serving(tmp_path) as served, ExitStack() as stack:
        first, *others = [connected(served.url, stack) for _ in range(4)]
        assert ended(first)
        for each in others:
            each.sendall(HEALTH + b"Connection: close\r\n\r\n")
            assert each.recv(12) == b"HTTP/1.1 200"


def test_an_answer_that_nobody_takes_ends_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "TAKEN_SECONDS", 0.2)
    with serving(tmp_path) as served, ExitStack() as stack:
        connection = connected(served.url, stack)
        head = f"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {served.tokens.read}"
        with suppress(ConnectionError):  # a document of 200 KB, again and again
            for _ in range(200):
                connection.sendall(f"{head}\r\n\r\n".encode())
        lasting = time.monotonic() + 60
        while time.monotonic() < lasting:
            try:
                connection.sendall(b"G")
            except ConnectionError:
                break
            time.sleep(0.05)
        assert time.monotonic() < lasting


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_second_host_is_refused(version: str, tmp_path: Path) -> None:
    with serving(tmp_path) as served, ExitStack() as stack:
        connection = connected(served.url, stack)
        hosts = "Host: 127.0.0.1\r\nHost: evil.example\r\n"
        connection.sendall(f"GET /api/v1/health HTTP/{version}\r\n{hosts}\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_what_waits_is_bounded_for_all_together_and_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_TOGETHER", 10_000)
    monkeypatch.setattr(clients, "PIECE_BYTES", 100)

    async def crowd() -> None:
        relay = Relay(cast("Fleet", None))
        first, second, third = (Client(frozenset(), frozenset(), {}, relay.waiting) for _ in range(3))
        relay.clients = {first, second, third}
        begun = b"id: 1\n" + b"x" * 600 + b"\n\n"
        shared = begun + b"z" * 6_000
        for each in (first, second):
            each.put(shared)
            assert len(each.take()) == 100
        relay.relieve()
        assert relay.waiting.size == len(shared)  # once, however many wait for it
        assert not any(each.over for each in relay.clients)
        third.put(b"y" * 6_000)
        relay.relieve()
        assert (first.over, second.over, third.over) == (True, True, False)
        sent = b""
        while first.waits:
            sent += first.take()
        assert sent.startswith(begun[100:] + b"event: dropped")  # the event that was begun is whole
        assert clients.CROWDED.encode() in sent

    asyncio.run(crowd())
