"""What the stream provider answers: the candles of an unbroken feed, whatever happens to the feed."""

import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self

import pytest

from domain.candle import Candle, RawCandle
from domain.errors import BadInput, RateLimited, Unreachable, VenueFault
from domain.instrument import Instrument
from domain.observation import Source
from domain.ports import CandleRequest, Provider
from domain.times import MINUTE_MS, millis
from perception import build
from perception.chain import Chain
from perception.settings import BinanceSettings, PerceptionSettings, StreamSettings
from perception.stream.provider import StreamProvider
from tests.perception.manual_clock import START, ManualClock
from tests.perception.server import ScriptedServer
from tests.perception.stream_server import FakeRest, Market, StreamServer, combined, eventually, kline
from tests.perception.venues import KLINES, klines

MARKET = Market(3)
NOW = millis(START)
BTC = "BTC-USDT"
INSTRUMENT = Instrument(
    BTC, "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(5)
)


def at(step: int) -> int:
    return NOW + step * MINUTE_MS


def truth(first: int, until: int) -> tuple[RawCandle, ...]:
    return tuple(MARKET.candle(at(step)) for step in range(first, until))


def on_grid(row: RawCandle) -> tuple[int, int, int, int]:
    return round(row.open * 100), round(row.high * 100), round(row.low * 100), round(row.close * 100)


class World:
    """A server, a clock, REST and the provider between them."""

    def __init__(self, server: StreamServer, clock: ManualClock, symbols: Sequence[str] = (BTC,)) -> None:
        self.server = server
        self.clock = clock
        self.rest = FakeRest(MARKET, clock)
        self.told: dict[str, object] = {
            "base_url": server.url,
            "settle_seconds": 0.0,
            "watchdog_seconds": 3600,
        }
        self.symbols = symbols
        self.made: list[StreamProvider] = []

    def open(self, rest: Provider | None = None, **told: object) -> StreamProvider:
        settings = StreamSettings.model_validate(self.told | told)
        provider = StreamProvider(
            settings, rest or self.rest, self.symbols, MINUTE_MS, self.clock, jitter=lambda: 0.0
        )
        self.made.append(provider)
        provider.start()
        self.connected(provider)
        return provider

    def connected(self, provider: StreamProvider) -> None:
        eventually(lambda: provider.status().connected, "connected")
        eventually(lambda: self.server.open_wires, "the server to know")

    def say(self, *messages: object) -> None:
        """Send, and wait until all of it was understood."""
        provider = self.made[-1]
        before = provider.status().messages
        self.server.say(*messages)
        eventually(lambda: provider.status().messages >= before + len(messages), "messages")

    def final(self, step: int) -> None:
        self.say(kline(MARKET.candle(at(step)), final=True))

    def reconnect(self) -> None:
        provider = self.made[-1]
        before, connections = provider.status().reconnects, self.server.connections
        self.server.cut()
        eventually(lambda: provider.status().reconnects > before and provider.status().connected, "again")
        eventually(lambda: self.server.connections > connections, "the server to know")

    def to(self, step: float) -> None:
        self.clock.advance(max(at(0) + step * MINUTE_MS - millis(self.clock.now()), 0) / 1000)

    def request(self, first: int, limit: int = 500, symbol: str = BTC) -> CandleRequest:
        return CandleRequest(symbol, MINUTE_MS, at(first), millis(self.clock.now()), limit)

    def asked(self) -> int:
        return len(self.rest.asked)


@pytest.fixture
def world() -> Iterator[World]:
    with StreamServer() as server:
        made = World(server, ManualClock())
        yield made
        for provider in made.made:
            provider.close()


def test_at_the_start_rest_gives_the_past_and_then_the_stream_goes_on_alone(world: World) -> None:
    provider = world.open()
    world.to(0.5)
    past = (*truth(-10, 0), MARKET.forming(at(0), 0.5))
    assert provider.candles(world.request(-10)) == past
    assert world.asked() == 1
    for step in range(20):
        world.to(step + 1)
        world.final(step)
        world.to(step + 1.25)
        world.say(combined(kline(MARKET.forming(at(step + 1), 0.2), final=False)))
        seen = provider.candles(world.request(step - 3))
        assert seen == (*truth(step - 3, step + 1), MARKET.forming(at(step + 1), 0.2))
    assert world.asked() == 1
    assert provider.status().backfills == 1


def test_a_candle_that_is_over_but_not_final_is_not_served(world: World) -> None:
    provider = world.open()
    world.rest.lag_ms = 2000
    world.to(0.5)
    provider.candles(world.request(-2))
    world.say(kline(MARKET.forming(at(0), 0.9), final=False))
    world.to(1.001)
    # Neither the stream nor REST, which lags, has the minute's last word.
    assert provider.candles(world.request(-2)) == truth(-2, 0)
    world.final(0)
    assert provider.candles(world.request(-2)) == truth(-2, 1)


def test_the_final_candle_is_awaited_a_moment_before_rest_is_asked(world: World) -> None:
    provider = world.open(settle_seconds=20.0)
    world.to(0.5)
    provider.candles(world.request(-2))
    world.to(1)
    late = threading.Timer(0.3, world.final, (0,))
    late.start()
    assert provider.candles(world.request(-2)) == truth(-2, 1)
    late.join()
    assert world.asked() == 1


def test_a_gap_is_filled_from_rest_once(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-5))
    for step in (0, 1, 5):
        world.to(step + 1)
        world.final(step)
    assert provider.candles(world.request(-5))[:11] == truth(-5, 6)
    assert world.asked() == 2
    assert world.rest.asked[-1].since_ms == at(2)
    world.final(3)
    assert provider.candles(world.request(-5))[:11] == truth(-5, 6)
    assert world.asked() == 2
    assert provider.status().revised == 0


def garbage() -> list[object]:
    future = MARKET.candle(at(900))
    return [
        "<html>", b"\xff", "NaN", "1e309", '{"e": "kline", "e": "kline"}', {"e": "error", "m": "full"},
        {"e": "trade"}, kline(future, final=True), kline(MARKET.candle(at(0)), final=True, symbol="XUSDT"),
        kline(MARKET.candle(at(0)), final=True, fields={"c": "Infinity"}), "x" * 50_000,
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(11))
def test_a_message_that_cannot_be_used_leads_to_one_question_and_nothing_else(
    world: World, number: int
) -> None:
    provider = world.open()
    world.to(0.5)
    provider.candles(world.request(-3))
    world.say(garbage()[number])
    assert provider.status().malformed == 1
    assert provider.candles(world.request(-3)) == (*truth(-3, 0), MARKET.forming(at(0), 0.5))
    provider.candles(world.request(-3))
    assert world.asked() == 2
    assert provider.status().connected
    assert provider.status().reconnects == 0


def test_after_a_reconnect_rest_is_asked_once(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-3))
    world.reconnect()
    provider.candles(world.request(-3))
    provider.candles(world.request(-3))
    assert world.asked() == 2


def test_while_the_stream_is_silent_or_down_rest_is_asked_every_time(world: World) -> None:
    provider = world.open(watchdog_seconds=60)
    provider.candles(world.request(-3))
    world.server.refusing = True
    world.clock.advance(61)
    for _ in range(3):
        assert provider.candles(world.request(-3))[:4] == truth(-3, 1)
    assert world.asked() == 4
    assert not provider.status().live
    world.rest.fault = Unreachable("no connection")
    with pytest.raises(Unreachable):
        provider.candles(world.request(-3))
    assert provider.status().backfill_failures == 1


def test_dropped_messages_are_filled_from_rest(world: World) -> None:
    provider = world.open(queue_messages=1)
    provider.candles(world.request(-3))
    world.to(30)
    messages = [kline(MARKET.candle(at(step)), final=True) for step in range(30)]
    with provider._feed.changed:
        world.server.say(*messages)
        eventually(lambda: provider.status().dropped >= 25, "drops")
    eventually(lambda: provider.status().messages + provider.status().dropped == 30, "the rest")
    assert provider.candles(world.request(-3))[:33] == truth(-3, 30)
    assert world.asked() == 2


def test_dropped_messages_of_a_forming_candle_are_asked_for_too(world: World) -> None:
    provider = world.open(queue_messages=1)
    provider.candles(world.request(-3))
    with provider._feed.changed:
        world.server.say(*[kline(MARKET.forming(at(0), 0.1), final=False)] * 10)
        eventually(lambda: provider.status().dropped >= 5, "drops")
    eventually(lambda: provider.status().messages + provider.status().dropped == 10, "the rest")
    for _ in range(2):
        provider.candles(world.request(-3))
    assert world.asked() == 2


def test_an_answer_from_while_it_was_down_does_not_count_for_afterwards(world: World) -> None:
    provider = world.open()
    world.server.refusing = True
    world.server.cut()
    eventually(lambda: not provider.status().connected, "down")
    world.clock.advance(7200)
    provider.candles(world.request(-3))
    asked = world.asked()
    world.server.refusing = False
    world.connected(provider)
    # However long it was down, from here on it is not silent.
    assert provider.status().live
    for _ in range(2):
        provider.candles(world.request(-3))
    assert world.asked() == asked + 1
    assert provider.status().reconnects == 1


def test_a_doubt_that_arises_while_rest_answers_is_not_settled_by_that_answer(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-3))
    world.say("<html>")
    world.rest.meanwhile = lambda: world.say("NaN")
    provider.candles(world.request(-3))
    world.rest.meanwhile = lambda: None
    for _ in range(2):
        provider.candles(world.request(-3))
    assert world.asked() == 3


def test_a_question_about_the_past_settles_a_doubt_about_the_present(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-3))
    world.to(9.5)
    world.say("<html>")
    assert provider.candles(world.request(-3)._replace(now_ms=at(5)))[:8] == truth(-3, 5)
    world.rest.fault = Unreachable("no connection")
    assert provider.candles(world.request(-3)) == (*truth(-3, 9), MARKET.forming(at(9), 0.5))


def test_of_calls_at_the_same_time_one_asks_and_all_get_the_answer(world: World) -> None:
    provider = world.open()
    answered = threading.Event()
    world.rest.meanwhile = lambda: answered.wait(15)
    found: list[object] = []
    calls = [
        threading.Thread(target=lambda: found.append(provider.candles(world.request(-3)))) for _ in range(5)
    ]
    for call in calls:
        call.start()
    eventually(world.asked, "the first question")
    with pytest.raises(Unreachable, match="still waits"):
        provider.candles(world.request(-3), deadline_seconds=0.05)
    answered.set()
    for call in calls:
        call.join()
    assert found == [(*truth(-3, 0), MARKET.forming(at(0), 0.0))] * 5
    assert world.asked() == 1


def test_callers_that_want_different_pasts_do_not_take_it_from_each_other(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-30))
    world.to(10)
    assert provider.candles(world.request(8))[:2] == truth(8, 10)
    world.rest.fault = Unreachable("no connection")
    assert provider.candles(world.request(-30))[:40] == truth(-30, 10)


def test_what_is_forgotten_while_rest_answers_is_asked_for_and_not_left_out(world: World) -> None:
    provider = world.open(memory_candles=20)
    provider.candles(world.request(-10))

    def much_happens() -> None:
        world.rest.meanwhile = lambda: None
        world.to(30)
        world.say(*[kline(MARKET.candle(at(step)), final=True) for step in range(30)])

    world.say("<html>")
    world.rest.meanwhile = much_happens
    assert provider.candles(world.request(-10))[:10] == truth(-10, 0)


def test_a_doubt_alone_does_not_make_it_fail_when_rest_does(world: World) -> None:
    provider = world.open()
    provider.candles(world.request(-3))
    world.to(1)
    world.final(0)
    world.rest.fault = RateLimited("wait")
    world.reconnect()
    assert provider.candles(world.request(-3)) == truth(-3, 1)
    world.to(3)
    world.final(2)
    with pytest.raises(RateLimited):
        provider.candles(world.request(-3))
    assert provider.candles(world.request(-3)._replace(now_ms=at(1))) == truth(-3, 1)
    world.rest.fault = None
    assert provider.candles(world.request(-3))[:6] == truth(-3, 3)
    asked = world.asked()
    provider.candles(world.request(-3))
    assert world.asked() == asked


def test_of_two_final_versions_rest_says_which_and_the_observer_sees_the_revision(world: World) -> None:
    provider = world.open()
    chain = Chain([provider], None, {BTC: INSTRUMENT}, MINUTE_MS, warmup=5, clock=world.clock)
    world.to(0.1)
    seen = chain.observe(BTC, None, world.clock.now())
    world.to(1)
    wrong = MARKET.candle(at(0))._replace(close=MARKET.candle(at(0)).open)
    world.say(kline(wrong, final=True))
    seen = chain.observe(BTC, seen.candles[-1], world.clock.now())
    assert [candle.close for candle in seen.candles] == [round(wrong.close * 100)]
    world.say(kline(MARKET.candle(at(0)), final=True))
    assert provider.status().revised == 1
    world.to(1.5)
    again = chain.observe(BTC, seen.candles[-1], world.clock.now())
    assert [finding.kind for finding in again.findings if finding.kind != "still_open"] == ["revised"]
    assert again.candles == ()


def test_rest_pages_are_followed_when_one_answer_does_not_reach(world: World) -> None:
    provider = world.open()
    world.rest.most = 1000
    assert provider.candles(world.request(-1400, limit=2000))[:1400] == truth(-1400, 0)
    assert [asked.limit for asked in world.rest.asked] == [1000, 402]


def test_what_has_no_stream_and_what_is_too_long_ago_is_passed_on(world: World) -> None:
    provider = world.open()
    for request in (
        world.request(-5, symbol="ETH-USDT"),
        world.request(-5)._replace(timeframe_ms=5 * MINUTE_MS),
        world.request(-1600),
    ):
        provider.candles(request)
        assert world.rest.asked[-1] == request
        assert provider.last_good(request) is None


def test_symbols_are_kept_apart(world: World) -> None:
    world.symbols = (BTC, "ETH-USDT")
    provider = world.open()
    provider.candles(world.request(-1))
    provider.candles(world.request(-1, symbol="ETH-USDT"))
    world.to(1)
    world.final(0)
    world.rest.fault = Unreachable("no connection")
    assert provider.candles(world.request(-1)) == truth(-1, 1)
    with pytest.raises(Unreachable):
        provider.candles(world.request(-1, symbol="ETH-USDT"))
    with pytest.raises(BadInput, match="0 symbols"):
        StreamProvider(StreamSettings(), world.rest, ["MSFT"], MINUTE_MS, world.clock)


def test_last_good_asks_nobody_and_says_when_it_was_true(world: World) -> None:
    provider = world.open()
    assert provider.last_good(world.request(-3)) is None
    world.to(0.5)
    provider.candles(world.request(-3))
    fetched_at = world.clock.now()
    world.to(0.75)
    assert provider.last_good(world.request(-3)) == ((*truth(-3, 0), MARKET.forming(at(0), 0.5)), fetched_at)
    world.to(5)
    assert provider.last_good(world.request(-3)) == (truth(-3, 0), fetched_at)
    assert provider.last_good(world.request(-4)) is None, "what begins too late would hide a gap"
    assert world.asked() == 1


def test_behind_a_guard_and_in_the_chain_it_serves_live_and_then_labelled_as_kept(
    world: World, tmp_path: Path
) -> None:
    clock = world.clock

    def market(since: int, length: int) -> list[RawCandle]:
        now = millis(clock.now())
        opened = now - now % length
        return [*MARKET.between(since, opened), MARKET.forming(opened, (now - opened) / length)]

    with ScriptedServer() as venue:
        venue.on(KLINES, klines({"BTCUSDT": market}))
        rest = build.binance(BinanceSettings(base_url=venue.url), PerceptionSettings(), clock, tmp_path)
        provider = world.open(rest)
        chain = Chain([provider], None, {BTC: INSTRUMENT}, MINUTE_MS, warmup=50, clock=clock)
        world.to(0.5)
        seen = chain.observe(BTC, None, clock.now())
        assert (len(seen.candles), seen.source, seen.provider) == (50, Source.LIVE, "binance_stream")
        assert (seen.breaker, len(venue.asked)) == ("closed", 1)
        world.to(1)
        world.final(0)
        seen = chain.observe(BTC, seen.candles[-1], clock.now())
        assert [candle.time for candle in seen.candles] == [at(0)]
        assert len(venue.asked) == 1
    world.server.refusing = True
    world.clock.advance(65)
    seen = chain.observe(BTC, seen.candles[-1], clock.now())
    assert seen.source is Source.CACHED
    assert seen.fetched_at == START + timedelta(minutes=1)


def test_once_closed_it_says_so(world: World) -> None:
    provider = world.open()
    provider.close()
    with pytest.raises(Unreachable, match="closed"):
        provider.candles(world.request(-1))
    assert not provider.status().connected


def test_a_final_candle_ahead_of_our_clock_is_closed_for_the_observer_too(world: World) -> None:
    provider = world.open()
    chain = Chain([provider], None, {BTC: INSTRUMENT}, MINUTE_MS, warmup=5, clock=world.clock)
    world.to(0.1)
    seen = chain.observe(BTC, None, world.clock.now())
    world.clock.advance(53.7)  # 300 ms before the close
    world.final(0)
    early = chain.observe(BTC, seen.candles[-1], world.clock.now())
    assert early.candles == ()
    world.to(1)
    seen = chain.observe(BTC, seen.candles[-1], world.clock.now())
    assert [candle.time for candle in seen.candles] == [at(0)]


class Mangler:
    """Sends a market minute by minute through a bad line; what is lost, doubled or late is by seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.late: list[object] = []

    def minute(self, step: int) -> None:
        """Play the minute `step` up to its end."""
        for share in (0.3, 0.8):
            self.world.to(step + share)
            forming, told_at = MARKET.forming(at(step), share), at(step) + int(share * MINUTE_MS)
            self._send(kline(forming, final=False, event_ms=told_at))
            self._break()
        self.world.to(step + 1)
        self._send(kline(MARKET.candle(at(step)), final=True))
        self._break()

    def _send(self, message: object) -> None:
        fate = self.chance.random()
        if fate < 0.15:
            return
        if fate < 0.3:
            self.late.append(message)
            return
        sent = [message, message] if fate < 0.4 else [message]
        if self.chance.random() < 0.3:
            self.chance.shuffle(self.late)
            sent += self.late
            self.late = []
        self.world.say(*sent)

    def _break(self) -> None:
        fate = self.chance.random()
        if fate < 0.05:
            self.world.reconnect()
        elif fate < 0.1:
            self.world.say(self.chance.choice(garbage()[:10]))


@pytest.mark.parametrize("seed", range(25))
def test_through_any_line_the_observer_gets_the_candles_of_an_unbroken_feed(world: World, seed: int) -> None:
    world.rest.lag_ms = [0, 0, 1500, 5000][seed % 4]
    provider = world.open(memory_candles=60)
    chain = Chain([provider], None, {BTC: INSTRUMENT}, MINUTE_MS, warmup=10, clock=world.clock)
    line = Mangler(world, seed)
    got: list[Candle] = list(chain.observe(BTC, None, world.clock.now()).candles)
    kinds = set()
    for step in range(40):
        line.minute(step)
        while line.chance.random() < 0.5:
            world.rest.fault = Unreachable("no connection") if line.chance.random() < 0.2 else None
            with suppress(Unreachable):
                seen = chain.observe(BTC, got[-1], world.clock.now())
                got += seen.candles
                kinds |= {finding.kind for finding in seen.findings}
            world.clock.advance(line.chance.uniform(0, 3))
    world.rest.fault = None
    world.to(41)
    got += chain.observe(BTC, got[-1], world.clock.now()).candles
    world.to(41.5)
    got += chain.observe(BTC, got[-1], world.clock.now()).candles
    first = (got[0].time - NOW) // MINUTE_MS
    clean = [Candle(row.time, *on_grid(row), row.volume) for row in truth(first, 41)]
    assert got == clean
    assert first in {-10, -11}
    assert kinds <= {"still_open"}


KEPT = 50


class Crowd:
    """Threads that ask a provider all the time and compare what they get with the market."""

    def __init__(self, world: World, provider: StreamProvider, seed: int) -> None:
        self.world = world
        self.provider = provider
        self.over = threading.Event()
        self.wrong: list[object] = []
        self.answers = 0
        self.threads = [
            threading.Thread(target=self._ask, args=(random.Random(seed * 100 + n),)) for n in range(6)
        ]

    def _ask(self, chance: random.Random) -> None:
        while not self.over.is_set():
            try:
                self._compare(chance)
            except VenueFault as fault:
                self.wrong.append(fault)
                return

    def _compare(self, chance: random.Random) -> None:
        first = chance.randint(-20, -1) + (millis(self.world.clock.now()) - NOW) // MINUTE_MS
        request = self.world.request(first, chance.choice([1, 5, 500]))
        rows = self.provider.candles(request)
        kept = self.provider.last_good(request)
        status = self.provider.status()
        final = tuple(row for row in rows if row.time + MINUTE_MS <= request.now_ms)
        # A thread that had to wait while the market went on may ask for what was forgotten since.
        long_ago = millis(self.world.clock.now()) - request.since_ms > (KEPT - 2) * MINUTE_MS
        lost = kept is None and not long_ago
        if final != truth(first, first + len(final)) or lost or status.backfills < 1:
            self.wrong.append((request, rows, kept, status))
        self.answers += 1

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("seed", range(6))
def test_many_threads_may_ask_while_the_stream_churns(world: World, seed: int) -> None:
    provider = world.open(queue_messages=20, memory_candles=KEPT)
    chance = random.Random(seed)
    with Crowd(world, provider, seed) as crowd:
        for step in range(40):
            world.to(step + 1)
            world.server.say(kline(MARKET.candle(at(step)), final=True))
            fate = chance.random()
            if fate < 0.2:
                world.server.cut()
            elif fate < 0.4:
                world.server.say(chance.choice(garbage()[:10]))
            elif fate < 0.5:
                world.server.say(*[kline(MARKET.forming(at(step + 1), 0.1), final=False)] * 50)
            elif fate < 0.6:
                time.sleep(0.02)
    assert crowd.wrong == []
    assert crowd.answers >= len(crowd.threads)
    provider.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("binance-stream")]
