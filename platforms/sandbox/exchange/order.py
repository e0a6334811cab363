"""Orders, trades and order lists as the exchange keeps them."""

from dataclasses import dataclass, field
from decimal import Decimal

from platforms.sandbox.exchange.account import Hold
from platforms.sandbox.exchange.numbers import ZERO

OPEN_STATES = frozenset({"NEW", "PARTIALLY_FILLED"})
STOPS = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT"})
TARGETS = frozenset({"TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
ALGO = STOPS | TARGETS
"""Types that wait for a trigger; MAX_NUM_ALGO_ORDERS counts them."""
PRICED = frozenset({"LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"})


@dataclass(frozen=True)
class Draft:
    """An order as asked for: well formed, but not yet checked against the market."""

    symbol: str
    side: str
    type: str
    client_id: str
    quantity: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    price: Decimal = ZERO
    stop_price: Decimal = ZERO
    time_in_force: str = "GTC"
    response: str = "FULL"
    strategy_id: int | None = None
    strategy_type: int | None = None

    @property
    def buys(self) -> bool:
        """Tell a buy from a sell."""
        return self.side == "BUY"


@dataclass(frozen=True)
class Execution:
    """One execution of an order of ours."""

    id: int
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    maker: bool

    @property
    def quote_quantity(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.quantity


@dataclass
class ExchangeOrder:
    """An order with where it stands. Times in ms since 1970."""

    id: int
    draft: Draft
    time: int
    foreign: bool = False
    list_id: int = -1
    status: str = "NEW"
    quantity: Decimal = ZERO
    executed: Decimal = ZERO
    spent: Decimal = ZERO
    update_time: int = 0
    working_time: int = -1
    trades: list[Execution] = field(default_factory=list)
    hold: Hold | None = None

    @property
    def symbol(self) -> str:
        """Symbol it trades."""
        return self.draft.symbol

    @property
    def open(self) -> bool:
        """Tell whether it rests at the exchange."""
        return self.status in OPEN_STATES

    @property
    def working(self) -> bool:
        """Tell whether it is on the book: a stop is not before it is triggered."""
        return self.working_time >= 0

    @property
    def left(self) -> Decimal:
        """Quantity not executed yet."""
        return self.quantity - self.executed


@dataclass
class OrderList:
    """Two orders of which the first to trade or trigger ends the other."""

    id: int
    symbol: str
    client_id: str
    orders: tuple[ExchangeOrder, ...]
    time: int

    @property
    def open(self) -> bool:
        """Tell whether any of its orders rests."""
        return any(order.open for order in self.orders)
