"""What is observed are facts too: one market that cannot be seen, or is seen oddly, stops nothing of another.

On paper: BTC and ETH are held with their stops; then BTC is seen in every odd way in turn, ETH is sold by its
signal, and the emergency stop sells the rest.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from unittest import mock

import msgspec
import pytest

from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.candle import Candle, LastPrice
from domain.commands import Flatten
from domain.errors import LocalFault, Unreachable, VenueFault
from domain.observation import Headline, Observation, Source
from domain.order import OrderStatus
from domain.times import MINUTE_MS, millis, utc
from risk.settings import RiskSettings
from tests.agent.world import START, World, ask, lively
from tests.law.scenario import BTC, BUY, ETH, SELL, decided

ACTS = {1: {BTC: BUY, ETH: BUY}, 3: {ETH: SELL, BTC: BUY}}
ODD_FROM = 2
PRICE = 5_000_000

RISK = RiskSettings(min_confidence=40, cool_down_minutes=0, per_trade_loss=Decimal(10))
"""So little that both are affordable."""

Oddity = Callable[[Observation], Observation]


def missing(_seen: Observation) -> Observation:
    raise VenueFault("no provider answers")


def unreachable(_seen: Observation) -> Observation:
    raise Unreachable("no whole answer")


def with_(**changes: Any) -> Oddity:
    return lambda seen: msgspec.structs.replace(seen, **changes)


def candle(**changes: Any) -> Oddity:
    def change(seen: Observation) -> Observation:
        odd = tuple(each._replace(**changes) for each in seen.candles)
        return msgspec.structs.replace(seen, candles=odd)

    return change


ODDITIES: dict[str, Oddity] = {
    "missing": missing,
    "unreachable": unreachable,
    "no candle": with_(candles=()),
    "no quote": with_(quote=None),
    "nothing": with_(candles=(), quote=None),
    "quote of zero": with_(quote=LastPrice(0, START)),
    "negative quote": with_(quote=LastPrice(-1, START)),
    "enormous quote": with_(quote=LastPrice(10**16, START)),
    "quote of tomorrow": with_(quote=LastPrice(PRICE, START + 86_400_000)),
    "quote of 1970": with_(quote=LastPrice(PRICE, 0)),
    "another source": with_(source=Source.SIMULATED),
    "another series": with_(series="another"),
    "no volume": candle(volume=0.0),
    "volume not a number": candle(volume=float("nan")),
    "candle upside down": candle(high=PRICE - 9, low=PRICE + 9),
    "candle of zero": candle(open=0, high=0, low=0, close=0),
    "candle of tomorrow": candle(time=START + 86_400_000),
    "headline not a number": with_(headlines=(Headline("?", utc(START), "?", score=float("nan")),)),
    "headline of tomorrow": with_(headlines=(Headline("up", utc(START + 86_400_000), "?", score=1.0),)),
}


class Odd:
    """Sees two markets that stand still; BTC oddly from the second cycle on."""

    def __init__(self, oddity: Oddity) -> None:
        self.oddity = oddity
        self.cycle = 0

    def next_time(self) -> datetime | None:
        self.cycle += 1
        return None if self.cycle > 5 else utc(START + self.cycle * MINUTE_MS)

    def observe(self, symbol: str, _after: Candle | None, now: datetime) -> Observation:
        time = millis(now) - MINUTE_MS
        seen = Observation(
            symbol=symbol, source=Source.RECORDED, provider="script", series=f"script:{symbol}",
            fetched_at=now, candles=(Candle(time, PRICE, PRICE + 5, PRICE - 5, PRICE, 50.0),),
            quote=LastPrice(PRICE, millis(now)),
        )  # fmt: skip
        return self.oddity(seen) if symbol == BTC and self.cycle >= ODD_FROM else seen

    def close(self) -> None:
        pass


def lived(oddity: Oddity) -> World:
    """Live five cycles and press the emergency stop."""
    with mock.patch("agent.loop.cycle.decide", partial(decided, ACTS, 0)):
        world = World([], options=lively(symbols=(BTC, ETH), risk=RISK), observer=Odd(oddity))
        finish = world.session._finish

        def stopped(reason: str) -> None:
            if reason == "data exhausted":
                stop(world)
            finish(reason)

        with mock.patch.object(world.session, "_finish", stopped):
            world.run()
    return world


def stop(world: World) -> None:
    ledger = world.state.ledger
    assert all(ledger.resting(symbol) for symbol in ledger.positions), "a position stands without its stop"
    assert ETH not in ledger.positions
    ask(world, Flatten(reason="law"), utc(START + 6 * MINUTE_MS))


@pytest.mark.parametrize("name", ODDITIES)
def test_one_market_seen_oddly_stops_no_exit_of_another_nor_the_emergency_stop(name: str) -> None:
    world = lived(ODDITIES[name])
    assert not world.state.ledger.positions
    assert {BTC, ETH} <= {
        order.symbol for order in orders(world) if order.side == "SELL" and filled(world, order)
    }


@pytest.mark.parametrize("name", ["missing", "unreachable"])
def test_who_is_not_seen_is_named_takes_no_entry_and_replays(name: str) -> None:
    with mock.patch("agent.loop.cycle.decide", partial(decided, ACTS, 0)):
        world = lived(ODDITIES[name])
        reasons = [each.blocked.get(BTC, "") for each in decisions(world)][ODD_FROM - 1 :]
        assert all(reason.startswith("its market is not seen: ") for reason in reasons)
        assert sum(order.side == "BUY" and order.symbol == BTC for order in orders(world)) == 1
        assert replay(world.journal, None, FrozenClock()).difference is None


def test_a_fault_of_ours_fails_the_cycle_whoever_it_looked_at() -> None:
    def broken(_seen: Observation) -> Observation:
        raise ZeroDivisionError("ours")

    with pytest.raises(LocalFault, match="ours"):
        lived(broken)


def orders(world: World) -> list[Any]:
    return [order for event in world.events if hasattr(event, "orders") for order in event.orders]


def decisions(world: World) -> list[Any]:
    return [event for event in world.events if hasattr(event, "decisions")]


def filled(world: World, order: Any) -> bool:
    return world.state.ledger.ended(order.client_id) is OrderStatus.FILLED
