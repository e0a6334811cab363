"""Sessions with advisers: who is asked and when, what a crash leaves, and that a replay asks nobody."""

import socket
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from advice.settings import AdviceSettings
from agent import wiring
from agent.cli.handlers.ledger import ledger_lines
from agent.cli.handlers.why import lines as lines_of
from agent.explain.why import explain
from agent.host.clock import StoppedClock
from agent.loop.advising import Advising
from agent.loop.turn import Turn
from agent.verify.replay import replay
from agent.views import spend
from agent.wiring.advisers import convene
from domain.advice import Advice, AdviserAnswer, Spend, usd
from domain.commands import Kill
from domain.decision import Action, Decision, Signal
from domain.errors import JournalFault
from domain.events import AdviceAnswered, AdviceAsked, AdviserSet, CycleDecided, Event, KillSwitchSet
from domain.observation import Observation
from domain.times import utc
from journal.memory import MemoryJournal
from reasoning.minds import StrategyRunner
from reasoning.orientation import Orientation
from tests.advice.fakes import Model, chat, council, settings, written
from tests.agent.world import ID, START, World, ask, facts, folded, lively, wave

STEPS = wave(260)
AGAINST = chat(written(-1, 0.05, ["no volume"]))


def world_with(
    model: Model, chosen: AdviceSettings | None = None, journal: Any = None, steps: Any = STEPS, **more: Any
) -> World:
    chosen = chosen or settings()
    world = World(steps, options=lively(advice=chosen, **more), journal=journal)
    convene(world.session, world.parts, council(model, world.clock, chosen))
    return world


def ran(world: World) -> World:
    world.run()
    return world


def decisions(world: World) -> list[Decision]:
    return [each for event in world.events if isinstance(event, CycleDecided) for each in event.decisions]


def heard(world: World) -> list[Advice]:
    cycles = [event for event in world.events if isinstance(event, CycleDecided)]
    return [said for event in cycles for seen in event.observations for said in seen.advice]


def of(world: World, kind: type[Any]) -> list[Any]:
    return [event for event in world.events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def plain() -> World:
    return ran(World(STEPS))


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(AGAINST)


@pytest.fixture(scope="module")
def against(model: Model) -> World:
    return ran(world_with(model))


def test_only_an_entry_is_asked_about_and_each_once(plain: World, against: World, model: Model) -> None:
    entries = [each.cycle_id for each in decisions(plain) if each.action is Action.BUY]
    assert entries
    assert [event.cycle_id for event in of(against, AdviceAsked)] == entries
    assert len(model.asked) == len(entries)
    assert [event.number for event in of(against, AdviceAnswered)] == list(range(1, len(entries) + 1))


def test_one_against_holds_entries_back_and_no_exit(plain: World, against: World) -> None:
    for alone, advised in zip(decisions(plain), decisions(against), strict=True):
        if alone.action is Action.BUY:
            assert advised.score < alone.score
        else:
            assert (advised.action, advised.score) == (alone.action, alone.score)
    assert "no volume" in next(each for each in decisions(against) if "advice" in each.reason).reason


def test_a_question_is_journaled_before_and_its_answer_after_it_is_sent(against: World) -> None:
    kinds = [
        type(event)
        for event in against.events
        if isinstance(event, AdviceAsked | AdviceAnswered | CycleDecided)
    ]
    for place, kind in enumerate(kinds):
        if kind is AdviceAsked:
            assert kinds[place + 1 : place + 3] == [AdviceAnswered, CycleDecided]


def test_the_fold_is_the_running_ledger(against: World) -> None:
    state, mind = folded(against.options, against.journal)
    assert facts(state) == facts(against.state)
    assert mind == against.parts.mind
    spend = against.state.spend
    answers = of(against, AdviceAnswered)
    assert spend.total.micro_usd == sum(each.micro_usd for each in answers) > 0
    assert spend.total == spend.session == spend.advisers["macro"]
    assert sum(each.cost for each in heard(against)) == spend.total.micro_usd


def test_a_replay_imports_no_client_opens_no_socket_and_decides_the_same(
    against: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a replay opened a socket")

    for name in ("httpx2", "advice.clients.wire", "openai", "anthropic", "pydantic_ai"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(socket, "socket", refuse)
    result = replay(against.journal, None, StoppedClock(against.clock))
    assert result.difference is None
    assert result.cycles == len(STEPS)


def test_a_promoted_adviser_raises_an_entry_and_the_replay_does_too() -> None:
    sure = Model(chat(written(1, 0.99)))
    world = world_with(sure)
    seat = council(sure, world.clock, settings()).seats["macro"]
    world.session.begin()
    world.session.record.write(
        AdviserSet(utc(START), 1, "macro", seat.identity, promoted=True, reason="r", by="t", raise_cap=5.0)
    )
    world.session._loop(_pacer(world))
    world.session._finish("data exhausted")
    raised = [each for each in decisions(world) if "advice raises it" in each.reason]
    assert raised
    assert replay(world.journal, None, StoppedClock(world.clock)).difference is None


def _pacer(world: World) -> Any:
    source = wiring.MarketSource(world.market, world.market, dict)
    return wiring.pacer(world.options, source, world.clock, world.inbox.wait)


def test_nobody_is_asked_while_entries_are_blocked_or_the_kill_switch_is_thrown(plain: World) -> None:
    model = Model(AGAINST)
    world = world_with(model)
    world.session.begin()
    ask(world, Kill(reason="so", by="me", key="k"))
    world.session._loop(_pacer(world))
    world.session._finish("data exhausted")
    assert model.asked == []
    blocked = world_with(model)
    blocked.session.cycle.also_blocked = {"": "an order is in doubt"}
    ran(blocked)
    assert model.asked == []
    assert of(blocked, AdviceAsked) == []


def test_an_exit_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = {"BTC-USDT": Action.BUY, "ETH-USDT": Action.SELL}

    def wants(_self: Any, turn: Turn, seen: Observation, _oriented: Any) -> Decision:
        return Decision(turn.cycle_id, seen.symbol, turn.at, sides[seen.symbol], 50.0, 50.0, "")

    def previewed(mind: StrategyRunner, seen: Observation, _beside: object) -> Orientation:
        loud = ("rsi", Signal(1, 50.0, 50.0, 0.0, 0.0, 0.0, 0, 0, 0), "up")
        return msgspec.structs.replace(StrategyRunner(mind._settings).orient(seen), signals=(loud,))

    monkeypatch.setattr(Advising, "_decision", wants)
    monkeypatch.setattr(StrategyRunner, "preview", previewed)
    monkeypatch.setattr(StrategyRunner, "votes", lambda _mind, _seen, _beside: True)
    model = Model(AGAINST)
    world = world_with(model, steps=[100.0, 100.0], symbols=tuple(sides))
    world.session.begin()
    world.market.next_time()
    turn = Turn(1, utc(START + 60_000))
    turn.observations = [world.market.observe(each, None, turn.at) for each in sides]
    monkeypatch.setitem(world.state.ledger.positions, "ETH-USDT", object())
    world.session.cycle.advise(turn)
    assert (model.asked, turn.observations[0].advice) == ([], ())
    monkeypatch.delitem(world.state.ledger.positions, "ETH-USDT")
    world.session.cycle.advise(turn)
    assert (len(model.asked), len(turn.observations[0].advice)) == (1, 1), "there is nothing to sell"
    assert turn.observations[1].advice == ()


def test_while_models_answer_nothing_is_locked() -> None:
    free: list[bool] = []

    def says(_question: bytes) -> AdviserAnswer:
        free.append(world.inbox.trading_lock.acquire(timeout=60))
        world.inbox.trading_lock.release()
        return AGAINST

    world = world_with(Model(says))
    ran(world)
    assert free
    assert all(free)


def test_no_cap_is_ever_passed_and_who_is_not_asked_says_why() -> None:
    model = Model(lambda _: AdviserAnswer(fault="broken off: ReadError"))
    chosen = settings(day_usd="0.004")
    world = ran(world_with(model, chosen))
    spend = world.state.spend
    assert 0 < spend.today.micro_usd <= 4_000
    assert spend.total.answered == len(model.asked) < len(heard(world))
    assert "the budget of the day is 0.004000 USD" in heard(world)[-1].reason
    tokens = ran(world_with(Model(AGAINST), settings(session_tokens=2_500)))
    assert tokens.state.spend.session.tokens <= 2_500


@pytest.mark.parametrize(
    "wrong", [{"price_in": "0", "price_out": "0"}, {"max_tokens": 32_768, "price_out": "10000"}]
)
def test_a_model_of_your_own_costs_nothing_and_one_too_dear_is_not_asked(wrong: dict[str, Any]) -> None:
    model = Model(AGAINST)
    world = ran(world_with(model, settings(model=wrong)))
    assert world.state.spend.total.micro_usd == 0
    assert bool(model.asked) is (wrong["price_out"] == "0")


def test_whatever_breaks_in_advice_the_cycle_goes_on(plain: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_question: bytes) -> AdviserAnswer:
        raise RuntimeError("boom")

    world = ran(world_with(Model(breaks)))
    assert [each.score for each in decisions(world)] == [each.score for each in decisions(plain)]
    assert {each.reason for each in heard(world)} == {"broken off: RuntimeError"}
    odd = world_with(Model(AGAINST))
    monkeypatch.setattr("advice.ledger.refusal", breaks)
    ran(odd)
    assert of(odd, AdviceAsked) == [], "a ledger in doubt asks nobody"
    assert decisions(odd) == decisions(plain)


class Killed(BaseException):
    """The process is gone."""


class CutJournal(MemoryJournal):
    """Dies, or fails, before or after it takes an event of a kind."""

    def __init__(self, kind: type[Event], *, before: bool, fault: BaseException) -> None:
        super().__init__(ID)
        self.kind, self.before, self.fault = kind, before, fault

    def append(self, *events: Event) -> None:
        hit = any(isinstance(event, self.kind) for event in events)
        if hit and self.before:
            raise self.fault
        super().append(*events)
        if hit:
            raise self.fault


def cuts() -> Iterator[tuple[type[Any], bool]]:
    for kind in (AdviceAsked, AdviceAnswered):
        yield kind, True
        yield kind, False


@pytest.mark.parametrize(("kind", "before"), [*cuts()])
def test_killed_anywhere_between_reserve_and_settle_the_fold_charges_what_may_be_owed(
    kind: type[Any],
    before: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    model = Model(AGAINST)
    journal = CutJournal(kind, before=before, fault=Killed())
    world = world_with(model, journal=journal)
    world.session.begin()
    with pytest.raises(Killed):
        world.session._loop(_pacer(world))
    state, _ = folded(world.options, journal)
    asked = [row.event for row in journal.rows() if isinstance(row.event, AdviceAsked)]
    answered = [row.event for row in journal.rows() if isinstance(row.event, AdviceAnswered)]
    charged = asked[0].micro_usd if asked else 0
    if answered:
        charged = answered[0].micro_usd
    assert state.spend.total.micro_usd == charged
    assert len(model.asked) == (kind is AdviceAnswered), "nothing is sent before it is committed"
    journal.kind = KillSwitchSet
    rest = world_with(Model(AGAINST), journal=journal)
    rest.market.index, rest.market.previous = world.market.index - 1, STEPS[world.market.index - 1]
    rest.run()
    asked_again = [event for event in of(rest, AdviceAsked) if asked and event.question == asked[0].question]
    assert asked_again == [], "what was sent is not sent again"
    after, _ = folded(rest.options, journal)
    assert facts(after) == facts(rest.state)
    assert after.spend.total.micro_usd == charged + after.spend.session.micro_usd


@pytest.mark.parametrize("kind", [AdviceAsked, AdviceAnswered])
def test_where_the_journal_fails_nothing_is_sent_or_used(kind: type[Any]) -> None:
    model = Model(AGAINST)
    world = world_with(model, journal=CutJournal(kind, before=True, fault=JournalFault("disk full")))
    world.session.begin()
    world.session._loop(_pacer(world))
    assert heard(world) == []
    if kind is AdviceAsked:
        assert model.asked == []
        assert world.state.spend == Spend()


def test_samples_of_several_roles_are_asked_side_by_side_and_combined() -> None:
    seated = {
        "macro": {"model": "m", "samples": 3},
        "doubt": {"model": "m", "role": "critic", "samples": 1},
    }
    chosen = settings(advisers=seated)

    def says(question: bytes) -> AdviserAnswer:
        return AGAINST if b"never 1" in question else chat(written(1, 0.8))

    world = ran(world_with(Model(says), chosen))
    one = next(each for each in heard(world) if each.adviser == "macro")
    assert (one.samples, one.asked, one.vote, round(one.probability, 6)) == (3, 3, 1, 0.8)
    assert {each.adviser for each in heard(world)} == {"macro", "doubt"}
    questions = of(world, AdviceAsked)
    first = {event.question.sha256 for event in questions if event.cycle_id == questions[0].cycle_id}
    assert len(first) == 2, "one question an adviser, whatever the samples"


def test_the_ledger_and_the_explanation_tell_what_it_cost(against: World) -> None:
    report = spend.answer("paper", 1, spend.folded(against.journal), settings().caps)
    total = against.state.spend.total
    assert (report.total.asked, report.total.usd) == (total.asked, usd(total.micro_usd))
    assert report.advisers == {"macro": report.total}
    lines = "\n".join(ledger_lines(report))
    assert f"total     {usd(total.micro_usd)} USD" in lines
    cycle = of(against, AdviceAsked)[0].cycle_id
    seen = explain(against.journal, cycle).symbols[0].seen
    assert [(each.adviser, each.vote, each.usd) for each in seen.advice] == [("macro", -1, "0.000180")]
    assert any("advice    analyst macro" in each for each in lines_of(explain(against.journal, cycle)))
    assert against.journal.find_cycle(cycle)[0].event == of(against, AdviceAsked)[0]
