"""A pair written in Chinese is bought with a commission in its base, protected and sold like any other."""

from decimal import Decimal
from typing import Any

import pytest

from agent.host.clock import SystemClock
from domain.order import OrderStatus
from platforms.binance.platform import BinancePlatform
from platforms.sandbox.exchange.exchange import Terms
from tests.platforms.binance.orders import SELL, STOP, order
from tests.platforms.binance.world import served, settings

LETTERS = "币安人生-USDT"


@pytest.mark.parametrize("commission", ["0", "0.001"])
def test_a_pair_of_any_letters_is_bought_protected_and_sold(commission: str) -> None:
    terms = Terms(commission=Decimal(commission), volume_share=Decimal(1))
    with served(symbols=(LETTERS,), prices={LETTERS: "50"}, terms=terms) as server:
        venue = BinancePlatform([LETTERS], settings(server), SystemClock())
        lots = 4_000
        at: dict[str, Any] = {"symbol": LETTERS, "at": venue.time(), "reference": 500_000}
        bought = venue.place(order(lots=lots, **at))
        assert (bought.status, bought.filled) == (OrderStatus.FILLED, lots)
        # The commission is told in the base: its name is read for what it is, not as one that cannot be read.
        assert [fill.odd for fill in bought.fills] == [""] * len(bought.fills)
        held = lots - round(lots * Decimal(commission))
        assert venue.balances()["币安人生"].free == held
        assert venue.blocked() == {}
        stop = order(SELL, STOP, held, 450_000, client_id="a-1-1", **at)
        assert venue.place(stop).status is OrderStatus.NEW
        venue.cancel(LETTERS, "a-1-1")
        sold = venue.place(order(SELL, lots=held, client_id="a-1-2", **at))
        assert (sold.status, sold.filled) == (OrderStatus.FILLED, held)
        venue.close()
