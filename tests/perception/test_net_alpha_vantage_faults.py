"""Every way Alpha Vantage says no with HTTP 200 is told apart, in the order in which the texts overlap."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from domain.errors import BadAnswer, NoData, RateLimited, Refused, VenueFault
from domain.ports import CandleRequest
from domain.times import DAY_MS, millis
from perception import build as network
from perception.build import GuardedAlphaVantage
from perception.guard.faults import Wait
from perception.providers.alpha_vantage.faults import read
from perception.settings import AlphaVantageSettings, PerceptionSettings
from tests.perception import server as scripted
from tests.perception.manual_clock import START, ManualClock
from tests.perception.server import ScriptedServer
from tests.perception.venues import QUERY
from tests.shared import shared_data

KEY = "CANARY7KEY"
REQUEST = CandleRequest("MSFT", DAY_MS, 0, millis(START), 100)
BURST = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly "
    "(1 request per second). You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to lift the free key rate limit (25 requests per day), raise the "
    "per-second burst limit, and instantly unlock all premium endpoints"
)
PREMIUM = (
    "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium "
    "plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
)
PLACEHOLDER = (
    "Thank you for using Alpha Vantage! This is a premium endpoint. Artificial data is shown. "
    "Please subscribe to a 600 requests per minute or a 1200 requests per minute premium membership plan to "
    "unlock it"
)
PER_MINUTE = (
    "Thank you for using Alpha Vantage! Our standard API rate limit is 5 requests per minute. Please "
    "subscribe to any of the premium plans to instantly unlock all premium endpoints"
)
FULL = (
    "Thank you! The outputsize=full parameter value is a premium feature for the TIME_SERIES_DAILY endpoint."
)
DAILY = f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day."
AUTH = "the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co)"
DEMO = "The **demo** API key is for demo purposes only. Please claim your free API key"
INPUTS = (
    "Invalid inputs. Please refer to the API documentation https://www.alphavantage.co/documentation#newsapi"
)


def document(**texts: object) -> bytes:
    return json.dumps({name.replace("_", " "): text for name, text in texts.items()}).encode()


CASES: list[tuple[bytes, type[VenueFault], str]] = [
    (document(Information=BURST), RateLimited, "too many requests at once"),
    (document(Note=BURST), RateLimited, "too many requests at once"),
    (document(Information="Burst pattern detected."), RateLimited, "too many requests at once"),
    (document(Information=DAILY), RateLimited, "the day's requests are used up"),
    (document(Information=PREMIUM), Refused, "needs a premium key"),
    (document(Information=FULL), Refused, "needs a premium key"),
    (document(Error_Message=AUTH), Refused, "the key is not accepted"),
    (document(Information=DEMO), Refused, "the key is not accepted"),
    (document(Error_Message="Invalid API call. Please retry."), Refused, "does not know what was asked for"),
    (document(Information=INPUTS), Refused, "does not know what was asked for"),
    (document(Information="No articles found. Please adjust the time range"), NoData, "no articles"),
    (document(Error_Message=f"Odd trouble with {KEY}"), Refused, r"says: Odd trouble with \[key\]"),
    (document(Information=f"News from {KEY.lower()}"), BadAnswer, r"says: News from \[key\]"),
    (
        document(message="artificial data for illustration", data=[{"close": "1"}]),
        BadAnswer,
        "artificial data",
    ),
    (document(Information=["not", "text"]), BadAnswer, "says:"),
    (b"{}", NoData, "holds no data"),
    (document(Global_Quote={}), NoData, "holds no data"),
    (document(Meta_Data={"2. Symbol": "MSFT"}), NoData, "holds no series"),
    (b"[]", BadAnswer, "not a json object"),
    (b'"text"', BadAnswer, "not a json object"),
    (b"null", BadAnswer, "not a json object"),
    (document(Information=PLACEHOLDER), Refused, "needs a premium key"),
    (document(message=PLACEHOLDER, data=[{"close": "1"}]), Refused, "needs a premium key"),
    (document(Information=PER_MINUTE), RateLimited, "too many requests a minute"),
    (b"timestamp,open\n2018-01-01,1", BadAnswer, "high of 2018-01-01 is not a number"),
    (b"timestamp,open\n2018-01-01", BadAnswer, "has not the 2 fields of its head"),
    (b"timestamp,open\n2018-01-01,1\n2018-01-01,1", BadAnswer, "a time twice"),
    (b"timestamp,open,high,low,close,volume\n", NoData, "holds no row"),
    (b"<html><body>apikey</body></html>", BadAnswer, "html instead of json"),
]


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def build(venue: ScriptedServer, home: Path, clock: ManualClock | None = None) -> GuardedAlphaVantage:
    settings = AlphaVantageSettings(api_key=SecretStr(KEY), base_url=venue.url)
    return network.alpha_vantage(settings, PerceptionSettings(), clock or ManualClock(), home)


@pytest.mark.parametrize(("body", "fault", "text"), CASES)
def test_each_text_means_one_thing(
    venue: ScriptedServer, tmp_path: Path, body: bytes, fault: type[VenueFault], text: str
) -> None:
    venue.on(QUERY, scripted.answer(b"\xef\xbb\xbf" + body))
    provider = build(venue, tmp_path)
    with pytest.raises(fault, match=text) as caught:
        provider.candles(REQUEST)
    provider.close()
    assert type(caught.value) is fault
    assert KEY.lower() not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("note_rate_limit_2018.json", RateLimited),
        ("information_premium_2018.json", RateLimited),
        ("error_message_invalid_call.json", Refused),
    ],
)
def test_recorded_refusals_are_told_apart(name: str, fault: type[VenueFault]) -> None:
    with pytest.raises(fault):
        read(shared_data("alphavantage", name).read_bytes(), KEY)


def test_observed_rate_limit_texts_ask_for_silence() -> None:
    observed = json.loads(shared_data("alphavantage", "observed_rate_limit_texts.json").read_text())
    assert observed["payloads"]
    for payload in observed["payloads"]:
        with pytest.raises(Wait, match="the day's requests are used up") as caught:
            read(json.dumps(payload).encode(), KEY)
        assert caught.value.seconds == 3600


def test_a_used_up_day_is_silence_for_an_hour_and_a_burst_for_two_seconds(
    venue: ScriptedServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    provider = build(venue, tmp_path, clock)
    for text, seconds in ((BURST, 2), (DAILY, 3600)):
        venue.on(QUERY, scripted.answer({"Information": text}))
        with pytest.raises(RateLimited):
            provider.candles(REQUEST)
        asked = len(venue.asked)
        clock.advance(seconds - 0.5)
        with pytest.raises(RateLimited, match="asked for silence"):
            provider.candles(REQUEST)
        assert len(venue.asked) == asked
        clock.advance(1)
    assert provider.state == "closed"
    provider.close()


def test_a_permanent_no_costs_one_request_and_is_asked_again_much_later(
    venue: ScriptedServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    provider = build(venue, tmp_path, clock)
    venue.on(QUERY, scripted.answer({"Information": PREMIUM}))
    for _ in range(5):
        with pytest.raises(Refused, match="needs a premium key"):
            provider.candles(REQUEST)
    assert len(venue.asked) == 1
    clock.advance(601)
    with pytest.raises(Refused):
        provider.candles(REQUEST)
    assert len(venue.asked) == 2
    provider.close()


def test_every_try_is_charged_to_the_day(venue: ScriptedServer, tmp_path: Path) -> None:
    provider = build(venue, tmp_path)
    venue.on(QUERY, scripted.answer({}, status=503))
    with pytest.raises(BadAnswer):
        provider.candles(REQUEST)
    provider.close()
    assert provider.guard.budget.used_today == len(venue.asked) == 3


def test_tries_that_never_left_are_not_charged(tmp_path: Path) -> None:
    with ScriptedServer() as gone:
        pass
    provider = build(gone, tmp_path)
    with pytest.raises(VenueFault, match="no connection to 127"):
        provider.candles(REQUEST)
    assert provider.guard.budget.used_today == 0
    assert provider.counts.retries == 2
