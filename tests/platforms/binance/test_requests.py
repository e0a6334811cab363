"""Orders as they are sent: never more than approved, on the exchange's grid, numbers it can read."""

import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order import Order, OrderType, Side
from platforms.binance.filters import Filters, parse
from platforms.binance.objections import FilterPrices, Sized, objection
from platforms.binance.requests import order_params, pair_params, sized
from tests.platforms.binance.orders import BUY, LIMIT, MARKET, SELL, STOP, TARGET, order
from tests.platforms.binance.scripted import SYMBOL
from tests.platforms.world import BTC

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
FILTERS = parse(SYMBOL, "BTC-USDT")
GRIDS = [
    Decimal(text) for text in ("0.00001", "0.00002", "0.0001", "0.0005", "0.001", "0.01", "0.1", "1", "7")
]


def listed(tick: Decimal, step: Decimal) -> Filters:
    instrument = msgspec.structs.replace(BTC, tick_size=tick, step_size=step)
    return FILTERS._replace(instrument=instrument)


def params(asked: Order, filters: Filters = FILTERS, slip: Decimal | None = None) -> dict[str, str]:
    return order_params(asked, sized(asked, BTC, filters, slip))


@given(
    st.sampled_from(list(Side)), st.sampled_from(list(OrderType)),
    st.integers(1, 10**9), st.integers(1, 10**9),
    st.sampled_from([each for each in GRIDS if each >= Decimal("0.01")]), st.sampled_from(GRIDS),
)  # fmt: skip
def test_fault_19_on_any_grid_an_order_is_rounded_down_and_its_levels_to_our_good(
    side: Side, kind: OrderType, lots: int, level: int, tick: Decimal, step: Decimal
) -> None:
    asked = order(side, kind, lots, level)
    made = sized(asked, BTC, listed(tick, step), None)
    approved = BTC.quantity(lots)
    assert approved - step < made.quantity <= approved
    assert made.quantity % step == 0
    for given_level, sent in ((asked.price, made.price), (asked.trigger, made.trigger)):
        if given_level is None:
            assert sent is None
            continue
        assert sent is not None
        wanted = BTC.price(given_level)
        assert sent % tick == 0
        assert wanted <= sent < wanted + tick if side is SELL else wanted - tick < sent <= wanted


@given(
    st.sampled_from(list(Side)),
    st.sampled_from(list(OrderType)),
    st.integers(1, 10**12),
    st.integers(1, 10**12),
)
def test_every_number_is_one_that_the_exchange_can_read(
    side: Side, kind: OrderType, lots: int, level: int
) -> None:
    sent = params(order(side, kind, lots, level), slip=Decimal("0.01"))
    for name in ("quantity", "price", "stopPrice"):
        assert name not in sent or NUMBER.fullmatch(sent[name])
    assert sent["newClientOrderId"] == "a-1-0"


def test_each_type_of_order_goes_as_the_exchanges_own() -> None:
    common = {
        "symbol": "BTCUSDT",
        "quantity": "0.01000",
        "newOrderRespType": "FULL",
        "newClientOrderId": "a-1-0",
    }
    assert params(order(BUY, MARKET)) == common | {"side": "BUY", "type": "MARKET"}
    assert params(order(BUY, LIMIT, level=4_900_001)) == common | {
        "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "49000.01",
    }  # fmt: skip
    assert params(order(BUY, OrderType.IOC, level=4_900_001)) == common | {
        "side": "BUY", "type": "LIMIT", "timeInForce": "IOC", "price": "49000.01",
    }  # fmt: skip
    assert params(order(SELL, STOP, level=4_900_000)) == common | {
        "side": "SELL", "type": "STOP_LOSS", "stopPrice": "49000.00",
    }  # fmt: skip
    assert params(order(SELL, TARGET, level=5_100_000)) == common | {
        "side": "SELL", "type": "TAKE_PROFIT", "stopPrice": "51000.00",
    }  # fmt: skip


@pytest.mark.parametrize(("side", "limit"), [(SELL, "48510.00"), (BUY, "49490.00")])
def test_a_stop_with_a_slip_is_a_stop_loss_limit_that_far_through_its_trigger(side: Side, limit: str) -> None:
    sent = params(order(side, STOP, level=4_900_000), slip=Decimal("0.01"))
    assert (sent["type"], sent["price"], sent["timeInForce"]) == ("STOP_LOSS_LIMIT", limit, "GTC")
    target = params(order(side, TARGET, level=5_100_000), slip=Decimal("0.01"))
    assert target["type"] == "TAKE_PROFIT"
    assert "price" not in target


def test_where_the_exchange_has_no_stops_at_market_a_limit_lies_one_percent_through() -> None:
    limited = FILTERS._replace(order_types=frozenset({"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}))
    assert params(order(SELL, STOP, level=4_900_000), limited)["price"] == "48510.00"
    assert params(order(SELL, TARGET, level=5_000_000), limited)["type"] == "TAKE_PROFIT_LIMIT"


def test_a_stop_with_a_limit_of_its_own_keeps_it() -> None:
    asked = msgspec.structs.replace(order(SELL, STOP, level=4_900_000), price=4_800_000)
    sent = params(asked, slip=Decimal("0.01"))
    assert (sent["type"], sent["stopPrice"], sent["price"]) == ("STOP_LOSS_LIMIT", "49000.00", "48000.00")


def test_of_a_purchase_the_stop_lies_above() -> None:
    stop, target = order(BUY, STOP, level=5_100_000), order(BUY, LIMIT, level=4_900_000, client_id="t")
    both = [(each, sized(each, BTC, FILTERS, None)) for each in (stop, target)]
    sent = pair_params(both[0], both[1])
    assert (sent["aboveType"], sent["aboveStopPrice"], sent["aboveClientOrderId"]) == (
        "STOP_LOSS", "51000.00", "a-1-0",
    )  # fmt: skip
    assert (sent["belowType"], sent["belowPrice"], sent["belowClientOrderId"]) == (
        "LIMIT_MAKER", "49000.00", "t",
    )  # fmt: skip


# the twin of the filters for orders without a limit, read aloud from the documentation

LOTS = FILTERS._replace(
    market_min=Decimal("0.001"), market_max=Decimal(50), market_step=Decimal("0.0003"),
    max_notional=Decimal(9_000), max_binds_market=True, max_position=Decimal(60),
)  # fmt: skip


def market_allowed(quantity: Decimal, side: Side, reference: Decimal, held: Decimal) -> bool:
    return (
        Decimal("0.00001") <= quantity <= 9000
        and Decimal("0.001") <= quantity <= 50
        and quantity % Decimal("0.0003") == 0
        and 5 <= quantity * reference <= 9000
        and (side is SELL or held + quantity <= 60)
    )


@given(
    st.sampled_from(list(Side)),
    st.one_of(st.integers(1, 1_000_000), st.integers(1, 60_000).map(lambda n: n * 30)),
    st.integers(1, 10_000_000),
    st.integers(0, 7_000_000),
)
def test_a_market_order_is_refused_exactly_when_the_documentation_says(
    side: Side, lots: int, reference: int, held: int
) -> None:
    market = FilterPrices(BTC.price(reference), held=BTC.quantity(held))
    asked = msgspec.structs.replace(order(side, MARKET, lots), purpose=order().purpose)
    mine = objection(asked, LOTS, market) is None
    assert mine == market_allowed(BTC.quantity(lots), side, BTC.price(reference), BTC.quantity(held))


@pytest.mark.parametrize(
    ("lots", "level", "fits"),
    [
        (100, 5_000_000, True),
        (99, 5_000_000, False),
        (100_000, 5_000_000, True),
        (100_001, 5_000_000, False),
        (50_000, 4_000_000, True),
        (50_000, 3_999_999, False),
        (50_000, 6_000_000, True),
        (50_000, 6_000_001, False),
    ],
)
def test_every_bound_of_a_limit_order_is_inclusive(lots: int, level: int, *, fits: bool) -> None:
    instrument = msgspec.structs.replace(BTC, min_quantity=Decimal("0.00100"))
    bounded = FILTERS._replace(
        instrument=instrument, max_quantity=Decimal(1), min_price=Decimal(40_000), max_price=Decimal(60_000)
    )
    found = objection(order(BUY, LIMIT, lots, level), bounded, FilterPrices(Decimal(50_000)))
    assert (found is None) is fits


def test_an_exit_is_held_back_by_no_measure_of_the_market() -> None:
    closed = LOTS._replace(status="BREAK", max_orders=1, max_stops=1)
    market = FilterPrices(Decimal("0.01"), open_orders=9, open_stops=9)
    for asked in (order(SELL, MARKET, 3_000), order(SELL, STOP, 3_000, 4_900_000)):
        assert objection(asked, closed, market) is None
    as_sent = Sized(buys=False, quantity=Decimal("0.000005"))
    assert "LOT_SIZE" in str(objection(order(SELL), closed, market, as_sent))
