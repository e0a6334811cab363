"""Declared exits in a session: journaled with the entry, carried through a cut, and never held up."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from agent import wiring
from agent.account.left import at_rest
from agent.answers.account import Vitals
from agent.cli.handlers.status import position_lines
from agent.cli.handlers.why import lines
from agent.cli.output.screen import Screen
from agent.explain.why import explain
from agent.host import log
from agent.loop.additions import due_additions
from agent.loop.exits import due_exits
from agent.loop.session import EXHAUSTED
from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.serve.mirror.account import Beside, alarms_of
from agent.settings.given import Settings
from agent.state.leaving import GRACE_CANDLES, leaves, long_unjudged
from agent.verify.leaving import divided, idle
from agent.verify.lookahead import made_up, prove
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from agent.verify.settled import histories
from agent.views.session import positions
from agent.wiring.backtests import options_for, setup_of
from agent.wiring.folded import policy_of
from domain.commands import Kill
from domain.decision import Action, Decision
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended
from domain.exits import ExitPlan
from domain.order import Order, OrderStatus, OrderType, Purpose, Side, sells_share
from domain.times import HOUR_MS, utc
from domain.verdict import Approved
from journal.codec import encode
from journal.memory import MemoryJournal
from reasoning.own import StandIn
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from research.engine.backtest import backtest
from research.engine.compiler import plain
from tests.agent.test_recovery import CLOSES, Cut, PulledOut, Resumed, nothing_twice, one_record_each
from tests.agent.world import ID, START, World, facts, folded, lively
from tests.reasoning.samples import observation
from tests.reasoning.told import written
from tests.research.leaving import leaving  # noqa: F401  # a fixture
from tests.seeded import market
from tests.serve.mirrored import mirror_of

pytestmark = pytest.mark.usefixtures("leaving")


def options(name: str = "by-all", **parameters: Any) -> Any:
    return lively(reasoning=ReasoningSettings(strategies=(name,), custom={name: parameters}))


def orders(events: list[Event]) -> Iterator[Order]:
    for event in events:
        if isinstance(event, OrdersIntended):
            yield from event.orders


def whole(name: str = "by-all") -> World:
    world = World(CLOSES, options=options(name))
    assert world.run() == EXHAUSTED
    return world


def never_lowered(events: list[Event]) -> None:
    """Assert that the stops of each position that came to rest only rise."""
    rested = {
        event.receipt.client_id
        for event in events
        if isinstance(event, OrderReported) and event.receipt.status is OrderStatus.NEW
    }
    level = 0
    for order in orders(events):
        if order.purpose is Purpose.ENTRY:
            level = 0
        elif order.client_id in rested and order.type is OrderType.STOP:
            assert (order.trigger or 0) >= level
            level = order.trigger or 0


def test_each_exit_is_an_order_that_names_it_and_the_fold_is_the_live_state() -> None:
    world = whole()
    named = {each.ending for each in orders(world.events) if each.ending}
    assert named >= {"roi", "partial", "trail"}
    lessons = [each for event in world.events if isinstance(event, CycleEnded) for each in event.lessons]
    assert {each.exit for each in lessons} & {"roi", "time", "trail", "break-even"}
    never_lowered(world.events)
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind
    assert replay(world.journal, None, FrozenClock()).difference is None


def test_a_share_that_is_sold_names_its_exit_its_gain_and_its_entry() -> None:
    world = World(CLOSES, options=options("by-parts"))
    said: list[str] = []

    class Hearing(Screen):
        def line(self, text: str) -> None:
            said.append(text)

    asked: Any = SimpleNamespace(parts=world.parts, quick=True, besides=(), options=world.options)
    screen = Hearing(asked)
    world.session.listeners.append(screen.event)
    world.run()
    share = next(each for each in orders(world.events) if sells_share(each))
    told = explain(world.journal, share.cycle_id)
    (line,) = [each for each in lines(told) if each.startswith(f"order     {share.client_id}")]
    gained, entry = re.fullmatch(r".* by partial: .*?; ([+].*%) on the entry at (\d+\.\d+)", line).groups()  # type: ignore[union-attr]  # matched
    assert gained == f"{share.reference / 100 / float(entry) - 1:+.2%}"
    bought = next(each for each in explain(world.journal, _entered(world, share)).orders if each.fills)
    assert entry == bought.fills[0].price
    sold = [each for each in said if ", a share by partial, +" in each]
    assert len(sold) == sum(sells_share(each) for each in orders(world.events))
    assert not any("profit" in each for each in sold)


def _entered(world: World, share: Order) -> int:
    """Return the cycle that opened the position a share was sold of."""
    entries = [each for each in orders(world.events) if each.purpose is Purpose.ENTRY]
    return max(each.cycle_id for each in entries if each.cycle_id < share.cycle_id)


def test_parts_and_rest_are_the_whole() -> None:
    world = whole("by-parts")
    bought = sold = shares = 0
    for order in orders(world.events):
        if order.purpose is Purpose.ENTRY:
            assert bought == sold
            bought, sold = order.lots, 0
        elif order.purpose is Purpose.EXIT:
            sold += order.lots
            shares += sells_share(order)
            assert sells_share(order) == (order.ending == "partial")
    assert shares > 1
    assert sold <= bought


CUT = 4
"""Transactions from an exit's intent on after which a session is cut off."""


class Marking(MemoryJournal):
    """A journal that notes which transactions intend declared exits, and which a share."""

    def __init__(self, journal_id: str) -> None:
        super().__init__(journal_id)
        self.count = 0
        self.leaving: list[int] = []
        self.sharing: list[int] = []

    def append(self, *events: Event) -> None:
        intended = list(orders(list(events)))
        self.leaving += [self.count] * any(each.ending and not sells_share(each) for each in intended)
        self.sharing += [self.count] * any(sells_share(each) for each in intended)
        self.count += 1
        super().append(*events)


def test_a_session_cut_off_around_an_exit_goes_on_with_its_plan() -> None:
    marking = Marking(ID)
    World(CLOSES, journal=marking, options=options()).run()
    for around in (marking.leaving[0], marking.sharing[0]):
        for room in range(around, around + CUT):
            journal = Cut(ID)
            journal.room = room
            with pytest.raises(PulledOut):
                World(CLOSES, journal=journal, options=options()).run()
            journal.room = 10**9
            journal.reopen()
            before, _ = folded(options(), journal)
            done = (before.last["BTC-USDT"].time - START) // 60_000 + 1 if before.last else 0
            world = World([], journal=journal, observer=Resumed(done), options=options())
            assert facts(world.state) == facts(before)
            assert world.run() == EXHAUSTED
            events = [row.event for row in journal.rows()]
            one_record_each(events)
            nothing_twice(events)
            never_lowered(events)
            state, _ = folded(world.options, journal)
            assert facts(state) == facts(world.state)


SOON: dict[str, dict[str, float]] = {
    "by-time": {"minutes": 10},
    "by-roi": {"first": 0.001},
    "by-parts": {"half": 0.4},
    "by-trail": {"atrs": 0.5},
}
"""Parameters under which the first position is left soon."""


def test_no_rule_of_entries_holds_an_exit_up() -> None:
    for name, parameters in SOON.items():
        world = World(CLOSES, options=options(name, **parameters))

        def kill(event: Event, world: World = world) -> None:
            entered = isinstance(event, OrdersIntended) and event.orders[0].purpose is Purpose.ENTRY
            if entered and world.state.kill_switch is None:
                world.inbox.at_once(Kill(key="k", reason="by hand", by="test"))

        world.session.listeners.append(kill)
        world.run()
        assert world.state.kill_switch
        done = [each for each in orders(world.events) if each.ending]
        assert done, name
        assert all(each.side is Side.SELL for each in done)


def test_what_cannot_be_judged_of_one_position_holds_no_other_up() -> None:
    journal, _ = entered("by-time")
    state, _ = folded(options("by-time"), journal)
    held, last = state.ledger.positions["BTC-USDT"], state.last["BTC-USDT"]
    state.ledger.positions = {"AAA-USDT": msgspec.structs.replace(held, symbol="AAA-USDT"), "BTC-USDT": held}
    state.entries["AAA-USDT"] = state.entries["BTC-USDT"]
    candle = last._replace(time=last.time + 6 * HOUR_MS)
    turn = Turn(9_999, utc(candle.time))
    seen = observation([candle])
    turn.observations = [msgspec.structs.replace(seen, symbol=symbol) for symbol in state.ledger.positions]
    turn.decisions = [
        Decision(9_999, each.symbol, turn.at, Action.HOLD, 0.0, 0.0, "") for each in turn.observations
    ]
    policy = policy_of(options("by-time"), state.ledger.instruments)
    (sold,) = due_exits(turn, state, OrderFactory(state, journal), policy)
    assert (sold.symbol, sold.order.ending) == ("BTC-USDT", "time")
    assert turn.faults == {"AAA-USDT": "KeyError: 'AAA-USDT'"}, "it has no instrument"
    state.adding["AAA-USDT"] = SimpleNamespace()  # type: ignore[assignment]  # what it says is not come to
    assert due_additions(turn, state) == []


def test_a_custom_exit_is_an_order_with_its_reason_and_replays_to_the_byte() -> None:
    world = whole("by-leave")
    custom = [each for each in orders(world.events) if each.ending == "custom"]
    assert {each.reason for each in custom} >= {"the first part", "the mean was lost"}
    assert any(map(sells_share, custom))
    assert not all(map(sells_share, custom))
    lessons = [each for event in world.events if isinstance(event, CycleEnded) for each in event.lessons]
    assert "custom" in {each.exit for each in lessons}
    never_lowered(world.events)
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind
    assert replay(world.journal, None, FrozenClock()).difference is None
    told = explain(world.journal, custom[-1].cycle_id).symbols[0].verdict
    assert told is not None
    assert f"custom: {custom[-1].reason}" in (told.sizing or "")


def entered(name: str) -> tuple[Cut, int]:
    """Return the journal of a session that was cut off with a position of a voice, and its candles done."""
    journal = Cut(ID)
    world = World(CLOSES, journal=journal, options=options(name))

    def cut(event: Event) -> None:
        if isinstance(event, CycleEnded) and world.state.ledger.positions:
            journal.room = 0

    world.session.listeners.append(cut)
    with pytest.raises(PulledOut):
        world.run()
    journal.room = 10**9
    journal.reopen()
    before, _ = folded(options(name), journal)
    return journal, (before.last["BTC-USDT"].time - START) // 60_000 + 1


def test_without_its_strategy_a_custom_exit_is_told_of_and_all_else_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(log, "say", lambda _level, text, **more: said.append({"text": text, **more}))
    journal, done = entered("by-leave")
    other = lively(reasoning=ReasoningSettings(strategies=("rsi",)))
    world = World([], journal=journal, observer=Resumed(done), options=other)
    (held,) = positions(world.state)
    assert held.unjudged == "strategy by-leave is not among those that speak"
    lines = list(position_lines([held]))
    assert lines[-1].startswith("  UNJUDGED its custom exit: strategy by-leave is not")
    world.run()
    (told,) = [each for each in said if each["text"] == "custom exit not judged"]
    assert (told["symbol"], told["why"]) == ("BTC-USDT", held.unjudged)
    ended = [each.ending for each in orders(world.events) if each.purpose is Purpose.EXIT]
    lessons = [each for event in world.events if isinstance(event, CycleEnded) for each in event.lessons]
    assert lessons
    assert "custom" not in ended


def test_people_are_told_of_it_while_the_agent_runs_by_whoever_reads_along_and_after_his_restart(
    tmp_path: Path,
) -> None:
    journal, done = entered("by-leave")
    journal.room = 4
    other = lively(reasoning=ReasoningSettings(strategies=("rsi",)))
    with pytest.raises(PulledOut):
        World([], journal=journal, observer=Resumed(done), options=other).run()
    journal.reopen()
    beside = Beside(running=True, live=None, vitals=Vitals(), problem=None, supervised=None, now=utc(START))
    text = "BTC-USDT: its custom exit is not judged: strategy by-leave is not among those that speak"
    for number, reopen_at in enumerate((None, journal.head()[0] - 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with closing(mirror_of(journal, folder, reopen_at=reopen_at)) as mirror:
            assert [each.text for each in alarms_of(mirror, beside, None)] == [text]
            assert alarms_of(mirror, beside._replace(running=False, ending=True), None) == []


def test_a_voice_that_warms_up_is_told_of_after_a_few_candles_alone() -> None:
    journal, _ = entered("by-leave")
    state, mind = folded(options("by-leave"), journal)
    row = [each.event for each in journal.rows() if isinstance(each.event, CycleDecided)][-1]
    (seen,) = row.observations
    told = []
    for number in range(1, 15):
        last = seen.candles[-1]
        candle = last._replace(time=START + number * 60_000, close=last.close + number)
        mind.orient(msgspec.structs.replace(seen, candles=(candle,), series="anew"))
        (position,) = positions(state)
        told.append((position.unjudged, long_unjudged(state).get("BTC-USDT", "")))
    warming = [f"by-leave warms up, {number} of 13 candles" for number in range(1, 13)]
    assert [status for status, _ in told] == [*warming, "", ""]
    assert [alarm for _, alarm in told] == [*([""] * GRACE_CANDLES), *warming[GRACE_CANDLES:], "", ""]


def test_at_rest_a_strategy_that_cannot_be_loaded_is_told_of_and_nobody_who_reads_along_guesses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journal, _ = entered("by-leave")
    settings = options("by-leave")
    assert leaves(folded(settings, journal)[0])
    monkeypatch.setitem(STRATEGIES, "by-leave", StandIn.of("by-leave"))
    parts = wiring.parts(settings, journal)
    (held,) = at_rest("x", parts).positions
    assert held.unjudged == "strategy by-leave cannot be loaded"
    assert [each.unjudged for each in positions(parts.state)] == [""]
    assert long_unjudged(parts.state) == {}
    assert not leaves(folded(lively(), MemoryJournal(ID))[0])


def test_one_that_reads_the_position_alone_needs_no_strategy() -> None:
    journal, done = entered("by-leave-alone")
    other = lively(reasoning=ReasoningSettings(strategies=("rsi",)))
    world = World([], journal=journal, observer=Resumed(done), options=other)
    assert positions(world.state)[0].unjudged == ""
    world.run()
    lessons = [each for event in world.events if isinstance(event, CycleEnded) for each in event.lessons]
    assert lessons[0].exit == "custom"


def test_what_is_to_come_is_told_of_a_position_and_of_its_entry() -> None:
    world = World(CLOSES, options=options())
    entered = 0
    told: list[Any] = []

    def look(event: Event) -> None:
        nonlocal entered
        if isinstance(event, CycleDecided) and not entered:
            buys = [each for each in event.verdicts if isinstance(each, Approved) and each.exits]
            entered = event.cycle_id if buys else 0
        if isinstance(event, CycleEnded) and entered and not told:
            told.extend(positions(world.state))

    world.session.listeners.append(look)
    world.run()
    (held,) = told
    assert held.voice == "by-all"
    assert held.exits[0] == "roi: 3% from 0 min on, 0.5% from 240 min on"
    assert len(held.exits) == 6
    decision = explain(world.journal, entered).symbols[0].decision
    assert decision is not None
    assert decision.exits == held.exits


def test_a_session_whose_strategies_declare_none_journals_nothing_of_it() -> None:
    journal = MemoryJournal(ID)
    World(CLOSES, journal=journal).run()
    stored = b"".join(encode(row.event) for row in journal.rows())
    assert b'"order"' in stored
    for word in (b'"exits"', b'"stop_by"', b'"ending"', b'"code":['):
        assert word not in stored


def test_numbers_a_custom_exit_reads_are_held_to_what_votes_are() -> None:
    strategy: Any = STRATEGIES["by-leave"]
    packed, candles = strategy.params().packed(), made_up(150)
    assert prove(strategy, packed, candles).proved
    named = {each.number for each in histories(strategy, packed, candles)}
    assert named <= {"", *(f"leave's {each.name}" for each in strategy.places), "mean"}
    seen = 0

    def remembers(memory: Any, *given: Any) -> Any:
        nonlocal seen
        seen += 1
        vote = strategy.step(memory, *given)
        memory[strategy.places[0].now] += seen
        return vote

    proof = prove(replace(strategy, step=remembers), packed, candles)
    assert "leave reads band.upper" in (proof.difference or "")


def test_a_backtest_tells_of_a_custom_exit_that_divides_by_zero() -> None:
    candles = [market("seeded/1h/BTC-USDT", 400)]
    found: Any = {"reasoning": {"strategies": ("by-leave-dividing",)}, "perception": {"warmup_candles": 70}}
    result = backtest(candles, setup_of(options_for(Settings(**found), candles)), plain())
    (told,) = divided(*result.divided)
    count = int(told.split()[5])
    assert count > 1
    assert told.startswith(f"leave divided by zero on {count} candles, last at line ")
    assert "custom" not in {result.endings[each] for each in result.trades["ending"].tolist()}
    assert not list(divided(0, 0))


NEVER = """class Made(Declared):
    name = "made"
    mean = sma(5)
    none = number(0.0, 0.0, 1.0)

    def decide(self, now, last):
        return buy()

    def leave(self, now, last, held):
"""


@pytest.mark.parametrize(
    ("body", "never"),
    [
        ("        return False\n", True),
        ("        if now.close > now.mean:\n            return None\n", True),
        ("        if now.close > now.mean:\n            return False\n        return self.none\n", True),
        ("        return now.close > now.mean\n", False),
        ("        if now.close > now.mean:\n            return 'the mean was lost'\n", False),
        ("        return None if now.close > now.mean else 0.5\n", False),
    ],
)
def test_a_leave_of_which_no_way_sells_anything_is_named_before_it_trades(
    body: str, *, never: bool, tmp_path: Path
) -> None:
    strategy = written(tmp_path, NEVER + body)[0].Made.strategy
    plan = strategy.exits_for(strategy.params().packed())
    assert [each.partition(":")[0] for each in idle(plan, 1_500)] == ["leave never acts"] * never


def test_an_exit_that_can_never_act_is_named_before_it_trades() -> None:
    minute = 60_000
    plan = ExitPlan(
        roi=((0, 100_000), (60 * minute, 40_000), (480 * minute, 0)),
        after_ms=240 * minute,
        break_even=2_000,
        parts=((30_000, 300_000), (100_000, 300_000)),
    )
    assert list(idle(plan, 1_500)) == [
        "the step of roi at 0% begins after 480 minutes, and after=240 has sold all by then",
        "break_even is 0.2% and both ways cost up to 0.3%: the stop is raised above that gain only",
        "partial at 10% comes too late: roi has sold all at 10% or before",
    ]
    assert not list(
        idle(ExitPlan(roi=((60 * minute, 10_000),), break_even=20_000, parts=((50_000, 1),)), 1_500)
    )
