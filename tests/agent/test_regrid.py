"""A grid that changes while a position is held: the position is carried over, protected and sold on it."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.settings.instruments import instrument
from agent.settings.orders import OrderSettings
from agent.state.ledger import Ledger
from domain.account import Position
from domain.candle import Candle, LastPrice
from domain.errors import OutcomeUnknown
from domain.events import CycleDecided, GridChanged
from domain.instrument import Instrument
from domain.observation import Observation, Source
from domain.order import OrderStatus
from domain.regrid import Regrid, common, finest
from domain.times import MINUTE_MS, millis, utc
from journal.reader import open_reader
from platforms.sandbox.exchange.exchange import Terms
from platforms.sandbox.server.server import SandboxServer
from reasoning.minds import StrategyRunner
from tests.agent.command import agent, start
from tests.agent.held import Held, doge, in_parts
from tests.agent.test_exchange import KEYS, own
from tests.agent.test_holdings import DOGE
from tests.agent.world import START, facts, folded, lively
from tests.platforms.binance.world import served

S = "DOGE-USDT"
BRIEF = OrderSettings(flatten_seconds=1)


def exchange(tick: str, step: str) -> SandboxServer:
    rules = doge(tick_size=Decimal(tick), step_size=Decimal(step))
    free = Terms(commission=Decimal(0))
    made = served(symbols=(S,), prices={S: "123.45"}, rules=rules, terms=free)
    in_parts(made, "DOGEUSDT", "123.45", ["100000"])
    return made


def relist(held: Held, **fields: str) -> None:
    held.server.exchange.change_rules("DOGEUSDT", fields)
    held.venue.listing.read()


BOTH = {"tick_size": "0.02", "step_size": "0.1"}
CASES: list[tuple[tuple[str, str], str, dict[str, str], list[tuple[str, str]], dict[str, str]]] = [
    # grid, bought, change, what rests then, dust after flatten
    (("0.01", "1"), "3", {"tick_size": "0.1"}, [("3", "117.3")], {}),
    (("0.1", "1"), "3", {"tick_size": "0.01"}, [("3", "117.3")], {}),
    (("0.01", "0.00001"), "0.25", {"step_size": "0.1"}, [("0.2", "117.28")], {"DOGE": "0.05000000"}),
    (("0.01", "0.00001"), "0.05", {"step_size": "0.1"}, [("0.05", "117.28")], {"DOGE": "0.05000000"}),
    (("0.01", "0.1"), "0.3", {"step_size": "0.001"}, [("0.3", "117.28")], {}),
    (("0.01", "1"), "3", {"min_notional": "10"}, [("3", "117.28")], {}),
    (("0.01", "1"), "3", {"tick_size": "0.05", "step_size": "0.2"}, [("3", "117.3")], {}),
    (("0.05", "0.01"), "0.57", BOTH, [("0.5", "117.28")], {"DOGE": "0.07000000"}),
]  # fmt: skip


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("grid", "bought", "change", "rests", "dust"), CASES)
def test_a_position_is_carried_over_to_a_new_grid_protected_and_sold(
    grid: tuple[str, str],
    bought: str,
    change: dict[str, str],
    rests: list[tuple[str, str]],
    dust: dict[str, str],
    *,
    restart: bool,
) -> None:
    with exchange(*grid) as server:
        held = Held(server, S, orders=BRIEF)
        held.buy(S, bought)
        relist(held, **change)
        if restart:
            held = held.again()
        held.tick()
        held.tick()
        grid_now = held.state.ledger.instruments[S]
        assert grid_now.quantity(held.state.ledger.positions[S].lots) == Decimal(bought)
        assert held.stops(S) == rests
        assert held.differences() == []
        told = [row.event for row in held.journal.rows()]
        assert any(isinstance(each, GridChanged) for each in told) is not restart
        again, mind = folded(held.options, held.journal)
        assert facts(again) == facts(held.state)
        assert mind == held.parts.mind
        done = held.flatten()
        # What is less than a lot as a whole keeps the stop it has.
        whole = rests[0][0] if rests[0][0] == bought and dust else ""
        assert (done.flat, done.positions) == (not whole, {S: whole} if whole else {})
        assert done.dust == ({} if whole else dust)
        assert held.stops(S) == (rests if whole else [])
        assert held.there("DOGE") == Decimal(dust.get("DOGE", 0))
        # An entry is for what the exchange takes now, and the old grid may come back.
        relist(held, tick_size=grid[0], step_size=grid[1])
        held.tick()
        held.buy(S, "7")
        assert held.differences() == []
        held.venue.close()


def test_an_order_in_doubt_is_carried_over_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with exchange("0.01", "1") as server:
        held = Held(server, S)
        place = held.venue.place

        def lost(order: Any) -> Any:
            place(order)
            raise OutcomeUnknown("no answer")

        monkeypatch.setattr(held.venue, "place", lost)
        held.buy(S, "3")
        assert [each.status for each in held.state.ledger.unresolved()] == [OrderStatus.UNKNOWN]
        monkeypatch.setattr(held.venue, "place", place)
        relist(held, tick_size="0.001", step_size="0.5")
        held = held.again()
        held.tick()
        assert held.state.ledger.positions[S].lots == 6
        assert held.stops(S) == [("3", "117.278")]
        assert held.flatten().flat
        held.venue.close()


def test_an_execution_between_two_lots_makes_the_grid_finer_and_is_protected() -> None:
    with exchange("0.01", "1") as server:
        held = Held(server, S)
        server.exchange.change_rules("DOGEUSDT", {"step_size": "0.1"})  # not read yet
        in_parts(server, "DOGEUSDT", "123.45", ["1.4", "100"])
        held.buy(S, "3")
        assert [each.status for each in held.state.ledger.unresolved()] == [OrderStatus.UNKNOWN]
        held.tick()
        ledger = held.state.ledger
        assert ledger.instruments[S].quantity(ledger.positions[S].lots) == 3
        assert held.stops(S) == [("3", "117.28")]
        assert held.flatten().flat
        held.venue.close()


def test_a_stop_that_the_coarse_grid_would_set_off_lies_below_instead() -> None:
    with exchange("0.01", "1") as server:
        held = Held(server, S)
        held.buy(S, "3", stop_ppm=1_000)  # 123.33, the next ten above is 130
        relist(held, tick_size="10")
        held.tick()
        assert held.stops(S) == [("3", "120")]
        held.venue.close()


# grids in themselves


steps = st.sampled_from([Decimal(text) for text in ("1", "0.1", "0.5", "0.01", "0.05", "0.001", "0.00001")])


@given(steps, steps, steps, steps, st.integers(1, 10**6), st.integers(1, 10**6))
def test_what_is_held_on_the_finest_grid_is_exactly_what_it_was(
    tick: Decimal, step: Decimal, new_tick: Decimal, new_step: Decimal, lots: int, price: int
) -> None:
    old = Instrument("A-B", "A", "B", max(tick, Decimal("0.001")), step, step, Decimal(5))
    told = Instrument("A-B", "A", "B", max(new_tick, Decimal("0.001")), new_step, new_step, Decimal(10))
    new = finest(old, told)
    change = Regrid(old, new)
    assert new.quantity(change.lots(lots)) == old.quantity(lots)
    assert new.price(change.ticks(price)) == old.price(price)
    assert new.min_notional == 10
    assert told.step_size % new.step_size == old.step_size % new.step_size == 0
    sent = new.quantity(new.sendable(change.lots(lots)))
    assert sent % told.step_size == 0
    assert 0 <= old.quantity(lots) - sent < told.step_size
    level = new.price(new.level(change.ticks(price)))
    assert level % told.tick_size == 0
    assert 0 <= level - old.price(price) < told.tick_size


def test_the_cash_unit_decides_how_fine_a_tick_can_be() -> None:
    old = Instrument("A-B", "A", "B", Decimal("0.00000001"), Decimal(1), Decimal(1), Decimal(5))
    told = Instrument("A-B", "A", "B", Decimal("0.0000001"), Decimal("0.1"), Decimal("0.1"), Decimal(5))
    new = finest(old, told)
    assert (new.tick_size, new.step_size) == (Decimal("0.0000001"), Decimal("0.1"))
    assert common(Decimal("0.05"), Decimal("0.02")) == Decimal("0.01")


def test_a_minimum_is_no_grid() -> None:
    ledger = Ledger()
    ledger.open(0, [DOGE])
    ledger.positions[S] = held = Position(S, utc(START), "a", bought_lots=5, bought=5, gross_lots=5, paid=5)
    assert ledger.count_on(msgspec.structs.replace(DOGE, min_notional=Decimal(10))) is None
    assert ledger.positions[S] is held


# what is remembered


@pytest.fixture
def heard() -> tuple[StrategyRunner, list[Candle]]:
    mind = StrategyRunner(lively().reasoning)
    candles = [
        Candle(START + n * MINUTE_MS, 10_000 + n % 7, 10_010 + n % 7, 9_990, 10_000 + n % 5, 5.0)
        for n in range(300)
    ]
    mind.orient(seen(candles))
    return mind, candles


def seen(candles: list[Candle]) -> Observation:
    last = candles[-1]
    return Observation(
        "BTC-USDT",
        Source.LIVE,
        "test",
        "test",
        utc(last.time),
        tuple(candles),
        LastPrice(last.close, last.time),
    )


def test_the_mind_goes_on_in_new_ticks_as_if_it_had_always_heard_them(
    heard: tuple[StrategyRunner, list[Candle]],
) -> None:
    mind, candles = heard
    old = instrument("BTC-USDT", {})
    change = Regrid(old, msgspec.structs.replace(old, tick_size=old.tick_size / 10))
    mind.regrid("BTC-USDT", change)
    fresh = StrategyRunner(lively().reasoning)
    fresh.orient(seen([change.candle(each) for each in candles]))
    assert mind == fresh
    assert millis(utc(candles[-1].time)) == candles[-1].time


def test_a_session_whose_grid_changed_while_it_ran_replays_identically(tmp_path: Path) -> None:
    with served(
        prices={"BTC-USDT": "50000"}, key=KEYS["BINANCE_API_KEY"], secret=KEYS["BINANCE_API_SECRET"]
    ) as server:
        env = own(tmp_path) | {
            "AGENT_EXCHANGE__REFRESH_MINUTES": "0.002",
            "AGENT_EXCHANGE__POLL_SECONDS": "0.1",
        }
        words = ("--mode", "testnet", "--base-url", server.base_url, "--timeframe", "1m", "--interval", "0.4")
        with start(tmp_path, "run", *words, "--cycles", "9", "--plain", env=env) as running:
            assert running.stdout is not None
            while "BTC-USDT is on live data" not in running.stdout.readline():
                pass  # the first cycle has been
            server.exchange.change_rules("BTCUSDT", {"tick_size": "0.001", "step_size": "0.0001"})
            running.communicate(timeout=60)
            assert running.returncode == 0
        with open_reader(next(tmp_path.rglob("testnet-*.db"))) as journal:
            events = [row.event for row in journal.rows()]
        (changed,) = [each for each in events if isinstance(each, GridChanged)]
        assert changed.instruments[0].tick_size == Decimal("0.001")
        quotes = [
            each.observations[0].quote
            for each in events
            if isinstance(each, CycleDecided) and each.observations
        ]
        assert {quote.price for quote in quotes if quote} == {5_000_000, 50_000_000}
        assert json.loads(agent(tmp_path, "replay", "--json").stdout)["difference"] is None


@pytest.mark.parametrize("change", [{"step_size": "1"}, {"min_notional": "1000"}], ids=["lot", "minimum"])
@pytest.mark.parametrize("heard", [True, False])
def test_a_stop_is_not_given_up_for_less_than_the_exchange_takes(
    change: dict[str, str], *, heard: bool
) -> None:
    with exchange("0.01", "0.01") as server:
        held = Held(server, S, orders=BRIEF)
        held.buy(S, "0.57")
        if heard:
            relist(held, **change)
            held = held.again()
        else:
            server.exchange.change_rules("DOGEUSDT", change)
        held.tick()
        done = held.flatten()
        assert held.stops(S) == [("0.57", "117.28")]
        assert not done.flat
        assert f"{S} cannot be sold: the exchange refuses it" in done.problems[0]
        server.exchange.change_rules("DOGEUSDT", {"step_size": "0.01", "min_notional": "5"})
        held.clock.monotonic = lambda: time.monotonic() + 60  # type: ignore[method-assign]
        assert held.flatten().flat, "what the exchange takes again is seen, though nothing was read anew"
        assert held.stops(S) == []
        assert held.there("DOGE") == 0
        held.venue.close()
