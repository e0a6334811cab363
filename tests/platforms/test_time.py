"""Time on the paper exchange is what the market shows: no order meets what was before it."""

from datetime import timedelta

import msgspec
import pytest

from domain.candle import LastPrice
from domain.errors import BadInput
from domain.order import Balance, OrderStatus
from domain.times import EPOCH, MINUTE_MS, utc
from platforms.paper.working_order import first_millis
from tests.platforms.paper import (
    LOTS,
    MARKET,
    PRICE,
    SELL,
    STOP,
    T0,
    TARGET,
    candle,
    events,
    only_fill,
    order,
    platform,
)
from tests.platforms.world import BTC, ETH


def test_a_candle_that_opened_before_the_order_never_meets_it() -> None:
    paper = platform()
    paper.place(order(SELL, STOP, PRICE - 100, minute=1))
    paper.mark(BTC.symbol, [candle(0, PRICE - 500, PRICE)], None)
    assert paper.poll() == []
    paper.mark(BTC.symbol, [candle(1, PRICE - 500, PRICE)], None)
    assert events(paper) == [("o-1", OrderStatus.FILLED)]


def test_an_order_a_microsecond_after_the_open_is_after_it() -> None:
    late = msgspec.structs.replace(order(SELL, STOP, PRICE - 100), at=utc(T0) + timedelta(microseconds=1))
    assert first_millis(late.at) == T0 + 1
    assert first_millis(utc(T0)) == T0
    paper = platform()
    paper.place(late)
    paper.mark(BTC.symbol, [candle(0, PRICE - 500, PRICE)], LastPrice(PRICE - 500, T0))
    assert paper.poll() == []


def test_a_quote_from_before_the_order_or_before_the_last_quote_never_meets_it() -> None:
    paper = platform()
    paper.place(order(SELL, STOP, PRICE - 100, minute=2))
    paper.mark(BTC.symbol, (), LastPrice(PRICE - 500, T0 + MINUTE_MS))
    assert paper.poll() == []
    paper.mark(BTC.symbol, (), LastPrice(PRICE, T0 + 5 * MINUTE_MS))
    paper.mark(BTC.symbol, (), LastPrice(PRICE - 500, T0 + 4 * MINUTE_MS))
    assert paper.poll() == []
    assert only_fill([paper.place(order(SELL, MARKET, name="m", minute=5))]).price == 4_993_750


@pytest.mark.parametrize("price", [0, -5])
def test_a_quote_without_a_price_is_no_quote(price: int) -> None:
    paper = platform()
    paper.mark(BTC.symbol, (), LastPrice(price, T0 + MINUTE_MS))
    assert only_fill([paper.place(order(SELL, MARKET, minute=1))]).price == 4_993_750


def test_resting_fills_carry_the_candles_open_time_and_quotes_their_own() -> None:
    paper = platform()
    paper.place(order(SELL, STOP, PRICE - 100))
    paper.mark(BTC.symbol, [candle(3, PRICE - 500, PRICE)], None)
    (receipt,) = paper.poll()
    assert receipt.at == receipt.fills[0].at == utc(T0 + 3 * MINUTE_MS)
    paper.place(order(SELL, STOP, PRICE - 100, name="o-2", minute=4))
    paper.mark(BTC.symbol, (), LastPrice(PRICE - 100, T0 + 4 * MINUTE_MS + 7))
    assert only_fill(paper.poll()).at == utc(T0 + 4 * MINUTE_MS + 7)


def test_a_cancel_carries_the_last_time_of_the_market_or_of_the_order() -> None:
    paper = platform()
    paper.place(order(SELL, STOP, PRICE - 100, minute=1))
    assert paper.cancel(BTC.symbol, "o-1").at == utc(T0 + MINUTE_MS)
    paper.place(order(SELL, STOP, PRICE - 100, name="o-2", minute=1))
    paper.mark(BTC.symbol, [candle(9, PRICE, PRICE)], None)
    assert paper.cancel(BTC.symbol, "o-2").at == utc(T0 + 9 * MINUTE_MS)
    assert paper.cancel(ETH.symbol, "o-2").at == EPOCH
    assert paper.cancel("NO-SUCH", "o-2").reason == "unknown order"
    assert paper.query(ETH.symbol, "o-2") is None


def test_an_unknown_symbol_cannot_be_shown() -> None:
    with pytest.raises(BadInput, match="NO-SUCH is not traded"):
        platform().mark("NO-SUCH", (), None)


def test_an_order_expires_when_the_market_reaches_its_time_and_before_it_could_fill() -> None:
    paper = platform()
    ends = utc(T0 + 2 * MINUTE_MS)
    paper.place(msgspec.structs.replace(order(SELL, STOP, PRICE - 100), expires_at=ends))
    paper.mark(BTC.symbol, [candle(1, PRICE, PRICE)], None)
    assert paper.poll() == []
    paper.mark(BTC.symbol, [candle(2, PRICE - 500, PRICE)], None)
    (receipt,) = paper.poll()
    assert (receipt.status, receipt.at, receipt.reason) == (OrderStatus.EXPIRED, ends, "expired")
    assert paper.balances()["BTC"] == Balance(10 * LOTS, 0)


def test_the_expiry_of_a_target_leaves_the_stop() -> None:
    paper = platform()
    target = order(SELL, TARGET, PRICE + 100, name="target", oco="a")
    paper.place_oco(
        order(SELL, STOP, PRICE - 100, name="stop", oco="a"),
        msgspec.structs.replace(target, expires_at=utc(T0 + MINUTE_MS)),
    )
    paper.mark(BTC.symbol, [candle(1, PRICE, PRICE)], None)
    assert events(paper) == [("target", OrderStatus.EXPIRED)]
    assert paper.balances()["BTC"].locked == LOTS
    paper.mark(BTC.symbol, [candle(2, PRICE - 500, PRICE)], None)
    assert events(paper) == [("stop", OrderStatus.FILLED)]
