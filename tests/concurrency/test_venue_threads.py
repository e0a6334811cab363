"""Orders, holdings, weights and journals under threads: what is reserved is never given twice."""

from collections import Counter
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from domain.errors import RateLimited
from journal.memory import MemoryJournal
from journal.sql import open_journal
from journal.verify import Verified, verify
from platforms.binance.limits import WEIGHT_HEADER, RequestWeight
from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.exchange import Exchange
from platforms.sandbox.exchange.order import Draft
from platforms.sandbox.exchange.rules import rules_of
from tests.concurrency.shaken import Shaken, times
from tests.journal.cycles import JOURNAL_ID, cycle
from tests.perception.manual_clock import ManualClock
from tests.platforms.sandbox.world import BTC, START


def exchange_of(usdt: int) -> Exchange:
    exchange = Exchange([rules_of("BTC-USDT")], {"USDT": Decimal(usdt)}, START, 60_000)
    exchange.still_market(BTC, Decimal(100))
    return exchange


def draft(number: int) -> Draft:
    return Draft(BTC, "BUY", "LIMIT", f"order-{number}", Decimal(1), price=Decimal(90))


def test_money_that_is_reserved_is_not_reserved_twice(shaken: Shaken) -> None:
    exchange, numbers = exchange_of(1_000), count()
    refused = Counter[int]()

    def place() -> None:
        try:
            exchange.place(draft(next(numbers)))
        except RequestRefused as error:
            refused[error.code] += 1

    shaken.run(*[times(6, place)] * 4)
    assert len(exchange.orders) == 11  # 11 of 90 each, and 10 are left
    assert refused == {-2010: 13}
    assert exchange.account.free["USDT"] == 10
    assert exchange.account.locked["USDT"] == 990


def test_what_is_placed_and_cancelled_by_many_leaves_the_account_as_it_was(shaken: Shaken) -> None:
    exchange, numbers = exchange_of(1_000), count()

    def turn() -> None:
        order = exchange.place(draft(next(numbers)))
        exchange.cancel(order)

    shaken.run(*[times(6, turn)] * 4)
    assert exchange.account.free["USDT"] == 1_000
    assert exchange.account.locked["USDT"] == 0
    assert len({order.id for order in exchange.orders.values()}) == 24


def test_one_client_id_is_one_open_order(shaken: Shaken) -> None:
    exchange = exchange_of(100_000)
    refused: list[RequestRefused] = []

    def place() -> None:
        try:
            exchange.place(draft(7))
        except RequestRefused as error:
            refused.append(error)

    shaken.run(*[times(5, place)] * 4)
    assert (len(exchange.orders), len(refused)) == (1, 19)


def test_silence_that_was_asked_for_is_kept_by_every_thread(shaken: Shaken) -> None:
    clock = ManualClock()
    weights = RequestWeight(clock, limit=100, reserved=0.2)
    sent: list[bool] = []

    def ask() -> None:
        try:
            weights.admit(vital=True)
        except RateLimited:
            return
        sent.append(True)

    weights.heard(429, {"retry-after": "30"})
    shaken.run(*[times(10, ask)] * 3, times(5, lambda: weights.heard(418, {"retry-after": "60"})))
    assert sent == []
    clock.advance(59.9)
    ask()
    assert sent == []
    clock.advance(0.1)
    ask()
    assert sent == [True]


def test_the_share_kept_for_cancels_is_taken_by_nobody_else(shaken: Shaken) -> None:
    weights = RequestWeight(ManualClock(), limit=100, reserved=0.2)
    told: list[tuple[bool, int]] = []
    used = count(70)

    def ask(*, vital: bool) -> None:
        now = next(used)
        weights.heard(200, {WEIGHT_HEADER: str(now)})
        try:
            weights.admit(vital=vital)
        except RateLimited:
            return
        told.append((vital, now))

    shaken.run(*[times(10, lambda: ask(vital=False))] * 2, times(10, lambda: ask(vital=True)))
    # An answer that comes late and tells of less does not open the share again.
    assert max((now for vital, now in told if not vital), default=0) < 80
    assert any(vital for vital, _ in told)


@pytest.mark.parametrize("durable", [False, True])
def test_readers_see_a_whole_chain_while_writers_append(
    shaken: Shaken, tmp_path: Path, *, durable: bool
) -> None:
    journal = open_journal(tmp_path / "journal.db", JOURNAL_ID) if durable else MemoryJournal(JOURNAL_ID)
    numbers = count(1)

    def write() -> None:
        journal.append(*cycle(next(numbers)))

    def read() -> None:
        seen = [row.seq for row in journal.rows()]
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) % 2 == 0, "half of a transaction is nobody's to see"

    shaken.run(times(10, write), times(10, write), times(4, read), times(4, read))
    assert verify(journal) == Verified(40, journal.head()[1])
    journal.close()
