"""What the contract suite needs of a venue, and how the paper exchange gives it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from domain.candle import Candle, LastPrice
from domain.instrument import Instrument
from domain.order import PRICED, Order, OrderType, Purpose, Side
from domain.ports import Platform
from domain.times import millis, utc
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings

BTC = Instrument(
    symbol="BTC-USDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.00001"),
    min_quantity=Decimal("0.00001"),
    min_notional=Decimal(5),
)
ETH = Instrument(
    symbol="ETH-USDT",
    base="ETH",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.0001"),
    min_quantity=Decimal("0.0001"),
    min_notional=Decimal(5),
)
START = utc(1_700_000_040_000)
MINUTE = timedelta(minutes=1)


class World(Protocol):
    """A venue with a market that the suite can move. The account opens with quote asset, no base."""

    platform: Platform
    instrument: Instrument

    def now(self) -> datetime:
        """Return the venue's time, at which the next order is placed."""
        ...

    def move(self, price: int) -> None:
        """Let the market stand at `price` ticks, with enough traded there to fill any order it reaches."""
        ...

    def trade(self, price: int, lots: int) -> None:
        """Let the market touch `price` and come back, with `lots` for our resting limit orders there."""
        ...


class PaperWorld:
    """The paper exchange, shown one candle a minute and the quote at its close."""

    def __init__(self, price: int = 5_000_000) -> None:
        self.settings = PaperSettings()
        self.instrument = BTC
        self.paper = MockTradingPlatform({BTC.symbol: BTC, ETH.symbol: ETH}, self.settings)
        self.platform: Platform = self.paper
        self.time = START
        self.price = price
        self.move(price)

    def now(self) -> datetime:
        return self.time

    def move(self, price: int) -> None:
        self._show(
            Candle(millis(self.time), self.price, max(self.price, price), min(self.price, price), price, 1e6)
        )
        self.price = price

    def trade(self, price: int, lots: int) -> None:
        volume = float(self.instrument.quantity(lots)) / float(self.settings.participation) + 1e-9
        low, high = min(self.price, price), max(self.price, price)
        self._show(Candle(millis(self.time), self.price, high, low, self.price, volume))

    def _show(self, candle: Candle) -> None:
        self.time += MINUTE
        self.platform.mark(self.instrument.symbol, (candle,), LastPrice(candle.close, millis(self.time)))


class Desk:
    """Writes orders for a world, each with a client id of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.count = 0

    def order(
        self,
        side: Side,
        kind: OrderType,
        lots: int,
        level: int = 0,
        *,
        oco: str | None = None,
        client_id: str | None = None,
        reference: int = 5_000_000,
    ) -> Order:
        self.count += 1
        return Order(
            client_id=client_id or f"t-{self.count}",
            cycle_id=self.count,
            at=self.world.now(),
            symbol=self.world.instrument.symbol,
            side=side,
            type=kind,
            purpose=Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
            lots=lots,
            reference=reference,
            price=level if kind in PRICED else None,
            trigger=level if kind in (OrderType.STOP, OrderType.TAKE_PROFIT) else None,
            oco=oco,
        )
