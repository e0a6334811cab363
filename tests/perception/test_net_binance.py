"""Binance candles over a real socket: what is asked, what is believed, and what its errors mean."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.candle import RawCandle
from domain.errors import BadAnswer, RateLimited, Refused, VenueFault
from domain.ports import CandleRequest
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis
from perception import build as network
from perception.guard.cache import LATEST
from perception.guard.provider import GuardedProvider
from perception.http.fetch import HttpFetch
from perception.providers.binance import BinanceProvider
from perception.quality.intake import intake
from perception.settings import BinanceSettings, PerceptionSettings, RetrySettings
from tests import wild
from tests.perception import server as scripted
from tests.perception.manual_clock import START, ManualClock
from tests.perception.off_candles import BTC
from tests.perception.server import Behaviour, ScriptedServer
from tests.perception.venues import KLINES, kline, klines, recorded, waving

NOW = millis(START)
ROW = kline(RawCandle(NOW, 2.0, 3.0, 1.0, 2.5, 10.0), MINUTE_MS)
BANS = [
    (scripted.throttled(429, "7"), 7),
    (scripted.throttled(418, "300"), 300),
    (scripted.throttled(429), 60),
]
SHARED = PerceptionSettings(retry=RetrySettings(attempts=1))


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def binance(venue: ScriptedServer, clock: ManualClock, tmp_path: Path) -> Iterator[GuardedProvider]:
    provider = network.binance(BinanceSettings(base_url=venue.url), SHARED, clock, tmp_path)
    yield provider
    provider.close()


def wanted(
    symbol: str = "BTC-USDT", since: int = 0, timeframe: int = MINUTE_MS, now: int = NOW, limit: int = 500
) -> CandleRequest:
    return CandleRequest(symbol, timeframe, since, now, limit)


def test_real_candles_arrive_value_for_value(venue: ScriptedServer, binance: GuardedProvider) -> None:
    # Of another symbol each, for an answer is kept.
    for symbol, rows in zip(("BTC-USDT", "ETH-USDT"), wild.rows(wild.OUTAGE), strict=False):
        venue.on(KLINES, klines({symbol.replace("-", ""): recorded(rows)}))
        assert list(binance.candles(wanted(symbol))) == rows


def test_the_request_says_symbol_interval_start_and_limit(
    venue: ScriptedServer, binance: GuardedProvider
) -> None:
    venue.on(KLINES, scripted.answer([]))
    assert binance.candles(wanted("ETH-BTC", 1234, HOUR_MS, limit=5000)) == ()
    assert venue.asked[0].path == "/api/v3/klines"
    assert venue.asked[0].query == {
        "symbol": "ETHBTC", "interval": "1h", "startTime": "1234", "limit": "1000",
    }  # fmt: skip


@pytest.mark.parametrize(("timeframe", "name"), [(5 * MINUTE_MS, "5m"), (4 * HOUR_MS, "4h"), (DAY_MS, "1d")])
def test_every_timeframe_of_ours_has_its_name(
    venue: ScriptedServer, binance: GuardedProvider, timeframe: int, name: str
) -> None:
    venue.on(KLINES, scripted.answer([]))
    binance.candles(wanted(timeframe=timeframe))
    assert venue.asked[0].query["interval"] == name


def test_the_candle_that_still_forms_is_there_and_limits_hold(
    venue: ScriptedServer, binance: GuardedProvider, clock: ManualClock
) -> None:
    now = NOW + 30_000
    clock.advance(30)
    venue.on(KLINES, klines({"BTCUSDT": waving(lambda: now)}))
    candles = binance.candles(wanted(since=NOW - 10 * MINUTE_MS, now=now))
    assert [candle.time for candle in candles] == [NOW + step * MINUTE_MS for step in range(-10, 1)]
    few = binance.candles(wanted(since=NOW - 10 * MINUTE_MS, now=now, limit=3))
    assert few == candles[:3]


@pytest.mark.parametrize("symbol", ["MSFT", "BTC/USDT", "btc-usdt", "BTC-USDT&limit=1", "../x", "", "A" * 21])
def test_a_symbol_that_is_not_one_never_reaches_a_url(
    venue: ScriptedServer, binance: GuardedProvider, symbol: str
) -> None:
    with pytest.raises(Refused):
        binance.candles(wanted(symbol))
    assert venue.asked == []
    assert binance.state == "closed"


def test_an_unknown_timeframe_is_refused(venue: ScriptedServer, binance: GuardedProvider) -> None:
    with pytest.raises(Refused, match="timeframe 7 ms is not one of 1s, 1m"):
        binance.candles(wanted(timeframe=7))
    assert venue.asked == []


@pytest.mark.parametrize(
    "row",
    [
        [],
        "row",
        ROW[:5],
        [str(NOW), *ROW[1:]],
        [True, *ROW[1:]],
        [-1, *ROW[1:]],
        [1 << 60, *ROW[1:]],
    ],
)
def test_a_row_without_a_time_spoils_the_answer(
    venue: ScriptedServer, binance: GuardedProvider, row: object
) -> None:
    venue.on(KLINES, scripted.answer([ROW, row]))
    with pytest.raises(BadAnswer):
        binance.candles(wanted())


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["nan", *ROW[2:]], "not_finite"),
        (["0.0", "0.0", "0.0", "0.0", "0"], "not_positive"),
        (["1", "-3", *ROW[3:]], "not_positive"),
        (["1", "1", None, *ROW[4:]], "not_finite"),
        (["1", "1", "1", "1e309", *ROW[5:]], "not_finite"),
        (["1", "1", "1", "1", "-1"], "not_positive"),
    ],
)
def test_a_row_that_is_not_sound_is_left_out_by_name_and_the_others_are_good(
    venue: ScriptedServer, binance: GuardedProvider, row: list[object], kind: str
) -> None:
    odd = [NOW - MINUTE_MS, *row]
    good = [[NOW - number * MINUTE_MS, *ROW[1:]] for number in range(100, 1, -1)]
    venue.on(KLINES, scripted.answer([*good, odd]))
    taken = intake(BTC, binance.candles(wanted(since=0)), None, MINUTE_MS, NOW)
    assert len(taken.candles) == len(good)
    assert (kind, NOW - MINUTE_MS) in [(each.kind, each.time) for each in taken.findings]
    venue.on(KLINES, scripted.answer([[NOW, *row]]))
    with pytest.raises(BadAnswer):
        binance.candles(wanted(since=NOW))


@pytest.mark.parametrize(
    ("behaviour", "fault", "text"),
    [
        (klines({}), Refused, r"^code -1121: Invalid symbol\.$"),
        (scripted.answer({"code": -1003, "msg": "Way too much"}, status=400), RateLimited, "code -1003"),
        (scripted.answer({"code": -1001, "msg": "Internal"}, status=400), BadAnswer, "code -1001"),
        (scripted.answer({"code": "x"}, status=400), Refused, "http 400"),
        (scripted.answer(b"<html>", status=403), Refused, "http 403"),
        (
            scripted.answer({"code": 0, "msg": "restricted location"}, status=451),
            Refused,
            "restricted location",
        ),
        (
            scripted.answer({"code": -1, "msg": "a\x1b[31m\u202eb" + "c" * 999}, status=400),
            Refused,
            "code -1: a",
        ),
        (scripted.answer({"data": []}), BadAnswer, "not a list of candles"),
        (scripted.html(), BadAnswer, "html instead of json"),
        (scripted.answer(b'[[1, "1", NaN]]'), BadAnswer, "holds NaN"),
    ],
)
def test_each_refusal_means_what_its_code_says(
    venue: ScriptedServer, binance: GuardedProvider, behaviour: Behaviour, fault: type[VenueFault], text: str
) -> None:
    venue.on(KLINES, behaviour)
    with pytest.raises(fault, match=text) as caught:
        binance.candles(wanted())
    assert type(caught.value) is fault
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("behaviour", "seconds"), BANS)
def test_a_ban_is_silence_until_it_is_due_even_over_a_restart(
    venue: ScriptedServer, clock: ManualClock, tmp_path: Path, behaviour: Behaviour, seconds: int
) -> None:
    def build() -> GuardedProvider:
        return network.binance(BinanceSettings(base_url=venue.url), SHARED, clock, tmp_path)

    venue.on(KLINES, scripted.one_after_another(behaviour, scripted.answer([ROW])))
    first = build()
    with pytest.raises(RateLimited, match="the venue asks to wait"):
        first.candles(wanted())
    clock.advance(seconds - 1)
    again = build()
    for provider in (first, again):
        with pytest.raises(RateLimited, match="binance asked for silence, 1 s left"):
            provider.candles(wanted())
        assert "silence" in provider.reason()
        assert provider.reason()
    assert len(venue.asked) == 1
    clock.advance(1)
    assert len(again.candles(wanted())) == 1
    first.close()
    again.close()


def test_a_bare_provider_works_without_its_guard(venue: ScriptedServer) -> None:
    venue.on(KLINES, scripted.answer([ROW]))
    settings = BinanceSettings(base_url=venue.url)
    provider = BinanceProvider(settings, HttpFetch(venue.url, timeout_seconds=2, max_bytes=9999))
    assert provider.candles(wanted(now=LATEST)) == (RawCandle(NOW, 2.0, 3.0, 1.0, 2.5, 10.0),)
    provider.close()
