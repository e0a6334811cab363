"""Random sessions on the paper exchange: what is drawn, and how it is played and watched."""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from domain.candle import Candle, LastPrice
from domain.instrument import Instrument
from domain.money import notional
from domain.order import Fill, Order, OrderType, Purpose, Receipt, Side
from domain.times import MINUTE_MS, utc
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings

START_MS = 1_700_000_040_000


def coarse(base: str, step: str) -> Instrument:
    """Return an instrument of few ticks and large lots, so that random orders meet and money runs out."""
    return Instrument(
        symbol=f"{base}-USDT",
        base=base,
        quote="USDT",
        tick_size=Decimal("0.1"),
        step_size=Decimal(step),
        min_quantity=Decimal(step),
        min_notional=Decimal(1),
    )


INSTRUMENTS = {each.symbol: each for each in (coarse("AAA", "0.1"), coarse("BBB", "0.5"))}
SYMBOLS = sorted(INSTRUMENTS)
SETTINGS = PaperSettings(cash=Decimal(6_000))
COSTS = SETTINGS.costs()
PRICE = 1_000
OPENING_LOTS = {"AAA-USDT": 100, "BBB-USDT": 40}
"""Bought first in every session, so that there is something to sell."""


class Show(NamedTuple):
    """The market moves: a candle of a minute (or none), then a quote (or none)."""

    symbol: str
    candle: tuple[int, int, int, int, float] | None
    quote: int | None


class Send(NamedTuple):
    """One order; `level` in ticks, `minutes` to live (0 for ever)."""

    symbol: str
    side: Side
    kind: OrderType
    lots: int
    level: int
    minutes: int


class SendPair(NamedTuple):
    """A stop and a target."""

    symbol: str
    side: Side
    target: OrderType
    lots: int
    below: int
    above: int


class Cancel(NamedTuple):
    """Cancel the n-th order from the end."""

    back: int


class Restart(NamedTuple):
    """Throw the platform away and go on from what it exported."""


Op = Show | Send | SendPair | Cancel | Restart

levels = st.integers(PRICE - 60, PRICE + 60)
near = st.integers(PRICE - 20, PRICE + 20)
symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(list(Side))


def bars() -> st.SearchStrategy[tuple[int, int, int, int, float]]:
    """Draw open, high, low, close in ticks and a volume in base units."""
    return st.tuples(
        st.tuples(levels, levels, levels, levels), st.sampled_from([0.0, 10.0, 80.0, 4_000.0])
    ).map(lambda drawn: (drawn[0][0], max(drawn[0]), min(drawn[0]), drawn[0][3], drawn[1]))


shows = st.builds(Show, symbols, st.none() | bars(), st.none() | near)
sends = st.builds(
    Send,
    symbols,
    sides,
    st.sampled_from(list(OrderType)),
    st.sampled_from([0, 200]) | st.integers(1, 40),
    levels,
    st.sampled_from([0, 0, 0, 2]),
)
pairs = st.builds(
    SendPair,
    symbols,
    st.sampled_from([Side.SELL, Side.SELL, Side.BUY]),
    st.sampled_from([OrderType.LIMIT, OrderType.TAKE_PROFIT]),
    st.integers(1, 30),
    st.integers(PRICE - 40, PRICE),
    st.integers(PRICE, PRICE + 40),
)
operations = st.one_of(shows, shows, sends, sends, pairs, st.builds(Cancel, st.integers(0, 6)))
sessions = st.lists(operations, min_size=20, max_size=60)
restarted_sessions = st.lists(st.one_of(operations, st.builds(Restart)), min_size=20, max_size=60)


class Session:
    """Plays operations on a platform and keeps every order sent and every receipt told."""

    def __init__(self) -> None:
        self.platform = MockTradingPlatform(INSTRUMENTS, SETTINGS)
        self.time = START_MS
        self.sent = 0
        self.orders: dict[str, Order] = {}
        self.told: list[Receipt] = []
        self.quote()
        for symbol, lots in OPENING_LOTS.items():
            self.play(Send(symbol, Side.BUY, OrderType.MARKET, lots, 0, 0))

    def quote(self) -> None:
        """Show every market at the usual price."""
        for symbol in SYMBOLS:
            self.play(Show(symbol, None, PRICE))

    def resumed(self) -> "Session":
        """Return a session that goes on from this one's export, knowing its open orders only."""
        other = Session()
        other.platform = MockTradingPlatform(INSTRUMENTS, SETTINGS, *self.platform.export())
        other.time, other.sent = self.time, self.sent
        other.orders = {r.client_id: self.orders[r.client_id] for r in self.platform.open_orders()}
        return other

    @property
    def fills(self) -> list[Fill]:
        """Every fill told so far, in the order it was told."""
        return [fill for receipt in self.told for fill in receipt.fills]

    def play(self, op: Op) -> list[Receipt]:
        """Do one operation and return what was told about it."""
        told = [*self._do(op), *self.platform.poll()]
        self.told += told
        return told

    def _do(self, op: Op) -> list[Receipt]:
        if isinstance(op, Show):
            self._show(op)
            return []
        if isinstance(op, Restart):
            self.platform = MockTradingPlatform(INSTRUMENTS, SETTINGS, *self.platform.export())
            return []
        if isinstance(op, Cancel):
            return self._cancel(op)
        if isinstance(op, SendPair):
            return list(self.platform.place_oco(*self._pair(op)))
        return [self.platform.place(self._order(op))]

    def _show(self, op: Show) -> None:
        candles = () if op.candle is None else (Candle(self.time, *op.candle),)
        self.time += MINUTE_MS
        quote = None if op.quote is None else LastPrice(op.quote, self.time)
        self.platform.mark(op.symbol, candles, quote)

    def _cancel(self, op: Cancel) -> list[Receipt]:
        if op.back >= len(self.orders):
            return []
        order = list(self.orders.values())[-1 - op.back]
        return [self.platform.cancel(order.symbol, order.client_id)]

    def _order(self, op: Send, oco: str | None = None) -> Order:
        at = utc(self.time)
        order = Order(
            client_id=f"o-{self.sent}",
            cycle_id=self.sent,
            at=at,
            symbol=op.symbol,
            side=op.side,
            type=op.kind,
            purpose=Purpose.ENTRY if op.side is Side.BUY else Purpose.EXIT,
            lots=op.lots,
            reference=PRICE,
            price=op.level if op.kind is OrderType.LIMIT else None,
            trigger=op.level if op.kind in (OrderType.STOP, OrderType.TAKE_PROFIT) else None,
            oco=oco,
            expires_at=at + timedelta(minutes=op.minutes) if op.minutes else None,
        )
        self.sent += 1
        self.orders[order.client_id] = order
        return order

    def _pair(self, op: SendPair) -> tuple[Order, Order]:
        name = f"pair-{self.sent}"
        stop, target = (op.below, op.above) if op.side is Side.SELL else (op.above, op.below)
        return (
            self._order(Send(op.symbol, op.side, OrderType.STOP, op.lots, stop, 0), name),
            self._order(Send(op.symbol, op.side, op.target, op.lots, target, 0), name),
        )


def cash_of(fills: list[Fill]) -> int:
    """Return what fills did to the cash, in cash units."""
    total = 0
    for fill in fills:
        value = notional(fill.price, fill.lots, INSTRUMENTS[fill.symbol].cash_factor)
        total += (value if fill.side is Side.SELL else -value) - fill.fee
    return total


def lots_of(fills: list[Fill], symbol: str) -> int:
    """Return what fills did to the holding of a symbol, in lots."""
    return sum(f.lots if f.side is Side.BUY else -f.lots for f in fills if f.symbol == symbol)
