"""Events of the account that come twice, out of order, or not at all: the same fills, each told once."""

import time
from typing import Any

import pytest

from domain.order import OrderStatus, Receipt
from tests.platforms.binance.orders import BUY, LIMIT, order
from tests.platforms.binance.world import SandboxWorld, served

BELOW = 4_900_000


@pytest.mark.parametrize("kind", [None, "duplicate", "reorder", "miss", "disconnect", "shutdown"])
def test_fault_07_whatever_becomes_of_the_events_every_lot_is_told_once(kind: str | None) -> None:
    with served() as server:
        world = SandboxWorld(server, user_data=True, poll_seconds=0.2)
        if kind is not None:
            fields: dict[str, Any] = {"kind": kind}
            if kind in ("disconnect", "shutdown"):
                fields |= {"stream": "user", "start": 0.1}
            server.app.plan.load({"fault": [fields]}, server.exchange.now)
        assert world.platform.place(order(BUY, LIMIT, 1_000, BELOW)).status is OrderStatus.NEW
        for lots in (300, 300, 400):
            server.exchange.set_price("BTCUSDT", "48000", world.instrument.quantity(lots))
            server.exchange.set_price("BTCUSDT", "50000", None)
        told = polled(world)
        world.platform.close()
    fills = [each for receipt in told for each in receipt.fills]
    assert sum(each.lots for each in fills) == 1_000
    assert len({each.trade_id for each in fills}) == len(fills) == 3
    assert [receipt.filled for receipt in told] == sorted(receipt.filled for receipt in told)


def polled(world: SandboxWorld) -> list[Receipt]:
    """Poll until the order is done, and twice more."""
    found: list[Receipt] = []
    end = time.monotonic() + 60
    while not any(each.status is OrderStatus.FILLED for each in found):
        assert time.monotonic() < end, "not in time"
        found += world.platform.poll()
        time.sleep(0.02)
    for _ in range(2):
        time.sleep(0.25)
        found += world.platform.poll()
    return found
