"""Orders as the tests of the adapter write them."""

from typing import Any

from domain.order import PRICED, Order, OrderType, Purpose, Side
from domain.times import utc

MARKET, LIMIT, STOP, TARGET = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT
BUY, SELL = Side.BUY, Side.SELL


def order(
    side: Side = BUY, kind: OrderType = MARKET, lots: int = 1_000, level: int = 0, **more: Any
) -> Order:
    """An order for BTC-USDT; a purchase is an entry, a sale an exit."""
    values: dict[str, Any] = {
        "client_id": "a-1-0", "cycle_id": 1, "at": utc(1_700_000_000_000), "symbol": "BTC-USDT",
        "side": side, "type": kind, "purpose": Purpose.ENTRY if side is BUY else Purpose.EXIT,
        "lots": lots, "reference": 5_000_000,
        "price": level if kind in PRICED else None,
        "trigger": level if kind in (STOP, TARGET) else None,
    }  # fmt: skip
    return Order(**(values | more))
