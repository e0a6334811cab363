"""What is held is counted to the exchange's last digit, and rounded to lots once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answers.account import Dust, FeePaid
from agent.state.ledger import Ledger
from agent.views import session
from domain.commands import AdoptAccount, Reconcile
from domain.instrument import Instrument
from domain.money import from_cash
from domain.order import Fill, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.times import utc
from platforms.sandbox.exchange.book import Report
from platforms.sandbox.exchange.exchange import Terms
from platforms.sandbox.exchange.order import ExchangeOrder, Execution
from platforms.sandbox.server.server import SandboxServer
from tests.agent.held import Held, doge, in_parts
from tests.agent.world import START, ask
from tests.platforms.binance.world import served

DOGE = Instrument("DOGE-USDT", "DOGE", "USDT", Decimal("0.0001"), Decimal(1), Decimal(1), Decimal(5))
BNB = Instrument("BNB-USDT", "BNB", "USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.001"), Decimal(5))
PARTS = ["24"] * 6 + ["23"] * 14
"""466 in 20 parts."""


def test_fees_of_a_purchase_in_twenty_parts_are_rounded_once_held_protected_and_sold() -> None:
    with served(symbols=("DOGE-USDT",), prices={"DOGE-USDT": "1"}, rules=doge(), terms=Terms()) as server:
        in_parts(server, "DOGEUSDT", "1", PARTS)
        held = Held(server, "DOGE-USDT")
        held.buy("DOGE-USDT", "466")
        ledger = held.state.ledger
        assert held.there("DOGE") == Decimal("465.534")
        assert ledger.positions["DOGE-USDT"].lots == 465
        assert ledger.dust == {"DOGE-USDT": 53_400_000}
        assert held.stops("DOGE-USDT") == [("465", "0.95")]
        ledger.value()
        assert from_cash(ledger.equity) == Decimal(10_000) - Decimal("0.466")  # the dust counts
        held.tick()
        assert held.stops("DOGE-USDT") == [("465", "0.95")]
        held = held.again()
        assert held.state.ledger.positions["DOGE-USDT"].lots == 465
        assert held.stops("DOGE-USDT") == [("465", "0.95")]
        in_parts(server, "DOGEUSDT", "1", ["1000"])
        done = held.flatten()
        assert (done.flat, done.positions, done.dust) == (True, {}, {"DOGE": "0.53400000"})
        assert held.there("DOGE") == Decimal("0.534")
        ledger = held.state.ledger
        assert held.differences() == []
        sale = Decimal("0.465")  # the fee of the sale, in USDT
        assert ledger.trades == 1
        assert from_cash(ledger.gross - ledger.fees - ledger.slippage) == -Decimal("0.466") - sale
        ledger.value()
        assert from_cash(session.profit(ledger)) == -Decimal("0.466") - sale
        assert session.dust(ledger) == {"DOGE": Dust(quantity="0.53400000", value="0.534")}
        assert not ledger.account(None).positions
        held.venue.close()
        # what is left joins the next purchase
        held = held.again()
        held.buy("DOGE-USDT", "467")
        assert held.state.ledger.positions["DOGE-USDT"].lots == 467
        assert held.state.ledger.dust == {"DOGE-USDT": 6_700_000}
        assert held.differences() == []
        held.venue.close()


# any order, any repetition


def bought(number: int, lots: int, price: int, commission: int) -> Fill:
    return Fill(
        str(number), "a-1-0", "DOGE-USDT", Side.BUY, lots, price, price, 0, maker=False, at=utc(START),
        commission=commission, commission_asset="DOGE",
    )  # fmt: skip


def order(side: Side, lots: int, client_id: str) -> Order:
    return Order(
        client_id, 1, utc(START), "DOGE-USDT", side, OrderType.MARKET,
        Purpose.ENTRY if side is Side.BUY else Purpose.EXIT, lots, 10_000,
    )  # fmt: skip


def ledger_of(fills: list[Fill], total: int, dust: int = 0) -> Ledger:
    ledger = Ledger()
    ledger.open(10**12, [DOGE])
    ledger.dust["DOGE-USDT"] = dust
    ledger.intend((order(Side.BUY, total, "a-1-0"),), utc(START))
    for each in fills:
        ledger.record_report(
            Receipt("a-1-0", "DOGE-USDT", OrderStatus.PARTIALLY_FILLED, utc(START), filled=0, fills=(each,))
        )
    ledger.record_report(Receipt("a-1-0", "DOGE-USDT", OrderStatus.FILLED, utc(START), filled=total))
    return ledger


part = st.tuples(st.integers(1, 50), st.integers(5_000, 20_000), st.integers(0, 4_999_999))


@settings(max_examples=100, deadline=None)
@given(st.data(), st.lists(part, min_size=1, max_size=12), st.integers(0, 250_000_000))
def test_parts_told_in_any_order_and_again_come_to_the_same(
    data: st.DataObject, parts: list[tuple[int, int, int]], dust: int
) -> None:
    fills = [bought(n, lots, price, lots * fee) for n, (lots, price, fee) in enumerate(parts)]
    shuffled = data.draw(st.permutations(fills))
    again = data.draw(st.lists(st.sampled_from(fills), max_size=5))
    total = sum(each.lots for each in fills)
    one, other = ledger_of(fills, total, dust), ledger_of([*shuffled, *again], total, dust)
    held = {name: vars(one)[name] for name in ("cash", "positions", "dust", "gathering")}
    assert held == {name: vars(other)[name] for name in held}
    units = total * 10**8 + dust - sum(each.commission for each in fills)
    lots = one.positions["DOGE-USDT"].lots if one.positions else 0
    assert lots * 10**8 + one.dust["DOGE-USDT"] == units
    assert one.dust["DOGE-USDT"] < 10**8 or not one.positions
    assert one.cash == 10**12 - sum(each.lots * each.price * DOGE.cash_factor for each in fills)


def test_what_is_no_whole_lot_yet_is_no_position_and_becomes_one() -> None:
    ledger = ledger_of([bought(1, 1, 10_000, 100_000)], 2)
    assert (ledger.positions, ledger.dust) == ({}, {"DOGE-USDT": 99_900_000})
    ledger.record_report(
        Receipt(
            "a-1-0", "DOGE-USDT", OrderStatus.FILLED, utc(START), filled=2, fills=(bought(2, 1, 10_000, 0),)
        )
    )
    assert ledger.positions["DOGE-USDT"].lots == 1


def test_a_remainder_below_the_minimum_takes_no_slot_and_is_not_in_the_way() -> None:
    ledger = ledger_of([bought(1, 4, 10_000, 0)], 4)
    ledger.untracked, ledger.marks["DOGE-USDT"] = {}, 10_000
    assert ledger.account(None).dust == ("DOGE-USDT",)  # 4 USDT, the minimum is 5
    assert ledger.leftovers() == {"DOGE-USDT": 4 * 10**8}
    ledger.marks["DOGE-USDT"] = 12_500
    assert ledger.account(None).dust == ()


def test_a_journal_of_the_first_version_folds_as_it_did() -> None:
    ledger = Ledger()
    ledger.open(10**12, [DOGE], books=1)
    ledger.intend((order(Side.BUY, 466, "a-1-0"),), utc(START))
    for number, lots in enumerate(map(int, PARTS)):
        old = msgspec.structs.replace(
            bought(number, lots, 10_000, 0), commission_asset="", fee_lots=1, dust=10**8 - lots * 100_000
        )
        ledger.record_report(
            Receipt("a-1-0", "DOGE-USDT", OrderStatus.PARTIALLY_FILLED, utc(START), fills=(old,))
        )
    ledger.marks["DOGE-USDT"] = 10_000
    ledger.value()
    assert ledger.positions["DOGE-USDT"].lots == 446
    assert ledger.dust == {"DOGE-USDT": 1_953_400_000}
    assert ledger.equity == 10**12 - 20 * 10**8  # no dust in it
    # From the first session of today's rules on it counts, and flatten sells it.
    ledger.open(0, [DOGE])
    ledger.value()
    assert ledger.equity == 10**12 - 46_600_000
    ledger.sweep(utc(START))
    assert (ledger.positions["DOGE-USDT"].lots, ledger.dust) == (465, {"DOGE-USDT": 53_400_000})


@pytest.mark.parametrize(("price", "left"), [(10_000, 450_000_000), (20_000, 50_000_000)])
def test_dust_of_whole_lots_alone_is_sold_when_it_is_worth_an_order(price: int, left: int) -> None:
    ledger = Ledger()
    ledger.open(10**12, [DOGE])
    ledger.untracked, ledger.dust, ledger.marks = {}, {"DOGE-USDT": 450_000_000}, {"DOGE-USDT": price}
    ledger.sweep(utc(START))
    assert ledger.dust == {"DOGE-USDT": left}
    assert bool(ledger.positions) == (price == 20_000)


def test_an_account_that_was_never_worth_anything_is_valued_all_the_same() -> None:
    ledger = Ledger()
    ledger.open(0, [DOGE])
    ledger.dust, ledger.marks = {"DOGE-USDT": -450_000_000}, {"DOGE-USDT": 10_000}
    ledger.value()
    assert ledger.equity < 0 == ledger.peak_equity == ledger.max_drawdown


# fees in a third asset


def paid_in(server: SandboxServer, asset: str, amount: str) -> None:
    """Have every trade from now on cost so much of another asset."""
    for book in server.exchange.books.values():
        book._rate = Decimal(0)
        report = book._report

        def told(order: ExchangeOrder, kind: str, trade: Execution | None, report: Report = report) -> None:
            if trade is not None:
                trade = replace(trade, commission=Decimal(amount), commission_asset=asset)
                order.trades[-1] = trade
            report(order, kind, trade)

        book._report = told


def test_a_fee_in_bnb_is_imported_kept_apart_and_the_position_protected_and_sold() -> None:
    with served(symbols=("DOGE-USDT",), prices={"DOGE-USDT": "1"}, rules=doge()) as server:
        in_parts(server, "DOGEUSDT", "1", ["1000"])
        paid_in(server, "BNB", "0.00012345")
        held = Held(server, "DOGE-USDT")
        held.buy("DOGE-USDT", "466")
        assert held.stops("DOGE-USDT") == [("466", "0.95")]
        told = session.account(held.state)
        assert told.fees_elsewhere == {"BNB": FeePaid(amount="0.00012345", unvalued="0.00012345")}
        assert "fees of 0.00012345 BNB have no price here" in told.blocked[""]
        held.tick()
        held = held.again()
        assert held.stops("DOGE-USDT") == [("466", "0.95")]
        assert ask(held, Reconcile()).in_line
        assert held.flatten().flat
        assert held.there("DOGE") == 0
        assert held.state.ledger.elsewhere["BNB"].units == 2 * 12_345
        ask(held, AdoptAccount(reason="pays in USDT now"))
        assert held.state.ledger.blocked() == {}
        held.venue.close()


@pytest.mark.parametrize("untracked", [0, 100_000])
def test_a_fee_in_what_is_traded_beside_is_valued_and_taken_of_what_lay_aside_first(untracked: int) -> None:
    ledger = Ledger()
    ledger.open(10**12, [DOGE, BNB])
    ledger.untracked, ledger.marks = {"BNB": untracked}, {"BNB-USDT": 6_000, "DOGE-USDT": 10_000}
    ledger.dust["BNB-USDT"] = 150_000
    ledger.intend((order(Side.BUY, 466, "a-1-0"),), utc(START))
    fee = msgspec.structs.replace(bought(1, 466, 10_000, 120_000), commission_asset="BNB")
    ledger.record_report(
        Receipt("a-1-0", "DOGE-USDT", OrderStatus.FILLED, utc(START), filled=466, fills=(fee,))
    )
    assert ledger.positions["DOGE-USDT"].lots == 466
    assert ledger.positions["DOGE-USDT"].fees == 72_000_000  # 0.0012 BNB at 600
    assert ledger.untracked["BNB"] + ledger.dust["BNB-USDT"] == untracked + 150_000 - 120_000
    assert ledger.untracked["BNB"] == 0
    ledger.value()
    # The dust was ours without being paid for; beside it the profit is the fee, whoever's BNB paid it.
    assert session.profit(ledger) == 150_000 * 600 - 72_000_000
    assert ledger.unread() == {}


# facts that cannot be read


@pytest.mark.parametrize(
    "odd",
    [{"commission": "NaN"}, {"commission": None}, {"commissionAsset": 7}, {"commission": "500"}],
)
def test_a_fee_nobody_can_read_leaves_the_position_protected_sellable_and_named(odd: dict[str, Any]) -> None:
    with served(symbols=("DOGE-USDT",), prices={"DOGE-USDT": "1"}, rules=doge(), terms=Terms()) as server:
        in_parts(server, "DOGEUSDT", "1", ["1000"])
        held = Held(server, "DOGE-USDT")
        rows = held.venue.executions._rows
        held.venue.executions._rows = lambda *args: [{**row, **odd} for row in rows(*args)]  # type: ignore[method-assign]
        held.venue.executions._told = lambda *_: []  # type: ignore[method-assign]
        held.buy("DOGE-USDT", "466")
        assert held.state.ledger.positions["DOGE-USDT"].lots == 461  # 1 % less, whole lots
        assert held.stops("DOGE-USDT") == [("461", "0.95")]
        assert "commission" in held.state.ledger.blocked()["DOGE-USDT"]
        held.tick()  # within what was left open: no halt
        assert "commission" in ask(held, Reconcile()).not_read["DOGE-USDT"]
        assert held.flatten().flat
        ask(held, AdoptAccount(reason="seen"))
        assert (held.state.ledger.blocked(), held.differences()) == ({}, [])
        held.venue.close()
