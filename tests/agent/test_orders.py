"""At most one live order per intent, none silently lost, unknown stays unknown: on a venue that fails."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import wiring
from agent.loop.session import EXHAUSTED
from agent.orders import absence, differences
from agent.orders.differences import Differs
from agent.state.dust import step_units
from agent.state.ledger import Ledger
from agent.state.settled import Settled
from domain.candle import LastPrice
from domain.commands import AdoptAccount, Flatten
from domain.errors import IllegalTransition, LocalFault, VenueFault
from domain.events import CycleDecided, Event, OrderReported, OrdersIntended
from domain.order import (
    TERMINAL,
    UNRESOLVED,
    Fill,
    Order,
    OrderStatus,
    OrderType,
    Purpose,
    Receipt,
    Side,
)
from domain.order_table import TABLE, after
from domain.times import utc
from domain.verdict import Denied
from journal.memory import MemoryJournal
from tests.agent.test_recovery import CLOSES, Cut, PulledOut, Resumed, nothing_twice
from tests.agent.venue import EXECUTED, LATE, LOST, Venue, always, venue_of
from tests.agent.world import ID, START, SYMBOL, World, ask, facts, folded, lively
from tests.perception.manual_clock import ManualClock


def venue() -> Venue:
    return venue_of(wiring.parts(lively(), MemoryJournal(ID)))


def world(at: Venue, closes: Any = CLOSES, *, journal: Any = None, observer: Any = None) -> World:
    made = World(closes, platform=always(at), journal=journal, observer=observer)

    def watch(order: Order) -> None:
        unknown = [s for s in made.state.ledger.unresolved() if s.status is not OrderStatus.SENDING]
        assert order.purpose is not Purpose.ENTRY or not unknown, "an entry while something is unknown"

    at.on_place = watch
    return made


def events(made: World) -> list[Event]:
    return [row.event for row in made.journal.rows()]


def oracle(at: Venue, made: World) -> None:
    """Check what must hold after anything: one intent an order, each sent once, and the same holdings."""
    intended = Counter(o.client_id for e in events(made) if isinstance(e, OrdersIntended) for o in e.orders)
    sent = Counter(order.client_id for order in at.sent)
    assert set(intended.values()) <= {1}
    assert set(sent.values()) <= {1}
    assert set(sent) <= set(intended)
    nothing_twice(events(made))
    assert not made.state.ledger.unresolved()
    grid = made.parts.grid.values()
    assert differences.differences(made.state.ledger, at.balances(), grid) == []
    state, _ = folded(made.options, made.journal)
    assert facts(state) == facts(made.state)


def statuses(made: World, client_id: str) -> list[OrderStatus]:
    receipts = [e.receipt for e in events(made) if isinstance(e, OrderReported)]
    return [receipt.status for receipt in receipts if receipt.client_id == client_id]


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("fate", [EXECUTED, LOST])
def test_faults_01_and_05_whichever_answer_is_lost_there_is_one_order(fate: str, place: int) -> None:
    at = venue()
    at.fates.extend([None] * place + [fate])
    made = world(at)
    assert made.run() == EXHAUSTED
    unknown = [e for e in made.events if isinstance(e, OrderReported) and e.receipt.status == "UNKNOWN"]
    assert len(unknown) in (1, 2)  # a stop and its target are one message
    oracle(at, made)


def test_fault_01_an_entry_whose_answer_was_lost_is_found_and_protected() -> None:
    at = venue()
    at.fates.append(EXECUTED)
    made = world(at)
    made.run()
    first = at.sent[0]
    assert statuses(made, first.client_id) == [OrderStatus.UNKNOWN, OrderStatus.FILLED]
    protection = next(order for order in at.sent if order.purpose is Purpose.PROTECT)
    assert protection.lots == first.lots


def test_fault_05_a_lost_entry_becomes_absent_after_three_answers_and_is_never_sent_again() -> None:
    at = venue()
    at.fates.append(LOST)
    made = world(at)
    made.run()
    first = at.sent[0]
    assert statuses(made, first.client_id) == [OrderStatus.UNKNOWN, OrderStatus.ABSENT]
    assert at.asked[first.client_id] == 3


def test_fault_05_within_the_horizon_no_number_of_answers_is_proof() -> None:
    at = venue()
    at.fates.append(LOST)
    made = world(at)
    made.platform.mark = lambda *_args: None  # type: ignore[method-assign]  # the venue's clock stands still
    at.paper.mark(SYMBOL, (), LastPrice(10_000, START))
    made.run()
    assert at.asked[at.sent[0].client_id] > 10
    assert statuses(made, at.sent[0].client_id) == [OrderStatus.UNKNOWN]


def test_fault_04_an_order_executed_late_is_found_and_not_sent_again() -> None:
    at = venue()
    at.fates.append(LATE)
    made = world(at)
    query = at.query

    def late(symbol: str, client_id: str) -> Receipt | None:
        found = query(symbol, client_id)
        at.execute_late()  # just after the first "not found"
        return found

    at.query = late  # type: ignore[method-assign]
    made.run()
    assert statuses(made, at.sent[0].client_id) == [OrderStatus.UNKNOWN, OrderStatus.FILLED]
    oracle(at, made)


def test_fault_03_questions_that_fail_prove_nothing_however_long() -> None:
    at = venue()
    at.fates.append(EXECUTED)
    at.deaf = True
    made = world(at)
    made.run()
    first = at.sent[0].client_id
    assert statuses(made, first) == [OrderStatus.UNKNOWN, OrderStatus.NEEDS_OPERATOR]
    assert not any(each.answers for each in made.session.reconciler.absence.asked.values())
    assert [order.client_id for order in at.sent] == [first]
    at.deaf = False
    again = world(at, [], journal=reopened(made))
    again.run()
    assert statuses(again, first)[-1] == OrderStatus.FILLED


def reopened(made: World) -> MemoryJournal:
    journal: MemoryJournal = made.journal
    journal.reopen()
    return journal


def test_an_exit_that_was_lost_is_sent_again_under_a_new_id_until_it_is_sold() -> None:
    at = venue()
    made = world(at)
    lost: list[str] = []

    def lose_first_exit(order: Order) -> None:
        if order.purpose is Purpose.EXIT and not lost:
            lost.append(order.client_id)
            at.fates.appendleft(LOST)

    at.on_place = lose_first_exit
    made.run()
    (first,) = lost
    exits = [order.client_id for order in at.sent if order.purpose is Purpose.EXIT]
    assert statuses(made, first) == [OrderStatus.UNKNOWN, OrderStatus.ABSENT]
    assert len(exits) > 1
    assert exits[1] != first
    oracle(at, made)


def test_fault_08_a_cancel_that_fails_delays_the_exit_and_sells_once() -> None:
    at = venue()
    at.cancel_fails = 3
    made = world(at)
    made.run()
    unsent = [e.receipt for e in made.events if isinstance(e, OrderReported) and e.receipt.status == "UNSENT"]
    assert unsent
    assert all("protection is not known to be cancelled" in receipt.reason for receipt in unsent)
    assert not set(at.asked) & {receipt.client_id for receipt in unsent}
    oracle(at, made)


def test_an_intent_that_took_too_long_to_write_is_never_sent() -> None:
    at = venue()

    class Slow(MemoryJournal):
        def append(self, *told: Event) -> None:
            super().append(*told)
            if any(isinstance(event, OrdersIntended) for event in told):
                at.pass_seconds(3)

    made = world(at, journal=Slow(ID))
    made.run()
    assert at.sent == []
    settled = [e.receipt for e in made.events if isinstance(e, OrderReported)]
    assert {receipt.status for receipt in settled} == {OrderStatus.UNSENT}
    assert "3000 ms since its intent, the limit is 2500" in settled[0].reason


def test_a_venues_clock_set_back_makes_no_old_intent_look_fresh() -> None:
    at = venue()
    here = ManualClock()

    class Slow(MemoryJournal):
        def append(self, *told: Event) -> None:
            super().append(*told)
            if any(isinstance(event, OrdersIntended) for event in told):
                here.advance(3)
                at.now -= timedelta(seconds=60)

    made = world(at, journal=Slow(ID))
    made.session.cycle.executor.clock = here
    made.run()
    assert at.sent == []
    settled = [e.receipt for e in made.events if isinstance(e, OrderReported)]
    assert "3000 ms since its intent, the limit is 2500" in settled[0].reason


TOTAL = 240


@pytest.mark.parametrize("room", range(3, TOTAL, 13))
@pytest.mark.parametrize("fate", [None, EXECUTED, LOST])
def test_fault_02_cut_off_at_any_transaction_nothing_is_lost_or_doubled(room: int, fate: str | None) -> None:
    at = venue()
    at.fates.extend([None, None, fate])
    journal = cut(at, room)
    before, _ = folded(lively(), journal)
    done = (before.last[SYMBOL].time - START) // 60_000 + 1 if before.last else 0
    made = world(at, journal=journal, observer=Resumed(done))
    assert made.run() == EXHAUSTED
    oracle(at, made)


def cut(at: Venue, room: int) -> Cut:
    journal = Cut(ID)
    journal.room = room
    made = world(at, journal=journal)
    with pytest.raises(PulledOut):
        made.run()
    journal.room = 10**9
    journal.reopen()
    return journal


def test_fault_11_a_recovery_cut_off_ten_times_converges() -> None:
    at = venue()
    at.fates.extend([EXECUTED])
    journal = cut(at, room_after_first_send())
    for room in range(10):
        journal.room = room % 3
        made = world(at, [], journal=journal)
        try:
            made.run()
        except PulledOut:
            journal.reopen()
    journal.room = 10**9
    journal.reopen()
    made = world(at, [], journal=journal)
    made.run()
    oracle(at, made)
    assert len(at.paper.open_orders()) == 1


def room_after_first_send() -> int:
    """Return the number of transactions before the one that records the first order's outcome."""
    at = venue()
    made = world(at)
    made.run()
    count = 0
    journal = made.journal
    for row in journal.rows():
        if isinstance(row.event, OrderReported):
            break
        # a cycle's rows are one transaction, as is an intent with its decision
        count += not isinstance(row.event, OrdersIntended) and type(row.event).__name__ != "CycleEnded"
    return count


SKIPPING = ("agent.state.order_states.UNRESOLVED", frozenset(UNRESOLVED - {OrderStatus.SENDING}))


@pytest.mark.parametrize("mutant", ["recovery skips SENDING", "recovery trusts the first not-found"])
def test_fault_02_the_mutants_are_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mutant == "recovery skips SENDING":
        monkeypatch.setattr(*SKIPPING)
    else:
        monkeypatch.setattr(absence.Absence, "proven", lambda _self, _standing: True)
    with pytest.raises((AssertionError, LocalFault)):
        crash_and_recover_everywhere()


def crash_and_recover_everywhere() -> None:
    sent = room_after_first_send()
    for room in (sent - 1, sent, sent + 1):
        at = venue()
        at.fates.append(LATE)
        again = world(at, [], journal=cut(at, room))
        again.run()
        at.execute_late()
        last = world(at, [], journal=reopened(again))
        last.run()
        oracle(at, last)


def test_fault_02_without_a_mutant_the_same_crashes_are_survived() -> None:
    crash_and_recover_everywhere()


def test_fault_12_a_manual_trade_halts_the_agent_until_it_is_adopted() -> None:
    at = venue()
    made = world(at)
    made.run()
    at.holdings["BTC"] = 7
    with pytest.raises(Differs, match=r"BTC: 0\.0\d* in the journal, 0\.0\d* at the venue.*--adopt"):
        world(at, [], journal=reopened(made)).run()
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    ask(again, AdoptAccount(reason="sold by hand"), utc(START))
    third = world(at, [], journal=again.journal)
    assert third.run() == EXHAUSTED
    assert third.state.ledger.untracked is not None
    assert third.state.ledger.untracked["BTC"] == 7 * step_units(third.parts.grid[SYMBOL])


def test_fault_12_lots_that_are_gone_close_the_position_and_the_cash_is_the_venues() -> None:
    at = venue()
    made = world(at, CLOSES[: first_entry()])
    made.run()
    lots = made.state.ledger.positions[SYMBOL].lots
    at.paper.cancel(SYMBOL, at.paper.open_orders()[0].client_id)
    at.holdings.update(BTC=-lots, USDT=12_345)
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    told = ask(again, AdoptAccount(reason="sold by hand"), utc(START))
    assert told.missing_lots == {SYMBOL: lots}
    assert again.state.ledger.positions == {}
    assert differences.differences(again.state.ledger, at.balances(), again.parts.grid.values()) == []
    assert [lesson.exit for lesson in again.state.new_lessons] == ["adopted"]


def first_entry() -> int:
    """Return after how many candles the first position stands."""
    at = venue()
    made = world(at)
    made.run()
    return next(event.cycle_id for event in events(made) if isinstance(event, OrderReported))


def stranger(client_id: str) -> Receipt:
    return Receipt(client_id, SYMBOL, OrderStatus.NEW, utc(START))


def test_an_open_order_that_looks_like_ours_halts_and_a_persons_own_does_not() -> None:
    at = venue()
    at.extra = [stranger("web_12345")]
    made = world(at)
    assert made.run() == EXHAUSTED
    at.extra = [stranger(f"{ID[:8]}-999-0")]
    with pytest.raises(Differs, match="999-0"):
        world(at, [], journal=reopened(made)).run()


@pytest.mark.parametrize("lost", ["the whole journal", "all but an old backup of it"])
def test_fault_11_without_its_journal_the_agent_halts_until_the_account_is_adopted(lost: str) -> None:
    at = venue()
    entered = first_entry()
    old = MemoryJournal(ID)
    if lost != "the whole journal":
        made = world(at, CLOSES[: entered - 2], journal=old)
        made.run()
        old = reopened(made)
        copy = MemoryJournal(ID)
        copy.append(*(row.event for row in old.rows()))
    else:
        copy = MemoryJournal("ffffffffffff")
    full = world(at, CLOSES[:entered], journal=old, observer=None)
    full.run()
    with pytest.raises(Differs, match="--adopt"):
        world(at, [], journal=copy).run()


def test_a_refused_cancel_of_an_unknown_order_proves_nothing() -> None:
    at = venue()
    at.fates.append(LATE)
    made = world(at, CLOSES[: first_entry()])
    made.run()
    first = at.sent[0]
    with pytest.raises(VenueFault, match="refused"):
        made.session.cycle.executor.cancel(first)
    assert made.state.ledger.open_orders[first.client_id].status in UNRESOLVED


def test_a_position_whose_stop_and_sale_are_refused_is_not_tried_every_cycle() -> None:
    at = venue()
    made = world(at, CLOSES[: first_entry()])
    made.run()
    at.paper.cancel(SYMBOL, at.paper.open_orders()[0].client_id)
    refused = Receipt("", SYMBOL, OrderStatus.REJECTED, utc(START), reason="too small")

    def refuse(order: Order) -> Receipt:
        at.sent.append(order)
        return msgspec.structs.replace(refused, client_id=order.client_id)

    at.place = refuse  # type: ignore[method-assign]
    before = len(at.sent)
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    tick = again.session.reconciler.tick
    for minutes in range(20):
        tick(utc(START + 60_000 * (first_entry() + minutes)))
        at.pass_seconds(60)
    # A stop and a sale in minutes 0, 1, 2, 3, 5, 8 and 14: the pauses double up to the operator's minutes.
    assert len(at.sent) - before == 2 * 7
    assert SYMBOL in again.state.ledger.positions


@pytest.mark.parametrize("trace", ["an open order", "a balance"])
def test_fault_10_another_agents_trace_stops_the_entry_it_meets_and_halts(trace: str) -> None:
    at = venue()
    entered = first_entry()

    class Beside(Resumed):
        def observe(self, symbol: str, after: Any, now: Any) -> Any:
            if self.index == entered - 1:
                at.extra = [stranger("0badc0de-7-0")] if trace == "an open order" else []
                at.holdings = {} if at.extra else {"USDT": -5}
            return super().observe(symbol, after, now)

    made = world(at, observer=Beside(0))
    orders = made.options.orders.model_copy(update={"reconcile_seconds": 3600})
    made.session.reconciler.settings = orders
    with pytest.raises(Differs):
        made.run()
    assert at.sent == []
    last = [event for event in events(made) if isinstance(event, CycleDecided)][-1]
    assert last.cycle_id == entered
    assert "the account is not what the journal says: " in last.blocked[""]
    assert [verdict.reason for verdict in last.verdicts if isinstance(verdict, Denied)] == ["entries_blocked"]


# the emergency stop


def test_fault_13_flatten_cancels_sells_and_confirms_beyond_every_limit() -> None:
    at = venue()
    made = world(at, CLOSES[: first_entry()])
    made.run()
    assert at.paper.open_orders()
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    done = ask(again, Flatten(reason="enough"), utc(START))
    assert done.flat
    assert at.paper.open_orders() == []
    assert again.state.kill_switch == "enough"
    assert at.balances()["BTC"].free == 0


def test_flatten_says_what_is_left_when_the_venue_does_not_answer() -> None:
    at = venue()
    made = world(at, CLOSES[: first_entry()])
    made.run()
    at.cancel_fails = 10**9
    again = world(at, [], journal=reopened(made))
    again.session.note_start()
    again.session.reconciler.settings = again.options.orders.model_copy(update={"flatten_seconds": 0.2})
    done = ask(again, Flatten(reason="enough"), utc(START))
    assert not done.flat
    assert SYMBOL in done.positions
    assert any("no answer to the cancel" in each for each in done.problems)


def test_flatten_waits_for_no_provider() -> None:
    at = venue()
    waiting, go_on = threading.Event(), threading.Event()
    entered = first_entry()

    class Dripping(Resumed):
        def observe(self, symbol: str, after: Any, now: Any) -> Any:
            if self.index == entered + 1:
                waiting.set()
                assert go_on.wait(60)
            return super().observe(symbol, after, now)

    made = world(at, observer=Dripping(0))
    thread = threading.Thread(target=made.run)
    thread.start()
    assert waiting.wait(60)
    done = ask(made, Flatten(reason="now"), utc(START))
    assert done.flat
    assert at.paper.open_orders() == []
    go_on.set()
    thread.join(30)
    assert not [
        o for o in at.sent if o.purpose is Purpose.ENTRY and o.at > utc(START + 60_000 * (entered + 2))
    ]
    oracle(at, made)


# messages in any order


def buy(lots: int) -> Order:
    return Order(
        "a-1-0", 1, utc(START), SYMBOL, Side.BUY, OrderType.LIMIT, Purpose.ENTRY, lots, 10_000, 10_000
    )


def told(status: OrderStatus, *numbers: int, filled: int = 0) -> Receipt:
    fills = tuple(
        Fill(str(n), "a-1-0", SYMBOL, Side.BUY, n, 9_990 + n, 10_000, n, maker=True, at=utc(START + n))
        for n in numbers
    )
    return Receipt("a-1-0", SYMBOL, status, utc(START), filled=filled, fills=fills)


MESSAGES = (
    told(OrderStatus.NEW),
    told(OrderStatus.PARTIALLY_FILLED, 1, filled=1),
    told(OrderStatus.PARTIALLY_FILLED, 2, filled=3),
    told(OrderStatus.FILLED, 3, filled=6),
)


def ledger_after(messages: list[Receipt]) -> Ledger:
    ledger = Ledger()
    ledger.open(10**12, wiring.parts(lively(), MemoryJournal(ID)).grid.values())
    ledger.intend((buy(6),), utc(START))
    for each in messages:
        ledger.record_report(each)
    return ledger


def test_fault_07_every_permutation_of_the_messages_comes_to_the_same() -> None:
    results = {
        (each.cash, each.positions[SYMBOL], each.ended("a-1-0"), tuple(each.open_orders))
        for each in (ledger_after(list(order)) for order in permutations(MESSAGES))
    }
    assert len(results) == 1
    assert next(iter(results))[2] is OrderStatus.FILLED


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(MESSAGES), min_size=0, max_size=8), st.permutations(MESSAGES))
def test_fault_07_repetition_changes_nothing(more: list[Receipt], order: list[Receipt]) -> None:
    ledger, plain = ledger_after([*order, *more]), ledger_after(list(MESSAGES))
    assert (ledger.cash, ledger.positions, ledger.settled.ended) == (
        plain.cash, plain.positions, plain.settled.ended,
    )  # fmt: skip


def test_fault_06_an_order_is_not_done_while_a_fill_is_missing() -> None:
    ledger = ledger_after([told(OrderStatus.FILLED, 3, filled=6)])
    (standing,) = ledger.unresolved()
    assert (standing.filled, standing.imported) == (6, 3)
    ledger.record_report(told(OrderStatus.FILLED, 1, 2, 3, filled=6))
    assert ledger.unresolved() == []
    assert ledger.positions[SYMBOL].lots == 6


def test_a_fee_in_lots_leaves_cash_and_profit_exact() -> None:
    plain = ledger_after([])
    fill = msgspec.structs.replace(told(OrderStatus.FILLED, 6).fills[0], lots=6, fee=0, fee_lots=1, dust=40)
    plain.record_report(Receipt("a-1-0", SYMBOL, OrderStatus.FILLED, utc(START), filled=6, fills=(fill,)))
    position = plain.positions[SYMBOL]
    assert position.lots == 5
    assert plain.cash == 10**12 - fill.price * 6 * plain.instruments[SYMBOL].cash_factor
    assert position.bought + position.fees == fill.price * 6 * plain.instruments[SYMBOL].cash_factor
    assert plain.dust == {SYMBOL: 40}


# the table


@pytest.mark.parametrize("present", list(OrderStatus))
@pytest.mark.parametrize("message", list(OrderStatus))
def test_every_pair_of_states_is_news_old_news_or_refused(present: OrderStatus, message: OrderStatus) -> None:
    if message in TABLE[present]:
        assert after("a-1-0", present, message) is message
        return
    with suppress(IllegalTransition):
        assert after("a-1-0", present, message) is present


def test_a_finished_order_never_becomes_another_and_an_absent_one_never_trades() -> None:
    for done in TERMINAL:
        for other in TERMINAL - {done}:
            with pytest.raises(IllegalTransition):
                after("x", done, other)
    with pytest.raises(IllegalTransition, match="ABSENT and was then told to be FILLED"):
        after("x", OrderStatus.ABSENT, OrderStatus.FILLED)


def test_a_receipt_of_an_order_nobody_intended_is_a_contradiction_and_changes_nothing_else() -> None:
    ledger = Ledger()
    assert ledger.record_report(told(OrderStatus.NEW)) == []
    assert ledger.contradictions == {"a-1-0": "a-1-0 of BTC-USDT is no order of this journal"}
    assert (ledger.open_orders, ledger.settled, ledger.cash) == ({}, Settled(), 0)
