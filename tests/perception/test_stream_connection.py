"""How the stream stays connected: what makes it leave, when it comes back, and that it ends when told."""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from domain.times import MINUTE_MS, millis
from perception.settings import StreamSettings
from perception.stream.provider import StreamProvider
from perception.stream.reconnect import Pace
from tests.perception.manual_clock import START, ManualClock, RunningClock
from tests.perception.stream_server import FakeRest, Market, StreamServer, eventually, kline
from tests.shared import in_time

MARKET = Market()
NOW = millis(START)
LAST = MARKET.candle(NOW - MINUTE_MS)
Open = Callable[..., StreamProvider]


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with StreamServer() as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def opened(clock: ManualClock) -> Iterator[Open]:
    made: list[StreamProvider] = []

    def make(url: str, symbols: tuple[str, ...] = ("BTC-USDT",), **told: float) -> StreamProvider:
        settings = StreamSettings.model_validate({"base_url": url, "settle_seconds": 0.0, **told})
        provider = StreamProvider(
            settings, FakeRest(MARKET, clock), symbols, MINUTE_MS, clock, jitter=lambda: 0.0
        )
        made.append(provider)
        provider.start()
        return provider

    yield make
    for provider in made:
        provider.close()


def connected(server: StreamServer, provider: StreamProvider, times: int) -> None:
    eventually(lambda: server.connections >= times, f"connection {times}")
    eventually(lambda: provider.status().connected, "status connected")
    eventually(lambda: provider.status().reconnects >= times - 1, "status reconnects")


def heard(provider: StreamProvider, messages: int) -> None:
    eventually(lambda: provider.status().messages >= messages, f"{messages} messages")


def test_the_streams_are_named_in_the_url(server: StreamServer, opened: Open) -> None:
    provider = opened(server.url, ("BTC-USDT", "ETH-USDT"))
    connected(server, provider, 1)
    assert server.paths == ["/stream?streams=btcusdt@kline_1m/ethusdt@kline_1m"]
    assert provider.status().reconnects == 0
    assert provider.status().message_age is None


@pytest.mark.parametrize("end", ["cut", "hang_up"])
def test_a_lost_connection_is_made_again_and_subscribes_again(
    server: StreamServer, opened: Open, end: str
) -> None:
    provider = opened(server.url)
    for times in (1, 2, 3):
        connected(server, provider, times)
        server.say(kline(LAST, final=True))
        heard(provider, times)
        getattr(server, end)()
    connected(server, provider, 4)
    assert set(server.paths) == {"/stream?streams=btcusdt@kline_1m"}
    assert provider.status().reconnects == 3


def test_further_streams_are_subscribed_by_message_at_each_connection_and_slowly(
    server: StreamServer,
) -> None:
    symbols = tuple(f"S{number:04}-USDT" for number in range(350))
    clock = RunningClock()
    settings = StreamSettings(base_url=server.url, settle_seconds=0)
    provider = StreamProvider(settings, FakeRest(MARKET, clock), symbols, MINUTE_MS, clock, lambda: 0.0)
    busy = kline(MARKET.forming(NOW, 0.5), final=False, symbol="S0000USDT")
    server.greeting = lambda _number: server.say(*[busy] * 300)  # reading must not hurry the requests
    provider.start()
    try:
        for times in (1, 2):
            connected(server, provider, times)
            eventually(lambda times=times: len(server.heard) == 3 * times, "subscriptions")  # type: ignore[misc]
            named = server.paths[-1].removeprefix("/stream?streams=").split("/")
            sent = server.heard[-3:]
            asked = [json.loads(text) for _, text in sent]
            assert [each["method"] for each in asked] == ["SUBSCRIBE"] * 3
            assert len({each["id"] for each in asked}) == 3
            streams = [*named, *(name for each in asked for name in each["params"])]
            assert streams == [f"s{number:04}usdt@kline_1m" for number in range(350)]
            # Three messages in a fifth of a second would be fifteen a second.
            assert sent[2][0] - sent[0][0] > 0.3
            server.cut()
    finally:
        provider.close()


def test_a_silent_stream_is_not_live_and_is_connected_anew(
    server: StreamServer, opened: Open, clock: ManualClock
) -> None:
    provider = opened(server.url)
    connected(server, provider, 1)
    server.say(kline(LAST, final=True))
    heard(provider, 1)
    clock.advance(59)
    assert provider.status().live
    assert provider.status().message_age == 59
    server.say(kline(MARKET.forming(NOW, 0.9), final=False))
    heard(provider, 2)
    clock.advance(59)
    time.sleep(0.5)
    assert server.connections == 1
    clock.advance(2)
    connected(server, provider, 2)


def test_garbage_does_not_count_as_life(server: StreamServer, opened: Open, clock: ManualClock) -> None:
    provider = opened(server.url)
    connected(server, provider, 1)
    clock.advance(59)
    server.say("<html>", {"result": None, "id": 1})
    heard(provider, 2)
    clock.advance(2)
    connected(server, provider, 2)


def test_it_leaves_before_the_exchange_ends_the_connection(
    server: StreamServer, opened: Open, clock: ManualClock
) -> None:
    provider = opened(server.url, watchdog_seconds=3600)
    connected(server, provider, 1)
    for _ in range(23):
        clock.advance(3600)
        before = provider.status().messages
        server.say(kline(LAST, final=True))
        heard(provider, before + 1)
    clock.advance(49 * 60)
    time.sleep(0.5)
    assert server.connections == 1
    clock.advance(61)
    connected(server, provider, 2)


def test_an_announced_shutdown_is_followed_by_a_new_connection(server: StreamServer, opened: Open) -> None:
    provider = opened(server.url)
    connected(server, provider, 1)
    server.say({"e": "serverShutdown", "E": NOW})
    connected(server, provider, 2)
    server.say(kline(LAST, final=True))
    heard(provider, 2)
    assert provider.status().malformed == 0
    assert server.connections == 2


def test_a_refused_subscription_is_tried_on_a_new_connection(server: StreamServer, opened: Open) -> None:
    provider = opened(server.url)
    connected(server, provider, 1)
    server.say({"error": {"code": 2, "msg": "Invalid request"}, "id": 1})
    connected(server, provider, 2)


def test_it_comes_back_after_handshakes_were_refused(server: StreamServer, opened: Open) -> None:
    server.refusing = True
    with capture_logs() as logs:
        provider = opened(server.url)
        eventually(lambda: len(logs) >= 3, "three failures")
    assert not provider.status().connected
    assert {line["reason"] for line in logs} == {"InvalidStatus"}
    server.refusing = False
    connected(server, provider, 1)


def test_a_message_too_large_is_counted_and_the_stream_goes_on(server: StreamServer, opened: Open) -> None:
    provider = opened(server.url, max_bytes=2048)
    connected(server, provider, 1)
    server.say(" " * 2048, "x" * 5_000_000)
    connected(server, provider, 2)
    server.say(kline(LAST, final=True))
    eventually(lambda: provider.status().message_age is not None)
    assert provider.status().malformed == 2


def test_pings_are_answered_also_while_nothing_is_said(opened: Open) -> None:
    # The server hangs up on whoever owes a pong for two seconds.
    with StreamServer(ping_interval=0.2, ping_timeout=2.0) as strict:
        provider = opened(strict.url)
        connected(strict, provider, 1)
        assert strict.wire.ping("payload").wait(10)
        time.sleep(3.0)
        assert strict.connections == 1
        assert provider.status().connected


@pytest.mark.parametrize("seed", range(3))
def test_a_flood_is_dropped_from_the_queue_but_never_blocks_the_reader(
    server: StreamServer, opened: Open, seed: int
) -> None:
    provider = opened(server.url, queue_messages=3)
    connected(server, provider, 1)
    forming = json.dumps(kline(MARKET.forming(NOW, 0.1 * (seed + 1)), final=False))
    with provider._feed.changed:  # the consumer cannot go on
        server.say(*[forming] * 500)
        eventually(lambda: provider._feed.queue.dropped >= 490, "drops")
    eventually(lambda: provider.status().messages + provider.status().dropped == 500, "the rest")
    assert server.connections == 1


def test_backoff_doubles_to_its_cap_with_full_jitter_and_starts_over_after_a_steady_connection(
    clock: ManualClock,
) -> None:
    drawn = [1.0]
    settings = StreamSettings(first_wait_seconds=0.5, max_wait_seconds=10)
    pace = Pace(settings, clock.monotonic, lambda: drawn[0])
    waits = []
    for _ in range(2000):
        waits.append(pace.wait())
        pace.ended(lasted=0.0, heard=False, planned=False)
    assert waits[:7] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert waits[-1] == 10.0
    drawn[0] = 0.25
    assert pace.wait() == 2.5
    pace.ended(lasted=31.0, heard=True, planned=False)
    assert pace.wait() == 0.125
    pace.ended(lasted=31.0, heard=True, planned=True)
    assert pace.wait() == 0.0
    # One that served for a moment only, or never, is no success, whoever ended it.
    for lasted, served in ((1.0, True), (31.0, False)):
        pace.ended(lasted=lasted, heard=served, planned=True)
    assert pace.wait() == 0.25


def test_no_more_connections_than_allowed_are_tried_in_five_minutes(clock: ManualClock) -> None:
    pace = Pace(StreamSettings(connections_per_5_minutes=300), clock.monotonic, lambda: 0.0)
    tries: list[float] = []
    while len(tries) < 1500:
        wait = pace.wait()
        clock.advance(wait)
        pace.tried()
        tries.append(clock.monotonic())
        clock.advance(0.01 if wait == 0 else 0.0)
        pace.ended(lasted=0.01, heard=False, planned=False)
    assert all(later - first > 299.999 for first, later in zip(tries, tries[300:], strict=False))
    assert tries[-1] - tries[0] < 5 * 300, "nor does it wait longer than it must"


def threads_of_ours() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("binance-stream")]


def test_a_hundred_reconnections_leave_no_thread_and_no_descriptor_behind(
    server: StreamServer, opened: Open
) -> None:
    before = set(threading.enumerate())  # whatever other tests of this process still run
    first = opened(server.url)  # so that the server's own descriptors are all there
    connected(server, first, 1)
    first.close()
    eventually(lambda: server.open_wires == 0, "the server to see it")
    eventually(lambda: not set(threading.enumerate()) - before, "the first connection's threads to end")
    server.paths.clear()
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # names only
    provider = opened(server.url)
    for times in range(1, 101):
        connected(server, provider, times)
        (server.cut if times % 3 else server.hang_up)()
    connected(server, provider, 101)
    # Ours: reader, consumer and the library's receiver; the server's: one handler and its receiver.
    eventually(lambda: len(set(threading.enumerate()) - before) <= 5, "few threads while it runs")
    provider.close()
    eventually(lambda: server.open_wires == 0, "the server to see it")
    eventually(lambda: not set(threading.enumerate()) - before, "no thread left")
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= descriptors, "no descriptor left")  # noqa: PTH208


def deaf() -> socket.socket:
    """Return a listener that lets nobody in: its queue of connections is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    return listener


@pytest.mark.parametrize("at", ["open", "backoff", "tcp", "handshake", "tls"])
def test_closing_is_prompt_at_any_stage(server: StreamServer, opened: Open, at: str) -> None:
    url, listener, crowd = server.url, deaf(), []
    if at in {"tcp", "handshake", "tls"}:
        scheme = "wss" if at == "tls" else "ws"
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    if at == "tcp":
        for _ in range(4):
            crowd.append(socket.socket())
            crowd[-1].setblocking(False)
            crowd[-1].connect_ex(listener.getsockname())
    if at == "backoff":
        server.refusing = True
    settings = StreamSettings(base_url=url, open_timeout_seconds=60, first_wait_seconds=60)
    clock = RunningClock()
    rest = FakeRest(MARKET, clock)
    provider = StreamProvider(settings, rest, ["BTC-USDT"], MINUTE_MS, clock, jitter=lambda: 1.0)
    provider.start()
    if at == "open":
        connected(server, provider, 1)
    time.sleep(0.4)
    assert len(threads_of_ours()) == 2
    began = time.monotonic()
    provider.close()
    in_time(began, 2.0)
    assert threads_of_ours() == []
    assert rest.closed
    provider.close()
    for each in (*crowd, listener):
        each.close()


@pytest.mark.parametrize("seed", range(5))
def test_closing_at_any_moment_of_a_churning_connection_ends_everything(
    server: StreamServer, opened: Open, seed: int
) -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    server.greeting = lambda number: server.cut() if number % 2 else None
    try:
        provider = opened(server.url)
        time.sleep(0.003 * seed**2)
        provider.close()
        eventually(lambda: not threads_of_ours(), "both threads ended")
    finally:
        sys.setswitchinterval(usual)
