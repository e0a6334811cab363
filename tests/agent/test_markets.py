"""Closed, delisted and unconfigured markets: a stop is kept, the others go on, nothing is bare for long."""

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.settings import Options
from domain.commands import AdoptAccount, Flatten, Reconcile, WriteOffPosition
from domain.errors import BadInput
from domain.events import OrderReported
from domain.order import NOT_TRADING, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.verdict import Approved
from journal.memory import MemoryJournal
from platforms.binance.platform import BinancePlatform
from platforms.sandbox.server.options import KEY, SECRET
from platforms.sandbox.server.server import SandboxServer
from tests.agent.world import ID, Script, ask
from tests.platforms.binance.world import served

BTC, ETH = "BTC-USDT", "ETH-USDT"
CLOSED = ("BREAK", "HALT", "AUCTION_MATCH", "END_OF_DAY", "CANCEL_ONLY", "POST_ONLY")


class Desk:
    """A session on a sandbox exchange of its own that holds 0.1 BTC and 1 ETH, each with its stop."""

    def __init__(self, server: SandboxServer, journal: MemoryJournal, symbols: tuple[str, ...]) -> None:
        self.server = server
        self.exchange = server.exchange
        self.journal = journal
        self.options = Options(
            home=Path("memory"), mode="testnet", provider="binance", symbols=symbols,
            exchange={
                "base_url": server.base_url, "api_key": KEY, "api_secret": SECRET, "user_data": False,
                "poll_seconds": 0.1,
            },
            orders={"flatten_seconds": 1, "reconcile_seconds": 1},
        )  # fmt: skip
        self.clock = SystemClock()
        made = wiring.parts(self.options, journal)
        self.platform: BinancePlatform = wiring.exchange(self.options, self.clock, made.state)
        self.platform.remember(made.state.ledger.open_orders.values())
        names = dict.fromkeys((*symbols, *wiring.held(made.state)))
        grid = {symbol: self.platform.instrument(symbol) for symbol in names}
        self.parts = dataclasses.replace(made, grid=wiring.counted_alike(grid, made.state))
        self.session: Session = wiring.session(
            self.parts, journal, Script([]), self.platform, Inbox(self.clock), at=self.clock.now()
        )
        self.session.begin()
        self.ledger = self.parts.state.ledger
        self.executor = self.session.cycle.executor

    def buy(self, symbol: str, quantity: str, stop: int) -> None:
        """Buy at the market and protect it, as an approved entry is carried out."""
        instrument = self.parts.grid[symbol]
        state = self.parts.state
        number = self.ledger.intended
        order = Order(
            self.executor.factory.client_id(state.cycle_id, number), state.cycle_id, self.clock.now(), symbol,
            Side.BUY, OrderType.MARKET, Purpose.ENTRY, instrument.lots(quantity),
            reference=instrument.ticks(str(self.exchange.markets[symbol.replace("-", "")].price)),
        )  # fmt: skip
        approved = Approved(state.cycle_id, symbol, order, (), stop=stop)
        state.entries[symbol] = approved
        self.executor._intend((order,), self.clock.now())
        self.executor.carry_out(approved, self.clock.now())

    def open(self, symbol: str) -> list[Decimal]:
        """The triggers of the symbol's orders that rest at the exchange."""
        resting = self.exchange.open_orders(symbol.replace("-", ""))
        return [each.draft.stop_price for each in resting]

    def held(self, asset: str) -> Decimal:
        return self.exchange.account.total(asset)

    def status(self, symbol: str, **fields: Any) -> None:
        self.exchange.change_rules(symbol.replace("-", ""), fields)

    def forget(self) -> None:
        """As if the seconds between two looks at a closed market had passed."""
        self.platform.listing.states._looked.clear()

    def look(self) -> None:
        """One look of the reconciler, as a running agent takes one every second."""
        self.forget()
        self.session.reconciler.due = float("-inf")
        self.session.reconciler.tick(self.clock.now())

    def reasons(self) -> list[str]:
        """Why orders were not taken, as journaled."""
        return [r.event.receipt.reason for r in self.journal.rows() if isinstance(r.event, OrderReported)]

    def sell(self, symbol: str) -> OrderStatus:
        """An exit that the loop wants: intended, then carried out."""
        order = self.executor.factory.sale(symbol, self.clock.now(), "y", self.ledger.positions[symbol].lots)
        self.executor._intend((order,), self.clock.now())
        self.executor.carry_out(Approved(order.cycle_id, symbol, order, ()), self.clock.now())
        status = self.ledger.ended(order.client_id)
        assert status is not None
        return status


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with served(symbols=[BTC, ETH], prices={BTC: "50000", ETH: "3000"}) as made:
        yield made


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal(ID)


@pytest.fixture
def desk(server: SandboxServer, journal: MemoryJournal) -> Iterator[Desk]:
    made = Desk(server, journal, (BTC, ETH))
    made.buy(BTC, "0.1", 4_800_000)
    made.buy(ETH, "1", 290_000)
    assert made.open(BTC) == [Decimal(48_000)]
    assert made.open(ETH) == [Decimal(2_900)]
    yield made
    made.platform.close()


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_market_keeps_its_stop_and_is_sold_at_the_first_look_after_a_fall_of_a_fifth(
    desk: Desk, status: str
) -> None:
    desk.status(BTC, status=status)
    assert desk.sell(BTC) is OrderStatus.UNSENT
    assert desk.open(BTC) == [Decimal(48_000)]
    desk.exchange.set_price("BTCUSDT", Decimal(40_000), None)
    rows = desk.journal.head()[0]
    for _ in range(3):
        desk.look()
    assert desk.open(BTC) == [Decimal(48_000)], "nothing is executed while it is closed"
    assert desk.journal.head()[0] - rows < 3, "an exit that waits writes nothing"
    assert BTC in desk.platform.blocked()
    assert ETH not in desk.platform.blocked()
    desk.status(BTC, status="TRADING")
    desk.look()
    assert BTC not in desk.ledger.positions
    assert desk.held("BTC") == 0
    assert BTC not in desk.platform.blocked()


@pytest.mark.parametrize("status", CLOSED)
def test_flatten_keeps_what_protects_a_closed_market_says_why_and_sells_the_others(
    desk: Desk, status: str
) -> None:
    desk.status(BTC, status=status)
    left = ask(desk, Flatten(reason="enough"))
    assert not left.flat
    assert list(left.positions) == [BTC]
    assert any(each.startswith(f"{BTC} cannot be sold: ") for each in left.problems)
    assert desk.open(BTC) == [Decimal(48_000)]
    assert desk.held("ETH") == 0
    desk.status(BTC, status="TRADING")
    desk.forget()
    assert ask(desk, Flatten(reason="enough")).flat


def test_a_market_that_closes_between_the_question_and_the_sale_leaves_an_exit_owed_and_a_stop_wanted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = desk.platform.cancel

    def closes(symbol: str, client_id: str) -> Any:
        told = cancel(symbol, client_id)
        desk.status(symbol, status="BREAK")
        return told

    monkeypatch.setattr(desk.platform, "cancel", closes)
    assert desk.sell(BTC) is OrderStatus.REJECTED
    assert desk.open(BTC) == []
    assert BTC in desk.ledger.pending_exits
    assert desk.session.reconciler.protection.waiting(desk.clock.now())
    desk.status(BTC, status="TRADING")
    desk.look()
    assert desk.held("BTC") == 0


def test_a_stop_refused_by_a_closed_market_is_placed_at_the_first_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = desk.platform.place

    def closes(order: Order) -> Any:
        told = place(order)
        if order.purpose is Purpose.ENTRY:
            desk.status(order.symbol, status="HALT")
        return told

    desk.sell(BTC)
    monkeypatch.setattr(desk.platform, "place", closes)
    desk.buy(BTC, "0.05", 4_700_000)
    refused = [each for each in desk.reasons() if each.startswith(NOT_TRADING)]
    assert refused, desk.reasons()
    assert desk.open(BTC) == []
    assert desk.session.reconciler.protection.bare(BTC)
    monkeypatch.undo()
    desk.status(BTC, status="TRADING")
    desk.look()
    assert desk.open(BTC) == [Decimal(47_000)]


def test_a_delisted_pair_stops_nobody_and_is_written_off_to_the_unit(
    desk: Desk, journal: MemoryJournal, server: SandboxServer
) -> None:
    desk.status(BTC, listed=False)
    desk.look()
    assert desk.platform.blocked() == {BTC: "the exchange does not list it"}
    desk.platform.close()
    journal.reopen()
    again = Desk(server, journal, (BTC, ETH))
    assert list(again.platform.blocked()) == [BTC]
    assert again.sell(ETH) is OrderStatus.FILLED
    left = ask(again, Flatten(reason="enough"))
    assert list(left.positions) == [BTC]
    cash, untracked = again.ledger.cash, dict(again.ledger.untracked or {})
    with pytest.raises(BadInput, match="no position in 'ETH-USDT'"):
        ask(again, WriteOffPosition(symbol=ETH, reason="gone"))
    told = ask(again, WriteOffPosition(symbol=BTC, reason="delisted"))
    assert told.quantity == "0.1"
    assert again.ledger.cash == cash == again.ledger.equity
    assert (again.ledger.untracked or {})["BTC"] == untracked.get("BTC", 0) + 10_000_000
    assert again.ledger.positions == {}
    assert again.ledger.open_orders == {}
    assert ask(again, Reconcile()).in_line
    state = wiring.parts(again.options, journal).state
    assert (state.ledger.cash, state.ledger.untracked, state.ledger.positions) == (
        cash,
        again.ledger.untracked,
        {},
    )
    again.status(BTC, listed=True)
    again.platform.listing.read()
    assert again.session.reconciler.differing() == []
    again.platform.close()


def test_a_pair_that_trades_is_not_written_off(desk: Desk) -> None:
    with pytest.raises(BadInput, match="BTC-USDT trades"):
        ask(desk, WriteOffPosition(symbol=BTC, reason="lost"))


def test_what_is_held_counts_whatever_the_settings_name(desk: Desk, journal: MemoryJournal) -> None:
    desk.platform.close()
    journal.reopen()
    again = Desk(desk.server, journal, (BTC,))
    again.parts.state.entries.update(desk.parts.state.entries)
    assert ask(again, Reconcile()).in_line
    assert ask(again, AdoptAccount(reason="as it is")).missing_lots == {}
    assert set(again.ledger.positions) == {BTC, ETH}
    eth = next(iter(again.ledger.resting(ETH)))
    again.exchange.cancel(again.exchange.open_orders("ETHUSDT")[0])
    again.platform.poller.looked_at = 0.0
    again.look()
    again.look()
    assert again.open(ETH) == [Decimal(2_900)], f"{eth.order.client_id} was cancelled by hand: put back"
    assert ask(again, Flatten(reason="enough")).flat
    assert again.held("ETH") == 0
    again.platform.close()


def told_ended(desk: Desk) -> str:
    """The stop counts as cancelled, by a false word of the exchange, where it rests all the same."""
    stop = next(iter(desk.ledger.resting(BTC))).order
    false = Receipt(stop.client_id, BTC, OrderStatus.CANCELLED, desk.clock.now(), reason="archived")
    desk.executor.record_report(stop.cycle_id, false)
    assert desk.open(BTC) == [Decimal(48_000)]
    return stop.client_id


def test_an_ended_order_that_rests_all_the_same_does_not_keep_flatten_from_selling(desk: Desk) -> None:
    told_ended(desk)
    assert ask(desk, Flatten(reason="enough")).flat
    assert desk.held("BTC") == desk.held("ETH") == 0


def test_an_ended_order_that_rests_at_two_looks_gives_way_to_one_the_journal_knows(desk: Desk) -> None:
    ended = told_ended(desk)
    for _ in range(3):
        desk.look()
    (resting,) = desk.exchange.open_orders("BTCUSDT")
    assert resting.draft.client_id == next(iter(desk.ledger.resting(BTC))).order.client_id != ended
    assert desk.open(BTC) == [Decimal(48_000)]
    assert desk.sell(BTC) is OrderStatus.FILLED


def test_adopting_cancels_an_ended_order_that_rests_all_the_same(desk: Desk) -> None:
    told_ended(desk)
    ask(desk, AdoptAccount(reason="as it is"))
    assert desk.open(BTC) == []


def test_a_first_start_with_a_symbol_that_is_not_listed_names_it(server: SandboxServer) -> None:
    with pytest.raises(BadInput, match="does not trade DOGE-USDT"):
        Desk(server, MemoryJournal(ID), (BTC, "DOGE-USDT"))
