"""The six states of the loop as one table that code, docs and tests read.

An illegal trigger raises IllegalTransition and changes nothing. Any working state may fail into
LEARNING, where the failure is recorded; LEARNING itself fails into IDLE. So every cycle ends in IDLE.
A library was measured at a quarter of a cycle for this one lookup (decision 28).
"""

from typing import NamedTuple

from domain.errors import IllegalTransition

IDLE = "IDLE"
PERCEPTION = "PERCEPTION"
REASONING = "REASONING"
RISK_CHECK = "RISK_CHECK"
EXECUTION = "EXECUTION"
LEARNING = "LEARNING"

STATES = (IDLE, PERCEPTION, REASONING, RISK_CHECK, EXECUTION, LEARNING)


class Arrow(NamedTuple):
    """One allowed transition."""

    trigger: str
    source: str
    dest: str


TABLE = (
    Arrow("wake", IDLE, PERCEPTION),
    Arrow("observed", PERCEPTION, REASONING),
    Arrow("decided", REASONING, RISK_CHECK),
    Arrow("approved", RISK_CHECK, EXECUTION),
    Arrow("executed", EXECUTION, LEARNING),
    Arrow("learned", LEARNING, IDLE),
    Arrow("held", REASONING, LEARNING),
    Arrow("denied", RISK_CHECK, LEARNING),
    Arrow("failed", PERCEPTION, LEARNING),
    Arrow("failed", REASONING, LEARNING),
    Arrow("failed", RISK_CHECK, LEARNING),
    Arrow("failed", EXECUTION, LEARNING),
    Arrow("failed", LEARNING, IDLE),
)

TRIGGERS = tuple(dict.fromkeys(arrow.trigger for arrow in TABLE))
_DEST = {(arrow.source, arrow.trigger): arrow.dest for arrow in TABLE}


class LoopMachine:
    """The loop's position in the table, with the path of the cycle under way.

    `state` is one of STATES and may be read from any thread; only the loop triggers.
    """

    def __init__(self) -> None:
        self.state = IDLE
        self.path: list[str] = [IDLE]

    def fire(self, trigger: str) -> None:
        """Follow the arrow named `trigger` from the present state.

        Raises IllegalTransition, leaving the state as it was, when the table has no such arrow.
        """
        before = self.state
        dest = _DEST.get((before, trigger))
        if dest is None:
            raise IllegalTransition(_refused(trigger, before))
        if before == IDLE:
            self.path = [IDLE]
        self.state = dest
        self.path.append(dest)


def _refused(trigger: str, state: str) -> str:
    if trigger not in TRIGGERS:
        return f"unknown trigger {trigger!r}, known are {', '.join(TRIGGERS)}"
    return f"trigger {trigger!r} is not allowed in {state}"


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {IDLE}"]
    lines += [f"    {arrow.source} --> {arrow.dest}: {arrow.trigger}" for arrow in TABLE]
    return "\n".join(lines)
