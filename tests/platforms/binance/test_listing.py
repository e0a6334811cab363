"""A listing that is odd, closed or gone bars entries of its symbol; account and exchange limits are read."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.host.clock import SystemClock
from domain.errors import BadInput
from domain.order import OrderStatus
from platforms.binance.platform import BinancePlatform
from tests.platforms.binance.orders import BUY, SELL, STOP, order
from tests.platforms.binance.scripted import SYMBOL, Asked, Scripted, Told, row, settings
from tests.platforms.world import BTC

OTHER = SYMBOL | {"symbol": "ETHUSDT", "baseAsset": "ETH"}
BOTH = ("BTC-USDT", "ETH-USDT")
INVALID = Told({"code": -1121, "msg": "Invalid symbol."}, 400)


def listed(*rows: Any, **more: Any) -> Callable[[Asked], Any]:
    """What exchangeInfo answers: -1121 where a symbol asked for is in no row."""

    def answer(asked: Asked) -> Any:
        wanted = asked.params.get("symbol") or asked.params["symbols"]
        found = [each for each in rows if each["symbol"] in wanted]
        complete = len(found) == wanted.count("USDT")
        return {"rateLimits": [], "symbols": found, **more} if complete else INVALID

    return answer


def opened(exchange: Scripted, *, known: bool = True) -> BinancePlatform:
    return BinancePlatform(BOTH, settings(exchange), SystemClock(), None, {"BTC-USDT": BTC} if known else {})


@pytest.mark.parametrize(
    ("row_", "reason"),
    [
        (SYMBOL | {"filters": []}, "its listing cannot be read: exchangeInfo without filter PRICE_FILTER"),
        (SYMBOL | {"filters": 7}, "its listing cannot be read"),
        (SYMBOL | {"orderTypes": 7}, "its listing cannot be read"),
        (SYMBOL | {"status": "BREAK"}, "its market is BREAK"),
        (SYMBOL | {"status": "NEVER_HEARD_OF"}, "its status is NEVER_HEARD_OF"),
        (SYMBOL | {"isSpotTradingAllowed": False}, "spot trading of it is not allowed"),
        ({"symbol": "NOTUSDT"}, "the exchange does not list it"),
    ],
)
def test_an_odd_listing_bars_entries_of_its_symbol_alone_and_no_exit(
    exchange: Scripted, row_: dict[str, Any], reason: str
) -> None:
    exchange.on("GET", "exchangeInfo", listed(row_, OTHER))
    venue = opened(exchange)
    assert list(venue.blocked()) == ["BTC-USDT"]
    assert venue.blocked()["BTC-USDT"].startswith(reason)
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], side="SELL"))
    exchange.on("GET", "myTrades", lambda _: [])
    definite = reason.startswith(("its market", "the exchange"))
    assert bool(venue.closed("BTC-USDT")) is definite
    assert venue.place(order(SELL)).status is OrderStatus.FILLED, "the exchange has the last word on an exit"
    venue.close()


def test_a_symbol_nobody_knows_is_named_at_the_first_start(exchange: Scripted) -> None:
    exchange.on("GET", "exchangeInfo", listed(OTHER))
    with pytest.raises(BadInput, match="does not trade BTC-USDT"):
        opened(exchange, known=False)


def test_a_futures_exchange_is_named(exchange: Scripted) -> None:
    future = {"symbol": "BTCUSDT", "contractType": "PERPETUAL", "marginAsset": "USDT", "filters": []}
    exchange.on("GET", "exchangeInfo", listed(future, OTHER))
    with pytest.raises(BadInput, match=r"futures exchange: it lists BTC-USDT as a contract \(PERPETUAL\)"):
        opened(exchange, known=False)


@pytest.mark.parametrize(
    ("limit", "refusal"),
    [
        ({"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1}, "EXCHANGE_MAX_NUM_ORDERS"),
        (
            {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 1},
            "EXCHANGE_MAX_NUM_ALGO_ORDERS",
        ),
    ],
)
def test_a_full_exchange_refuses_an_entry_whose_stop_would_find_no_room_but_no_exit(
    exchange: Scripted, limit: dict[str, Any], refusal: str
) -> None:
    filters = [limit | {"filterType": refusal}]
    exchange.on("GET", "exchangeInfo", listed(SYMBOL, OTHER, exchangeFilters=filters))
    venue = opened(exchange)
    rests = {"type": "STOP_LOSS", "status": "NEW", "executedQty": "0.00000"}
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], **rests))
    assert venue.place(order(SELL, STOP, level=4_900_000, client_id="s")).status is OrderStatus.NEW
    refused = venue.place(order(BUY, client_id="b"))
    assert (refused.status, refused.reason.split(":")[0]) == (OrderStatus.REJECTED, refusal)
    assert venue.place(order(SELL, client_id="e")).status is OrderStatus.NEW
    venue.close()


@pytest.mark.parametrize(("asset", "most"), [("BTC", "0.00001"), ("USDT", "1")])
def test_max_asset_binds_entries_by_base_and_by_quote(exchange: Scripted, asset: str, most: str) -> None:
    told = {"assetFilters": [{"filterType": "MAX_ASSET", "asset": asset, "limit": most}]}
    exchange.on("GET", "exchangeInfo", listed(SYMBOL, OTHER))
    exchange.on("GET", "myFilters", lambda _: told)
    venue = opened(exchange)
    venue.listing.outdated()
    venue.listing.renew()
    exchange.on("POST", "order", lambda asked: row(asked.params["newClientOrderId"], side="SELL"))
    exchange.on("GET", "myTrades", lambda _: [])
    assert venue.place(order(BUY, client_id="b")).reason.startswith("MAX_ASSET: ")
    assert venue.place(order(SELL, client_id="e")).status is OrderStatus.FILLED
    venue.close()
