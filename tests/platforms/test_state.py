"""The paper account is taken up where it was left, or refused when its parts contradict."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from domain.candle import Candle, LastPrice
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.money import to_cash
from domain.order import Order, OrderState, OrderStatus, OrderType, Purpose, Side
from domain.times import MINUTE_MS, utc
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings
from tests.platforms.world import BTC, ETH

T0 = 1_700_000_040_000
SETTINGS = PaperSettings()
LIMIT = Order(
    client_id="o-1",
    cycle_id=1,
    at=utc(T0),
    symbol=BTC.symbol,
    side=Side.SELL,
    type=OrderType.LIMIT,
    purpose=Purpose.EXIT,
    lots=1_000,
    reference=5_000_000,
    price=5_100_000,
)


def standing(status: OrderStatus = OrderStatus.NEW, filled: int = 0, **changes: object) -> OrderState:
    return OrderState(msgspec.structs.replace(LIMIT, **changes), status, utc(T0), filled)


def restored(*orders: OrderState, lots: int = 1_000, cash: int = 0, next_id: int = 1) -> MockTradingPlatform:
    instruments = {BTC.symbol: BTC}
    return MockTradingPlatform(instruments, SETTINGS, cash, {BTC.symbol: lots}, orders, next_id)


def test_a_part_filled_order_goes_on_with_its_rest_and_the_next_trade_id() -> None:
    paper = restored(standing(OrderStatus.PARTIALLY_FILLED, 400), lots=600, next_id=7)
    assert paper.balances()["BTC"].locked == 600
    paper.mark(BTC.symbol, [Candle(T0 + MINUTE_MS, 5_000_000, 5_200_000, 5_000_000, 5_100_000, 10.0)], None)
    (receipt,) = paper.poll()
    assert (receipt.status, receipt.filled, receipt.venue_id) == (OrderStatus.FILLED, 1_000, "paper-o-1")
    assert [(fill.trade_id, fill.lots) for fill in receipt.fills] == [("7", 600)]
    assert paper.export().next_id == 8


def test_an_order_keeps_its_venue_id_over_a_restart() -> None:
    paper = restored()
    before = paper.place(LIMIT)
    (after,) = MockTradingPlatform({BTC.symbol: BTC}, SETTINGS, *paper.export()).open_orders()
    assert before == after


@pytest.mark.parametrize(
    "status", [OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED]
)
def test_ended_orders_are_remembered_so_that_none_is_executed_again(status: OrderStatus) -> None:
    paper = restored(standing(status, 1_000 if status is OrderStatus.FILLED else 0))
    assert not paper.open_orders()
    assert paper.place(LIMIT).reason == "duplicate"
    receipt = paper.cancel(BTC.symbol, LIMIT.client_id)
    assert receipt.status is status


@pytest.mark.parametrize("status", [OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.ABSENT])
def test_orders_that_never_arrived_are_not_known(status: OrderStatus) -> None:
    paper = restored(standing(status))
    assert paper.query(BTC.symbol, LIMIT.client_id) is None
    assert not paper.open_orders()


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: restored(cash=-1), "cash -1 below 0"),
        (lambda: restored(lots=-1), "holdings BTC-USDT: -1 lots"),
        (lambda: restored(standing(), lots=999), "hold back 1000 lots of BTC-USDT, held 999"),
        (lambda: restored(standing(side=Side.BUY), cash=to_cash(5)), "hold back 5101275000"),
        (lambda: restored(standing(), standing()), "o-1 is given twice"),
        (lambda: restored(standing(symbol="ETH-USDT")), "LIMIT ETH-USDT"),
        (lambda: restored(standing(type=OrderType.MARKET)), "cannot rest"),
        (lambda: restored(standing(OrderStatus.PARTIALLY_FILLED, 1_000)), "1000 of 1000 lots filled"),
        (lambda: restored(standing(price=None)), "level 0 below 1 tick"),
    ],
)
def test_parts_that_contradict_are_refused(build: Callable[[], MockTradingPlatform], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        build()


def other(symbol: str, base: str, quote: str) -> Instrument:
    return msgspec.structs.replace(BTC, symbol=symbol, base=base, quote=quote)


@pytest.mark.parametrize(
    ("instruments", "reason"),
    [
        ([], "one quote asset, not 0"),
        ([BTC, other("BTC-USD", "XBT", "USD")], r"not 2 \['USD', 'USDT'\]"),
        ([BTC, other("BTCUSDT", "BTC", "USDT")], "BTCUSDT holds BTC, as BTC-USDT does"),
        ([other("ODD", "USDT", "USDT")], "ODD holds USDT, as its quote does"),
    ],
)
def test_instruments_of_more_than_one_account_are_refused(instruments: list[Instrument], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        MockTradingPlatform({each.symbol: each for each in instruments}, SETTINGS)


def test_an_instrument_under_another_name_is_refused() -> None:
    with pytest.raises(BadInput, match="ETH-USDT is listed as BTC-USDT"):
        MockTradingPlatform({BTC.symbol: ETH}, SETTINGS)


def test_opening_cash_defaults_to_the_settings() -> None:
    paper = MockTradingPlatform({BTC.symbol: BTC}, PaperSettings(cash=Decimal("12.5")))
    paper.mark(BTC.symbol, (), LastPrice(5_000_000, T0))
    assert paper.export().cash == to_cash("12.5")
