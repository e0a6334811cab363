"""Settings changed while an agent runs: by their event alone, the same live, restarted and replayed."""

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import Agent, wiring
from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.explain.why import explain
from agent.loop.inbox import Inbox
from agent.loop.pacer import WallPacer
from agent.settings import changes, measures
from agent.settings.given import Settings
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.commands import ChangeSettings
from domain.errors import BadInput
from domain.events import CommandReceived, CycleDecided, CycleEnded, Event, SettingsChanged
from domain.order import Purpose
from domain.replies import SettingsInForce
from domain.times import MINUTE_MS
from domain.verdict import Approved
from journal.memory import MemoryJournal
from tests.agent.command import agent
from tests.agent.test_replay import rewritten
from tests.agent.world import ID, START, World, ask, facts, folded, lively, wave

LATER = START + 400 * MINUTE_MS
STRICT = ChangeSettings(given={"risk.min_confidence": 100}, reason="no entry today")


def changed_at(world: World, number: int, command: ChangeSettings) -> None:
    """Have a person ask during a cycle, as the control socket does."""

    def hear(event: Event) -> None:
        if isinstance(event, CycleEnded) and event.cycle_id == number:
            ask(world, command)

    world.session.listeners.append(hear)


def strict(number: int = 60, command: ChangeSettings = STRICT, journal: MemoryJournal | None = None) -> World:
    world = World(wave(300), journal=journal or MemoryJournal(ID))
    changed_at(world, number, command)
    world.run()
    return world


def limits_of(world: World, rule: str) -> dict[int, Any]:
    """Return the limit a rule was held against, by cycle."""
    return {
        event.cycle_id: check.limit
        for event in world.events
        if isinstance(event, CycleDecided)
        for verdict in event.verdicts
        for check in verdict.checks
        if check.rule == rule
    }


def confidence_rule(world: World) -> str:
    names = {
        c.rule for e in world.events if isinstance(e, CycleDecided) for v in e.verdicts for c in v.checks
    }
    (name,) = [each for each in names if "confidence" in each]
    return name


def test_a_limit_holds_from_the_next_cycle_on_and_what_is_held_is_sold_all_the_same() -> None:
    world = strict(100)
    limits = limits_of(world, "min_confidence")
    assert limits == {cycle: 40 if cycle <= 100 else 100 for cycle in limits}
    approved = {
        event.cycle_id: verdict.order.purpose
        for event in world.events
        if isinstance(event, CycleDecided)
        for verdict in event.verdicts
        if isinstance(verdict, Approved)
    }
    assert approved == {61: Purpose.ENTRY, 104: Purpose.EXIT}


def test_it_is_journaled_with_who_why_and_what_was_before() -> None:
    event = next(each for each in strict().events if isinstance(each, SettingsChanged))
    assert (event.given, event.before, event.own) == (
        {"risk.min_confidence": 100.0},
        {"risk.min_confidence": 40.0},
        {"risk.min_confidence": 40.0},
    )
    assert (event.reason, event.by, event.looser) == ("no entry today", "operator", ())


def test_what_was_folded_is_what_lived_and_a_replay_is_identical_only_with_it() -> None:
    world = strict()
    state, _ = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert replay(world.journal, None, FrozenClock()).difference is None
    row = next(row for row in world.journal.rows() if isinstance(row.event, SettingsChanged))
    other = msgspec.structs.replace(row.event, given={"risk.min_confidence": 99.0})
    assert replay(rewritten(world.journal, {row.seq: other}), None, FrozenClock()).difference is not None


def test_why_tells_the_limits_in_force_then() -> None:
    world = strict(60)
    before, after = explain(world.journal, 60), explain(world.journal, 61)
    assert before.limits["risk"]["min_confidence"] == 40
    assert before.changed == {}
    assert after.limits["risk"]["min_confidence"] == 100
    assert after.changed["risk.min_confidence"].reason == "no entry today"


def test_a_change_stands_after_a_restart_until_the_settings_say_something_new() -> None:
    world = strict()
    again = World(wave(20), journal=rewritten(world.journal, {}), start=LATER)
    again.run()
    assert again.session.cycle.policy.limits.min_confidence == 100
    risk = lively().risk.model_copy(update={"min_confidence": 55.0})
    edited = World(wave(20), journal=rewritten(world.journal, {}), start=LATER, options=lively(risk=risk))
    edited.run()
    assert edited.session.cycle.policy.limits.min_confidence == 55
    assert edited.state.changed == {}


def test_a_change_is_taken_back_by_its_name_and_told_as_what_it_is() -> None:
    world = World(wave(40))
    world.session.begin()
    loose = ask(world, ChangeSettings(given={"risk.daily_loss": 9000}, reason="more"))
    assert (loose.looser, loose.tighter) == (("risk.daily_loss",), ())
    tight = ask(world, ChangeSettings(given={"risk.daily_loss": "1% up to 10"}, reason="less"))
    assert (tight.looser, tight.tighter) == ((), ("risk.daily_loss",))
    assert world.session.cycle.policy.limits.daily_loss_ppm == 10_000
    back = ask(world, ChangeSettings(back=("risk.daily_loss",), reason="as it was"))
    assert back.given == {"risk.daily_loss": "5000"}
    assert back.changed == {}
    assert world.state.changed == {}
    assert world.session.cycle.policy.limits.daily_loss_ppm == 0


def test_the_same_key_again_changes_nothing() -> None:
    world = World(wave(40))
    world.session.begin()
    first = ask(world, msgspec.structs.replace(STRICT, key="k1"))
    assert ask(world, msgspec.structs.replace(STRICT, key="k1")) == first
    received = [e for e in world.events if isinstance(e, CommandReceived | SettingsChanged)]
    assert len(received) == 2
    with pytest.raises(BadInput, match="another command"):
        ask(world, ChangeSettings(given={"risk.max_positions": 1}, reason="other", key="k1"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"risk.max_drawdown": 2}, "risk.max_drawdown = 2: must be at most 1"),
        ({"risk.max_positions": "many"}, "risk.max_positions = many"),
        ({"interval_seconds": -1}, "interval_seconds = -1"),
        ({"sizing.method": "fixed"}, "fixed_quantity is missing"),
        ({"risk.daily_los": 1}, "did you mean risk.daily_loss"),
        ({"symbols": "ETH-USDT"}, "symbols does not change while an agent runs"),
        ({"reasoning.vote_threshold": 1}, "agent params apply"),
        ({"exchange.api_key": "hunter2"}, "another exchange is another account"),
        ({"risk.min_confidence": 40}, "nothing to change"),
        ({"interval_seconds": 5}, "speed max"),
        ({}, "no setting named"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name_and_nothing_is_written(
    given: Mapping[str, Any], told: str
) -> None:
    world = World(wave(40))
    world.session.begin()
    rows = world.journal.head()
    with pytest.raises(BadInput) as refused:
        ask(world, ChangeSettings(given=dict(given), reason="a try"))
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert world.journal.head() == rows


def test_a_reason_is_needed() -> None:
    world = World(wave(40))
    world.session.begin()
    with pytest.raises(BadInput, match="needs a reason"):
        ask(world, ChangeSettings(given={"risk.max_positions": 1}))


def test_on_a_live_account_a_looser_limit_is_named_and_must_be_meant() -> None:
    world = World(wave(40))
    world.session.begin()
    object.__setattr__(world.parts, "options", world.options.model_copy(update={"mode": "live"}))
    both: dict[str, str | int | float | None] = {"risk.max_positions": 9, "risk.max_drawdown": "0.1"}
    with pytest.raises(BadInput, match=r"live account: risk.max_positions from 3 to 9\. If"):
        ask(world, ChangeSettings(given=both, reason="more"))
    reply = ask(world, ChangeSettings(given=both, reason="more", loosen=True))
    assert (reply.looser, reply.tighter) == (("risk.max_positions",), ("risk.max_drawdown",))


def test_every_limit_says_which_way_is_looser() -> None:
    limits = [name for name in changes.changeable() if name != changes.INTERVAL]
    assert set(limits) == set(measures._MEASURES)
    own = Options(provider="simulated")
    for name, loose in {
        "risk.cool_down_minutes": 1, "risk.min_reward_risk": 0, "risk.daily_loss": "4%",
        "risk.trailing_stop": 0,
        "risk.loss_streak": 9, "sizing.stake": "all", "sizing.min_confidence": 1, "risk.per_trade_loss": 50,
    }.items():  # fmt: skip
        base = changes.changed(own, {"risk.trailing_stop": "0.05"})
        (found,) = changes.differences(base, changes.changed(base, {name: loose}))
        assert (found.name, found.looser, found.tighter) == (name, True, False)


def test_a_change_of_another_program_is_refused_at_the_start_of_a_session_and_stops_no_exit() -> None:
    journal = strict().journal
    row = next(row for row in journal.rows() if isinstance(row.event, SettingsChanged))
    strange = msgspec.structs.replace(row.event, given={"risk.min_confidence": "a lot"})
    world = World(wave(20), journal=rewritten(journal, {row.seq: strange}))
    with pytest.raises(BadSettings, match=r"not of this version: risk\.min_confidence = a lot"):
        wiring.refuse_stale(world.parts)
    assert world.session.cycle.policy.limits.min_confidence == 40


class Steps(FrozenClock):
    """A clock that passes as it is waited for."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed


def test_a_pause_made_longer_or_shorter_holds_for_the_wait_under_way() -> None:
    clock, waits, pause = Steps(), [], [60.0]

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 2:  # cut short after ten seconds: the pause is another now
            clock.passed += 10
            pause[0] = 30.0
        else:
            clock.passed += seconds
        return True

    pacer = WallPacer(clock, lambda: pause[0], wait)
    pacer.next()
    pacer.next()
    assert waits == [0.0, 60.0, 20.0]


def test_a_wait_is_cut_short_but_no_pause_is() -> None:
    inbox = Inbox(FrozenClock())
    inbox.paused = True
    inbox.cut()
    done = threading.Thread(target=inbox.wait, args=(3600.0,))
    done.start()
    done.join(0.3)
    assert done.is_alive()
    inbox.pause(paused=False)
    done.join(60)
    assert not done.is_alive()


def test_python_and_command_line_and_status_tell_the_same(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, provider="simulated", interval_seconds=3600, journal="one")
    with Agent(settings) as running:
        until_cycle(running, 1)
        reply = running.change_settings({"interval_seconds": 0.01, "sizing.stake": "5%"}, "faster")
        assert isinstance(reply, SettingsInForce)
        assert reply.running
        until_cycle(running, 5)  # it did not wait the hour out
        assert running.status().changed["sizing.stake"].value == "5%"
        with pytest.raises(ValueError, match="needs a reason"):
            running.change_settings({"risk.max_positions": 1}, " ")
    line = ["config", "change", "--set", "risk.max_positions=1", "--reason", "calm"]
    told = json.loads(agent(tmp_path, *line, "--json").stdout)
    assert told["given"] == {"risk.max_positions": 1}
    assert told["running"] is False
    assert told["tighter"] == ["risk.max_positions"]
    status = AccountClient(Home(tmp_path), "one").status()
    assert status.changed.keys() == {"interval_seconds", "sizing.stake", "risk.max_positions"}
    text = agent(tmp_path, "status").stdout
    assert "setting   risk.max_positions 1 (settings: 3)" in text
    assert "by operator: calm" in text
    back = dispatch(Home(tmp_path), "one", ChangeSettings(back=("risk.max_positions",), reason="again"))
    assert isinstance(back, SettingsInForce)
    assert back.changed.keys() == {"interval_seconds", "sizing.stake"}


def until_cycle(running: Agent, number: int) -> None:
    due = time.monotonic() + 90
    while running.status().cycle < number:
        assert time.monotonic() < due
        time.sleep(0.01)


def test_words_of_the_command_line(tmp_path: Path) -> None:
    wrong = agent(tmp_path, "config", "change", "--set", "risk", "--reason", "x", check=2)
    assert "--set risk: not like risk.daily_loss=2%" in wrong.stderr
