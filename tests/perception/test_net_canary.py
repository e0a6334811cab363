"""A canary key through every way to fail leaves no trace in texts, tracebacks, logs or files."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.errors import VenueFault
from domain.ports import CandleRequest
from domain.times import DAY_MS, MINUTE_MS, millis
from perception import build
from perception.build import GuardedAlphaVantage
from perception.http.fetch import HttpFetch
from perception.providers.alpha_vantage.provider import AlphaVantageProvider
from perception.settings import AlphaVantageSettings, BreakerSettings, PerceptionSettings, RetrySettings
from tests.perception import server as scripted
from tests.perception.manual_clock import START, RunningClock
from tests.perception.server import Behaviour, ScriptedServer

KEY = "CANARY7KEY"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SHARED = PerceptionSettings(
    retry=RetrySettings(attempts=2, first_wait_seconds=0.01), breaker=BreakerSettings(failures=3)
)
ECHO = f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day."


def redirecting_with_key(exchange: scripted.Exchange) -> None:
    """Send the client on with the key it came with."""
    scripted.redirect(f"http://127.0.0.2:9/?apikey={exchange.asked.query['apikey']}")(exchange)


SLOW: dict[str, Behaviour] = {
    "silence": scripted.silent(),
    "drip": scripted.dripping(f'{{"Note": "{KEY}"}}'.encode(), seconds=0.05),
    "dripping headers": scripted.dripping(b"{}", seconds=0.05, from_headers=True),
}
FAILURES: dict[str, Behaviour] = {
    "hang up": scripted.hanging_up(),
    "truncated": scripted.truncated(f'{{"Note": "{KEY}", "a": 1}}'.encode(), keep=25),
    "huge": scripted.huge(10_000_000),
    "bomb": scripted.gzip_bomb(10_000_000),
    "not gzip": scripted.answer(KEY.encode(), headers={"Content-Encoding": "gzip"}),
    "500": scripted.answer({"key": KEY}, status=500),
    "502 html": scripted.answer(f"<html>{KEY}</html>".encode(), status=502, content_type="text/html"),
    "200 html": scripted.answer(f"<html>{KEY}</html>".encode(), content_type="text/html"),
    "429": scripted.throttled(429, "1"),
    "403": scripted.answer({"Error Message": KEY}, status=403),
    "redirect": redirecting_with_key,
    "daily limit": scripted.answer({"Information": ECHO}),
    "odd note": scripted.answer({"Note": f"hello {KEY.lower()}"}),
    "odd error": scripted.answer({"Error Message": f"bad {KEY}{KEY}"}),
    "odd number": scripted.answer({"Information": [KEY], "Note": {KEY: KEY}}),
    "auth": scripted.answer({"Error Message": f"the parameter apikey {KEY} is invalid"}),
    "empty": scripted.answer({}),
    "array": scripted.answer([KEY]),
    "text": scripted.answer(KEY),
    "nan": scripted.answer(f'{{"{KEY}": NaN}}'.encode()),
    "duplicates": scripted.answer(f'{{"{KEY}": 1, "{KEY}": 2}}'.encode()),
    "no series": scripted.answer({"Meta Data": {"2. Symbol": KEY}}),
    "bad rows": scripted.answer(
        {"Meta Data": {"5. Time Zone": "UTC"}, "Time Series (Daily)": {"2026-01-01": {"1. open": KEY}}}
    ),
    "bad stamps": scripted.answer({"Meta Data": {"5. Time Zone": "UTC"}, "Time Series (Daily)": {KEY: {}}}),
    "bad zone": scripted.answer(
        {"Meta Data": {"5. Time Zone": KEY}, "Time Series (Daily)": {"2026-01-01": {}}}
    ),
    "bad feed": scripted.answer(
        {"feed": [KEY], "Realtime Currency Exchange Rate": {"5. Exchange Rate": KEY}}
    ),
}

ASKS: dict[str, Callable[[GuardedAlphaVantage | AlphaVantageProvider], object]] = {
    "daily": lambda venue: venue.candles(CandleRequest("MSFT", DAY_MS, 0, millis(START), 10)),
    "crypto": lambda venue: venue.candles(CandleRequest("BTC-USDT", MINUTE_MS, 0, millis(START), 10)),
    "news": lambda venue: venue.headlines("BTC-USDT", LONG_AGO, 5),
    "rate": lambda venue: venue.exchange_rate("BTC", "USD"),
}


@pytest.fixture(scope="module")
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_printed_by_threads() -> Iterator[list[str]]:
    printed: list[str] = []
    was = threading.excepthook
    threading.excepthook = lambda failure: printed.append(str(failure))
    yield printed
    threading.excepthook = was
    assert printed == []


def settings(url: str, seconds: float = 20.0) -> AlphaVantageSettings:
    return AlphaVantageSettings(
        api_key=SecretStr(KEY),
        base_url=url,
        timeout_seconds=seconds,
        max_bytes=100_000,
        requests_per_second=100,
    )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from chain(error.__cause__)
        error = error.__context__


def told(error: BaseException, *, locals_too: bool) -> str:
    """Return all an exception can tell, to a log that follows causes and contexts and shows locals."""
    texts = [repr(link.args) + str(link) + repr(link) + repr(vars(link)) for link in chain(error)]
    shown = traceback.TracebackException.from_exception(error, capture_locals=locals_too)
    for link in chain(error):
        link.__suppress_context__ = False
    return "".join([*texts, *traceback.format_exception(error), *shown.format()])


def no_trace_of_the_key(text: str) -> bool:
    return KEY.lower() not in text.lower()


def fault_of(
    ask: Callable[[GuardedAlphaVantage | AlphaVantageProvider], object], provider: GuardedAlphaVantage
) -> VenueFault | None:
    try:
        ask(provider)
    except VenueFault as fault:
        return fault
    return None


@pytest.mark.parametrize("failure", FAILURES)
def test_the_key_is_nowhere_after_a_guarded_call(
    venue: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    caplog.set_level(logging.DEBUG)
    venue.on("/query", FAILURES[failure])
    for name, ask in ASKS.items():
        provider = build.alpha_vantage(settings(venue.url), SHARED, RunningClock(), tmp_path / name)
        before = len(venue.asked)
        fault = fault_of(ask, provider)
        if fault is None:
            assert name == "news", "no headlines is an answer; all else was to fail"
        else:
            assert no_trace_of_the_key(told(fault, locals_too=True)), name
        assert venue.asked[before].query["apikey"] == KEY
        provider.close()
        assert no_trace_of_the_key(repr(vars(provider)) + repr(provider.guard.counts) + provider.reason())
    assert no_trace_of_the_key(caplog.text)
    for file in tmp_path.rglob("*.*"):
        assert no_trace_of_the_key(file.read_text() if file.is_file() else file.name)


@pytest.mark.parametrize("failure", FAILURES)
def test_the_key_is_nowhere_after_a_bare_call(venue: ScriptedServer, failure: str) -> None:
    venue.on("/query", FAILURES[failure])
    bare = settings(venue.url)
    fetch = HttpFetch(bare.base_url, timeout_seconds=bare.timeout_seconds, max_bytes=bare.max_bytes)
    provider = AlphaVantageProvider(bare, fetch)
    with pytest.raises(VenueFault) as caught:
        ASKS["daily"](provider)
    provider.close()
    assert no_trace_of_the_key(told(caught.value, locals_too=False))


@pytest.mark.parametrize("failure", SLOW)
def test_the_key_is_nowhere_after_a_call_that_was_abandoned(
    venue: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    caplog.set_level(logging.DEBUG)
    venue.on("/query", SLOW[failure])
    provider = build.alpha_vantage(settings(venue.url, 0.7), SHARED, RunningClock(), tmp_path)
    with pytest.raises(VenueFault, match=r"no (complete )?answer") as caught:
        ASKS["daily"](provider)
    until = time.monotonic() + 60
    while provider.counts.hanging and time.monotonic() < until:
        time.sleep(0.01)
    assert provider.counts.hanging == 0
    provider.close()
    assert no_trace_of_the_key(told(caught.value, locals_too=True))
    assert no_trace_of_the_key(caplog.text)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "https://no-such-host.invalid", "https://127.0.0.1:9/query"]
)
def test_the_key_is_nowhere_when_there_is_no_venue(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = build.alpha_vantage(settings(url), SHARED, RunningClock(), tmp_path)
    for _ in range(5):
        with pytest.raises(VenueFault) as caught:
            ASKS["daily"](provider)
        assert no_trace_of_the_key(told(caught.value, locals_too=True))
    assert provider.state == "open"
    assert "circuit breaker open" in str(caught.value)
    provider.close()
    assert no_trace_of_the_key(caplog.text)


def test_the_library_itself_would_have_told() -> None:
    """The canary sings: without our care a connection error's text holds the key."""
    import requests  # noqa: PLC0415  # heavy, and only here

    with pytest.raises(requests.ConnectionError) as caught:
        requests.get(f"http://127.0.0.1:9/query?apikey={KEY}", timeout=1)
    assert not no_trace_of_the_key(told(caught.value, locals_too=False))
