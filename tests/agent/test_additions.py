"""Additions in a session: judged anew, counted, protected with all that is held, and never made twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from agent import wiring
from agent.cli.handlers.why import lines
from agent.explain.why import explain
from agent.loop.session import EXHAUSTED
from agent.settings.settings import Options
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from agent.views.session import positions
from domain.commands import Kill
from domain.events import CycleDecided, CycleEnded, Event, FlattenAsked, OrderReported, OrdersIntended
from domain.order import Order, OrderStatus, OrderType, Purpose
from domain.times import utc
from domain.verdict import Denied
from journal.codec import encode
from journal.memory import MemoryJournal
from reasoning.settings import ReasoningSettings
from risk.settings import RiskSettings
from tests.agent.test_orders import oracle
from tests.agent.test_recovery import Cut, PulledOut, nothing_twice, one_record_each
from tests.agent.venue import EXECUTED, LATE, LOST, always, venue_of
from tests.agent.world import ID, START, SYMBOL, Script, Step, World, ask, facts, folded, lively, wave
from tests.research.adding import adding  # noqa: F401  # a fixture

pytestmark = pytest.mark.usefixtures("adding")

FALL: list[Step] = [100.5, 100.2, 99.9, 99.6, 99.3, 99.0, 98.8, 98.6, 98.9, 99.3, 99.7, 100.1, 100.0]
"""A crossing of the mean, a fall below which two additions lie, and the way back."""
CLOSES: list[Step] = [*[100.0] * 50, *(FALL + [100.0] * 30) * 4]


class Resumed(Script):
    """The same market, going on at the first candle the journal has not seen."""

    def __init__(self, done: int) -> None:
        super().__init__(CLOSES)
        self.index = done - 1
        self.previous = float(CLOSES[done - 1])  # type: ignore[arg-type]  # closes are floats


WIDE: dict[str, Any] = {
    "min_confidence": 40, "max_trades_per_day": 1000, "cool_down_minutes": 0, "loss_streak_paper": 1000,
    "daily_loss": 5000, "per_trade_loss": 500, "concentration": "0.9", "total_exposure": "0.9",
}  # fmt: skip


def options(**risk: Any) -> Options:
    return lively(
        reasoning=ReasoningSettings(strategies=("adds-falls",), custom={"adds-falls": {"minutes": 30}}),
        risk=RiskSettings(**{**WIDE, **risk}),
        sizing={"stake": "6%"},
    )


def orders(events: list[Event]) -> Iterator[Order]:
    for event in events:
        if isinstance(event, OrdersIntended):
            yield from event.orders


def additions(events: list[Event]) -> list[Order]:
    return [each for each in orders(events) if each.addition]


def entries(events: list[Event]) -> list[Order]:
    return [each for each in orders(events) if each.purpose is Purpose.ENTRY and not each.addition]


def never_lowered(events: list[Event]) -> None:
    """Assert that what is added lowers no stop: those of each position that came to rest only rise."""
    rested = {
        event.receipt.client_id
        for event in events
        if isinstance(event, OrderReported) and event.receipt.status is OrderStatus.NEW
    }
    level = 0
    for order in orders(events):
        if order.purpose is Purpose.ENTRY and not order.addition:
            level = 0
        elif order.client_id in rested and order.type is OrderType.STOP:
            assert (order.trigger or 0) >= level
            level = order.trigger or 0


def all_protected(world: World) -> None:
    ledger = world.state.ledger
    for symbol, position in ledger.positions.items():
        stops = [each.order.lots for each in ledger.resting(symbol) if each.order.type is OrderType.STOP]
        assert stops == [position.lots]


@pytest.fixture(scope="module")
def ran(adding: None) -> World:  # noqa: F811  # the fixture
    del adding
    world = World(CLOSES, options=options())

    def look(event: Event) -> None:
        if isinstance(event, CycleEnded):
            all_protected(world)
            world.looked = getattr(world, "looked", 0) + 1  # type: ignore[attr-defined]

    world.session.listeners.append(look)
    assert world.run() == EXHAUSTED
    return world


def test_each_is_an_order_of_its_own_of_the_first_size_and_all_that_is_held_is_protected(ran: World) -> None:
    assert ran.looked == ran.state.cycles, "no listener was dropped: what is held was protected in each"  # type: ignore[attr-defined]
    made = additions(ran.events)
    assert {each.addition for each in made} == {1, 2}
    first = {each.client_id: each for each in entries(ran.events)}
    for each in made:
        begun = first[each.slice_of or ""]
        share = {1: 2, 2: 1}[each.addition or 0]
        assert each.lots == begun.lots // share
    names = [(each.slice_of, each.addition) for each in made]
    assert len(names) == len(set(names)), "each once"
    never_lowered(ran.events)
    today = [each for each in (*first.values(), *made) if each.at.date() == ran.state.at.date()]  # type: ignore[union-attr]
    assert ran.state.ledger.entries_today == len(today) > 2, "each is an entry of the day"


def test_the_fold_and_a_replay_come_to_the_same(ran: World) -> None:
    state, mind = folded(ran.options, ran.journal)
    assert facts(state) == facts(ran.state)
    assert mind == ran.parts.mind
    assert replay(ran.journal, None, FrozenClock()).difference is None


def test_why_tells_of_it_and_so_does_a_position(ran: World) -> None:
    cycle = additions(ran.events)[0].cycle_id
    told = list(lines(explain(ran.journal, cycle)))
    assert any("approved" in each and "addition 1 to" in each for each in told)
    assert any("concentration" in each for each in told), "every rule was asked"
    world = World(CLOSES[: additions(ran.events)[0].cycle_id], options=options())
    world.run()
    (held,) = positions(world.state)
    assert "add: 50% of the first size at -0.6%" in str(held)


def test_a_trade_s_profit_is_of_all_that_was_bought_and_sold(ran: World) -> None:
    lessons = [each for event in ran.events if isinstance(event, CycleEnded) for each in event.lessons]
    assert lessons
    ledger = ran.state.ledger
    assert not ledger.positions
    assert ledger.cash == ledger.opening_cash + sum(each.pnl for each in lessons)


CUT = 5
"""Transactions from an addition's row on after which a session is cut off."""


class Marking(MemoryJournal):
    """A journal that notes which transactions intend additions."""

    def __init__(self, journal_id: str) -> None:
        super().__init__(journal_id)
        self.count = 0
        self.adding: list[int] = []

    def append(self, *events: Event) -> None:
        self.adding += [self.count] * bool(additions(list(events)))
        self.count += 1
        super().append(*events)


@pytest.mark.parametrize("step", range(CUT))
def test_killed_at_each_step_of_an_addition_nothing_is_lost_or_doubled(step: int) -> None:
    marking = Marking(ID)
    World(CLOSES[:130], journal=marking, options=options()).run()
    for around in marking.adding[:2]:
        journal = Cut(ID)
        journal.room = around + step
        with pytest.raises(PulledOut):
            World(CLOSES, journal=journal, options=options()).run()
        journal.room = 10**9
        journal.reopen()
        before, _ = folded(options(), journal)
        done = (before.last[SYMBOL].time - START) // 60_000 + 1
        world = World([], journal=journal, observer=Resumed(done), options=options())
        assert facts(world.state) == facts(before)
        assert world.run() == EXHAUSTED
        events = [row.event for row in journal.rows()]
        one_record_each(events)
        nothing_twice(events)
        never_lowered(events)
        names = [(each.slice_of, each.addition) for each in additions(events)]
        assert len(names) == len(set(names))
        all_protected(world)
        state, _ = folded(world.options, journal)
        assert facts(state) == facts(world.state)


@pytest.mark.parametrize("fate", [EXECUTED, LOST, LATE])
def test_one_whose_answer_is_lost_is_found_and_what_it_bought_is_protected(fate: str, ran: World) -> None:
    at = venue_of(wiring.parts(options(), MemoryJournal(ID)))
    place = at.place
    made: list[Order] = []

    def counted(order: Order) -> Any:
        if order.addition and not made:
            made.append(order)
            at.fates.appendleft(fate)
        return place(order)

    at.place = counted  # type: ignore[method-assign]
    if fate == LATE:
        query = at.query

        def late(symbol: str, client_id: str) -> Any:
            found = query(symbol, client_id)
            at.execute_late()
            return found

        at.query = late  # type: ignore[method-assign]
    world = World(CLOSES[: additions(ran.events)[0].cycle_id + 25], platform=always(at), options=options())
    assert world.run() == EXHAUSTED
    assert made
    assert sum(each.client_id == made[0].client_id for each in at.sent) == 1
    all_protected(world)
    oracle(at, world)


def begun(ran: World) -> World:
    """Return a session that has made the first of two additions, and ended."""
    world = World(CLOSES[: additions(ran.events)[0].cycle_id], options=options())
    world.run()
    assert world.state.adding[SYMBOL].done == 1
    return world


def test_a_restart_goes_on_and_an_operator_who_sells_of_it_ends_it(ran: World) -> None:
    world = begun(ran)
    done = additions(ran.events)[0].cycle_id
    journal = Cut(ID)
    for row in world.journal.rows():
        journal.append(row.event)
    again = World([], journal=journal, observer=Resumed(done), options=options())
    again.run()
    assert additions(again.events)[0].addition == 2, "what was declared goes on"
    for event in (
        FlattenAsked(utc(START), "stop", "me"),
        FlattenAsked(utc(START), "a part", "me", symbol=SYMBOL, kept=5),
    ):
        world = begun(ran)
        world.state.apply(event)
        assert world.state.adding == {}


def test_the_kill_switch_holds_additions_back_and_no_exit(ran: World) -> None:
    world = World(CLOSES, options=options())
    before = additions(ran.events)[1].cycle_id - 1

    def hear(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == before:
            ask(world, Kill(reason="enough"))

    world.session.listeners.append(hear)
    world.run()
    assert len(additions(world.events)) == 1
    denied = [
        each
        for event in world.events
        if isinstance(event, CycleDecided)
        for each in event.verdicts
        if isinstance(each, Denied) and each.slice_of
    ]
    assert {each.reason for each in denied} == {"kill_switch_active"}
    assert SYMBOL not in world.state.ledger.positions, "what was held was left as declared"
    assert not world.state.pending or all(each.rule != "" for each in world.state.pending)


def test_a_limit_counts_all_that_is_held(ran: World) -> None:
    world = World(CLOSES, options=options(concentration="0.08"))
    world.run()
    assert entries(world.events)
    assert not [each for each in additions(world.events) if each.addition == 2]
    assert replay(world.journal, None, FrozenClock()).difference is None


def test_a_session_without_any_writes_the_bytes_it_wrote() -> None:
    world = World(wave(120), options=lively())
    world.run()
    assert all(
        b'"addition"' not in encode(row.event) and b'"adds"' not in encode(row.event)
        for row in world.journal.rows()
    )
    assert world.state.adding == {}


def test_an_exit_does_not_wait_for_an_addition_in_doubt(ran: World) -> None:
    at = venue_of(wiring.parts(options(), MemoryJournal(ID)))
    place = at.place
    made: list[Order] = []

    def counted(order: Order) -> Any:
        if order.addition and not made:
            made.append(order)
            at.fates.appendleft(LOST)
            at.deaf = True  # nobody tells what became of it
        return place(order)

    at.place = counted  # type: ignore[method-assign]
    world = World(CLOSES, platform=always(at), options=options())
    world.run()
    assert [each.order.client_id for each in world.state.ledger.unresolved()] == [made[0].client_id]
    sale = next(each for each in at.sent if each.purpose is Purpose.EXIT)
    assert sale.at > made[0].at
    assert sale.at < made[0].at + timedelta(days=1)


def test_a_check_that_was_told_in_other_words_then_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    for words, alike in (("held", True), ("anything else", False)):
        with monkeypatch.context() as patch:
            patch.setattr("risk.checks.ADDED_TO", words)
            world = World(CLOSES[:80], options=options())
            world.run()
        assert additions(world.events)
        assert (replay(world.journal, None, FrozenClock()).difference is None) is alike
