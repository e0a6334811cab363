"""Cycles: whatever happens in one, it ends in IDLE with one complete record."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from agent.host import log
from domain.candle import Candle
from domain.errors import JournalFault, LocalFault, Unreachable
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended, SessionStarted
from domain.foreign_words import LONGEST_FAULT, fault_words
from domain.observation import Observation
from domain.order import Order, OrderStatus, OrderType, Purpose, Receipt
from journal.memory import MemoryJournal
from platforms.paper.platform import MockTradingPlatform
from tests.agent.world import ID, START, Dying, Script, Step, World, facts, folded, lively, venue_fault, wave
from tests.research.adding import adding  # noqa: F401  # a fixture

BOTH = ("BTC-USDT", "ETH-USDT")
FALL: list[Step] = [100.5, 100.2, 99.9, 99.6, 99.3, 99.0, 98.8, 98.6, 98.9, 99.3, 99.7, 100.1, 100.0]
FALLING: list[Step] = [*[100.0] * 50, *(FALL + [100.0] * 30) * 2]
"""A crossing of the mean, a fall below which additions lie, and the way back."""


def ended(events: list[Event]) -> list[CycleEnded]:
    return [event for event in events if isinstance(event, CycleEnded)]


def decided(events: list[Event]) -> list[CycleDecided]:
    return [event for event in events if isinstance(event, CycleDecided)]


STEPS = st.lists(
    st.one_of(
        st.floats(min_value=50, max_value=200).map(lambda price: round(price, 2)),
        st.just(Unreachable("no route")),
        st.just(venue_fault()),
    ),
    max_size=120,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_every_cycle_ends_in_idle_with_one_record_and_the_fold_is_the_live_state(steps: list[Step]) -> None:
    world = World(steps)
    world.run()
    assert [event.cycle_id for event in ended(world.events)] == list(range(1, len(steps) + 1))
    assert [event.cycle_id for event in decided(world.events)] == list(range(1, len(steps) + 1))
    assert all(event.path[0] == event.path[-1] == "IDLE" for event in ended(world.events))
    assert world.session.cycle.machine.state == "IDLE"
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind


def test_a_trading_session_folds_to_its_live_state() -> None:
    world = World(wave(700))
    world.run()
    assert world.state.ledger.trades >= 5
    assert world.state.outcomes["executed"] >= 10
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind


def test_a_venue_fault_is_recorded_and_the_loop_goes_on() -> None:
    world = World([100.0, Unreachable("no route to host"), 101.0])
    assert world.run() == "data exhausted"
    outcomes = [event.outcome for event in ended(world.events)]
    assert outcomes == ["held", "failed", "held"]
    error = ended(world.events)[1].error
    assert error is not None
    assert (error.stage, error.kind, error.message) == ("PERCEPTION", "Unreachable", "no route to host")
    assert ended(world.events)[1].path == ("IDLE", "PERCEPTION", "LEARNING", "IDLE")


def test_an_unplanned_failure_is_recorded_and_halts_the_agent() -> None:
    world = World([100.0, Dying("broken"), 101.0])
    with pytest.raises(LocalFault, match="Dying in PERCEPTION: broken"):
        world.run()
    assert [event.outcome for event in ended(world.events)] == ["held", "failed"]
    assert world.session.cycle.machine.state == "IDLE"
    assert world.market.closed


@pytest.mark.parametrize("part", ["_see", "_note", "orient", "mark"])
def test_an_error_in_the_midst_of_a_cycle_is_told_once_recorded_once_and_the_journal_stays_readable(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(wave(700))
    state, tried = world.state, []
    owner: Any = {"orient": world.parts.mind, "mark": world.platform}.get(part, state)
    method = getattr(owner, part)

    def broken(*told: Any) -> Any:
        if state.cycle_id >= 150:
            tried.append(told)
            raise Dying(f"{part} broke")
        return method(*told)

    monkeypatch.setattr(owner, part, broken)
    with pytest.raises(LocalFault, match=f"Dying in [A-Z_]+: {part} broke"):
        world.run()
    assert len(tried) == 1
    last = ended(world.events)[-1]
    assert (last.outcome, last.error and last.error.message) == ("failed", f"{part} broke")
    assert [each.cycle_id for each in ended(world.events)].count(last.cycle_id) == 1
    assert [each.cycle_id for each in decided(world.events)].count(last.cycle_id) == 1
    world.journal.reopen()
    again = World([100.0, 101.0], journal=world.journal, start=START + 800 * 60_000)
    assert again.run() == "data exhausted"
    assert facts(folded(again.options, again.journal)[0]) == facts(again.state)


class Failing(MockTradingPlatform):
    """A paper exchange that fails at one place, then works."""

    fail_on: str = "place"
    error: Exception = Dying("exchange broke")

    def place(self, order: Order) -> Receipt:
        if self.fail_on == "place":
            raise self.error
        return super().place(order)

    def mark(self, symbol: str, candles: Any, quote: Any, doubted: Any = ()) -> None:
        if self.fail_on == "mark":
            raise self.error
        super().mark(symbol, candles, quote, doubted)


def failing(fail_on: str, error: Exception) -> Any:
    def build(made: Any) -> Failing:
        platform = Failing(made.grid, made.options.paper)
        platform.fail_on, platform.error = fail_on, error
        return platform

    return build


@pytest.mark.parametrize(
    ("fail_on", "stage", "path"),
    [
        ("mark", "PERCEPTION", ("IDLE", "PERCEPTION", "LEARNING", "IDLE")),
        (
            "place",
            "EXECUTION",
            ("IDLE", "PERCEPTION", "REASONING", "RISK_CHECK", "EXECUTION", "LEARNING", "IDLE"),
        ),
    ],
)
def test_a_failure_in_any_stage_leaves_one_record(fail_on: str, stage: str, path: tuple[str, ...]) -> None:
    world = World(wave(700), platform=failing(fail_on, Dying("exchange broke")))
    with pytest.raises(LocalFault):
        world.run()
    last = ended(world.events)[-1]
    assert last.error is not None
    assert (last.error.stage, last.path) == (stage, path)
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind


class Full(MemoryJournal):
    """A journal on a disk that is full after `room` appends."""

    room = 10**9

    def append(self, *events: Event) -> None:
        self.room -= 1
        if self.room < 0:
            raise JournalFault("disk full")
        super().append(*events)


@pytest.mark.parametrize("room", [*range(6), 150, 151, 152, 153])
def test_nothing_is_sent_once_the_journal_has_failed(room: int) -> None:
    sent: list[str] = []

    class Watching(MockTradingPlatform):
        def place(self, order: Order) -> Receipt:
            sent.append(order.client_id)
            return super().place(order)

    journal = Full(ID)
    world = World(wave(700), journal=journal, platform=lambda made: Watching(made.grid, made.options.paper))
    journal.room = room
    with pytest.raises(JournalFault):
        world.run()
    intended = {
        order.client_id
        for row in journal.rows()
        if isinstance(row.event, OrdersIntended)
        for order in row.event.orders
    }
    assert set(sent) <= intended
    assert len(sent) == len(set(sent))
    assert world.session.cycle.machine.state == "IDLE"


def test_an_order_is_intended_in_the_journal_before_it_is_sent_and_settled_after() -> None:
    world = World(wave(700))
    world.run()
    seen: dict[str, str] = {}
    for event in world.events:
        if isinstance(event, OrdersIntended):
            seen |= dict.fromkeys((order.client_id for order in event.orders), "intended")
        elif isinstance(event, OrderReported):
            assert event.receipt.client_id in seen
            seen[event.receipt.client_id] = "settled"
    assert seen
    assert set(seen.values()) == {"settled"}


def test_each_entry_gets_a_stop_three_percent_below_its_actual_fill() -> None:
    world = World(wave(700))
    world.run()
    orders = {
        order.client_id: order
        for event in world.events
        if isinstance(event, OrdersIntended)
        for order in event.orders
    }
    entries = [
        fill
        for event in world.events
        if isinstance(event, OrderReported)
        for fill in event.receipt.fills
        if orders[fill.client_id].purpose is Purpose.ENTRY
    ]
    assert entries
    for fill in entries:
        stops = [
            order
            for order in orders.values()
            if order.purpose is Purpose.PROTECT and order.cycle_id == orders[fill.client_id].cycle_id
        ]
        assert [order.type for order in stops] == [OrderType.STOP]
        stop = stops[0].trigger
        assert stop is not None
        assert (stop - 1) * 1_000_000 < fill.price * 970_000 <= stop * 1_000_000
        assert stops[0].lots == fill.lots


class NoStops(MockTradingPlatform):
    """A venue that refuses stop orders."""

    def place(self, order: Order) -> Receipt:
        if order.type is OrderType.STOP:
            return Receipt(
                order.client_id, order.symbol, OrderStatus.REJECTED, order.at, reason="no stops here"
            )
        return super().place(order)


def test_an_entry_whose_stop_is_refused_is_closed_again_at_once() -> None:
    world = World(wave(700), platform=lambda made: NoStops(made.grid, made.options.paper))
    held: list[int] = []

    def count(event: Event) -> None:
        if isinstance(event, CycleEnded):
            held.append(len(world.state.ledger.positions))

    world.session.listeners.append(count)
    world.run()
    assert world.state.ledger.trades > 0
    assert set(held) == {0}


class NoExits(MockTradingPlatform):
    """A venue that refuses market sales, as one without a price does."""

    def place(self, order: Order) -> Receipt:
        if order.purpose is Purpose.EXIT:
            return Receipt(order.client_id, order.symbol, OrderStatus.REJECTED, order.at, reason="no price")
        return super().place(order)


def test_a_position_whose_exit_is_refused_gets_its_stop_back() -> None:
    world = World(wave(400), platform=lambda made: NoExits(made.grid, made.options.paper))
    world.run()
    refused = [
        event
        for event in world.events
        if isinstance(event, OrderReported) and event.receipt.reason == "no price"
    ]
    assert refused
    for symbol in world.state.ledger.positions:
        purposes = [s.order.purpose for s in world.state.ledger.resting(symbol)]
        assert purposes == [Purpose.PROTECT]


def test_the_same_inputs_give_the_same_journal_to_the_byte() -> None:
    heads = set()
    for _ in range(3):
        world = World(wave(300))
        world.run()
        heads.add(world.journal.head())
    assert len(heads) == 1


class Twins:
    """Shows both symbols the same market."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def next_time(self) -> Any:
        return self.inner.next_time()

    def observe(self, symbol: str, after: Candle | None, now: Any) -> Observation:
        previous = self.inner.previous
        seen: Observation = self.inner.observe(symbol, after, now)
        if symbol == "BTC-USDT":
            self.inner.previous = previous
        return seen

    def close(self) -> None:
        self.inner.close()


def test_two_symbols_in_one_cycle_reserve_exposure_between_them() -> None:
    options = lively(symbols=BOTH)

    tight = options.risk.model_copy(update={"max_positions": 1})
    world = World([], options=options.model_copy(update={"risk": tight}), observer=Twins(Script(wave(300))))
    world.run()
    both = [event for event in decided(world.events) if len(event.verdicts) == 2]
    reasons = {getattr(verdict, "reason", "approved") for event in both for verdict in event.verdicts}
    assert {"approved", "max_position_limit_reached"} <= reasons


ADDS: dict[str, Any] = {
    "reasoning": {"strategies": ("adds-falls",), "custom": {"adds-falls": {"minutes": 30}}},
    "sizing": {"stake": "6%"},
}
SLICED: dict[str, Any] = {
    "entries": {
        "order": "auto", "slices": 4, "worst": "0.006", "most_of_stop": "0.1",
        "laws": {each: {"base": 0.05, "growth": 4.0} for each in BOTH},
    }
}  # fmt: skip


@pytest.mark.usefixtures("adding")
@pytest.mark.parametrize(
    ("step", "about", "more"),
    [
        ("agent.loop.cycle.decide", lambda told: told[1].symbol, {}),
        ("agent.loop.judging.judge", lambda told: told[0].symbol, {}),
        ("agent.loop.exits._due", lambda told: told[2].symbol, ADDS),
        ("agent.loop.additions._due", lambda told: told[0].symbol, ADDS),
        ("agent.loop.judging.judge_addition", lambda told: told[0].symbol, ADDS),
        ("agent.loop.judging.judge_slice", lambda told: told[0].symbol, SLICED),
    ],
)
def test_a_fault_over_one_symbol_holds_up_no_exit_of_another(
    step: str, about: Callable[[Any], str], more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step that looks at the symbols one by one breaks over one of them; its stop rests all the same."""
    room, name = step.rsplit(".", 1)
    whole = getattr(sys.modules[room], name)
    broke: list[Any] = []
    said: list[Any] = []

    def breaking(*told: Any) -> Any:
        if about(told) == "ETH-USDT" in world.state.ledger.positions:
            broke.append(told)
            raise Dying(f"{name} broke")
        return whole(*told)

    monkeypatch.setattr(step, breaking)
    monkeypatch.setattr(log, "say", lambda level, text, **fields: said.append((level, text, fields)))
    closes = FALLING if more is ADDS else wave(300)
    world = World([], options=lively(symbols=BOTH, **more), observer=Twins(Script(closes)))
    assert world.run() == "data exhausted"
    assert broke
    assert {event.outcome for event in ended(world.events)} & {"failed"} == set()
    assert ("error", "left alone", {"symbol": "ETH-USDT", "why": f"Dying: {name} broke"}) in said
    assert len(said) <= len(broke), "not again while it stays so"
    sold = [order for order in orders_of(world.events) if order.purpose is Purpose.EXIT]
    assert [order for order in sold if order.symbol == "BTC-USDT"], "the other is sold all the same"
    if name == "judge":
        assert [order for order in sold if order.symbol == "ETH-USDT"], "what was voted to be sold is sold"
    rest = {each.order.symbol for each in world.state.ledger.open_orders.values()}
    assert set(world.state.ledger.positions) <= rest, "what is held keeps its stop"
    assert facts(folded(world.options, world.journal)[0]) == facts(world.state)
    noted = [event.faults for event in decided(world.events) if event.faults]
    assert noted == [{"ETH-USDT": f"Dying: {name} broke"}] * len(noted)
    assert "ETH-USDT" in noted[0]
    assert ("ETH-USDT" in world.state.faults) == (decided(world.events)[-1].faults is not UNSET)


class Wordless(Exception):
    def __str__(self) -> str:
        raise Dying("no words")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (Dying("lone \udc80, two\nlines"), "Dying: lone \\udc80, two lines"),
        (Dying("<thing at 0x7f0001>"), "Dying: <thing at 0x...>"),
        (Dying("long " * 10**6), f"Dying: {('long ' * 60)[:LONGEST_FAULT]}"),
        (Wordless(), "Wordless"),
    ],
)
def test_a_fault_is_told_in_a_line_that_can_be_journaled(fault: Exception, words: str) -> None:
    assert fault_words(fault) == words
    assert len(words) <= LONGEST_FAULT + 20
    assert words.encode()


def test_a_new_session_judges_anew() -> None:
    world = World(wave(60))
    world.run()
    world.state.faults = {"ETH-USDT": "Dying: once"}
    world.state.apply(next(event for event in world.events if isinstance(event, SessionStarted)))
    assert world.state.faults == {}


def test_an_account_that_cannot_be_compared_keeps_entries_off_and_no_exit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(wave(300))

    def broken() -> str:
        raise Dying("comparing broke")

    def then(event: Event) -> None:
        if world.state.ledger.positions:
            world.session.cycle.disturbed = broken
            world.session.cycle.list_pairs = lambda *_told: broken()  # type: ignore[assignment]

    world.session.listeners.append(then)
    assert world.run() == "data exhausted"
    assert world.state.ledger.positions == {}, "what was held is sold"
    entries = [order for order in orders_of(world.events) if order.purpose is Purpose.ENTRY]
    assert len(entries) == 1
    blocked = [event.blocked.get("", "") for event in decided(world.events)]
    assert "the account could not be compared: Dying: comparing broke" in blocked


def orders_of(events: list[Event]) -> list[Order]:
    return [order for event in events if isinstance(event, OrdersIntended) for order in event.orders]
