"""A pair list holds entries back by name, no exit ever asks it, and a replay makes none again."""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import wiring
from agent.answers.account import Vitals
from agent.cli.handlers.status import status_lines
from agent.explain.why import explain
from agent.serve.mirror.account import Beside, alarms_of
from agent.serve.mirror.account import status as status_of
from agent.settings.settings import Options
from agent.verify.parity import LoopRun
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from agent.views.session import account
from domain.errors import VenueFault
from domain.events import CycleDecided, CycleEnded, OrdersIntended, PairsListed
from domain.order import Purpose
from domain.pairs import ListedPair, OffList
from domain.times import utc
from domain.verdict import Denied
from journal.memory import MemoryJournal
from perception.pairs.filters import PairMeasures
from perception.pairs.lister import PairLister, at_once, in_thread
from perception.pairs.settings import PairListSettings
from tests.agent.world import ID, START, SYMBOL, World, facts, folded, lively, wave
from tests.serve.mirrored import mirror_of

THIN = OffList("volume", 1200.0, 5000.0, "USDT in 24 h", least=True)
HOURLY = PairListSettings(source="candles", window_hours=1, refresh_minutes=15, volume_least=1)


def listing(**changes: object) -> Options:
    return lively(pairlist=HOURLY.model_copy(update=changes))


def session(count: int, options: Options, journal: MemoryJournal | None = None, start: int = START) -> World:
    world = World(wave(count), options=options, journal=journal or MemoryJournal(ID), start=start)
    wiring.seat_pairs(world.session, world.parts, Path("memory"))
    return world


def on_and_off(world: World, pattern: Sequence[bool]) -> World:
    """Have a session's list say so, cycle after cycle, then as it said last."""

    def news(at: datetime, known: PairsListed | None) -> PairsListed | None:
        cycle = world.state.cycle_id - 1
        listed = pattern[min(cycle * len(pattern) // 160, len(pattern) - 1)]
        pairs = (ListedPair(SYMBOL, volume=1200.0, off=None if listed else THIN),)
        return None if known and known.pairs == pairs else PairsListed(at, "exchange", pairs, at)

    world.session.cycle.list_pairs = news
    return world


def orders(world: World, purpose: Purpose) -> list[tuple[int, int, str]]:
    return [
        (event.cycle_id, order.lots, order.ending or "")
        for event in world.events
        if isinstance(event, OrdersIntended)
        for order in event.orders
        if order.purpose is purpose
    ]


def denials(world: World) -> list[Denied]:
    rows = (event for event in world.events if isinstance(event, CycleDecided))
    return [each for row in rows for each in row.verdicts if isinstance(each, Denied)]


def test_a_symbol_off_the_list_is_not_entered_and_the_reason_has_value_and_limit() -> None:
    world = on_and_off(World(wave(300), options=listing()), [False])
    world.run()
    assert not orders(world, Purpose.ENTRY)
    off = [each for each in denials(world) if each.reason == "pair_not_listed"]
    assert off
    assert off[0].detail.startswith("pair list volume 1200 USDT in 24 h, must be at least 5000; ")
    told = explain(world.journal, off[0].cycle_id)
    assert "volume 1200 USDT in 24 h" in str(msgspec.to_builtins(told))
    assert "pair_not_listed at volume 1200 USDT in 24 h where the limit is at least 5000" in str(
        msgspec.to_builtins(told)
    )


@settings(max_examples=5, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_no_exit_ever_depends_on_it(pattern: list[bool]) -> None:
    """Whatever the list says meanwhile, what was entered is left when and as it is without a list."""
    free = traded(World(wave(160), options=lively()))
    world = on_and_off(World(wave(160), options=listing()), pattern)
    mine = traded(world)
    assert free
    for opened, left in mine.items():
        assert free.get(opened, left) == left
    assert len(mine) + len(world.state.ledger.positions) == len(orders(world, Purpose.ENTRY))
    assert facts(folded(world.options, world.journal)[0]) == facts(world.state)
    assert replay(world.journal, None, FrozenClock()).difference is None


def traded(world: World) -> dict[int, tuple[int, int]]:
    """Run a session; return how and when each position was left, by when it was opened."""
    run = LoopRun(world.parts.grid, [SYMBOL])
    world.session.listeners.append(run.on_event)
    world.run()
    return {opened: (ending, closed) for _, ending, opened, closed, *_ in run.trades}


def test_a_pair_that_falls_off_while_it_is_held_is_left_as_if_it_had_not() -> None:
    free = World(wave(300), options=lively())
    free.run()
    first = orders(free, Purpose.ENTRY)[0][0]
    world = World(wave(300), options=listing())

    def news(at: datetime, known: PairsListed | None) -> PairsListed | None:
        off = None if world.state.cycle_id <= first else THIN
        pairs = (ListedPair(SYMBOL, off=off),)
        return None if known and known.pairs == pairs else PairsListed(at, "exchange", pairs, at)

    world.session.cycle.list_pairs = news
    world.run()
    for purpose in (Purpose.ENTRY, Purpose.PROTECT, Purpose.EXIT):
        assert orders(world, purpose)[:1] == orders(free, purpose)[:1]
    assert len(orders(world, Purpose.ENTRY)) == 1
    assert not world.state.ledger.positions


def test_candles_seen_before_a_restart_count_after_it() -> None:
    journal = MemoryJournal(ID)
    first = session(90, listing(), journal)
    first.run()
    journal.reopen()
    again = session(30, listing(), journal, start=START + 90 * 60_000)
    again.run()
    state, _ = folded(again.options, journal)
    assert facts(state) == facts(again.state)
    lists = [event for event in again.events if isinstance(event, PairsListed)]
    assert lists
    assert all(each.off is None for event in lists for each in event.pairs), "the window was full by then"
    assert [each.volume is not None for each in lists[0].pairs] == [True]


def test_until_the_window_is_full_nothing_is_entered_and_status_says_why() -> None:
    world = session(40, listing())
    world.run()
    off = world.state.ledger.off_list[SYMBOL]
    assert off.filter == "unknown"
    assert off.note.endswith("of its candles have been seen, the window is 1 h")


def test_a_session_without_a_list_writes_none_and_checks_none() -> None:
    world = session(200, lively())
    world.run()
    assert not [event for event in world.events if isinstance(event, PairsListed)]
    rows = [event for event in world.events if isinstance(event, CycleDecided)]
    assert "pair_not_listed" not in {
        check.rule for row in rows for verdict in row.verdicts for check in verdict.checks
    }
    assert world.state.pairs.tapes == {}


def test_a_list_of_other_settings_is_none_of_the_session_s() -> None:
    journal = MemoryJournal(ID)
    world = on_and_off(World(wave(30), options=listing(), journal=journal), [True])
    world.run()
    assert world.state.ledger.off_list == {}
    journal.reopen()
    other = World(wave(5), options=listing(volume_least=2), journal=journal, start=START + 40 * 60_000)
    other.run()
    assert other.state.ledger.off_list[SYMBOL].filter == "no list"


class Exchange:
    """A source that answers, or fails, and counts how often it was asked and while what was locked."""

    name = "exchange"

    def __init__(self, world: World, fault: VenueFault | None = None) -> None:
        self.world = world
        self.fault = fault
        self.asked: list[bool] = []

    def measures(self, symbols: Sequence[str], now: datetime) -> list[PairMeasures]:
        del now
        self.asked.append(self.world.session.cycle.machine.state == "IDLE")
        if self.fault is not None:
            raise self.fault
        return [PairMeasures(each, volume=9.0) for each in symbols]

    def close(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize("fault", [None, VenueFault("it is silent")])
def test_an_exchange_is_asked_between_two_cycles_and_a_first_list_is_waited_for_without(
    fault: VenueFault | None,
) -> None:
    wants = PairListSettings(source="exchange", volume_least=1)
    world = World(wave(40), options=lively(pairlist=wants))
    source = Exchange(world, fault)
    lister = PairLister(source, wants, [SYMBOL], at_once)
    world.session.cycle.list_pairs, world.session.cycle.between = lister.news, lister.ask
    world.run()
    assert source.asked
    assert all(source.asked), "no cycle waits for it"
    lists = [event for event in world.events if isinstance(event, PairsListed)]
    assert lists[0].at == utc(START) + timedelta(minutes=2), "the second cycle is the first to have one"
    assert (lists[0].fault, SYMBOL in world.state.ledger.off_list) == (
        ("VenueFault: it is silent", True) if fault else ("", False)
    )
    assert replay(world.journal, None, FrozenClock()).difference is None


@pytest.mark.parametrize(
    ("keep", "when", "status", "alarms"),
    [
        (60, "hold", "its refresh fails, the last list of 2023-11-14 22:15 UTC is kept: ", 0),
        (20, "hold", "it does not stand, no entry is made (list 21 minutes old, must be at most 20): ", 1),
        (20, "enter", "it does not stand, entries are made as if there were none: ", 1),
    ],
)
def test_a_list_that_is_not_refreshed_is_told_of_in_status_and_as_an_alarm_once_it_stands_no_more(
    keep: int, when: str, status: str, alarms: int, tmp_path: Path
) -> None:
    wants = PairListSettings(
        source="exchange", volume_least=1, refresh_minutes=15, keep_minutes=keep, when_stale=when
    )
    world = World(wave(40), options=lively(pairlist=wants))
    source = Exchange(world)
    lister = PairLister(source, wants, [SYMBOL], at_once)

    def ask(at: datetime) -> None:
        lister.ask(at)
        source.fault = VenueFault("it is silent")

    world.session.cycle.list_pairs, world.session.cycle.between = lister.news, ask
    world.run()
    world.journal.reopen()
    text = status + "VenueFault: it is silent"
    assert account(world.state).pair_list == text
    beside = Beside(running=True, live=None, vitals=Vitals(), problem=None, supervised=None, now=utc(START))
    with closing(mirror_of(world.journal, tmp_path)) as mirror:
        told = [each.text for each in alarms_of(mirror, beside, None)]
        assert told == [f"the pair list: {text}"] * alarms
        shown = list(status_lines(status_of(mirror, beside)))
    assert f"pair list {text}" in shown


def test_an_exchange_that_never_answers_holds_up_no_cycle_and_no_exit() -> None:
    wants = PairListSettings(source="exchange", volume_least=1, refresh_minutes=1, keep_minutes=10_080)
    world = World(wave(160), options=lively(pairlist=wants))
    source, let, hung = Exchange(world), threading.Event(), []

    def elsewhere(work: Callable[[], None]) -> None:
        if not world.state.ledger.positions:
            at_once(work)
            return
        hung.append(world.state.cycle_id)

        def late() -> None:
            let.wait(30)
            work()

        in_thread(late)

    lister = PairLister(source, wants, [SYMBOL], elsewhere)
    world.session.cycle.list_pairs, world.session.cycle.between = lister.news, lister.ask
    world.run()
    let.set()
    assert len(hung) == 1, "one answer is waited for at a time"
    ended = [event for event in world.events if isinstance(event, CycleEnded)]
    assert (len(ended), {event.outcome for event in ended} & {"failed"}) == (160, set())
    left = [
        order.cycle_id
        for event in world.events
        if isinstance(event, OrdersIntended)
        for order in event.orders
        if order.purpose is Purpose.EXIT
    ]
    assert max(left) > hung[0], "what is held is sold meanwhile"
    assert replay(world.journal, None, FrozenClock()).difference is None
