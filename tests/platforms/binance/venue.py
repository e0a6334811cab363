"""What the tests of the platform on a scripted exchange share."""

import pytest

from domain.errors import OutcomeUnknown
from domain.order import OrderStatus, Receipt
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.orders import LIMIT, order
from tests.platforms.binance.scripted import Scripted, Told, row

LOST = Told({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 504)
RESTS = {"status": "NEW", "executedQty": "0.00000", "type": "LIMIT"}


def poll(venue: BinancePlatform, clock: ManualClock) -> list[Receipt]:
    clock.advance(1)
    return list(venue.poll())


def lose(exchange: Scripted, venue: BinancePlatform, client_id: str = "a-1-0") -> None:
    exchange.on("POST", "order", lambda _: LOST)
    with pytest.raises(OutcomeUnknown):
        venue.place(order(client_id=client_id))


def resting(exchange: Scripted, venue: BinancePlatform) -> None:
    exchange.on("POST", "order", lambda _: row("a-1-0", **RESTS))
    assert venue.place(order(kind=LIMIT, level=4_900_000)).status is OrderStatus.NEW
