"""Lessons feed back: a later decision is changed by earlier trades, and the same after a restart."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.candle import Candle
from domain.commands import ResetKill
from domain.events import CycleDecided, CycleEnded, KillSwitchSet
from domain.observation import Headline, Observation
from domain.order import Purpose
from journal.memory import MemoryJournal
from learning.settings import LearningSettings
from tests.agent.world import ID, Script, Step, World, ask, folded, lively, wave

QUICK = LearningSettings(rate=2.0, min_evidence=1, full_result=0.005)
CLOSES = wave(600)
MIDNIGHT = 1_699_920_060_000
"""A minute into a day (UTC): the whole session lies in it."""


class WithNews(Script):
    """A market with one bullish headline an hour, so that another voice speaks beside the strategies."""

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        seen = super().observe(symbol, after, now)
        if self.index % 60:
            return seen
        headline = Headline("All is well", now, "script", score=0.9)
        return msgspec.structs.replace(seen, headlines=(headline,))


def run(learning: LearningSettings, steps: list[Step], journal: MemoryJournal | None = None) -> World:
    world = World([], options=lively(learning=learning), journal=journal, observer=WithNews(steps))
    world.run()
    return world


def decisions(world: World) -> dict[int, CycleDecided]:
    return {event.cycle_id: event for event in world.events if isinstance(event, CycleDecided)}


def test_earlier_lessons_change_a_later_decision() -> None:
    learned = decisions(run(QUICK, CLOSES))
    ignorant = decisions(run(LearningSettings(enabled=False), CLOSES))
    first_lesson = next(
        event.cycle_id
        for event in run(QUICK, CLOSES).events
        if isinstance(event, CycleEnded) and event.lessons
    )
    changed = [
        cycle for cycle in learned if learned[cycle].decisions[0].score != ignorant[cycle].decisions[0].score
    ]
    assert changed
    assert min(changed) > first_lesson


def test_what_was_learned_is_the_same_after_a_restart() -> None:
    whole = run(QUICK, CLOSES)
    journal = MemoryJournal(ID)
    run(QUICK, CLOSES[:400], journal)
    journal.reopen()
    second = WithNews(CLOSES)
    second.index, second.previous = 399, float(CLOSES[399])  # type: ignore[arg-type]  # closes are floats
    again = World([], options=lively(learning=QUICK), journal=journal, observer=second)
    again.run()
    assert again.state.beliefs == whole.state.beliefs
    assert again.state.beliefs.weights
    assert again.state.ledger.cash == whole.state.ledger.cash
    later = {cycle: event for cycle, event in decisions(whole).items() if cycle > 400}
    assert decisions(again) == later


def losing(**limits: Any) -> World:
    options = lively()
    risk = options.risk.model_copy(update={"daily_loss": Decimal(1)} | limits)
    world = World(CLOSES, options=options.model_copy(update={"risk": risk}))
    world.run()
    return world


def test_a_daily_loss_throws_the_kill_switch_by_itself_and_exits_go_on() -> None:
    world = losing()
    thrown = [event for event in world.events if isinstance(event, KillSwitchSet)]
    assert [(event.active, event.by) for event in thrown] == [(True, "agent")]
    assert "daily loss" in thrown[0].reason
    after = world.events[world.events.index(thrown[0]) :]
    verdicts = [verdict for event in after if isinstance(event, CycleDecided) for verdict in event.verdicts]
    approved = [verdict.order.purpose for verdict in verdicts if hasattr(verdict, "order")]
    assert Purpose.ENTRY not in approved
    assert "kill_switch_active" in {getattr(verdict, "reason", "") for verdict in verdicts}
    state, _ = folded(world.options, world.journal)
    assert state.kill_switch == world.state.kill_switch == thrown[0].reason


def test_after_a_reset_it_is_not_thrown_again_the_same_day_while_the_rule_still_vetoes() -> None:
    world = World(CLOSES, options=losing().options, start=MIDNIGHT)

    def reset(event: Any) -> None:
        if isinstance(event, CycleEnded) and world.state.kill_switch:
            ask(world, ResetKill(reason="operator resumed"), event.at)

    world.session.listeners.append(reset)
    world.run()
    by_agent = [event for event in world.events if isinstance(event, KillSwitchSet) and event.by == "agent"]
    days = [event.at.date() for event in by_agent]
    assert len(days) == len(set(days)) >= 1
    assert world.state.vetoes["daily_loss_limit_exceeded"] > 0
