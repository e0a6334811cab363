"""The wire on real sockets: sent once, cut at its deadline, and asked past no proxy."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from advice.clients import openai
from advice.clients.wire import MOST_BYTES, HttpAdviser
from tests.shared import free_port, in_time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Server(NamedTuple):
    url: str
    requests: list[bytes]
    closed: threading.Event


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    way: str = request.param
    requests: list[bytes] = []
    closed = threading.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        if way == "answer":
            writer.write(HEAD % 2 + b"{}")
        elif way == "redirect":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        elif way == "long":
            writer.write(HEAD % (4 * MOST_BYTES) + b"x" * 4 * MOST_BYTES)
        elif way == "drip":
            writer.write(HEAD % 10_000)
            while not closed.is_set():
                writer.write(b" ")
                try:
                    await writer.drain()
                except ConnectionError:
                    break
                if reader.at_eof():
                    break
                await asyncio.sleep(0.01)
            closed.set()
        writer.close()

    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield Server(f"http://127.0.0.1:{port}/v1/chat/completions", requests, closed)
    closed.set()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listening.close()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@pytest.mark.parametrize("server", ["answer"], indirect=True)
def test_a_question_goes_out_once_with_its_key_and_past_every_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    answer = HttpAdviser(server.url, openai.headers("sk-canary")).ask(b'{"q":1}', 5.0)
    assert (answer.status, answer.body, answer.fault) == (200, b"{}", "")
    assert len(server.requests) == 1
    assert b"Bearer sk-canary" in server.requests[0]


@pytest.mark.parametrize("server", ["drip"], indirect=True)
def test_a_server_that_drips_is_cut_off_at_the_deadline(server: Server) -> None:
    began = time.monotonic()
    answer = HttpAdviser(server.url, {}).ask(b"{}", 0.3)
    assert answer.fault == "no answer within 0.3 s"
    assert answer.sent
    in_time(began, 5.0)
    assert server.closed.wait(60.0), "its socket was closed"
    assert len(server.requests) == 1


@pytest.mark.parametrize("server", ["redirect", "long"], indirect=True)
def test_no_redirect_is_followed_and_no_answer_is_too_long(server: Server) -> None:
    answer = HttpAdviser(server.url, {}).ask(b"{}", 5.0)
    assert len(answer.body) <= MOST_BYTES
    assert answer.status == 302 or "longer than" in answer.fault
    assert len(server.requests) == 1


def test_where_nobody_listens_nothing_was_sent() -> None:
    answer = HttpAdviser(f"http://127.0.0.1:{free_port()}/v1", {"authorization": "Bearer sk-canary"}).ask(
        b"{}", 5.0
    )
    assert (answer.fault, answer.sent) == ("not reached: ConnectError", False)
