"""The account's events by the WebSocket API: signed, listened to for ever, never fatal."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from websockets.sync.server import ServerConnection, serve

from agent.host.clock import SystemClock
from platforms.binance import user_data
from platforms.binance.settings import BinanceTradingSettings
from platforms.binance.user_data import KEPT, UserData
from tests.platforms.binance.scripted import KEY, SECRET

Talk = Callable[[ServerConnection], None]
SUBSCRIBED = json.dumps({"id": "1", "status": 200, "result": {"subscriptionId": 0}})


def report(client_id: str, original: str = "") -> str:
    return json.dumps({"subscriptionId": 0, "event": {"e": "executionReport", "c": client_id, "C": original}})


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@contextmanager
def listening(url: str) -> Iterator[UserData]:
    settings = BinanceTradingSettings.model_validate(
        {"ws_api_url": url, "api_key": SecretStr(KEY), "api_secret": SecretStr(SECRET), "timeout_seconds": 2}
    )
    found = UserData(settings, SystemClock(), lambda: 1_700_000_000_000)
    found.start()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_data, "FIRST_WAIT", 0.05)


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)


def heard_until(events: UserData, client_id: str) -> list[str]:
    """Return the orders heard of, once this one is among them."""
    heard: list[str] = []

    def done() -> bool:
        heard.extend(events.touched()[0])
        return client_id in heard

    until(done)
    return heard


def idle(socket: ServerConnection) -> None:
    """Wait until the other side leaves."""
    for _ in socket:
        pass


def test_the_subscription_is_signed_over_its_parameters_by_name() -> None:
    seen: list[dict[str, Any]] = []

    def talk(socket: ServerConnection) -> None:
        seen.append(json.loads(socket.recv()))
        socket.send(SUBSCRIBED)
        idle(socket)

    with talking(talk) as url, listening(url) as events:
        until(lambda: events.connected)
    params = seen[0]["params"]
    text = f"apiKey={KEY}&recvWindow=5000&timestamp=1700000000000"
    assert seen[0]["method"] == "userDataStream.subscribe.signature"
    assert params["signature"] == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_the_order_of_a_cancel_is_named_by_its_original_id() -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(SUBSCRIBED)
        for text in (report("a"), report("b"), report("a"), report("cancel-1", "c")):
            socket.send(text)
        idle(socket)

    with talking(talk) as url, listening(url) as events:
        assert set(heard_until(events, "c")) == {"a", "b", "c", "cancel-1"}


@pytest.mark.parametrize(
    "last",
    [
        json.dumps({"event": {"e": "serverShutdown"}}),
        json.dumps({"e": "serverShutdown"}),
        json.dumps({"subscriptionId": 0, "event": {"e": "eventStreamTerminated"}}),
        "not JSON",
        "[" * 100_000,
        b"\xff\xfe",
        "",
    ],
    ids=["shutdown", "bare shutdown", "terminated", "no JSON", "nested", "bytes", "empty"],
)
def test_whatever_ends_a_connection_the_next_is_made_and_events_count_as_missed(last: str | bytes) -> None:
    count = 0

    def talk(socket: ServerConnection) -> None:
        nonlocal count
        count += 1
        socket.recv()
        socket.send(SUBSCRIBED)
        if count == 1:
            socket.send(last)
        else:
            socket.send(report("after"))
        idle(socket)

    with talking(talk) as url, listening(url) as events:
        heard_until(events, "after")
        assert count == 2
        assert events.connections == 2


def test_what_is_no_event_is_passed_over() -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(SUBSCRIBED)
        for each in ("null", "[]", "7", "{}", '{"event": null}', '{"event": {"e": 5}}', report("")):
            socket.send(each)
        socket.send('{"event": {"e": "executionReport", "c": {"a": 1}, "C": 5}}')
        socket.send(report("sound"))
        idle(socket)

    with talking(talk) as url, listening(url) as events:
        assert heard_until(events, "sound") == ["sound"]
        assert events.connections == 1


@pytest.mark.parametrize("answer", ['{"id":"1","status":401,"error":{"code":-2015}}', "[]", "null", "x"])
def test_a_subscription_that_is_refused_is_tried_again_and_counts_as_missed(answer: str) -> None:
    asked = 0

    def talk(socket: ServerConnection) -> None:
        nonlocal asked
        asked += 1
        socket.recv()
        socket.send(answer)
        idle(socket)

    with talking(talk) as url, listening(url) as events:
        until(lambda: asked >= 2)
        assert not events.connected
        assert events.touched()[1]


def test_where_nobody_listens_nothing_breaks_and_closing_is_quick() -> None:
    with listening("ws://127.0.0.1:9") as events:
        until(lambda: events.touched()[1])
    assert not any(each.name == "boyd-user-data" for each in threading.enumerate())


def test_more_orders_than_are_kept_are_all_looked_at_instead() -> None:
    settings = BinanceTradingSettings.model_validate({})
    events = UserData(settings, SystemClock(), int)
    events.touched()
    for number in range(KEPT + 1):
        events.heard(json.loads(report(f"id-{number}")))
    assert events.touched() == ([], True)
    assert events.touched() == ([], False)
