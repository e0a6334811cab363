"""Pair lists: every source measures alike, and a list that cannot be refreshed is kept, then is not."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from domain.errors import BadAnswer
from domain.events import PairsListed
from domain.pairs import ListedPair
from domain.times import millis
from journal.codec import decode, encode
from perception import build
from perception.pairs.filters import PairMeasures, listed
from perception.pairs.lister import PairLister, at_once, in_thread
from perception.pairs.settings import PairListSettings
from perception.pairs.sources import CandlePairs, ExchangePairs, PairSource
from perception.pairs.tape import PairTape, after_candles, begin_of
from perception.providers import day_tickers
from perception.settings import BinanceSettings, PerceptionSettings
from tests.perception.manual_clock import ManualClock
from tests.perception.server import ScriptedServer, answer, html, silent, throttled

DAY = "/api/v3/ticker/24hr"
KLINES = "/api/v3/klines"
SYMBOLS = ("BTC-USDT", "ETH-USDT", "PEPE-USDT")
EXCHANGE = PairListSettings(source="exchange", volume_least=1000, spread_bp=20, timeout_seconds=10.0)
HOUR_MS = 3_600_000
ONCE = PerceptionSettings.model_validate({"retry": {"attempts": 1}})


def settings(**given_: Any) -> PairListSettings:
    return PairListSettings.model_validate({"source": "candles", **given_})


def ticker(symbol: str, **changes: object) -> dict[str, object]:
    """One row of the exchange's answer: 5000 USDT in a day, a range of 10 %, a spread of 10 bp."""
    row: dict[str, object] = {
        "symbol": symbol.replace("-", ""), "quoteVolume": "5000.00", "highPrice": "110.0",
        "lowPrice": "100.0", "bidPrice": "99.95", "askPrice": "100.05",
    }  # fmt: skip  # as the exchange has them
    return row | changes


def rows(**changes: Mapping[str, object]) -> list[dict[str, object]]:
    return [ticker(each, **changes.get(each[:3], {})) for each in SYMBOLS]


@pytest.fixture
def venue() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def exchange(venue: ScriptedServer, clock: ManualClock, tmp_path: Path) -> Iterator[ExchangePairs]:
    tickers = build.binance(BinanceSettings(base_url=venue.url), ONCE, clock, tmp_path)
    source = ExchangePairs(tickers, EXCHANGE, clock)
    yield source
    source.close()


def candles(first_ms: int, count: int, *, volume: float = 1.0, close: int = 10_000) -> list[Candle]:
    """Hours that went from 100 to 110 and back, in ticks of a hundredth."""
    return [Candle(first_ms + n * HOUR_MS, close, 11_000, 10_000, close, volume) for n in range(count)]


def tape(first_ms: int, count: int, **given_: Any) -> PairTape:
    result = after_candles(None, candles(first_ms, count, **given_), 0.01, 24 * HOUR_MS)
    assert result is not None
    return result


class Made:
    """A source and what it was told of the three symbols: 5000 USDT in a day, 10 %, 10 bp."""

    def __init__(self, source: PairSource, now: datetime) -> None:
        self.source = source
        self.now = now


@pytest.fixture(params=["exchange", "candles", "recorded"])
def made(
    request: pytest.FixtureRequest, venue: ScriptedServer, clock: ManualClock, exchange: ExchangePairs
) -> Made:
    venue.on(DAY, answer(rows()))
    if request.param == "exchange":
        return Made(exchange, clock.now())
    at_ms = begin_of(millis(clock.now()), 0)
    tapes = {each: tape(at_ms - 24 * HOUR_MS, 24, volume=5000 / 24 / 100) for each in SYMBOLS}
    source = CandlePairs(lambda: tapes, settings(volume_least=1), 10.0)
    return Made(source if request.param == "candles" else Recorded(source), clock.now())


class Recorded:
    """What a journal has of a list: a source's measurements, written and read back."""

    name = "recorded"

    def __init__(self, source: PairSource) -> None:
        self.source = source

    def measures(self, symbols: Any, now: datetime) -> list[PairMeasures]:
        pairs = listed(self.source.measures(symbols, now), settings(volume_least=1))
        event = decode(encode(PairsListed(now, self.source.name, pairs, now)))
        assert isinstance(event, PairsListed)
        return [PairMeasures(p.symbol, p.volume, p.age_days, p.spread_bp, p.volatility) for p in event.pairs]

    def close(self) -> None:
        self.source.close()


def test_every_source_measures_the_same_market_alike(made: Made) -> None:
    measures = made.source.measures(SYMBOLS, made.now)
    assert [each.symbol for each in measures] == list(SYMBOLS)
    for each in measures:
        assert not each.why
        assert each.volume == pytest.approx(5000, abs=1e-2)
        assert each.spread_bp == pytest.approx(10.0)
        assert each.volatility == pytest.approx(10.0)


def test_what_every_source_says_is_judged_alike(made: Made) -> None:
    measures = made.source.measures(SYMBOLS, made.now)
    for rule, name in (
        ({"volume_least": 6000}, "volume"), ({"spread_bp": 5}, "spread"),
        ({"volatility_least": 11}, "volatility"), ({"volatility_most": 9}, "volatility"),
    ):  # fmt: skip  # as they are declared
        assert {each.off.filter for each in listed(measures, settings(**rule)) if each.off} == {name}
    first = [each.symbol for each in listed(measures, settings(volume_top=1)) if each.off is None]
    assert first == ["BTC-USDT"], "equal volumes are placed by name"


def test_a_limit_reached_is_listed_and_one_unit_beyond_is_not() -> None:
    each = PairMeasures("BTC-USDT", 1000.0, 30.0, 5.0, 2.0)
    for at, beyond in (
        ({"volume_least": 1000}, {"volume_least": 1000.01}), ({"age_days": 30}, {"age_days": 30.01}),
        ({"spread_bp": 5}, {"spread_bp": 4.99}), ({"volatility_least": 2}, {"volatility_least": 2.01}),
        ({"volatility_most": 2}, {"volatility_most": 1.99}),
    ):  # fmt: skip  # as they are declared
        assert listed([each], settings(**at))[0].off is None
        off = listed([each], settings(**beyond))[0].off
        assert off is not None
        assert str(next(iter(beyond.values()))) in off.limit_text


@given(
    st.builds(
        PairMeasures, st.just("BTC-USDT"), *[st.none() | st.floats(0, 1e12, allow_nan=False)] * 4, st.just("")
    )
)
def test_what_is_not_known_is_not_listed(each: PairMeasures) -> None:
    rules = {"volume_least": 1, "age_days": 1, "spread_bp": 1e9, "volatility_least": 0.5, "volume_top": 1}
    off = listed([each], settings(**rules))[0].off
    unknown = None in (each.volume, each.age_days, each.spread_bp, each.volatility)
    assert off is not None if unknown else True
    if off is not None and off.measured is None:
        assert off.note == "not known"


@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        (silent(), r"no complete answer within"),
        (throttled(429, "30"), r"429"),
        (html(502), r"BadAnswer"),
        (answer([]), r"answer holds no ticker"),
        (answer(b""), r"is empty"),
        (answer(b'[{"symbol": "BTCUSDT", "quo'), r"cut short or malformed"),
        (answer({"code": -1003, "msg": "Too much request weight."}, status=400), r"-1003"),
        (
            answer([ticker(each, quoteVolume="a lot") for each in SYMBOLS]),
            r"quoteVolume of BTC-USDT is",
        ),
        (
            answer([ticker(each, highPrice="99") for each in SYMBOLS]),
            r"highPrice 99 of BTC-USDT",
        ),
    ],
)
def test_an_exchange_that_fails_leaves_the_list_as_it_was_then_holds_entries_back(
    behaviour: Any, fault: str, venue: ScriptedServer, exchange: ExchangePairs, clock: ManualClock
) -> None:
    venue.on(DAY, answer(rows()))
    lister = PairLister(exchange, EXCHANGE, SYMBOLS, at_once)
    lister.ask(clock.now())
    known = lister.news(clock.now(), None)
    assert known is not None
    assert [each.off for each in known.pairs] == [None, None, None]
    venue.on(DAY, behaviour)
    clock.advance(31 * 60)
    lister.ask(clock.now())
    kept = lister.news(clock.now(), known)
    assert kept is not None
    assert (kept.pairs, kept.measured_at, kept.stale) == (known.pairs, known.measured_at, False)
    assert kept.fault
    assert re.search(fault, kept.fault)
    assert lister.news(clock.now(), kept) is None, "a fault is said once"
    clock.advance(90 * 60)
    stale = lister.news(clock.now(), kept)
    assert stale is not None
    assert stale.stale
    assert {each.off.measured_text for each in stale.pairs if each.off} == {"list 121 minutes old"}
    venue.on(DAY, answer(rows()))
    clock.advance(61)
    lister.ask(clock.now())
    again = lister.news(clock.now(), stale)
    assert again is not None
    assert (again.fault, again.stale, [each.off for each in again.pairs]) == ("", False, [None] * 3)


def test_a_source_that_fails_is_left_alone_for_a_minute(
    venue: ScriptedServer, exchange: ExchangePairs, clock: ManualClock
) -> None:
    venue.on(DAY, answer([]))
    lister = PairLister(exchange, EXCHANGE, SYMBOLS, at_once)
    for seconds, requests in ((0, 1), (59, 1), (1, 2)):
        clock.advance(seconds)
        lister.ask(clock.now())
        assert len(venue.asked) == requests


def test_where_there_never_was_a_list_that_is_said_and_nothing_is_listed(
    venue: ScriptedServer, exchange: ExchangePairs, clock: ManualClock
) -> None:
    venue.on(DAY, html(502))
    lister = PairLister(exchange, EXCHANGE, SYMBOLS, at_once)
    assert lister.news(clock.now(), None) is None
    lister.ask(clock.now())
    news = lister.news(clock.now(), None)
    assert news is not None
    assert news.measured_at is None
    assert all(each.off is not None for each in news.pairs)
    assert lister.news(clock.now(), news) is None


def test_whoever_wants_to_enters_without_a_list(
    venue: ScriptedServer, exchange: ExchangePairs, clock: ManualClock
) -> None:
    venue.on(DAY, html(502))
    wants = EXCHANGE.model_copy(update={"when_stale": "enter"})
    lister = PairLister(exchange, wants, SYMBOLS, at_once)
    lister.ask(clock.now())
    news = lister.news(clock.now(), None)
    assert news is not None
    assert [each.off for each in news.pairs] == [None] * 3
    assert news.stale


def test_a_list_of_an_earlier_session_stands_no_longer_than_it_may(
    exchange: ExchangePairs, clock: ManualClock
) -> None:
    lister = PairLister(exchange, EXCHANGE, SYMBOLS, at_once)
    pairs = tuple(ListedPair(each) for each in SYMBOLS)
    old = PairsListed(clock.now(), "exchange", pairs, clock.now() - timedelta(minutes=121))
    news = lister.news(clock.now(), old)
    assert news is not None
    assert news.stale
    assert news.fault == "it was not refreshed since"
    young = msgspec.structs.replace(old, measured_at=clock.now() - timedelta(minutes=120))
    assert lister.news(clock.now(), young) is None


def test_one_row_of_garbage_is_one_symbol_s(venue: ScriptedServer, exchange: ExchangePairs) -> None:
    venue.on(DAY, answer(rows(ETH={"askPrice": "-1"})[:2]))
    one, two, three = listed(exchange.measures(SYMBOLS, ManualClock().now()), EXCHANGE)
    assert one.off is None
    assert two.off is not None
    assert two.off.note == "askPrice of ETH-USDT is not a number at least 0"
    assert three.off is not None
    assert three.off.note == "the answer says nothing of PEPE-USDT"


def test_prices_whose_range_is_no_number_leave_a_list_that_can_be_journaled(
    venue: ScriptedServer, exchange: ExchangePairs
) -> None:
    """One that cannot be would take the whole cycle's row with it, and every exit of that cycle."""
    vast: dict[str, str] = {
        "highPrice": "1e308",
        "lowPrice": "1e-300",
        "bidPrice": "1e308",
        "askPrice": "1.7e308",
    }
    venue.on(DAY, answer(rows(ETH=vast)))
    clock = ManualClock()
    lister = PairLister(exchange, EXCHANGE, SYMBOLS, at_once)
    lister.ask(clock.now())
    news = lister.news(clock.now(), None)
    assert news is not None
    assert decode(encode(news)) == news
    assert [each.off.note if each.off else "" for each in news.pairs] == [
        "", "volatility is not a finite number", "",
    ]  # fmt: skip
    given: dict[str, Any] = ticker("ETH-USDT", **vast)
    told = day_tickers.tickers([given], {"ETH-USDT": "ETHUSDT"})["ETH-USDT"]
    assert told.spread_bp == pytest.approx(0.7 / 1.35 * 10_000)


def test_a_pair_the_exchange_does_not_know_keeps_no_other_off(
    venue: ScriptedServer, exchange: ExchangePairs
) -> None:
    def refusing(asked: Any) -> None:
        names = asked.asked.query["symbols"]
        if "PEPE" in names:
            return answer({"code": -1121, "msg": "Invalid symbol."}, status=400)(asked)
        return answer([row for row in rows() if str(row["symbol"]) in names])(asked)

    venue.on(DAY, refusing)
    pairs = listed(exchange.measures(SYMBOLS, ManualClock().now()), EXCHANGE)
    assert [each.symbol for each in pairs if each.off is None] == ["BTC-USDT", "ETH-USDT"]
    assert pairs[2].off is not None
    assert "-1121" in pairs[2].off.note


def test_first_days_are_asked_for_once_and_those_known_survive_a_fault(
    venue: ScriptedServer, clock: ManualClock, tmp_path: Path
) -> None:
    wants = PairListSettings(source="exchange", age_days=30)
    tickers = build.binance(BinanceSettings(base_url=venue.url), ONCE, clock, tmp_path)
    source = ExchangePairs(tickers, wants, clock)
    days = {"BTCUSDT": 31, "ETHUSDT": 29, "PEPEUSDT": 0}
    start = clock.now()
    broken = {"PEPEUSDT"}

    def first(asked: Any) -> None:
        name = asked.asked.query["symbol"]
        if name in broken:
            return html(502)(asked)
        opened = millis(start) - days[name] * 24 * HOUR_MS
        return answer([[opened, "1", "1", "1", "1", "1", opened]] if days[name] else [])(asked)

    venue.on(DAY, answer(rows()))
    venue.on(KLINES, first)
    with pytest.raises(BadAnswer):
        source.measures(SYMBOLS, clock.now())
    broken.clear()
    before = [each.query.get("symbol") for each in venue.asked if each.path == KLINES]
    pairs = listed(source.measures(SYMBOLS, start), wants)
    after = [each.query.get("symbol") for each in venue.asked if each.path == KLINES][len(before) :]
    assert after == ["PEPEUSDT"]
    assert [each.age_days for each in pairs] == [31.0, 29.0, None]
    assert [each.off.measured_text if each.off else "" for each in pairs] == [
        "", "age 29 days", "age: not known",
    ]  # fmt: skip
    source.close()


def test_a_share_is_no_pair_of_the_exchange(exchange: ExchangePairs, venue: ScriptedServer) -> None:
    venue.on(DAY, answer([ticker("BTC-USDT")]))
    pairs = listed(exchange.measures(("BTC-USDT", "MSFT"), ManualClock().now()), EXCHANGE)
    assert pairs[0].off is None
    assert pairs[1].off is not None
    assert "binance trades pairs" in pairs[1].off.note


def test_a_lister_outlives_whatever_its_source_raises(clock: ManualClock) -> None:
    class Broken:
        name = "candles"
        close: Callable[[], None] = staticmethod(lambda: None)

        def measures(self, symbols: Any, now: datetime) -> list[PairMeasures]:
            del symbols, now
            raise ZeroDivisionError("ours\ud800\n" + 200 * "x")

    lister = PairLister(Broken(), settings(volume_top=1), SYMBOLS)
    news = lister.news(clock.now(), None)
    assert news is not None
    assert news.fault.startswith("ZeroDivisionError: ours xxx")
    assert decode(encode(news)) == news
    assert all(each.off is not None for each in news.pairs)


class Slow:
    """A source that answers when it is let."""

    name = "exchange"

    def __init__(self) -> None:
        self.asked = 0
        self.let = threading.Event()

    def measures(self, symbols: Any, now: datetime) -> list[PairMeasures]:
        del now
        self.asked += 1
        assert self.let.wait(30)
        return [PairMeasures(each, volume=5000.0, spread_bp=1.0) for each in symbols]

    def close(self) -> None:
        """Hold nothing."""


def test_nobody_waits_for_a_slow_exchange_and_its_answer_is_there_when_it_comes(clock: ManualClock) -> None:
    slow = Slow()
    lister = PairLister(slow, EXCHANGE, SYMBOLS, in_thread)
    for _ in range(3):  # cycles come and go meanwhile, and none asks a second time
        lister.ask(clock.now())
        assert lister.news(clock.now(), None) is None
        clock.advance(60)
    slow.let.set()
    news, until = None, time.monotonic() + 90
    while news is None and time.monotonic() < until:
        news = lister.news(clock.now(), None)
    assert news is not None
    assert slow.asked == 1
    assert [each.off for each in news.pairs] == [None] * 3
    asked = clock.now() - timedelta(seconds=180)
    assert (news.at, news.measured_at) == (clock.now(), asked)


def test_a_thread_that_cannot_be_begun_is_a_list_that_is_not_refreshed(clock: ManualClock) -> None:
    def none_left(work: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    lister = PairLister(Slow(), EXCHANGE, SYMBOLS, none_left)
    lister.ask(clock.now())
    news = lister.news(clock.now(), None)
    assert news is not None
    assert news.fault == "RuntimeError: can't start new thread"
