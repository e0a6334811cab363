"""Clients in use elsewhere work against the sandbox unchanged but for the base URL."""
# ruff: noqa: PLC0415 -- they warn as they are imported, which only a test can be marked to allow

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from platforms.sandbox.server.options import KEY, SECRET
from tests.platforms.sandbox.world import BTC, Client, sandbox

# What the libraries say about their own dependencies is not for us to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
WAIT = 5.0


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """Clients take the thread's event loop, or make one and leave it to the collector: here it is ended."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    asyncio.set_event_loop(None)
    made.close()


@pytest.fixture
def client() -> Iterator[Client]:
    with sandbox() as found:
        yield found


def test_python_binance(client: Client) -> None:
    from binance.client import Client as Binance
    from binance.exceptions import BinanceAPIException

    class Here(Binance):  # type: ignore[misc]  # it ships no types
        API_URL = client.server.base_url + "/api"
        MARGIN_API_URL = client.server.base_url + "/sapi"

    api = Here(KEY, SECRET)
    assert api.get_symbol_info(BTC)["filters"][0]["tickSize"] == "0.01000000"
    bought = api.create_order(symbol=BTC, side="BUY", type="MARKET", quantity="1.5", newClientOrderId="pb-1")
    assert (bought["status"], bought["fills"][0]["price"]) == ("FILLED", "100.01000000")
    limits: dict[str, Any] = {"timeInForce": "GTC", "quantity": "0.5", "price": "95", "stopPrice": "96"}
    api.create_order(symbol=BTC, side="SELL", type="STOP_LOSS_LIMIT", **limits)
    legs = {"aboveType": "LIMIT_MAKER", "abovePrice": "110", "belowType": "STOP_LOSS", "belowStopPrice": "90"}
    oco = api.create_oco_order(symbol=BTC, side="SELL", quantity="0.9", **legs)
    assert oco["listOrderStatus"] == "EXECUTING"
    assert len(api.get_open_orders(symbol=BTC)) == 3
    client.server.exchange.set_price(BTC, "95.5")
    client.server.exchange.set_price(BTC, "110")
    done = {order["type"]: order["status"] for order in api.get_all_orders(symbol=BTC)}
    assert done == {
        "MARKET": "FILLED",
        "STOP_LOSS_LIMIT": "FILLED",
        "LIMIT_MAKER": "FILLED",
        "STOP_LOSS": "EXPIRED",
    }
    assert len(api.get_my_trades(symbol=BTC)) == 3
    assert api.get_account_api_permissions()["enableWithdrawals"] is False
    assert len(api.get_klines(symbol=BTC, interval="1m", limit=3)) == 3
    assert Decimal(api.get_asset_balance("BTC")["free"]) == Decimal("0.0985")
    with pytest.raises(BinanceAPIException) as refused:
        api.create_order(symbol=BTC, side="BUY", type="LIMIT", price="2e-05", quantity="1", timeInForce="GTC")
    assert (refused.value.code, refused.value.status_code) == (-1100, 400)
    assert "x-mbx-used-weight-1m" in {name.lower() for name in api.response.headers}
    api.close_connection()


def test_python_binance_async_with_user_data_and_streams(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from binance import AsyncClient, BinanceSocketManager
    from binance.ws.reconnecting_websocket import ReconnectingWebsocket

    # How long it reads on after it was told to stop: ten seconds for each socket otherwise.
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 1)

    class Here(AsyncClient):  # type: ignore[misc]  # same
        API_URL = client.server.base_url + "/api"
        WS_API_URL = client.server.ws_api_url

    class Sockets(BinanceSocketManager):  # type: ignore[misc]  # same
        STREAM_URL = client.server.ws_url + "/"

    async def run() -> tuple[list[Any], Any]:
        api = await Here.create(KEY, SECRET)
        sockets = Sockets(api)
        async with sockets.user_socket() as user, sockets.trade_socket(BTC) as trades:
            placed = await api.ws_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="1")
            assert placed["status"] == "FILLED"
            heard = [await asyncio.wait_for(user.recv(), WAIT) for _ in range(4)]
            client.server.exchange.set_price(BTC, "101")
            trade = await asyncio.wait_for(trades.recv(), WAIT)
        await api.close_connection()
        return heard, trade

    heard, trade = asyncio.run(run())
    assert [event.get("x") for event in heard] == ["NEW", None, "TRADE", None]
    assert trade["p"] == "101.00000000"


def test_ccxt(client: Client) -> None:
    import ccxt

    api = ccxt.binance({"apiKey": KEY, "secret": SECRET, "options": {"fetchMarkets": {"types": ["spot"]}}})
    urls = api.urls["api"]
    for name, url in urls.items():
        urls[name] = (
            url.replace("https://api.binance.com", client.server.base_url) if isinstance(url, str) else url
        )
    symbol = "BTC/USDT"
    assert list(api.load_markets()) == [symbol]
    assert api.fetch_balance()["total"] == {"USDT": 10_000.0, "BTC": 0.0}
    assert api.fetch_ticker(symbol)["last"] == 100.0
    assert len(api.fetch_ohlcv(symbol, "1m", limit=5)) == 5
    assert api.fetch_order_book(symbol, 5)["bids"][0][0] == 99.99
    bought = api.create_order(symbol, "market", "buy", 1.5)
    assert (bought["status"], bought["fee"]["currency"]) == ("closed", "BTC")
    resting = api.create_order(symbol, "limit", "sell", 0.5, 120)
    assert [order["id"] for order in api.fetch_open_orders(symbol)] == [resting["id"]]
    assert api.cancel_order(resting["id"], symbol)["status"] == "canceled"
    assert api.create_order(symbol, "STOP_LOSS_LIMIT", "sell", 0.5, 95, {"stopPrice": 96})["status"] == "open"
    api.cancel_all_orders(symbol)
    assert len(api.fetch_my_trades(symbol)) == 1
    with pytest.raises(ccxt.BadRequest, match="-1104"):  # the exchange knows no order with a stop beside it
        api.create_order(symbol, "limit", "buy", 1, 90, {"stopLoss": {"triggerPrice": 80}})
    api.options["quoteOrderQty"] = False  # else ccxt makes another amount of amount and price
    with pytest.raises(ccxt.BadRequest, match="-1106"):
        api.create_order(symbol, "market", "sell", 0.1, None, {"price": 95})
    assert api.fetch_open_orders(symbol) == []
    with pytest.raises(ccxt.InsufficientFunds):
        api.create_order(symbol, "market", "buy", 99)
    with pytest.raises(ccxt.OrderNotFound):
        api.fetch_order("999", symbol)


def test_the_official_sdk(client: Client) -> None:
    from binance_common.configuration import (
        ConfigurationRestAPI,
        ConfigurationWebSocketAPI,
        ConfigurationWebSocketStreams,
    )
    from binance_common.errors import BadRequestError
    from binance_sdk_spot.spot import Spot

    keys: dict[str, Any] = {"api_key": KEY, "api_secret": SECRET}
    spot: Any = Spot(
        ConfigurationRestAPI(base_path=client.server.base_url, **keys),
        ConfigurationWebSocketAPI(stream_url=client.server.ws_api_url, **keys),
        ConfigurationWebSocketStreams(stream_url=client.server.ws_url),
    )
    rest = spot.rest_api
    bought = rest.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=1)
    assert (bought.data().status, bought.data().fills[0].commission_asset) == ("FILLED", "BTC")
    assert {limit.rateLimitType for limit in bought.rate_limits} == {"REQUEST_WEIGHT", "ORDERS"}
    legs = {
        "above_type": "LIMIT_MAKER",
        "above_price": 110,
        "below_type": "STOP_LOSS",
        "below_stop_price": 90,
    }
    oco = rest.order_list_oco(symbol=BTC, side="SELL", quantity=0.9, **legs)
    assert oco.data().list_order_status == "EXECUTING"
    assert len(rest.get_open_orders().data()) == 2
    assert rest.my_trades(symbol=BTC).data()[0].commission == "0.00100000"
    with pytest.raises(BadRequestError, match="insufficient balance"):
        rest.new_order(symbol=BTC, side="BUY", type="LIMIT", quantity=99, price=100, time_in_force="GTC")
    events, trades = asyncio.run(_sdk_sockets(spot, client))
    assert events[0] == "ExecutionReport"
    assert trades[0].p == "101.00000000"


async def _sdk_sockets(spot: Any, client: Client) -> tuple[list[str], list[Any]]:
    events: list[str] = []
    trades: list[Any] = []
    api = await spot.websocket_api.create_connection()
    order: dict[str, Any] = {
        "side": "BUY",
        "type": "LIMIT",
        "time_in_force": "GTC",
        "quantity": 1,
        "price": 90,
    }
    placed = await api.order_place(symbol=BTC, **order)
    assert placed.data().result.status == "NEW"
    user = await api.user_data_stream_subscribe_signature()
    user.stream.on("message", lambda message: events.append(type(message.actual_instance).__name__))
    market = await spot.websocket_streams.create_connection()
    stream = await market.trade(symbol="btcusdt")
    stream.on("message", trades.append)
    spot.rest_api.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=1)
    deadline = asyncio.get_running_loop().time() + WAIT
    while not (events and trades) and asyncio.get_running_loop().time() < deadline:
        client.server.exchange.set_price(BTC, "101")
        await asyncio.sleep(0.05)
    await market.close_connection()
    await api.close_connection()
    return events, trades
