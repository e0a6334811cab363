"""`agent mcp --http`: on loopback, for whoever has the token, and for no page of a browser."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import anyio
import httpx2
import psutil
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from agent.host.clock import SystemClock
from agent.mcp import working
from agent.mcp.http import MOST_WRONG, TokenGate, serve_http, token_of
from agent.mcp.server import Toolbox
from agent.settings.home import Home
from domain.errors import BadInput
from tests.mcp.rig import text_of

TOKEN = "a-token-of-twenty-four-characters"  # noqa: S105 -- one made up
INITIALIZE = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
    b'"capabilities":{},"clientInfo":{"name":"bare","version":"1"}}}'
)


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    where: list[tuple[str, Callable[[], None]]] = []
    listening = threading.Event()

    def ready(url: str, end: Callable[[], None]) -> None:
        where.append((url, end))
        listening.set()

    toolbox = Toolbox(Home(home), SystemClock(), allow_kill=False)
    thread = threading.Thread(target=serve_http, args=(toolbox, 0, TOKEN, SystemClock(), ready), daemon=True)
    thread.start()
    assert listening.wait(60)
    yield where[0][0]
    where[0][1]()
    thread.join(60)
    assert not thread.is_alive()


def status(url: str, headers: Mapping[str, str], body: bytes = INITIALIZE) -> int:
    """Return the status of a bare request."""
    port = int(url.split(":")[2].partition("/")[0])
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", "/mcp", body, usual | dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


def test_only_the_token_opens_and_no_page_of_a_browser_has_it(url: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert url.startswith("http://127.0.0.1:")
    assert status(url, bearer) == 200
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        assert status(url, wrong) == 401
    for host in ("evil.example", "127.0.0.1:1"):
        assert status(url, bearer | {"Host": host}) == 421
    for origin in ("https://evil.example", "http://localhost:3000"):
        assert status(url, bearer | {"Origin": origin}) == 403
    assert status(url, bearer, b" " * 300_000) == 413


def call(url: str, tool: str) -> tuple[set[str], Any]:
    """Return the names of the tools, and what one answers, as the library's client gets them."""

    async def ask() -> tuple[set[str], Any]:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=bearer, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return {each.name for each in (await client.list_tools()).tools}, await client.call_tool(tool, {})

    return anyio.run(ask)


def test_the_librarys_client_reads_with_the_token_and_is_offered_no_kill(url: str, home: Path) -> None:
    tools, told = call(url, "status")
    assert "status" in tools
    assert "kill" not in tools
    assert told.structured_content["journal"] == Home(home).latest()


def test_work_that_takes_too_long_is_ended_and_so_is_its_process(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "VERIFY_SECONDS", 0.02)
    _, told = call(url, "verify")
    assert told.is_error
    assert "took more than 0.02 s" in text_of(told)
    assert not [each for each in psutil.Process().children() if "verify" in each.cmdline()]


def test_guesses_are_few_and_keep_nobody_out_who_has_the_token() -> None:
    async def ask(gate: TokenGate, token: str) -> int:
        said: list[Any] = []
        scope = {"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]}

        async def send(message: Any) -> None:
            said.append(message)

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        await gate(scope, receive, send)
        return int(said[0]["status"])

    async def inner(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def all_of_them() -> list[int]:
        gate = TokenGate(inner, TOKEN, SystemClock())
        guesses = [await ask(gate, "x" * number) for number in range(MOST_WRONG + 1)]
        return [*guesses, await ask(gate, TOKEN)]

    assert anyio.run(all_of_them) == [401] * MOST_WRONG + [429, 200]


def test_the_token_is_made_for_its_owner_alone_and_is_not_the_one_that_may_trade(tmp_path: Path) -> None:
    home = Home(tmp_path)
    token = token_of(home, None)
    assert len(token) >= 24
    assert (tmp_path / "mcp.token").stat().st_mode & 0o777 == 0o600
    assert token_of(home, None) == token
    (tmp_path / "mcp.token").chmod(0o644)
    with pytest.raises(BadInput, match="others can read it"):
        token_of(home, None)
    (tmp_path / "mcp.token").chmod(0o600)
    (tmp_path / "api.token").write_text(f"{token}\n")
    with pytest.raises(BadInput, match="may trade"):
        token_of(home, None)
