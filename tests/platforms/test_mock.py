"""What the paper exchange is on opening, what a trade on it makes, and what it remembers."""

import msgspec

from domain.account import Position, Trade, apply_fill
from domain.candle import LastPrice
from domain.money import to_cash
from domain.order import Balance
from domain.ports import Platform
from domain.times import MINUTE_MS
from platforms.paper.finished import REMEMBERED
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings
from tests.platforms.paper import BUY, FREE, LOTS, MARKET, SELL, T0, only_fill, order, platform
from tests.platforms.world import BTC


def test_it_is_a_platform_and_opens_with_the_cash_of_its_settings() -> None:
    paper: Platform = MockTradingPlatform({BTC.symbol: BTC}, PaperSettings())
    assert paper.name == "paper"
    assert paper.instrument(BTC.symbol) is BTC
    assert paper.balances() == {"USDT": Balance(to_cash(10_000), 0), "BTC": Balance(0, 0)}
    paper.close()


def test_the_milestone_trade_makes_200_before_costs_and_shows_the_costs_apart() -> None:
    paper = platform(lots=0)
    bought = paper.place(order(BUY, MARKET, lots=10_000))
    paper.mark(BTC.symbol, (), LastPrice(5_200_000, T0 + MINUTE_MS))
    sale = msgspec.structs.replace(
        order(SELL, MARKET, lots=10_000, name="o-2", minute=1), reference=5_200_000
    )
    position: Position | None = None
    trade: Trade | None = None
    for fill in (only_fill([bought]), only_fill([paper.place(sale)])):
        position, trade, _ = apply_fill(position, fill, BTC.cash_factor)
    assert position is None
    assert trade is not None
    assert trade.gross == to_cash(200)
    assert trade.pnl == trade.gross - trade.fees - trade.slippage
    assert (trade.slippage, trade.fees) == (to_cash("12.75"), to_cash("6.12") - to_cash("0.00015"))
    assert paper.balances()["USDT"].free - to_cash(10_000) == trade.pnl


def test_finished_orders_are_remembered_up_to_a_limit_and_refusals_do_not_push_them_out() -> None:
    paper = platform(FREE, lots=LOTS, quote=10**6)
    for n in range(REMEMBERED // 2):
        assert paper.place(order(BUY, MARKET, name=f"b-{n}")).filled
        assert paper.place(order(SELL, MARKET, name=f"s-{n}")).filled
    for n in range(REMEMBERED + 1):
        paper.place(order(BUY, MARKET, lots=0, name=f"r-{n}"))
    assert paper.place(order(BUY, MARKET, name="b-0")).reason == "duplicate"
    assert paper.query(BTC.symbol, "r-0") is None
    assert paper.place(order(BUY, MARKET, name="last")).filled
    assert paper.query(BTC.symbol, "b-0") is None
    assert paper.query(BTC.symbol, "s-0") is not None
