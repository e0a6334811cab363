"""Events of the account, as values; the exchange's own words for them are made at the edge."""

from decimal import Decimal
from typing import NamedTuple

from platforms.sandbox.exchange.order import ExchangeOrder, Execution, OrderList


class OrderChanged(NamedTuple):
    """A change of an order: NEW, TRADE, CANCELED, EXPIRED or REJECTED. The order itself goes on changing."""

    order: ExchangeOrder
    kind: str
    trade: Execution | None
    at: int
    cancel_id: str | None = None


class BalancesChanged(NamedTuple):
    """Free and locked of each asset that changed."""

    assets: dict[str, tuple[Decimal, Decimal]]
    at: int


class Moved(NamedTuple):
    """A deposit, or a withdrawal where `delta` is below 0."""

    asset: str
    delta: Decimal
    at: int


class ListChanged(NamedTuple):
    """An order list that began or ended."""

    pair: OrderList
    at: int


AccountEvent = OrderChanged | BalancesChanged | Moved | ListChanged
