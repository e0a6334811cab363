"""A session on a sandbox exchange of the test's own, in this process: real adapter, ledger, orders, stops."""

import time
from collections.abc import Mapping
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any

from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.orders.emergency import Left, flatten
from agent.settings.settings import Options
from agent.state.state import State
from domain.candle import LastPrice
from domain.decision import Action, Decision
from domain.events import CycleDecided, CycleEnded, FlattenAsked, OrdersIntended
from domain.observation import Observation, Source
from domain.order import Order, OrderType, Purpose, Side
from domain.times import millis
from domain.verdict import Approved
from journal.memory import MemoryJournal
from platforms.binance.platform import BinancePlatform
from platforms.sandbox.exchange.rules import SymbolRules
from platforms.sandbox.server.server import SandboxServer
from tests.agent.world import ID, Script
from tests.platforms.binance.world import settings

STOP_PPM = 50_000


class Held:
    """One account at the sandbox with one journal; `again` goes on with both in a new session."""

    def __init__(self, server: SandboxServer, *symbols: str, journal: Any = None, **more: Any) -> None:
        self.server, self.symbols = server, symbols
        self.clock = SystemClock()
        self.journal = journal or MemoryJournal(ID)
        self.options = Options(
            home=Path("memory"), mode="testnet", symbols=symbols, exchange=settings(server), **more
        )
        self.venue = BinancePlatform(symbols, self.options.exchange, self.clock)
        ledger = wiring.parts(self.options, self.journal, grid={}).state.ledger
        self.venue.take_up(ledger.instruments, ledger.open_orders.values())
        grid = {symbol: self.venue.instrument(symbol) for symbol in symbols}
        self.parts = wiring.parts(self.options, self.journal, grid=grid)
        self.session: Session = wiring.session(
            self.parts, self.journal, Script([]), self.venue, Inbox(self.clock), at=self.clock.now()
        )
        self.session.begin()

    @property
    def state(self) -> State:
        return self.parts.state

    def again(self, *symbols: str) -> "Held":
        """Go on in a new session, as after a restart."""
        self.venue.close()
        return Held(self.server, *(symbols or self.symbols), journal=self.journal, orders=self.options.orders)

    def native(self, symbol: str) -> str:
        return symbol.replace("-", "")

    def see(self, symbol: str) -> None:
        """Take one cycle in which only a quote is seen: the sandbox's price."""
        at, cycle = self.clock.now(), self.state.cycle_id + 1
        price = self.server.exchange.markets[self.native(symbol)].price
        quote = LastPrice(self.state.ledger.instruments[symbol].ticks(price), millis(at))
        seen = Observation(symbol, Source.LIVE, "test", "test", at, quote=quote)
        self._write(CycleDecided(cycle, at, (seen,)), CycleEnded(cycle, at, (), "held"))

    def buy(self, symbol: str, quantity: str, stop_ppm: int = STOP_PPM) -> None:
        """Enter, as an approved decision would, and protect what was bought."""
        at, cycle = self.clock.now(), self.state.cycle_id + 1
        instrument = self.state.ledger.instruments[symbol]
        price = instrument.ticks(self.server.exchange.markets[self.native(symbol)].price)
        executor = self.session.cycle.executor
        name = executor.factory.client_id(cycle, 0)
        order = Order(
            name, cycle, at, symbol, Side.BUY, OrderType.MARKET, Purpose.ENTRY,
            instrument.lots(quantity), price,
        )  # fmt: skip
        approved = Approved(cycle, symbol, order, stop_ppm=stop_ppm)
        decision = Decision(cycle, symbol, at, Action.BUY, 80.0, 80.0, "test", price=price, stop_ppm=stop_ppm)
        seen = Observation(symbol, Source.LIVE, "test", "test", at, quote=LastPrice(price, millis(at)))
        self._write(
            CycleDecided(cycle, at, (seen,), (), (decision,), (approved,)),
            OrdersIntended(cycle, at, (order,), self.venue.time()),
        )
        executor.carry_out(approved, at)
        self._write(CycleEnded(cycle, at, (), "executed"))

    def tick(self) -> None:
        """Do what is due between two cycles, comparing with the venue."""
        self.session.reconciler.due = -inf
        self.session.reconciler.tick(self.clock.now())

    def flatten(self) -> Left:
        asked = FlattenAsked(self.clock.now(), "test", "operator")
        self.session.record.write(asked)
        return flatten(self.session.reconciler, asked, sleep=lambda _: time.sleep(0.02))

    def differences(self) -> list[str]:
        return [str(each) for each in self.session.reconciler.differing()]

    def stops(self, symbol: str) -> list[tuple[str, str]]:
        """Return quantity and trigger of every order that rests at the exchange."""
        return [
            (f"{order.left.normalize():f}", f"{order.draft.stop_price.normalize():f}")
            for order in self.server.exchange.open_orders(self.native(symbol))
        ]

    def there(self, asset: str) -> Decimal:
        return Decimal(self.server.exchange.account.total(asset))

    def _write(self, *events: Any) -> None:
        self.journal.append(*events)
        for event in events:
            self.state.apply(event)


def doge(**changes: Any) -> Mapping[str, SymbolRules]:
    """DOGE-USDT at a lot of 1 and a tick of 0.0001, unless told otherwise."""
    values: dict[str, Any] = {"tick_size": Decimal("0.0001"), "step_size": Decimal(1)} | changes
    rules = SymbolRules(
        symbol="DOGEUSDT", base="DOGE", quote="USDT", max_quantity=Decimal(9_000_000),
        market_max_quantity=Decimal(9_000_000), **values,
    )  # fmt: skip
    return {"DOGE-USDT": rules}


def in_parts(server: SandboxServer, symbol: str, price: str, parts: list[str]) -> None:
    """Have the market offer so many lots at one price, one trade each."""
    levels = [(Decimal(price), Decimal(part)) for part in parts]
    server.exchange.markets[symbol].levels = lambda **_: levels  # type: ignore[method-assign]
