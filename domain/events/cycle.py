"""The events of a cycle: what it saw and decided, its orders and what became of them, its end.

A cycle without an order is one transaction of CycleDecided and CycleEnded. A cycle with orders
commits CycleDecided and OrdersIntended before anything is sent, and OrderReported after.
"""

from datetime import datetime

import msgspec

from domain.decision import Decision
from domain.lesson import Lesson
from domain.observation import Observation
from domain.order import Order, Receipt
from domain.verdict import Verdict

OUTCOMES = ("held", "denied", "executed", "failed", "interrupted")
"""How a cycle may have ended."""


class Failure(msgspec.Struct, frozen=True):
    """A failure in a cycle: the state it was in, the kind of error and its message (redacted)."""

    stage: str
    kind: str
    message: str


class CycleDecided(msgspec.Struct, frozen=True, tag="cycle_decided"):
    """Everything a cycle saw and concluded, before any order was sent.

    `updates` are what resting orders did since the last cycle; `blocked` says why the venue takes no entry,
    by symbol ("" for every symbol). `informative` is what was seen of symbols that are not traded and that
    strategies look at, if there are any. `faults` are ours over one symbol, which was left alone, by symbol.
    """

    cycle_id: int
    at: datetime
    observations: tuple[Observation, ...] = ()
    updates: tuple[Receipt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    blocked: dict[str, str] = {}
    informative: tuple[Observation, ...] | msgspec.UnsetType = msgspec.UNSET
    faults: dict[str, str] | msgspec.UnsetType = msgspec.UNSET

    @property
    def beside(self) -> tuple[Observation, ...]:
        """Return what was seen of symbols that are only looked at."""
        return self.informative or ()


class OrdersIntended(msgspec.Struct, frozen=True, tag="orders_intended"):
    """Orders about to be sent, state SENDING; committed before sending.

    `sending_at` is the venue's time of the commit, as well as it was known: what an order's absence is
    measured from.
    """

    cycle_id: int
    at: datetime
    orders: tuple[Order, ...]
    sending_at: datetime | None = None


class OrderReported(msgspec.Struct, frozen=True, tag="order_reported"):
    """A receipt: the platform's answer to a send or a cancel, or what recovery found out."""

    cycle_id: int
    receipt: Receipt


class CycleEnded(msgspec.Struct, frozen=True, tag="cycle_ended"):
    """A cycle came back to IDLE: the states it passed, its outcome, and what was learned.

    `outcome` is one of `OUTCOMES`.
    """

    cycle_id: int
    at: datetime
    path: tuple[str, ...]
    outcome: str
    lessons: tuple[Lesson, ...] = ()
    error: Failure | None = None
