"""The exchange's filters, checked before sending: its own boundaries, against a slow twin in decimals."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadAnswer
from domain.order import Order, OrderType, Purpose, Side
from domain.times import utc
from platforms.binance.filters import parse
from platforms.binance.objections import FilterPrices, objection

ROW: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000.00", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00010", "maxQty": "100.00000", "stepSize": "0.00010"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000", "maxQty": "50.00000", "stepSize": "0.00000"},
        {
            "filterType": "NOTIONAL", "minNotional": "5.00", "applyMinToMarket": True,
            "maxNotional": "9000.00", "applyMaxToMarket": False, "avgPriceMins": 5,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
            "askMultiplierUp": "2", "askMultiplierDown": "0.5", "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_POSITION", "maxPosition": "60.00000"},
    ],
}  # fmt: skip
FILTERS = parse(ROW, "BTC-USDT")
STEP, TICK = Decimal("0.0001"), Decimal("0.01")


def order(kind: OrderType, side: Side, lots: int, level: int = 0) -> Order:
    stops = kind in (OrderType.STOP, OrderType.TAKE_PROFIT)
    return Order(
        "a", 1, utc(0), "BTC-USDT", side, kind, Purpose.ENTRY, lots, 100,
        price=level if kind is OrderType.LIMIT else None, trigger=level if stops else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "market", "reason"),
    [
        (order(OrderType.LIMIT, Side.BUY, 0, 10_000), FilterPrices(Decimal(100)), "LOT_SIZE: quantity 0"),
        (
            order(OrderType.LIMIT, Side.BUY, 1_000_001, 10_000),
            FilterPrices(Decimal(100)),
            "above maximum 100",
        ),
        (order(OrderType.MARKET, Side.BUY, 500_001), FilterPrices(Decimal(100)), "MARKET_LOT_SIZE"),
        (order(OrderType.LIMIT, Side.BUY, 10, 100_001), FilterPrices(Decimal(900)), "PRICE_FILTER"),
        (
            order(OrderType.LIMIT, Side.BUY, 499, 10_000),
            FilterPrices(Decimal(100)),
            "NOTIONAL: value 4.99 below",
        ),
        (order(OrderType.MARKET, Side.BUY, 499), FilterPrices(Decimal(100)), "NOTIONAL: value 4.99 below"),
        (
            order(OrderType.LIMIT, Side.BUY, 900_001, 10_000),
            FilterPrices(Decimal(100)),
            "NOTIONAL: value 9000.01",
        ),
        (order(OrderType.LIMIT, Side.SELL, 1000, 20_001), FilterPrices(Decimal(100)), "outside 50 to 200"),
        (order(OrderType.LIMIT, Side.BUY, 1000, 10_000), FilterPrices(Decimal(100), 200), "MAX_NUM_ORDERS"),
        (
            order(OrderType.STOP, Side.SELL, 1000, 9_000),
            FilterPrices(Decimal(100), 5, 5),
            "MAX_NUM_ALGO_ORDERS",
        ),
        (
            order(OrderType.MARKET, Side.BUY, 10_001),
            FilterPrices(Decimal(100), held=Decimal(59)),
            "MAX_POSITION: 60.00010 above 60.00000",
        ),
    ],
)
def test_each_filter_refuses_with_its_name_the_value_and_the_limit(
    asked: Order, market: FilterPrices, reason: str
) -> None:
    assert reason in str(objection(asked, FILTERS, market))


@pytest.mark.parametrize(
    ("asked", "market"),
    [
        (
            order(OrderType.LIMIT, Side.BUY, 500, 10_000),
            FilterPrices(Decimal(100)),
        ),  # exactly the least value
        (
            order(OrderType.LIMIT, Side.SELL, 1000, 20_000),
            FilterPrices(Decimal(100)),
        ),  # exactly the upper band
        (
            order(OrderType.LIMIT, Side.SELL, 1000, 5_000),
            FilterPrices(Decimal(100)),
        ),  # exactly the lower band
        (
            order(OrderType.MARKET, Side.BUY, 500_000),
            FilterPrices(Decimal(100)),
        ),  # its most does not bind there
        (order(OrderType.MARKET, Side.BUY, 10_000), FilterPrices(Decimal(100), held=Decimal(59))),
        (order(OrderType.MARKET, Side.SELL, 10_000), FilterPrices(Decimal(100), 300, 300, Decimal(60))),
    ],
)
def test_boundaries_are_inclusive_and_bind_only_what_they_are_for(asked: Order, market: FilterPrices) -> None:
    assert objection(asked, FILTERS, market) is None


def allowed(quantity: Decimal, price: Decimal, side: Side, reference: Decimal) -> bool:
    """The documentation read aloud, for a limit order."""
    up, down = (Decimal(5), Decimal("0.2")) if side is Side.BUY else (Decimal(2), Decimal("0.5"))
    return (
        Decimal("0.0001") <= quantity <= 100
        and quantity % STEP == 0
        and Decimal("0.01") <= price <= 1000
        and price % TICK == 0
        and reference * down <= price <= reference * up
        and 5 <= quantity * price <= 9000
        and (side is Side.SELL or quantity <= 60)
    )


def listed(base: str, quote: str, tick: str, step: str) -> dict[str, Any]:
    price = {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000", "tickSize": tick}
    lot = {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000000", "stepSize": step}
    return ROW | {"symbol": base + quote, "baseAsset": base, "quoteAsset": quote, "filters": [price, lot]}


@pytest.mark.parametrize(
    ("base", "quote", "tick", "step", "lot", "factor"),
    [
        ("ETH", "BTC", "0.00001000", "0.00010000", "0.0001", 1000),
        ("LTC", "BTC", "0.00000100", "0.00100000", "0.001", 1000),
        ("DOGE", "BTC", "0.00000001", "1.00000000", "1", 10_000),
        ("BTTC", "USDT", "0.00000001", "0.10000000", "1", 1),
        ("LUNC", "USDT", "0.00000001", "0.01000000", "1", 1),
    ],
)
def test_every_pair_the_exchange_lists_has_whole_cash_units(
    base: str, quote: str, tick: str, step: str, lot: str, factor: int
) -> None:
    pair = parse(listed(base, quote, tick, step), f"{base}-{quote}").instrument
    assert (pair.step_size, pair.cash_factor) == (Decimal(lot), factor)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 1_000_100), st.integers(1, 100_100), st.sampled_from(list(Side)), st.integers(1, 90_000)
)
def test_a_limit_order_is_refused_exactly_when_the_documentation_says(
    lots: int, level: int, side: Side, reference: int
) -> None:
    market = FilterPrices(reference * TICK)
    mine = objection(order(OrderType.LIMIT, side, lots, level), FILTERS, market) is None
    assert mine == allowed(lots * STEP, level * TICK, side, reference * TICK)


def without(name: str) -> dict[str, Any]:
    return ROW | {"filters": [each for each in ROW["filters"] if each["filterType"] != name]}


@pytest.mark.parametrize("name", ["PRICE_FILTER", "LOT_SIZE"])
def test_a_filter_that_must_be_there_is_missed(name: str) -> None:
    with pytest.raises(BadAnswer, match=name):
        parse(without(name), "BTC-USDT")


def test_what_is_not_trading_is_refused() -> None:
    halted = parse(ROW | {"status": "BREAK"}, "BTC-USDT")
    assert "is not trading" in str(
        objection(order(OrderType.MARKET, Side.BUY, 1000), halted, FilterPrices(Decimal(100)))
    )


def test_the_old_form_of_the_value_filter_is_read_too() -> None:
    old = {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False, "avgPriceMins": 1}
    filters = parse(ROW | {"filters": [*without("NOTIONAL")["filters"], old]}, "BTC-USDT")
    assert objection(order(OrderType.MARKET, Side.BUY, 999), filters, FilterPrices(Decimal(100))) is None
    assert "NOTIONAL" in str(
        objection(order(OrderType.LIMIT, Side.BUY, 999, 10_000), filters, FilterPrices(Decimal(100)))
    )
