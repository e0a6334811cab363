"""Sets of lessons: what people ask for, whether what was learned since is proven, and the event it becomes.

Going back is always possible, as far as lessons are kept. Going on is so by the gate alone: there is no
forcing it, for a lesson may come of a price that was none. An exit is decided by whatever set is in force.
"""

from datetime import datetime

import msgspec

from agent.answers.memory import LessonSetRow, MemoryAnswer, MemoryRule
from agent.state.state import State
from domain.commands import PromoteLessons, RollBackLessons
from domain.errors import BadInput, Unproven
from domain.events import LessonsSet
from domain.lesson import Beliefs
from domain.replies import LessonsInForce
from learning.hedge import UNPROVEN
from learning.lesson_gate import conditions, lesson_proof
from learning.memory import set_of, weights_of

MemoryCommand = RollBackLessons | PromoteLessons


def event_of(command: MemoryCommand, state: State, at: datetime) -> LessonsSet:
    """Return the event a command becomes.

    Raises BadInput when it cannot be meant, Unproven when what was learned since is not proven.
    """
    if isinstance(command, RollBackLessons):
        return _rolled_back(command, state, at)
    return _promoted(command, state, at)


def _rolled_back(command: RollBackLessons, state: State, at: datetime) -> LessonsSet:
    memory, number = state.memory, command.lessons
    if not command.reason.strip():
        raise BadInput("a rollback needs a reason: --reason TEXT")
    if memory.held is not None and number == memory.held.number:
        raise BadInput(f"lessons 1 to {number} are in force already")
    if not 0 <= number <= memory.in_force.number:
        raise BadInput(
            f"set {number}: must be from 0 to {memory.in_force.number}, the set in force"
            + ("; what was learned since counts again by `agent memory promote`" if memory.held else "")
        )
    lesson_set = set_of(memory, number)
    if lesson_set is None:
        raise BadInput(
            f"set {number} lies too far back: the latest {len(memory.kept)} lessons are kept, so the "
            f"earliest set is {memory.first + 1}, and 0 is none"
        )
    return LessonsSet(
        at=at,
        version=len(state.lesson_sets) + 1,
        lessons=number,
        sha256=lesson_set.sha256,
        follows=False,
        reason=command.reason.strip(),
        by=command.by,
    )


def _promoted(command: PromoteLessons, state: State, at: datetime) -> LessonsSet:
    memory = state.memory
    if memory.held is None:
        raise BadInput("every lesson counts already: no earlier set is in force")
    proof = lesson_proof(memory, state.learning)
    lacking = [
        f"{each.name} {'unknown' if each.value is None else f'{each.value:.6g}'}: must be {each.limit}"
        for each in conditions(proof)
        if not each.passed
    ]
    if lacking:
        span = (
            f"lessons {proof.since + 1} to {proof.until}" if proof.until > proof.since else "no later lesson"
        )
        raise Unproven("\n".join([f"{span}: what was learned since is not proven:", *lacking]))
    return LessonsSet(
        at=at,
        version=len(state.lesson_sets) + 1,
        lessons=memory.learned.number,
        sha256=memory.learned.sha256,
        follows=True,
        reason=command.reason.strip() or "it passed the gate",
        by=command.by,
        evidence=msgspec.to_builtins(proof),
    )


def reply_of(event: LessonsSet, state: State, *, running: bool) -> LessonsInForce:
    """Return the answer to whoever asked; `state` is as it was before the event."""
    return LessonsInForce(
        at=event.at,
        version=event.version,
        lessons=event.lessons,
        sha256=event.sha256,
        follows=event.follows,
        reason=event.reason,
        by=event.by,
        weights=_proven(weights_of(state.memory, event.lessons, state.learning)),
        running=running,
    )


def answer_of(name: str, state: State) -> MemoryAnswer:
    """Return the memory of an account as it is told."""
    memory = state.memory
    proof = lesson_proof(memory, state.learning) if memory.held is not None else None
    return MemoryAnswer(
        journal=name,
        learned=memory.learned.number,
        learned_sha256=memory.learned.sha256,
        in_force=memory.in_force.number,
        in_force_sha256=memory.in_force.sha256,
        follows=memory.held is None,
        earliest=memory.first + 1,
        weights=_proven(memory.beliefs),
        sets=[_row(each) for each in state.lesson_sets],
        proof=proof,
        rules=[MemoryRule(**each._asdict()) for each in conditions(proof)] if proof else [],
    )


def _proven(beliefs: Beliefs) -> dict[str, float]:
    """Return the weights that count: those with enough lessons behind them."""
    return {name: weight for name, weight in beliefs.weights.items() if not name.endswith(UNPROVEN)}


def _row(event: LessonsSet) -> LessonSetRow:
    return LessonSetRow(
        version=event.version,
        lessons=event.lessons,
        sha256=event.sha256,
        follows=event.follows,
        at=event.at,
        by=event.by,
        reason=event.reason,
    )
