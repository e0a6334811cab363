"""A session cut off anywhere goes on with the same money, and nothing is sent twice."""

import pytest

from agent.loop.session import EXHAUSTED
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended
from domain.order import OrderStatus, Purpose
from journal.memory import MemoryJournal
from tests.agent.world import ID, START, Script, World, facts, folded, lively, wave

CLOSES = wave(220)


class PulledOut(BaseException):
    """Stands for the power cord."""


class Cut(MemoryJournal):
    """A journal whose process dies after `room` transactions."""

    room = 10**9

    def append(self, *events: Event) -> None:
        if self.room == 0:
            raise PulledOut
        self.room -= 1
        super().append(*events)


def transactions_of_a_whole_run() -> int:
    class Counting(MemoryJournal):
        count = 0

        def append(self, *events: Event) -> None:
            self.count += 1
            super().append(*events)

    journal = Counting(ID)
    World(CLOSES, journal=journal).run()
    return journal.count


TOTAL = transactions_of_a_whole_run()


def cut_at(room: int) -> Cut:
    journal = Cut(ID)
    journal.room = room
    with pytest.raises(PulledOut):
        World(CLOSES, journal=journal).run()
    journal.room = 10**9
    journal.reopen()
    return journal


class Resumed(Script):
    """The same market, going on at the first candle the journal has not seen."""

    def __init__(self, done: int) -> None:
        super().__init__(CLOSES)
        self.index = done - 1
        self.previous = float(CLOSES[done - 1]) if done else 100.0  # type: ignore[arg-type]  # closes are floats


@pytest.mark.parametrize("room", range(0, TOTAL, 9))
def test_a_run_cut_off_after_any_transaction_goes_on(room: int) -> None:
    journal = cut_at(room)
    before, _ = folded(lively(), journal)
    done = (before.last["BTC-USDT"].time - START) // 60_000 + 1 if before.last else 0
    world = World([], journal=journal, observer=Resumed(done))
    assert facts(world.state) == facts(before)
    assert world.run() == EXHAUSTED
    events = [row.event for row in journal.rows()]
    one_record_each(events)
    nothing_twice(events)
    state, mind = folded(world.options, journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind


def one_record_each(events: list[Event]) -> None:
    decided = [event.cycle_id for event in events if isinstance(event, CycleDecided)]
    ended = [event.cycle_id for event in events if isinstance(event, CycleEnded)]
    assert decided == ended == list(range(1, len(decided) + 1))


def nothing_twice(events: list[Event]) -> None:
    sent = [
        order.client_id for event in events if isinstance(event, OrdersIntended) for order in event.orders
    ]
    fills = [
        (fill.symbol, fill.trade_id)
        for event in events
        for receipt in (
            [event.receipt]
            if isinstance(event, OrderReported)
            else event.updates
            if isinstance(event, CycleDecided)
            else []
        )
        for fill in receipt.fills
    ]
    assert len(sent) == len(set(sent))
    assert len(fills) == len(set(fills))


def test_an_order_whose_sending_was_cut_off_becomes_absent_and_its_cycle_is_ended() -> None:
    room = next(room for room in range(TOTAL) if last_is_intended(room))
    journal = cut_at(room)
    world = World([], journal=journal)
    world.run()
    settled = [event for event in world.events if isinstance(event, OrderReported)]
    assert [event.receipt.status for event in settled] == [OrderStatus.ABSENT]
    ended = [event for event in world.events if isinstance(event, CycleEnded)]
    assert [event.outcome for event in ended] == ["interrupted"]
    assert not world.state.ledger.positions


def last_is_intended(room: int) -> bool:
    rows = list(cut_at(room).rows())
    return bool(rows) and isinstance(rows[-1].event, OrdersIntended)


def test_a_position_left_without_its_stop_gets_it_before_the_first_cycle() -> None:
    found = 0
    for room in range(TOTAL):
        if not last_is_intended(room):
            continue
        journal = cut_at(room + 1)  # the entry is settled, its stop not yet intended
        state, _ = folded(lively(), journal)
        if state.ledger.resting("BTC-USDT") or not state.ledger.positions:
            continue
        found += 1
        world = World([], journal=journal)
        world.run()
        resting = world.state.ledger.resting("BTC-USDT")
        assert [standing.order.purpose for standing in resting] == [Purpose.PROTECT]
        break
    assert found
