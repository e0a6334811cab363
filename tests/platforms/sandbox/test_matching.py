"""Orders meet the market as on the exchange: at once, in parts, when triggered, one of two."""

from decimal import Decimal
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.exchange import Exchange, Terms
from platforms.sandbox.exchange.rules import rules_of
from platforms.sandbox.exchange.walk import walk
from platforms.sandbox.requests.render import user_event
from tests.platforms.sandbox.world import BTC, START, candle, draft, still


def test_a_market_order_fills_from_the_book_in_several_trades_with_commission_in_what_is_received() -> None:
    exchange = still("100")
    bought = exchange.place(draft("BUY", "MARKET", "60"))
    assert bought.status == "FILLED"
    assert [(trade.price, trade.quantity) for trade in bought.trades] == [
        (Decimal("100.01"), Decimal(25)),
        (Decimal("100.02"), Decimal(35)),
    ]
    assert sum(trade.commission for trade in bought.trades) == Decimal("0.060")
    assert {trade.commission_asset for trade in bought.trades} == {"BTC"}
    assert exchange.account.free["BTC"] == Decimal(10) + Decimal(60) - Decimal("0.06")
    sold = exchange.place(draft("SELL", "MARKET", "10", client_id="b"))
    assert sold.trades[0].commission_asset == "USDT"
    assert sold.trades[0].commission == Decimal("0.9999")


def test_a_quote_quantity_buys_whole_lots_and_never_more_than_it_has() -> None:
    order = still("100").place(draft("BUY", "MARKET", "0", quote_quantity="1000"))
    assert order.status == "FILLED"
    assert order.executed == Decimal("9.99900")
    assert order.spent <= 1000


def test_an_order_larger_than_the_book_is_filled_in_part_and_expires() -> None:
    exchange = still("100", btc="100000")
    order = exchange.place(draft("SELL", "MARKET", "100"), take=Decimal("0.5"))
    assert (order.status, order.executed) == ("EXPIRED", Decimal(50))


def test_a_resting_order_takes_at_most_its_share_of_the_volume() -> None:
    exchange = still("100", terms=Terms(volume_share=Decimal("0.1")))
    order = exchange.place(draft("BUY", "LIMIT", "1", price="99"))
    exchange.set_price(BTC, "99", volume=Decimal(4))
    assert (order.status, order.executed) == ("PARTIALLY_FILLED", Decimal("0.4"))
    assert exchange.account.locked["USDT"] == Decimal("0.6") * 99
    exchange.set_price(BTC, "99", volume=Decimal(40))
    assert (order.status, order.executed) == ("FILLED", Decimal(1))
    assert {trade.price for trade in order.trades} == {Decimal(99)}
    assert all(trade.maker for trade in order.trades)


def test_resting_orders_are_served_by_price_then_by_age() -> None:
    exchange = still("100", terms=Terms(volume_share=Decimal(1)))
    older = exchange.place(draft("BUY", "LIMIT", "1", price="98", client_id="older"))
    younger = exchange.place(draft("BUY", "LIMIT", "1", price="98", client_id="younger"))
    better = exchange.place(draft("BUY", "LIMIT", "1", price="99", client_id="better"))
    exchange.set_price(BTC, "98", volume=Decimal("1.5"))
    assert [order.executed for order in (better, older, younger)] == [Decimal(1), Decimal("0.5"), Decimal(0)]


@pytest.mark.parametrize(
    ("tif", "status", "executed"),
    [("IOC", "EXPIRED", 25), ("FOK", "EXPIRED", 0), ("GTC", "PARTIALLY_FILLED", 25)],
)
def test_a_limit_that_meets_too_little(tif: str, status: str, executed: int) -> None:
    order = still("100").place(draft("BUY", "LIMIT", "30", price="100.01", time_in_force=tif))
    assert (order.status, order.executed) == (status, Decimal(executed))


def test_a_limit_maker_that_would_take_is_refused_and_changes_nothing() -> None:
    exchange = still("100")
    with pytest.raises(RequestRefused, match="would immediately match and take") as refused:
        exchange.place(draft("BUY", "LIMIT_MAKER", "1", price="100.01"))
    assert refused.value.code == -2010
    assert not exchange.orders
    assert exchange.account.locked["USDT"] == 0
    assert exchange.place(draft("BUY", "LIMIT_MAKER", "1", price="100")).status == "NEW"


@pytest.mark.parametrize(
    ("side", "kind", "stop", "moves", "sold_at"),
    [
        ("SELL", "STOP_LOSS", "95", "94", "93.99"),
        ("SELL", "TAKE_PROFIT", "105", "106", "105.99"),
        ("BUY", "STOP_LOSS", "105", "106", "106.01"),
        ("BUY", "TAKE_PROFIT", "95", "94", "94.01"),
    ],
)
def test_a_triggered_order_goes_to_the_market(
    side: str, kind: str, stop: str, moves: str, sold_at: str
) -> None:
    exchange = still("100")
    order = exchange.place(draft(side, kind, "1", stop_price=stop))
    exchange.set_price(BTC, "100.5")
    assert (order.status, order.working) == ("NEW", False)
    exchange.set_price(BTC, moves)
    assert (order.status, order.trades[0].price) == ("FILLED", Decimal(sold_at))


def test_a_stop_on_the_way_is_set_off_at_its_own_price_and_one_in_a_gap_beyond_it() -> None:
    def sold(rows: list[tuple[float, float, float, float]]) -> Decimal:
        exchange = Exchange([rules_of("BTC-USDT")], {"USDT": Decimal(0), "BTC": Decimal(1)}, START)
        exchange.open_market(BTC, (candle(*row) for row in rows), 1)
        order = exchange.place(draft("SELL", "STOP_LOSS", "1", stop_price="95"))
        exchange.advance(START + 120_000)
        return order.trades[0].price

    assert sold([(100, 100, 100, 100), (100, 101, 90, 92)]) == Decimal("94.99")
    assert sold([(100, 100, 100, 100), (90, 91, 89, 90)]) == Decimal("89.99")


def test_a_stop_limit_rests_where_the_gap_left_it() -> None:
    exchange = still("100")
    order = exchange.place(draft("SELL", "STOP_LOSS_LIMIT", "1", stop_price="95", price="94"))
    exchange.set_price(BTC, "90")
    assert (order.status, order.working) == ("NEW", True)
    exchange.set_price(BTC, "94.5")
    assert (order.status, order.trades[0].price) == ("FILLED", Decimal(94))


def test_a_stop_that_would_trigger_at_once_is_refused() -> None:
    with pytest.raises(RequestRefused, match="trigger immediately"):
        still("100").place(draft("SELL", "STOP_LOSS", "1", stop_price="100"))


@pytest.mark.parametrize(
    ("price", "target", "stop"), [("110", "FILLED", "EXPIRED"), ("90", "EXPIRED", "FILLED")]
)
def test_the_first_of_an_oco_ends_the_other_and_one_hold_serves_both(
    price: str, target: str, stop: str
) -> None:
    exchange = still("100", btc="1")
    legs = (
        draft("SELL", "LIMIT_MAKER", "1", price="110", client_id="t"),
        draft("SELL", "STOP_LOSS", "1", stop_price="90", client_id="s"),
    )
    pair = exchange.place_list("list", legs)
    assert exchange.account.locked["BTC"] == 1
    exchange.set_price(BTC, price)
    assert [order.status for order in pair.orders] == [target, stop]
    assert exchange.account.total("BTC") == 0
    assert not pair.open


def test_cancelling_one_of_an_oco_cancels_both_and_frees_the_hold() -> None:
    exchange = still("100", btc="1")
    legs = (
        draft("SELL", "LIMIT_MAKER", "1", price="110", client_id="t"),
        draft("SELL", "STOP_LOSS", "1", stop_price="90", client_id="s"),
    )
    pair = exchange.place_list("list", legs)
    exchange.cancel(pair.orders[1])
    assert {order.status for order in pair.orders} == {"CANCELED"}
    assert (exchange.account.free["BTC"], exchange.account.locked["BTC"]) == (Decimal(1), Decimal(0))


def test_an_oco_whose_prices_are_the_wrong_way_round_is_refused() -> None:
    exchange = still("100")
    legs = (
        draft("SELL", "LIMIT_MAKER", "1", price="90", client_id="t"),
        draft("SELL", "STOP_LOSS", "1", stop_price="80", client_id="s"),
    )
    with pytest.raises(RequestRefused, match="relationship of the prices"):
        exchange.place_list("list", legs)
    assert not exchange.lists
    assert not exchange.open_orders()
    assert exchange.account.locked["BTC"] == 0


def test_a_client_id_may_come_again_once_its_order_is_filled_but_not_while_it_is_open() -> None:
    exchange = still("100")
    first = exchange.place(draft("BUY", "MARKET", client_id="twice"))
    second = exchange.place(draft("BUY", "MARKET", client_id="twice"))
    assert (first.status, second.status) == ("FILLED", "FILLED")
    assert exchange.requests["twice"].executed == 2
    exchange.place(draft("BUY", "LIMIT", price="90", client_id="open"))
    with pytest.raises(RequestRefused, match="Duplicate order sent"):
        exchange.place(draft("BUY", "LIMIT", price="90", client_id="open"))


def test_what_is_not_there_cannot_be_spent() -> None:
    exchange = still("100", usdt="100", btc="0")
    exchange.place(draft("BUY", "LIMIT", "0.5", price="100"))
    assert (exchange.account.free["USDT"], exchange.account.locked["USDT"]) == (Decimal(50), Decimal(50))
    for order in (
        draft("BUY", "LIMIT", "0.6", price="100", client_id="b"),
        draft("BUY", "MARKET", "0.6", client_id="b"),
        draft("SELL", "MARKET", "1", client_id="b"),
    ):
        with pytest.raises(RequestRefused, match="insufficient balance"):
            exchange.place(order)


ORDERS = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from(["MARKET", "LIMIT", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT", "CANCEL"]),
    st.integers(1, 200),
    st.integers(9_500, 10_500),
    st.integers(9_500, 10_500),
)


@given(st.lists(ORDERS, max_size=25))
def test_money_is_conserved_and_never_negative_whatever_is_sent(
    orders: list[tuple[str, str, int, int, int]],
) -> None:
    exchange = still("100", usdt="1000", btc="10", terms=Terms(volume_share=Decimal("0.1")))
    codes: set[int] = set()
    for number, (side, kind, lots, price, move) in enumerate(orders):
        try:
            if kind == "CANCEL":
                for order in exchange.open_orders()[:1]:
                    exchange.cancel(order)
            else:
                cents = {"price": f"{price / 100:.2f}"} if "LIMIT" in kind else {}
                stop = {"stop_price": f"{price / 100:.2f}"} if kind not in ("MARKET", "LIMIT") else {}
                exchange.place(
                    draft(side, kind, str(Decimal(lots) / 10), client_id=f"c{number}", **cents, **stop)
                )
        except RequestRefused as error:
            codes.add(error.code)
        exchange.set_price(BTC, Decimal(move) / 100, volume=Decimal(3))
        held = exchange.account
        assert min(*held.free.values(), *held.locked.values()) >= 0
    assert codes <= {-1013, -2010}
    for order in exchange.open_orders():
        exchange.cancel(order)
    trades = [(order, trade) for order in exchange.orders.values() for trade in order.trades]
    base = sum(
        (trade.quantity if order.draft.buys else -trade.quantity for order, trade in trades), Decimal(0)
    )
    quote = sum(
        (-trade.quote_quantity if order.draft.buys else trade.quote_quantity for order, trade in trades),
        Decimal(0),
    )
    fees = {"BTC": Decimal(0), "USDT": Decimal(0)}
    for _, trade in trades:
        fees[trade.commission_asset] += trade.commission
    assert held_of(exchange) == {"BTC": 10 + base - fees["BTC"], "USDT": 1000 + quote - fees["USDT"]}
    assert set(exchange.account.locked.values()) == {0}


def held_of(exchange: Exchange) -> dict[str, Decimal]:
    return {asset: exchange.account.free[asset] for asset in ("BTC", "USDT")}


def test_the_same_seed_candles_and_orders_give_the_same_exchange() -> None:
    def run(seed: int) -> list[object]:
        heard: list[object] = []
        exchange = Exchange([rules_of("BTC-USDT")], {"USDT": Decimal(10_000)}, START, 1_000)
        exchange.user_listeners.append(lambda event: heard.append(user_event(event)))
        exchange.open_market(BTC, walk("BTC", seed), 100)
        for second, side in zip(range(1, 60), repeat("BUY"), strict=False):
            exchange.advance(START + second * 700)
            price = exchange.markets[BTC].price
            exchange.place(draft(side, "LIMIT", "0.001", price=str(price), client_id=f"c{second}"))
        return heard

    assert run(1) == run(1)
    assert run(1) != run(2)
