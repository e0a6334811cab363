"""A turn's symbols worked on one by one: a fault over one of them holds up no exit of another.

Such a fault is ours, and it is told in the log. Its symbol is left as it is in this turn: nothing is bought,
and what is held keeps its stop.
"""

from collections.abc import Callable
from typing import TypeVar

from agent.loop.turn import Turn
from domain.decision import Action, Decision
from domain.foreign_words import fault_words
from domain.observation import Observation

T = TypeVar("T")


def guarded(turn: Turn, symbol: str, work: Callable[[], T]) -> T | None:
    """Return what work on one symbol comes to; None where it failed, and the turn says why."""
    try:
        return work()
    except Exception as fault:  # noqa: BLE001 -- ours: this symbol is left alone, the others go on
        turn.faults[symbol] = fault_words(fault)
        return None


def undecided(turn: Turn, observation: Observation) -> Decision:
    """Return the decision on a symbol whose vote failed: to hold, so that its declared exits are asked."""
    price = observation.quote.price if observation.quote else None
    why = f"not decided: {turn.faults[observation.symbol]}"
    return Decision(turn.cycle_id, observation.symbol, turn.at, Action.HOLD, 0.0, 0.0, why, price=price)
