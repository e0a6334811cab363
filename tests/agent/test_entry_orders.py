"""Entries within a price: chosen by the prediction, never more than approved, and alike when replayed."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from agent import wiring
from agent.cli.handlers.why import lines
from agent.explain.why import explain
from agent.loop.session import EXHAUSTED
from agent.settings.settings import Options
from agent.slippage.entries import with_laws
from agent.slippage.kept import SlippageModels
from agent.state.slicing import SlicePlan, after_cycle
from agent.verify.replay import replay
from domain.decision import Action, Decision
from domain.errors import BadInput
from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    KillSwitchSet,
    OrderReported,
    OrdersIntended,
)
from domain.order import Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.slippage import SlippageModel, SymbolSlippage
from domain.times import utc
from domain.verdict import Approved, Denied, EntryChoice
from journal.codec import encode
from journal.memory import MemoryJournal
from risk.entry_settings import SlippageLaw
from tests.agent.test_orders import oracle
from tests.agent.test_recovery import Cut, PulledOut
from tests.agent.venue import EXECUTED, LATE, LOST, always, venue_of
from tests.agent.world import ID, START, SYMBOL, Script, World, facts, folded, lively, wave
from tests.perception.manual_clock import ManualClock

CLOSES = wave(300)
AUTO: dict[str, Any] = {
    "order": "auto", "worst": "0.003", "most_of_stop": "0.14",
    "laws": {SYMBOL: {"base": 0.05, "growth": 3.0}},
}  # fmt: skip


def asked(**more: Any) -> Options:
    return lively(entries=AUTO | more)


def told(events: list[Event], kind: type) -> list[Any]:
    return [each for each in events if isinstance(each, kind)]


def sent(events: list[Event]) -> dict[str, Order]:
    return {order.client_id: order for each in told(events, OrdersIntended) for order in each.orders}


def reports(events: list[Event], order: Order) -> list[Receipt]:
    mine = [each.receipt for each in told(events, OrderReported)]
    return [each for each in mine if each.client_id == order.client_id]


def approvals(events: list[Event]) -> dict[str, Approved]:
    verdicts = [each for row in told(events, CycleDecided) for each in row.verdicts]
    return {each.order.client_id: each for each in verdicts if isinstance(each, Approved)}


@pytest.fixture(scope="module")
def ran() -> World:
    world = World(CLOSES, options=asked())
    assert world.run() == EXHAUSTED
    return world


def test_the_prediction_chooses_between_the_market_and_a_price(ran: World) -> None:
    entries = [each for each in sent(ran.events).values() if each.purpose is Purpose.ENTRY]
    approved = approvals(ran.events)
    assert {each.type for each in entries} == {OrderType.MARKET, OrderType.IOC}
    for order in entries:
        choice = approved[order.client_id].choice
        assert isinstance(choice, EntryChoice)
        assert choice.allowed_ppm is not None
        dear = choice.predicted_ppm > choice.allowed_ppm
        assert order.type is (OrderType.IOC if dear else OrderType.MARKET)
        assert order.price == (order.reference + order.reference * 3_000 // 1_000_000 if dear else None)
        assert order.lots <= choice.lots


def test_exits_and_protection_never_wait_for_a_price(ran: World) -> None:
    others = [each for each in sent(ran.events).values() if each.purpose is not Purpose.ENTRY]
    assert {each.purpose for each in others} == {Purpose.EXIT, Purpose.PROTECT}
    assert {each.type for each in others if each.purpose is Purpose.EXIT} == {OrderType.MARKET}
    assert {each.type for each in others if each.purpose is Purpose.PROTECT} <= {
        OrderType.STOP, OrderType.TAKE_PROFIT,
    }  # fmt: skip
    assert all(each.price is None for each in others)
    approved = approvals(ran.events).values()
    assert all(not each.choice for each in approved if each.order.purpose is not Purpose.ENTRY)


def test_what_was_filled_is_what_is_protected_and_the_rest_is_never_bought(ran: World) -> None:
    orders = sent(ran.events)
    parts = 0
    for order in [each for each in orders.values() if each.type is OrderType.IOC]:
        last = reports(ran.events, order)[-1]
        fills = [fill for each in reports(ran.events, order) for fill in each.fills]
        assert last.status in (OrderStatus.FILLED, OrderStatus.EXPIRED)
        assert last.filled == sum(fill.lots for fill in fills) <= order.lots
        assert all(fill.price <= (order.price or 0) for fill in fills)
        stops = [each for each in orders.values() if each.cycle_id == order.cycle_id and each.trigger]
        assert {each.lots for each in stops} == ({last.filled} if last.filled else set())
        parts += 0 < last.filled < order.lots
    assert parts, "of one at least a part was filled"


def test_why_names_the_order_with_prediction_and_limit(ran: World) -> None:
    ioc = next(each for each in sent(ran.events).values() if each.type is OrderType.IOC)
    report = explain(ran.journal, ioc.cycle_id)
    verdict = report.symbols[0].verdict
    assert verdict is not None
    assert verdict.order is not None
    assert verdict.order.allowed is not None
    assert verdict.order.predicted > verdict.order.allowed
    (line,) = [each for each in lines(report) if each.startswith("  order     ")]
    assert "immediate or cancel at" in line
    assert "bp of slippage predicted of a market order" in line
    assert "allowed by entries.most_of_stop" in line


def test_a_replay_reads_no_model_and_comes_to_the_same_bytes(ran: World) -> None:
    result = replay(ran.journal, None, ManualClock())
    assert result.difference is None
    assert result.events > 400


def test_entries_at_the_market_are_journaled_as_before() -> None:
    world = World(CLOSES[:120])
    world.run()
    rows = [each for each in world.journal.rows() if isinstance(each.event, CycleDecided)]
    assert any(isinstance(each, Approved) for row in rows for each in row.event.verdicts)
    assert all(b'"choice"' not in encode(row.event) for row in rows)


@pytest.mark.parametrize("room", [33, 36, 37, 38, 60, 75, 76])
def test_cut_off_anywhere_the_fold_is_the_running_state_and_nothing_is_bought_twice(room: int) -> None:
    journal = Cut(ID)
    journal.room = room
    with pytest.raises(PulledOut):
        World(CLOSES, journal=journal, options=asked()).run()
    journal.room = 10**9
    journal.reopen()
    before, _ = folded(asked(), journal)
    done = (before.last[SYMBOL].time - START) // 60_000 + 1 if before.last else 0
    market = Script(CLOSES[:200])
    market.index, market.previous = done - 1, float(CLOSES[done - 1]) if done else 100.0  # type: ignore[arg-type]
    world = World([], journal=journal, options=asked(), observer=market)
    assert facts(world.state) == facts(before)
    assert world.run() == EXHAUSTED
    state, _ = folded(world.options, journal)
    assert facts(state) == facts(world.state)
    assert len(state.recent[SYMBOL]) == 25


@pytest.mark.parametrize("fate", [EXECUTED, LOST, LATE])
def test_whichever_answer_is_lost_an_entry_within_a_price_is_one_order_and_protected(fate: str) -> None:
    options = lively(entries={"order": "limit", "worst": "0.002"})
    at = venue_of(wiring.parts(asked(worst="0.002"), MemoryJournal(ID)))
    at.fates.append(fate)
    if fate == LATE:
        query = at.query

        def late(symbol: str, client_id: str) -> Receipt | None:
            found = query(symbol, client_id)
            at.execute_late()
            return found

        at.query = late  # type: ignore[method-assign]
    world = World(CLOSES[:160], platform=always(at), options=options)
    assert world.run() == EXHAUSTED
    first = at.sent[0]
    assert first.type is OrderType.IOC
    assert sum(each.client_id == first.client_id for each in at.sent) == 1
    ended = reports([row.event for row in world.journal.rows()], first)[-1]
    if fate == LOST:
        assert ended.status is OrderStatus.ABSENT
    else:
        assert 0 < ended.filled < first.lots
        stop = next(each for each in at.sent if each.purpose is Purpose.PROTECT)
        assert stop.lots == ended.filled
    oracle(at, world)


SLICED: dict[str, Any] = {
    "slices": 4, "worst": "0.006", "most_of_stop": "0.1", "laws": {SYMBOL: {"base": 0.05, "growth": 4.0}},
}  # fmt: skip


def plans(events: list[Event]) -> dict[str, list[Order]]:
    """Return the orders of each entry in slices, by its first one's id."""
    result: dict[str, list[Order]] = {}
    for order in sent(events).values():
        if order.purpose is Purpose.ENTRY:
            result.setdefault(order.slice_of or order.client_id, []).append(order)
    return result


def test_an_entry_in_slices_is_all_that_was_approved_and_protected_as_it_grows() -> None:
    world = World(CLOSES, options=asked(**SLICED))
    held: list[tuple[int, int]] = []

    def look(event: Event) -> None:
        ledger = world.state.ledger
        if isinstance(event, CycleEnded) and SYMBOL in ledger.positions:
            resting = sum(each.order.lots for each in ledger.resting(SYMBOL))
            held.append((ledger.positions[SYMBOL].lots, resting))

    world.session.listeners.append(look)
    assert world.run() == EXHAUSTED
    approved = approvals(world.events)
    counts = set()
    for first, orders in plans(world.events).items():
        choice = approved[first].choice
        assert isinstance(choice, EntryChoice)
        counts.add(len(orders))
        assert len(orders) == choice.slices
        assert sum(each.lots for each in orders) == choice.lots
        assert [each.cycle_id for each in orders] == list(
            range(orders[0].cycle_id, orders[0].cycle_id + len(orders))
        )
        filled = sum(reports(world.events, each)[-1].filled for each in orders)
        assert 0 < filled <= choice.lots
    assert max(counts) > 2
    assert held
    assert all(lots == resting for lots, resting in held), "all that is held is protected, cycle by cycle"
    assert world.state.ledger.entries_today <= len(plans(world.events)), "its slices are one entry of the day"
    assert replay(world.journal, None, ManualClock()).difference is None
    late = next(each for each in sent(world.events).values() if each.slice_of)
    verdict = explain(world.journal, late.cycle_id).symbols[0].verdict
    assert verdict is not None
    assert verdict.order is not None
    assert "a further one of" in verdict.order.text


def begun() -> World:
    """Return a session that has sent the first of an entry's slices, and ended."""
    world = World(CLOSES[:61], options=asked(**SLICED))
    world.run()
    assert set(world.state.slicing) == {SYMBOL}
    return world


def test_what_was_decided_before_a_stop_is_not_sent_after_it() -> None:
    at = utc(START)
    for event in (
        FlattenAsked(at, "stop", "me"),
        FlattenAsked(at, "close", "me", symbol=SYMBOL),
        KillSwitchSet(at, active=True, reason="stop", by="me"),
    ):
        world = begun()
        world.state.apply(event)
        assert world.state.slicing == {}
    world = begun()
    world.journal.reopen()
    market = Script(CLOSES[:64])
    market.index, market.previous = 60, float(CLOSES[60])  # type: ignore[arg-type]  # closes are floats
    again = World([], options=world.options, journal=world.journal, observer=market)
    again.run()
    assert not [each for each in sent(again.events).values() if each.slice_of], "a session begins without"


def test_a_plan_ends_by_itself_and_with_anything_that_sells() -> None:
    world = begun()
    plans_then = dict(world.state.slicing)
    plan = plans_then[SYMBOL]
    at, held = utc(START), msgspec.structs.replace(plan.decision, action=Action.HOLD)

    def after(*verdicts: Approved, decision: Decision = held) -> dict[str, SlicePlan]:
        return after_cycle(plans_then, CycleDecided(62, at, (), (), (decision,), verdicts, {}))

    assert after()[SYMBOL].number == plan.number + 1
    assert after(decision=msgspec.structs.replace(held, action=Action.SELL)) == {}
    first = approvals(world.events)[plan.first]
    share = msgspec.structs.replace(first.order, purpose=Purpose.EXIT, side=Side.SELL)
    assert after(Approved(62, SYMBOL, share)) == {}, "a share that is sold ends it too"
    assert after(first)[SYMBOL].number == 1, "bought anew: what was left of the other is not added"
    for _ in range(plan.choice.slices - 1):
        assert plans_then
        plans_then = after()
    assert plans_then == {}


def test_an_exit_does_not_wait_for_a_slice_in_doubt() -> None:
    at = venue_of(wiring.parts(asked(**SLICED), MemoryJournal(ID)))
    at.fates.extend([None, None, LOST])
    at.deaf = True  # nobody tells what became of the slice
    world = World(CLOSES[:110], platform=always(at), options=asked(**SLICED))
    assert world.run() == EXHAUSTED
    doubted = [each.order for each in world.state.ledger.unresolved()]
    assert [each.slice_of for each in doubted] == [at.sent[0].client_id]
    (sale,) = [each for each in at.sent if each.purpose is Purpose.EXIT]
    assert sale.lots == at.sent[0].lots
    assert SYMBOL not in world.state.ledger.positions


def test_a_slice_the_gate_denies_is_not_made_up_for() -> None:
    world = World(CLOSES[:70], options=asked(**SLICED))
    in_63 = {SYMBOL: "closed"}
    world.platform.blocked = lambda: in_63 if world.state.cycle_id == 63 - 1 else {}  # type: ignore[method-assign]
    world.run()
    verdicts = [each for row in told(world.events, CycleDecided) for each in row.verdicts]
    denied = [each for each in verdicts if isinstance(each, Denied) and each.slice_of]
    assert [(each.cycle_id, each.reason) for each in denied] == [(63, "entries_blocked")]
    (orders,) = plans(world.events).values()
    choice = approvals(world.events)[orders[0].client_id].choice
    assert choice
    assert len(orders) == choice.slices - 1
    assert sum(each.lots for each in orders) < choice.lots
    assert not world.state.pending, "nobody watches a slice as if it had been an entry"


@pytest.mark.parametrize("room", [64, 65, 66, 67, 68, 69])
def test_cut_off_between_slices_nothing_more_is_bought_and_what_is_held_is_protected(room: int) -> None:
    journal = Cut(ID)
    journal.room = room
    with pytest.raises(PulledOut):
        World(CLOSES, journal=journal, options=asked(**SLICED)).run()
    journal.room = 10**9
    journal.reopen()
    before, _ = folded(asked(**SLICED), journal)
    done = (before.last[SYMBOL].time - START) // 60_000 + 1
    market = Script(CLOSES[: done + 12])
    market.index, market.previous = done - 1, float(CLOSES[done - 1])  # type: ignore[arg-type]
    world = World([], journal=journal, options=asked(**SLICED), observer=market)
    assert facts(world.state) == facts(before)
    assert world.run() == EXHAUSTED
    state, _ = folded(world.options, journal)
    assert facts(state) == facts(world.state)
    assert not [each for each in sent(world.events).values() if each.slice_of]
    ledger = world.state.ledger
    if SYMBOL in ledger.positions:
        assert sum(each.order.lots for each in ledger.resting(SYMBOL)) == ledger.positions[SYMBOL].lots


@pytest.mark.parametrize("fate", [EXECUTED, LOST, LATE])
def test_a_slice_whose_answer_is_lost_is_found_and_what_it_bought_is_protected(fate: str) -> None:
    at = venue_of(wiring.parts(asked(**SLICED), MemoryJournal(ID)))
    at.fates.extend([None, None, fate])
    query = at.query

    def late(symbol: str, client_id: str) -> Receipt | None:
        found = query(symbol, client_id)
        at.execute_late()
        return found

    at.query = late  # type: ignore[method-assign]
    world = World(CLOSES[:100], platform=always(at), options=asked(**SLICED))
    assert world.run() == EXHAUSTED
    lost = at.sent[2]
    assert lost.slice_of == at.sent[0].client_id
    assert sum(each.client_id == lost.client_id for each in at.sent) == 1
    ledger = world.state.ledger
    assert sum(each.order.lots for each in ledger.resting(SYMBOL)) == ledger.positions[SYMBOL].lots
    oracle(at, world)


def model(folder: Path, **more: Any) -> SlippageModel:
    symbol = SymbolSlippage(SYMBOL, True, 50, 0.5, 2.0, "", None, None, None, ())
    values: dict[str, Any] = {
        "name": "fills", "version": 1, "timeframe_ms": 60_000, "journal": "j", "journal_id": "0", "seq": 9,
        "mode": "live", "code_version": "", "fingerprint": "", "configured_ppm": None, "left_out": {},
        "symbols": (symbol,),
    }  # fmt: skip
    made = SlippageModel(**(values | more))
    SlippageModels(folder / "slippage").keep(made)
    return made


def test_a_models_numbers_go_into_the_settings_that_are_recorded(tmp_path: Path) -> None:
    model(tmp_path)
    options = lively(home=tmp_path, entries={"order": "auto", "model": "fills"})
    taken = with_laws(options)
    assert (taken.entries.model, taken.entries.laws) == (
        "fills:1",
        {SYMBOL: SlippageLaw(base=0.5, growth=2.0)},
    )
    again = Options.model_validate(taken.public())
    assert again.entries == taken.entries
    own = lively(
        home=tmp_path, entries={"order": "auto", "model": "fills", "laws": {SYMBOL: {"base": 1, "growth": 0}}}
    )
    assert with_laws(own).entries.laws == {SYMBOL: SlippageLaw(base=1, growth=0)}
    assert with_laws(lively(home=tmp_path, entries={"order": "limit"})).entries.laws == {}


def test_a_model_that_is_none_or_of_other_candles_is_named_with_what_to_do(tmp_path: Path) -> None:
    options = lively(home=tmp_path, entries={"order": "auto", "model": "fills"})
    with pytest.raises(BadInput, match=r"no slippage model 'fills' .* agent slippage fit"):
        with_laws(options)
    model(tmp_path, timeframe_ms=3_600_000)
    with pytest.raises(
        BadInput, match=r"entries.model fills: it reads candles of 1h, those here are of 1m; fit"
    ):
        with_laws(options)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"order": "auto"}, "order auto goes by a slippage model: name one"),
        ({"order": "limit", "worst": "0.001"}, "no entry would ever be filled; set it above that"),
        ({"order": "limit", "worst": "0.2"}, r"less than or equal to Decimal\('0.1'\)"),
        ({"order": "limit", "slices": 3}, "slices 3 is of order auto, order is limit; set slices = 1"),
        ({"order": "iceberg"}, "Input should be 'market', 'limit' or 'auto'"),
    ],
)
def test_a_setting_that_makes_no_sense_says_so(entries: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        lively(entries=entries)
