"""Questions made again: each one recorded is rebuilt from what its cycle saw, and compared byte for byte.

Nobody is asked. A question is a pure function of candles, strategies, headlines, lessons in force and
settings, all of which a replay has; so another template, another strategy or a lesson of the future shows
here as the first byte that differs. A question whose cycle was never decided (the process ended while it
was under way) is not rebuilt, for what that cycle saw is in no row: it is counted.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from advice.council import Council
from advice.question import QuestionFacts
from agent.loop.advising import Advising
from agent.loop.session import Session
from agent.loop.turn import Turn
from agent.wiring.advisers import convene, unasked
from agent.wiring.folded import Parts
from domain.advice import AdviserQuestion
from domain.events import AdviceAsked, SessionStarted
from domain.ports import Records

AROUND = 40
"""Characters shown from the first that differs."""


class QuestionDifference(msgspec.Struct, frozen=True):
    """A question that comes out another way today: which, and what is the first to differ."""

    number: int
    cycle_id: int
    adviser: str
    symbol: str
    why: str


class QuestionsCompared(msgspec.Struct, frozen=True):
    """The questions of a session: how many were sent, how many come out the same, and those that do not.

    `undecided` ones were under way when the process ended; what their cycle saw is not in the journal.
    """

    asked: int
    same: int
    undecided: int
    differing: tuple[QuestionDifference, ...] = ()


class Rebuilding(Advising):
    """Makes recorded questions again, where advisers would be asked; changes nothing of a turn."""

    def __init__(self, recorded: Mapping[int, list[AdviceAsked]], **parts: Any) -> None:
        super().__init__(**parts)
        self.recorded = recorded
        self.same = 0
        self.differing: list[QuestionDifference] = []

    def __call__(self, turn: Turn) -> None:
        """Compare the questions of a cycle with those it would ask."""
        asked = self.recorded.get(turn.cycle_id, ())
        facts: dict[str, QuestionFacts | str] = {}
        for event in asked:
            symbol = event.question.symbol
            if symbol not in facts:
                facts[symbol] = self._made(turn, symbol)
            why = self._differs(event.question, facts[symbol])
            self.same += not why
            if why:
                self.differing.append(
                    QuestionDifference(event.number, turn.cycle_id, event.question.adviser, symbol, why)
                )

    def _made(self, turn: Turn, symbol: str) -> QuestionFacts | str:
        observation = next((each for each in turn.observations if each.symbol == symbol), None)
        if observation is None or not observation.candles:
            return f"the cycle saw no new candle of {symbol}"
        bare = replace(observation, advice=())
        orientation = self.mind.preview(bare, (*turn.beside, *turn.observations))
        return self._facts(turn, bare, orientation, self._decision(turn, bare, orientation))

    def _differs(self, question: AdviserQuestion, facts: QuestionFacts | str) -> str:
        """Say what is the first thing that differs, "" where nothing does."""
        seat = self.council.seats.get(question.adviser)
        if isinstance(facts, str):
            return facts
        if seat is None:
            return "the session's settings name no such adviser"
        if hashlib.sha256(question.body.encode()).hexdigest() != question.sha256:
            return "its digest is not that of its body"
        now = replace(self.council.question(seat, facts), sample=question.sample)
        if now.body != question.body:
            return first_difference(question.body, now.body)
        return "" if now == question else _fields(question, now)


def first_difference(then: str, now: str) -> str:
    """Return where two texts part, and how each goes on from there."""
    at = next((i for i, (one, two) in enumerate(zip(then, now, strict=False)) if one != two), None)
    first = min(len(then), len(now)) if at is None else at
    begin = max(0, first - AROUND // 2)
    return (
        f"byte {len(then[:first].encode())}: sent {then[begin : first + AROUND]!r}, "
        f"now {now[begin : first + AROUND]!r}"
    )


def _fields(then: AdviserQuestion, now: AdviserQuestion) -> str:
    """Return the fields beside the body that differ; one a recorded question had not is none of them."""
    names = [
        name
        for name in then.__struct_fields__
        if getattr(then, name) != getattr(now, name) and (name not in NEW or getattr(then, name))
    ]
    return "; ".join(f"{name}: recorded {getattr(then, name)}, now {getattr(now, name)}" for name in names)


NEW = frozenset({"lesson_set", "lesson_sha256"})
"""Fields that questions of older journals have not."""


def asked_in(journal: Records, started: SessionStarted) -> dict[int, list[AdviceAsked]]:
    """Return the questions of a session by cycle."""
    questions: dict[int, list[AdviceAsked]] = {}
    inside = False
    for row in journal.rows():
        event = row.event
        if isinstance(event, SessionStarted):
            inside = event.session == started.session
        elif inside and isinstance(event, AdviceAsked):
            questions.setdefault(event.cycle_id, []).append(event)
    return questions


class QuestionReplay:
    """The rebuilding of a session's questions beside its replay."""

    def __init__(self, recorded: Mapping[int, list[AdviceAsked]]) -> None:
        self.recorded = recorded
        self.makers: list[Rebuilding] = []

    def begin(self, run: Session, parts: Parts) -> None:
        """Let a replayed session rebuild its questions; nothing where it asked none."""
        if self.recorded and parts.options.advice.advisers:
            convene(run, parts, self._council(run, parts), self._maker)

    def _council(self, run: Session, parts: Parts) -> Council:
        return unasked(parts.options, run.inbox.clock)

    def _maker(self, **rest: Any) -> Advising:
        self.makers.append(Rebuilding(self.recorded, **rest))
        return self.makers[-1]

    def compared(self) -> QuestionsCompared:
        """Return what came of it."""
        asked = _count(self.recorded.values())
        same = sum(each.same for each in self.makers)
        differing = tuple(each for maker in self.makers for each in maker.differing)
        return QuestionsCompared(asked, same, asked - same - len(differing), differing)


def _count(groups: Iterable[list[AdviceAsked]]) -> int:
    return sum(map(len, groups))
