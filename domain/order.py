"""Orders, what the platform answered, and fills. Prices in ticks, quantities in lots, cash in cash units."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Side(StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """STOP and TAKE_PROFIT rest until the market reaches `trigger`, then go as market orders.

    IOC, immediate or cancel, takes what the market offers at once at `price` or better, and its rest ends:
    it never rests.
    """

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    IOC = "IOC"
    STOP = "STOP"
    TAKE_PROFIT = "TAKE_PROFIT"


class Purpose(StrEnum):
    """The purpose of an order: ENTRY adds risk; EXIT and PROTECT only ever reduce it."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    PROTECT = "PROTECT"


class OrderStatus(StrEnum):
    """The status of an order; the first five are ours, the rest are the venue's.

    UNSENT was intended and never sent. UNKNOWN was sent, and nobody can say yet what became of it;
    NEEDS_OPERATOR is the same after all patience. ABSENT is proven never to have arrived.
    """

    SENDING = "SENDING"
    UNSENT = "UNSENT"
    UNKNOWN = "UNKNOWN"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"
    ABSENT = "ABSENT"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


NOT_TRADING = "not trading: "
"""How a receipt's reason begins where the market or the account takes no order now, whatever it asks for."""

OPEN = frozenset({OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})
"""States in which an order rests at the venue."""

TERMINAL = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.ABSENT,
        OrderStatus.UNSENT,
    }
)
"""States an order never leaves."""

UNRESOLVED = frozenset({OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.NEEDS_OPERATOR})
"""States in which an order may or may not exist at the venue."""


class Order(msgspec.Struct, frozen=True):
    """An order as it is asked of a platform.

    `client_id` matches `[A-Za-z0-9_-]{1,36}` and is unique for ever. `price` is the limit,
    `trigger` the stop or take-profit level. `reference` is the quote when deciding, so that
    slippage can be told from profit. `at` is the instant of the cycle that wants it. Orders that
    share an `oco` name cancel one another. `ending` names the declared exit that placed it or its level, one
    of `domain.exits.ENDINGS`; unset where none did. `reason` is a custom exit's, as its strategy
    gives it. A slice of an entry names that entry's first order in `slice_of`, and so does an `addition` to
    what it bought, which has a number from 1 on beside it.
    """

    client_id: str
    cycle_id: int
    at: datetime
    symbol: str
    side: Side
    type: OrderType
    purpose: Purpose
    lots: int
    reference: int
    price: int | None = None
    trigger: int | None = None
    oco: str | None = None
    expires_at: datetime | None = None
    ending: str | msgspec.UnsetType = msgspec.UNSET
    slice_of: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    addition: int | msgspec.UnsetType = msgspec.UNSET


PRICED = frozenset({OrderType.LIMIT, OrderType.IOC})
"""Types that trade at their `price` or better, and so need one."""


TAKING = frozenset({OrderType.MARKET, OrderType.IOC})
"""Types that take what there is when they arrive, and never rest."""


def measured_from(order: Order) -> int:
    """Return what the slippage of an order is measured from, in ticks: its level where it waits for one.

    A market order and one that takes at once are measured from the quote of their decision.
    """
    if order.type is OrderType.IOC:
        return order.reference
    return order.price or order.trigger or order.reference


SHARE = "s"
"""Begins the number, in its id, of an order that sells a share of a position."""


def sells_share(order: Order) -> bool:
    """Say whether an order sells a share by somebody's word: one that never arrived is asked for again."""
    return order.client_id.rpartition("-")[2].startswith(SHARE)


def ending_of(order: Order) -> str:
    """Return how a position ended that an order closed: by its declared exit, else by its type."""
    return order.ending or {"STOP": "stop", "TAKE_PROFIT": "target"}.get(order.type, "signal")


class Fill(msgspec.Struct, frozen=True):
    """One execution. Unique by (symbol, trade_id). `fee` in cash units; `reference` in ticks.

    A fee that is not taken in the quote asset is `commission`, exact in 1e-8 of `commission_asset`, and
    `fee` counts nothing for it: of the asset bought, the ledger rounds the sum of all commissions to lots
    once; of a third asset it is kept apart. `odd` says what of the venue's answer could not be read and how
    it was read instead; `slack` by how much books may then be off, by asset, in the units of its balance.

    `fee_lots` and `dust` are how journals of the first version have a fee of a purchase: rounded up to
    whole lots fill by fill, and what that rounding left over in 1e-8 of the asset.
    """

    trade_id: str
    client_id: str
    symbol: str
    side: Side
    lots: int
    price: int
    reference: int
    fee: int
    maker: bool
    at: datetime
    fee_lots: int = 0
    dust: int = 0
    commission: int = 0
    commission_asset: str = ""
    odd: str = ""
    slack: dict[str, int] = {}


class Placed(msgspec.Struct, frozen=True):
    """An order as the venue has it: what it would do, and when it was placed by the venue's clock.

    `grain` is the venue's present step in our lots: to it the venue's own order may be rounded down.
    """

    side: Side
    type: OrderType
    lots: int
    at: datetime
    grain: int = 1


class Receipt(msgspec.Struct, frozen=True):
    """A platform's report on one order: status, cumulative filled lots and the fills that are new.

    `placed` is the order itself as the venue has it, where it says so: an id alone proves no identity.
    """

    client_id: str
    symbol: str
    status: OrderStatus
    at: datetime
    venue_id: str = ""
    filled: int = 0
    reason: str = ""
    fills: tuple[Fill, ...] = ()
    placed: Placed | None = None


class OrderState(msgspec.Struct, frozen=True):
    """An order with where it stands as far as we know; `at` is the last change.

    `filled` is what the venue says was executed, `imported` what we have fills for, both in lots: an
    order is done when its state says so and the two agree. `sent_at` is the venue's time of sending.
    """

    order: Order
    status: OrderStatus
    at: datetime
    filled: int = 0
    reason: str = ""
    imported: int = 0
    sent_at: datetime | None = None


class Balance(msgspec.Struct, frozen=True):
    """Holdings of one asset: cash units for a quote asset, lots for a base asset.

    `dust` is what a base asset holds beyond whole lots, in 1e-8 of it.
    """

    free: int
    locked: int
    dust: int = 0
