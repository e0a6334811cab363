"""One request, one try, one deadline: whatever the other side does with the connection."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from domain.errors import OutcomeUnknown, Unreachable, VenueFault
from platforms.binance.client import Wire
from platforms.binance.settings import BinanceTradingSettings
from tests.perception.manual_clock import RunningClock
from tests.platforms.binance.orders import SELL, STOP, TARGET, order
from tests.platforms.binance.scripted import KEY, Scripted, Told, platform, settings
from tests.shared import in_time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def listening(talk: Talk) -> Iterator[str]:
    """A bare socket that talks to each connection as told until the test is over."""
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def accept() -> None:
            while not over.is_set():
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        def serve(client: socket.socket) -> None:
            with client:
                try:
                    client.recv(65_536)
                    talk(client, over)
                except OSError:
                    cut.set()

        cut = threading.Event()
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        accepting.join()


def drip(head: bytes) -> Talk:
    def talk(client: socket.socket, over: threading.Event) -> None:
        client.sendall(head)
        while not over.wait(0.02):
            client.sendall(b"1")

    return talk


def wire(url: str, **more: object) -> Wire:
    values = {"base_url": url, "timeout_seconds": 0.3} | more
    return Wire(BinanceTradingSettings.model_validate(values), RunningClock())


def ask(url: str, **more: object) -> None:
    made = wire(url, **more)
    try:
        made.call("get", "time", signed=False)
    finally:
        made.close()


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"Content-Length: 100000\r\n\r\n"],
    ids=["status line", "headers", "body"],
)
def test_fault_17_a_server_that_drips_is_left_at_the_deadline_and_its_connection_cut(head: bytes) -> None:
    with listening(drip(head)) as url:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.3 s"):
            ask(url)
        in_time(began, 3.0)
        until_no_request_runs()


def until_no_request_runs() -> None:
    end = time.monotonic() + 60
    while any(each.name == "boyd-request" for each in threading.enumerate()):
        assert time.monotonic() < end, "a request that was given up still runs"
        time.sleep(0.01)


def test_fault_17_a_chunk_that_never_begins_is_left_too() -> None:
    with listening(drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")) as url:
        with pytest.raises(Unreachable):
            ask(url)
        until_no_request_runs()


def test_fault_17_a_body_beyond_the_limit_is_refused_before_it_is_read() -> None:
    sent = 0

    def talk(client: socket.socket, over: threading.Event) -> None:
        nonlocal sent
        client.sendall(HEAD + b"Content-Length: 100000000\r\n\r\n")
        for _ in range(1_000):
            client.sendall(b" " * 100_000)
            sent += 100_000

    with listening(talk) as url, pytest.raises(Unreachable, match="longer than 65536 bytes"):
        ask(url, max_bytes=65_536, timeout_seconds=5)
    assert sent < 50_000_000


def test_fault_17_a_small_body_that_unpacks_to_a_large_one_is_refused_too() -> None:
    packed = gzip.compress(b" " * 20_000_000)
    with Scripted() as exchange:
        exchange.on("GET", "time", lambda _: Told(packed, 200, {"Content-Encoding": "gzip"}))
        with pytest.raises(Unreachable, match="longer than"):
            ask(exchange.url, max_bytes=65_536, timeout_seconds=5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_17_a_redirect_is_not_followed_and_proves_nothing(status: int) -> None:
    with Scripted() as elsewhere, Scripted() as exchange:
        venue = platform(exchange)
        target = {"Location": f"{elsewhere.url}/api/v3/order"}
        exchange.on("POST", "order", lambda _: Told(b"", status, target))
        with pytest.raises(OutcomeUnknown, match="redirect"):
            venue.place(order())
        venue.close()
        assert elsewhere.asked == []


def refusing() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_fault_17_a_refused_connection_and_an_unknown_host_are_unreachable() -> None:
    for url in (refusing(), "https://no-such-host.invalid"):
        with pytest.raises(Unreachable):
            ask(url, timeout_seconds=2)


def test_fault_17_a_host_that_does_not_speak_tls_is_unreachable() -> None:
    with listening(drip(HEAD)) as url, pytest.raises(Unreachable):
        ask(url.replace("http://", "https://"), timeout_seconds=2)


def test_fault_01_nothing_is_ever_sent_twice_when_a_kept_connection_breaks() -> None:
    with Scripted() as exchange:
        venue = platform(exchange)
        for path, method in (("order", "POST"), ("order", "DELETE"), ("account", "GET")):
            exchange.on(method, path, lambda _: None)
        with pytest.raises(OutcomeUnknown):
            venue.place(order())
        with pytest.raises(VenueFault):
            venue.balances()
        venue.cancel("BTC-USDT", "a-1-0")
        venue.close()
        for path, method in (("order", "POST"), ("order", "DELETE"), ("account", "GET")):
            assert exchange.count(method, path) == 1


def test_fault_17_a_request_given_up_while_its_host_was_looked_up_is_never_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted() as exchange:
        real, looked_up = socket.getaddrinfo, threading.Event()

        def slow(*arguments: object, **options: object) -> object:
            time.sleep(0.4)
            looked_up.set()
            return real(*arguments, **options)  # type: ignore[arg-type]  # passed on

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(Unreachable):
            ask(exchange.url, timeout_seconds=0.2)
        assert looked_up.wait(60)
        until_no_request_runs()
        assert exchange.asked == []


def test_what_is_signed_is_our_window_our_key_and_fixed_point_numbers() -> None:
    with Scripted() as exchange:
        venue = platform(exchange, recv_window_ms=4321)
        exchange.on("POST", "order", lambda _: Told({"code": -2010, "msg": "no"}, 400))
        venue.place(order(lots=10_000_000))
        asked = exchange.asked[-1]
        assert asked.params["recvWindow"] == "4321"
        assert asked.params["quantity"] == "100.00000"
        assert asked.params["newClientOrderId"] == "a-1-0"
        assert {name.lower(): value for name, value in asked.headers.items()}["x-mbx-apikey"] == KEY
        venue.close()


def test_a_pair_goes_as_an_order_list_with_ids_of_our_own() -> None:
    with Scripted() as exchange:
        venue = platform(exchange)
        exchange.on("POST", "orderList/oco", lambda _: Told({"code": -2010, "msg": "no"}, 400))
        stop, target = order(SELL, STOP, level=4_900_000), order(SELL, TARGET, level=5_100_000, client_id="t")
        venue.place_oco(stop, target)
        params = exchange.asked[-1].params
        assert (params["aboveType"], params["aboveStopPrice"], params["aboveClientOrderId"]) == (
            "TAKE_PROFIT", "51000.00", "t",
        )  # fmt: skip
        assert (params["belowType"], params["belowStopPrice"], params["belowClientOrderId"]) == (
            "STOP_LOSS", "49000.00", "a-1-0",
        )  # fmt: skip
        venue.close()


def test_a_slow_request_of_one_thread_holds_up_no_other() -> None:
    with Scripted() as exchange:
        held = threading.Event()
        venue = platform(exchange)
        exchange.on("GET", "account", lambda _: held.wait(5) and None)

        def wait() -> None:
            with pytest.raises(VenueFault):
                venue.balances()

        slow = threading.Thread(target=wait)
        slow.start()
        began = time.monotonic()
        assert venue.query("BTC-USDT", "never-sent") is None
        in_time(began, 2.0)
        held.set()
        slow.join()
        venue.close()


def test_an_answer_goes_to_the_thread_that_asked() -> None:
    with Scripted() as exchange:
        exchange.on("GET", "order", lambda asked: {"asked": asked.params["origClientOrderId"]})
        venue = platform(exchange)
        wrong: list[str] = []

        def many(name: str) -> None:
            for number in range(40):
                told = venue.executions.ask("BTC-USDT", f"{name}-{number}")
                if told != {"asked": f"{name}-{number}"}:
                    wrong.append(str(told))

        threads = [threading.Thread(target=many, args=(name,)) for name in "abcd"]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        venue.close()
        assert wrong == []


def test_what_the_library_keeps_between_two_steps_is_each_threads_own() -> None:
    library = wire("http://127.0.0.1:9")._library
    library.response = "ours"
    other = threading.Thread(target=lambda: setattr(library, "response", "theirs"))
    other.start()
    other.join()
    assert library.response == "ours"
    library.session.close()


def test_no_proxy_and_no_netrc_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, refusing())
        monkeypatch.setenv(name.upper(), refusing())
    with Scripted() as exchange:
        assert settings(exchange).rest_url == exchange.url
        platform(exchange).close()
        assert exchange.count("GET", "time") >= 1


def test_no_event_loop_is_left_to_whoever_has_one_of_their_own() -> None:
    async def nothing() -> None:
        pass

    asyncio.run(nothing())
    with Scripted() as exchange:
        platform(exchange).close()
    with pytest.raises(RuntimeError, match="no current event loop"):
        asyncio.get_event_loop_policy().get_event_loop()
