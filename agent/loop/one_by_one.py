"""A turn's symbols worked on one by one: a fault over one of them holds up no exit of another.

Such a fault is ours, and it is told in the log. Its symbol is left as it is in this turn: nothing is bought,
and what is held keeps its stop.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from agent.loop.turn import Turn
from domain.decision import Action, Decision
from domain.observation import Observation

T = TypeVar("T")
LONGEST = 300
"""Characters of a fault's words that are kept."""
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def guarded(turn: Turn, symbol: str, work: Callable[[], T]) -> T | None:
    """Return what work on one symbol comes to; None where it failed, and the turn says why."""
    try:
        return work()
    except Exception as fault:  # noqa: BLE001 -- ours: this symbol is left alone, the others go on
        turn.faults[symbol] = words_of(fault)
        return None


def words_of(fault: Exception) -> str:
    """Return a fault in a line of bounded length that can be journaled, and that a replay comes to again."""
    kind = type(fault).__name__
    try:
        text = " ".join(str(fault).split())
    except Exception:  # noqa: BLE001 -- a fault whose words fail is told by its kind
        return kind
    text = ADDRESS.sub("0x...", text[:LONGEST]).encode("utf-8", "backslashreplace").decode()
    return f"{kind}: {text}"


def undecided(turn: Turn, observation: Observation) -> Decision:
    """Return the decision on a symbol whose vote failed: to hold, so that its declared exits are asked."""
    price = observation.quote.price if observation.quote else None
    why = f"not decided: {turn.faults[observation.symbol]}"
    return Decision(turn.cycle_id, observation.symbol, turn.at, Action.HOLD, 0.0, 0.0, why, price=price)
