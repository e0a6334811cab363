"""A trailing stop follows upwards only, in steps worth an order, and never to where it would sell at once."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice
from domain.order import Order, OrderType, Purpose, Side
from domain.times import utc
from risk.stake import trailed
from risk.trail import trail
from tests.risk.cases import BTC

AT = utc(1_700_000_000_000)
PRICES = st.integers(1, 10**9)


@pytest.mark.parametrize(
    ("stop", "close", "quote", "level"),
    [
        (9_000, 10_000, 10_000, 9_500),
        (9_449, 10_000, 10_000, 9_500),
        (9_450, 10_000, 10_000, 9_500),
        (9_451, 10_000, 10_000, 9_451),
        (9_600, 10_000, 10_000, 9_600),
        (9_000, 10_000, 9_501, 9_500),
        (9_000, 10_000, 9_500, 9_000),
        (9_000, 10_001, 10_000, 9_501),
        (0, 10_000, 10_000, 0),
        (9_000, 10_000, 0, 9_000),
    ],
)
def test_where_a_stop_five_percent_below_belongs(stop: int, close: int, quote: int, level: int) -> None:
    assert trailed(stop, close, quote, 50_000) == level


@given(PRICES, PRICES, PRICES, st.integers(0, 999_999))
def test_a_stop_never_comes_down_nor_reaches_the_quote(
    stop: int, close: int, quote: int, trailing_ppm: int
) -> None:
    level = trailed(stop, close, quote, trailing_ppm)
    assert level == stop or stop < level < min(quote, close + 1)
    assert trailing_ppm > 0 or level == stop


def _standing(trigger: int) -> Order:
    return Order(
        client_id="abc-1-100", cycle_id=1, at=AT, symbol="BTC-USDT", side=Side.SELL, type=OrderType.STOP,
        purpose=Purpose.PROTECT, lots=7, reference=trigger, trigger=trigger,
    )  # fmt: skip  # one order


def test_a_raised_stop_is_an_approved_order_with_its_target() -> None:
    later = AT + timedelta(minutes=1)
    candle, quote = Candle(0, 10_000, 10_000, 10_000, 10_000, 1.0), LastPrice(10_000, 0)
    found = trail(
        _standing(9_000), 12_000, candle, quote, BTC, 50_000, cycle_id=9, client_id="abc-9-500", at=later
    )
    assert found is not None
    assert (found.order.trigger, found.order.lots, found.order.purpose) == (9_500, 7, Purpose.PROTECT)
    assert (found.stop, found.target, found.order.oco) == (9_500, 12_000, "abc-9-500-oco")
    assert found.sizing == "stop raised from 90.00 to 95.00"
    assert (
        trail(_standing(9_500), 0, candle, quote, BTC, 50_000, cycle_id=9, client_id="abc-9-500", at=later)
        is None
    )
