"""A request is over at its deadline and bounded in size, whatever the server does."""

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from domain.errors import BadAnswer, RateLimited, Refused, Unreachable, VenueFault
from perception.guard.budget import Budget
from perception.guard.call import Answer
from perception.guard.guard import Guard
from perception.http.fetch import HttpFetch, sound
from perception.settings import BreakerSettings, RetrySettings
from tests.perception import server as scripted
from tests.perception.manual_clock import RunningClock
from tests.perception.server import Behaviour, ScriptedServer
from tests.shared import free_port, in_time

ONCE = RetrySettings(attempts=1)


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def get(url: str, *, seconds: float = 3.0, max_bytes: int = 100_000, path: str = "/x") -> Answer:
    """Get over a guard, checking the status, as providers do."""
    clock = RunningClock()
    budget = Budget("venue", clock, per_second=1000)
    guard = Guard(clock, budget, timeout_seconds=seconds, breaker=BreakerSettings(), retry=ONCE)
    fetch = HttpFetch(url, timeout_seconds=seconds, max_bytes=max_bytes)
    try:
        return guard.run(lambda: sound(fetch.get(f"{url}{path}?apikey=SECRET")))
    finally:
        fetch.close()


def no_call_threads_within(seconds: float) -> None:
    began = time.monotonic()
    while any(thread.name == "venue-call" for thread in threading.enumerate()):
        assert time.monotonic() - began < 60
        time.sleep(0.01)
    in_time(began, seconds)


def test_a_good_answer_arrives_whole(venue: ScriptedServer) -> None:
    body = b'{"a": "' + b"x" * 90_000 + b'"}'
    venue.on("/x", scripted.answer(body))
    assert get(venue.url).body == body


def test_connections_are_kept_alive(venue: ScriptedServer) -> None:
    venue.on("/x", scripted.answer({"a": 1}))
    fetch = HttpFetch(venue.url, timeout_seconds=3, max_bytes=1000)
    for _ in range(3):
        fetch.get(f"{venue.url}/x")
    fetch.close()
    assert (len(venue.asked), venue.connections) == (3, 1)


@pytest.mark.parametrize(
    ("behaviour", "what"),
    [
        (scripted.silent(), "silence"),
        (scripted.dripping(b" " * 60, seconds=0.05), "a dripping body"),
        (scripted.dripping(b"{}", seconds=0.05, from_headers=True), "dripping headers"),
        (scripted.dripping_chunks(seconds=0.05), "a dripping chunk size"),
        (scripted.delayed(5, scripted.answer({})), "a late answer"),
    ],
)
def test_no_server_holds_a_call_past_its_deadline_nor_its_thread_for_long(
    venue: ScriptedServer, behaviour: Behaviour, what: str
) -> None:
    venue.on("/x", behaviour)
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"no (complete )?answer"):
        get(venue.url, seconds=0.4)
    assert time.monotonic() - began > 0.3, what
    in_time(began, 2.0)
    no_call_threads_within(2.0)  # none still holds the abandoned one


@pytest.mark.parametrize("bomb", [scripted.huge(), scripted.gzip_bomb(20_000_000)])
def test_a_body_over_the_limit_is_dropped_early(venue: ScriptedServer, bomb: Behaviour) -> None:
    venue.on("/x", bomb)
    began = time.monotonic()
    with pytest.raises(BadAnswer, match="answer exceeds 100000 bytes"):
        get(venue.url)
    in_time(began, 2.5)


def test_a_compressed_body_of_many_pieces_is_whole(venue: ScriptedServer) -> None:
    venue.on("/x", scripted.gzip_bomb(1_000_000))
    assert get(venue.url, max_bytes=1_000_000).body == b" " * 1_000_000


@pytest.mark.parametrize(
    ("behaviour", "fault", "text"),
    [
        (scripted.answer({}, status=500), BadAnswer, "http 500"),
        (scripted.html(502), BadAnswer, "http 502"),
        (scripted.answer({}, status=403), Refused, "http 403"),
        (scripted.answer({}, status=404), Refused, "http 404"),
        (scripted.throttled(), RateLimited, "http 429"),
        (scripted.throttled(418), RateLimited, "http 418"),
        (scripted.truncated(b" " * 1000, keep=500), BadAnswer, "answer cut short"),
        (scripted.hanging_up(), Unreachable, "closed before a whole answer"),
        (scripted.answer(b"not gzip", headers={"Content-Encoding": "gzip"}), BadAnswer, "decompressed"),
    ],
)
def test_each_fault_is_called_what_it_is(
    venue: ScriptedServer, behaviour: Behaviour, fault: type[VenueFault], text: str
) -> None:
    venue.on("/x", behaviour)
    with pytest.raises(fault, match=text) as caught:
        get(venue.url)
    assert type(caught.value) is fault


def test_a_redirect_is_not_followed_and_its_body_not_read(venue: ScriptedServer) -> None:
    with ScriptedServer() as elsewhere:
        elsewhere.on("*", scripted.answer({"price": "1"}))
        venue.on("/x", scripted.redirect(f"{elsewhere.url}/stolen"))
        with pytest.raises(BadAnswer, match="http 302: a redirect, which is not followed"):
            get(venue.url)
        assert elsewhere.asked == []
    assert len(venue.asked) == 1


def test_a_huge_redirect_body_does_not_get_past_the_size_cap(venue: ScriptedServer) -> None:
    def behave(exchange: scripted.Exchange) -> None:
        exchange.send(exchange.head(302, {"Location": "http://other.test/", "Content-Length": "100000000"}))
        scripted.huge()(exchange)

    venue.on("/x", behave)
    with pytest.raises(BadAnswer, match="answer exceeds 100000 bytes"):
        get(venue.url)


def test_a_dead_port_and_a_name_that_does_not_exist_are_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1"):
        get(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match=r"no-such-host\.invalid failed|no complete answer"):
        get("https://no-such-host.invalid")


def test_tls_against_a_server_that_does_not_speak_it_fails_closed(venue: ScriptedServer) -> None:
    with pytest.raises(Unreachable, match="tls with 127"):
        get(venue.url.replace("http://", "https://"))
    assert venue.asked == []


def test_cookies_are_not_kept(venue: ScriptedServer) -> None:
    venue.on("/x", scripted.answer({}, headers={"Set-Cookie": "track=1"}))
    fetch = HttpFetch(venue.url, timeout_seconds=3, max_bytes=1000)
    fetch.get(f"{venue.url}/x")
    fetch.get(f"{venue.url}/x")
    fetch.close()
    assert "cookie" not in venue.asked[1].headers


def test_proxies_of_the_environment_do_not_see_loopback_requests(
    venue: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        venue.on("/x", scripted.answer({}))
        get(venue.url)
        assert proxy.asked == []


def test_debug_logs_of_the_http_library_hold_no_query(
    venue: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    venue.on("/x", scripted.answer({}))
    get(venue.url)
    assert "/x" in caplog.text
    assert "SECRET" not in caplog.text
