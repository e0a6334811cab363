"""Pages in a browser cannot move the sandbox, and nobody can make it read without end."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from platforms.sandbox.loopback import MOST_BYTES
from tests.platforms.sandbox.world import BTC, Client, sandbox

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with sandbox() as found:
        yield found


def post(
    client: Client, path: str, headers: dict[str, str], body: Any = '{"price": "1"}'
) -> requests.Response:
    return requests.post(client.server.base_url + path, body, headers=headers, timeout=60)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": JSON, "Origin": "https://evil.example"}, 403),
        ({"Content-Type": JSON, "Origin": "null"}, 403),
        ({"Content-Type": JSON, "Origin": "http://localhost:3000"}, 403),
        ({"Content-Type": JSON, "Host": "evil.example"}, 403),
        ({"Content-Type": JSON, "Host": "127.0.0.1.evil.example:9443"}, 403),
        ({"Content-Type": FORM}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "text/plain; application/json"}, 415),
        ({}, 415),
    ],
)
@pytest.mark.parametrize("path", ["price", "balances", "advance", "orders", "filters", "faults"])
def test_what_a_foreign_page_can_send_moves_nothing(
    client: Client, path: str, headers: dict[str, str], status: int
) -> None:
    before = (
        client.control("GET", "/sandbox/status").body["prices"],
        client.control("GET", "/sandbox/orders").body,
    )
    told = post(client, f"/sandbox/{path}", headers)
    assert (told.status_code, list(told.json())) == (status, ["error"])
    after = (
        client.control("GET", "/sandbox/status").body["prices"],
        client.control("GET", "/sandbox/orders").body,
    )
    assert before == after


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example:80"}])
def test_trading_and_streams_are_closed_to_it_too(client: Client, headers: dict[str, str]) -> None:
    url = client.server.base_url + "/api/v3/ticker/price"
    assert requests.get(url, headers=headers, timeout=60).status_code == 403
    assert (
        requests.delete(client.server.base_url + "/sandbox/faults", headers=headers, timeout=60).status_code
        == 403
    )
    if "Origin" in headers:
        with pytest.raises(InvalidStatus), connect(client.server.ws_api_url, additional_headers=headers):
            pass


def test_programs_on_this_machine_are_heard_by_either_name(client: Client) -> None:
    own = f"http://127.0.0.1:{client.server.port}"
    assert post(client, "/sandbox/price", {"Content-Type": JSON, "Origin": own}, '{"price": "100"}').ok
    by_name = f"http://localhost:{client.server.port}/api/v3/ping"
    assert requests.get(by_name, timeout=60).json() == {}
    with connect(
        client.server.ws_url + f"/ws/{BTC.lower()}@trade", additional_headers={"Origin": own}
    ) as stream:
        client.server.exchange.set_price(BTC, "100")
        assert stream.recv(5)


def test_a_body_without_end_is_refused_while_it_comes(client: Client) -> None:
    assert post(client, "/sandbox/price", {"Content-Type": JSON}, b" " * (MOST_BYTES + 1)).status_code == 413
    with socket.create_connection(("127.0.0.1", client.server.port), 10) as wire:
        head = f"POST /api/v3/order HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\n"
        wire.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent = 0
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        answer = b""
        wire.settimeout(0.01)
        while not answer and sent < 64 * MOST_BYTES:
            try:
                sent += wire.send(chunk)
                answer = wire.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert answer.startswith(b"HTTP/1.1 413")
    assert sent < 16 * MOST_BYTES  # what lay in the sockets' buffers, and no more
    assert client.public("/api/v3/ping").status == 200


def test_a_message_without_end_ends_its_connection(client: Client) -> None:
    with connect(client.server.ws_api_url) as api:
        api.send(" " * (MOST_BYTES + 1))
        with pytest.raises(ConnectionClosed):
            api.recv(10)
    assert client.public("/api/v3/ping").status == 200
