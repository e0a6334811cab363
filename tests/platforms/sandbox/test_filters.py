"""The filters refuse at the exchange's own boundaries."""

from decimal import Decimal

import pytest

from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.exchange import Exchange
from tests.platforms.sandbox.world import BTC, draft, still


def refused(exchange: Exchange, *args: str, **fields: str) -> str:
    with pytest.raises(RequestRefused) as error:
        exchange.place(draft(*args, **fields))
    assert error.value.code == -1013
    assert error.value.status == 400
    return error.value.message.removeprefix("Filter failure: ")


@pytest.mark.parametrize(
    ("price", "name"),
    [("99.001", "PRICE_FILTER"), ("0.001", "PRICE_FILTER"), ("1000000.01", "PRICE_FILTER")],
)
def test_prices_lie_on_the_tick_and_within_bounds(price: str, name: str) -> None:
    assert refused(still(), "BUY", "LIMIT", "1", price=price) == name


def test_bounds_are_inclusive() -> None:
    exchange = still()
    exchange.change_rules(
        BTC, {"min_price": "99", "max_price": "101", "min_quantity": "0.1", "max_quantity": "2"}
    )
    for price, quantity in (("99", "0.1"), ("101", "2")):
        exchange.examine(draft("BUY", "LIMIT", quantity, price=price))
    assert refused(exchange, "BUY", "LIMIT", "1", price="98.99") == "PRICE_FILTER"
    assert refused(exchange, "BUY", "LIMIT", "1", price="101.01") == "PRICE_FILTER"
    assert refused(exchange, "BUY", "LIMIT", "0.09999", price="100") == "LOT_SIZE"
    assert refused(exchange, "BUY", "LIMIT", "2.00001", price="100") == "LOT_SIZE"


def test_a_stop_price_lies_on_the_tick_too() -> None:
    assert refused(still(), "SELL", "STOP_LOSS", "1", stop_price="95.005") == "PRICE_FILTER"


def test_quantities_lie_on_the_step_counted_from_zero_for_market_orders_too() -> None:
    exchange = still()
    exchange.change_rules(BTC, {"step_size": "0.001", "min_quantity": "0.0005"})
    assert refused(exchange, "BUY", "LIMIT", "0.1005", price="100") == "LOT_SIZE"
    assert refused(exchange, "BUY", "MARKET", "0.1005") == "LOT_SIZE"
    exchange.examine(draft("BUY", "MARKET", "0.101"))


def test_a_market_lot_step_of_zero_is_not_checked_and_its_bounds_bind_market_orders_only() -> None:
    exchange = still()
    exchange.change_rules(BTC, {"market_step_size": "0", "market_max_quantity": "0.5"})
    exchange.examine(draft("BUY", "MARKET", "0.12345"))
    exchange.examine(draft("BUY", "LIMIT", "0.6", price="100"))
    assert refused(exchange, "BUY", "MARKET", "0.6") == "MARKET_LOT_SIZE"
    exchange.change_rules(BTC, {"market_step_size": "0.1"})
    assert refused(exchange, "BUY", "MARKET", "0.12345") == "MARKET_LOT_SIZE"


def test_the_notional_of_a_market_order_is_taken_at_the_average_and_only_where_it_applies() -> None:
    exchange = still("100")
    exchange.examine(draft("BUY", "LIMIT", "0.05", price="100"))
    assert refused(exchange, "BUY", "LIMIT", "0.04999", price="100") == "NOTIONAL"
    exchange.set_price(BTC, "200", volume=Decimal(1_000_000))
    assert exchange.markets[BTC].average(exchange.now) > 199
    exchange.examine(draft("BUY", "MARKET", "0.03"))
    exchange.set_price(BTC, "100", volume=Decimal(100))
    # The last price says 3, the average of five minutes nearly 6.
    exchange.examine(draft("BUY", "MARKET", "0.03"))
    assert refused(exchange, "BUY", "MARKET", "0.02") == "NOTIONAL"
    exchange.change_rules(BTC, {"apply_min_to_market": False})
    exchange.examine(draft("BUY", "MARKET", "0.00001"))


def test_a_quote_quantity_is_its_own_notional() -> None:
    exchange = still()
    exchange.examine(draft("BUY", "MARKET", "0", quote_quantity="5"))
    assert refused(exchange, "BUY", "MARKET", "0", quote_quantity="4.99") == "NOTIONAL"


def test_prices_stay_within_a_percentage_of_the_average_by_side() -> None:
    exchange = still("100")
    fields = {
        "bid_multiplier_up": "1.1",
        "bid_multiplier_down": "0.5",
        "ask_multiplier_up": "2",
        "ask_multiplier_down": "0.9",
    }
    exchange.change_rules(BTC, fields)
    for side, price in (("BUY", "110"), ("BUY", "50"), ("SELL", "200"), ("SELL", "90")):
        exchange.examine(draft(side, "LIMIT", "1", price=price))
    for side, price in (("BUY", "110.01"), ("BUY", "49.99"), ("SELL", "200.01"), ("SELL", "89.99")):
        assert refused(exchange, side, "LIMIT", "1", price=price) == "PERCENT_PRICE_BY_SIDE"


def test_open_orders_are_counted() -> None:
    exchange = still()
    exchange.change_rules(BTC, {"max_orders": 2})
    for number in range(2):
        exchange.place(draft("BUY", "LIMIT", "0.1", price="90", client_id=f"c{number}"))
    assert refused(exchange, "BUY", "LIMIT", "0.1", price="90", client_id="c2") == "MAX_NUM_ORDERS"
    exchange.cancel(exchange.open_orders()[0])
    exchange.place(draft("BUY", "LIMIT", "0.1", price="90", client_id="c2"))


def test_waiting_orders_are_counted_by_themselves() -> None:
    exchange = still()
    exchange.change_rules(BTC, {"max_algo_orders": 1})
    exchange.place(draft("SELL", "STOP_LOSS", "0.1", stop_price="90", client_id="s1"))
    assert (
        refused(exchange, "SELL", "STOP_LOSS", "0.1", stop_price="90", client_id="s2")
        == "MAX_NUM_ALGO_ORDERS"
    )
    exchange.place(draft("SELL", "LIMIT", "0.1", price="110", client_id="l"))


def test_a_position_may_not_outgrow_its_limit() -> None:
    exchange = still(btc="1")
    exchange.change_rules(BTC, {"max_position": "2"})
    exchange.place(draft("BUY", "LIMIT", "0.6", price="90", client_id="open"))
    assert refused(exchange, "BUY", "LIMIT", "0.5", price="90") == "MAX_POSITION"
    exchange.place(draft("BUY", "LIMIT", "0.4", price="90"))


def test_a_filter_field_that_is_none_is_refused_by_name() -> None:
    exchange = still()
    with pytest.raises(ValueError, match="filter field 'min_nominal' is unknown; allowed: apply_max"):
        exchange.change_rules(BTC, {"min_nominal": "1"})
    with pytest.raises(ValueError, match="min_notional: 'much' is not Decimal"):
        exchange.change_rules(BTC, {"min_notional": "much"})
