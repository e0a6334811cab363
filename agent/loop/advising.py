"""Advice on a cycle's entries, asked for between what it saw and what it decides.

Nobody is asked unless a strategy would enter: not for an exit, not while one is to be made, not where no
entry is taken anyway. While models answer, nothing is locked: kills, closes and the emergency stop go their
way. All that can go wrong here leaves the cycle as it would have been without advisers. Questions are
journaled before they are sent and answers before they are used; where the journal fails nothing is.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from msgspec.structs import replace

from advice.council import Council, Plan
from advice.lessons import chosen, told
from advice.question import QuestionFacts
from agent.host import log
from agent.loop.turn import Turn, splits
from agent.state.record import Record
from domain.decision import Action, Decision
from domain.lesson import Lesson
from domain.observation import Observation, Source
from domain.ports import Platform
from domain.times import closing, utc
from reasoning.minds import StrategyRunner
from reasoning.orientation import Orientation
from reasoning.settings import ReasoningSettings
from reasoning.vote import decide


class Advising:
    """Asks the council of a session; called once a cycle, in the loop's thread."""

    def __init__(
        self,
        *,
        council: Council,
        record: Record,
        mind: StrategyRunner,
        platform: Platform,
        reasoning: ReasoningSettings,
        timeframe_ms: int,
        trading_lock: AbstractContextManager[Any],
        blocked: Callable[[], Mapping[str, str]],
        hurry: Callable[[], bool],
    ) -> None:
        self.council = council
        self.record = record
        self.mind = mind
        self.platform = platform
        self.reasoning = reasoning
        self.timeframe_ms = timeframe_ms
        self.trading_lock = trading_lock
        self.blocked = blocked
        self.hurry = hurry

    def __call__(self, turn: Turn) -> None:
        """Add to a turn's observations what advisers say of the entries they would lead to.

        Most cycles enter nothing, and pay for no more than the look that finds it.
        """
        try:
            with self.trading_lock:
                voted = self.mind.votes(turn.observations, turn.beside)
            if voted:
                self._advise(turn)
        except Exception as error:  # noqa: BLE001 -- whatever it was, the cycle goes on without advice
            log.say("error", "no advice", why=f"{type(error).__name__}: {error}")

    def _advise(self, turn: Turn) -> None:
        clock = self.council.clock
        with self.trading_lock:
            wanted = self._wanted(turn)
            plan = Plan()
            if wanted:
                plan = self.council.planned(turn.cycle_id, wanted, self.record.state.spend, clock.now())
            if plan.asked:
                self.record.write(*plan.asked)
        if not wanted:
            return
        arrived = self.council.asked(plan, self.hurry)
        answers = self.council.answered(plan, arrived, clock.now())
        if answers:
            with self.trading_lock:
                self.record.write(*answers)
        advice = self.council.advised(plan, answers)
        turn.observations = [
            replace(each, advice=advice[each.symbol]) if each.symbol in advice else each
            for each in turn.observations
        ]

    def _wanted(self, turn: Turn) -> list[QuestionFacts]:
        """Return what is known of each symbol a strategy would enter; nothing while an exit is to be made."""
        if self.record.state.kill_switch or self.hurry():
            return []
        blocked = {**turn.unseen, **splits(turn.observations), **self.platform.blocked(), **self.blocked()}
        wanted: list[QuestionFacts] = []
        for observation in turn.observations if "" not in blocked else ():
            if not observation.candles:
                continue
            orientation = self.mind.preview(observation, (*turn.beside, *turn.observations))
            if not any(signal.vote for _, signal, _ in orientation.signals):
                continue
            decision = self._decision(turn, observation, orientation)
            if decision.action is Action.SELL and observation.symbol in self.record.state.ledger.positions:
                return []
            if decision.action is Action.BUY and observation.symbol not in blocked:
                wanted.append(self._facts(turn, observation, orientation, decision))
        return wanted

    def _decision(self, turn: Turn, observation: Observation, orientation: Orientation) -> Decision:
        """Return what the strategies alone would decide."""
        alone = replace(orientation, sentiment=None)
        beliefs = self.record.state.beliefs_for(observation)
        return decide(turn.cycle_id, observation, alone, beliefs, self.reasoning, turn.at)

    def _facts(
        self, turn: Turn, observation: Observation, orientation: Orientation, decision: Decision
    ) -> QuestionFacts:
        sentiment, in_force = orientation.sentiment, self.record.state.memory.in_force
        return QuestionFacts(
            symbol=observation.symbol,
            timeframe_ms=self.timeframe_ms,
            candles=self.mind.recent(observation, self.council.settings.candles + 1),
            atr=orientation.atr,
            atr_ratio=orientation.atr_ratio,
            regime=orientation.regime,
            score=decision.score,
            signals=tuple((name, signal) for name, signal, _ in orientation.signals),
            sentiment=None if sentiment is None else sentiment.score,
            headlines=tuple(each.title for each in observation.headlines),
            asked_at=turn.at if observation.source is Source.SIMULATED else self.council.clock.now(),
            lessons=told(self._lessons(observation, orientation.regime)),
            lesson_set=in_force.number,
            lesson_sha256=in_force.sha256,
        )

    def _lessons(self, observation: Observation, regime: str) -> tuple[Lesson, ...]:
        """Return the lessons a question tells of; what was learned since its candle closed is not."""
        closed_at = utc(closing(observation.candles[-1].time, self.timeframe_ms))
        most = self.council.settings.lessons
        return chosen(self.record.state.memory.recent(), closed_at, observation.symbol, regime, most)
