"""Answers on work that runs beside the agents: backtests, walk-forwards, studies."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class WorkKind(StrEnum):
    """The kinds of work, each a command of the same name."""

    BACKTEST = "backtest"
    WALK_FORWARD = "walk-forward"
    OPTIMIZE = "optimize"
    MONTE_CARLO = "monte-carlo"
    LOOKAHEAD = "lookahead"


class WorkState(StrEnum):
    """The states of a piece of work."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WorkRow(Struct, frozen=True, kw_only=True):
    """A piece of work: what was asked, how far it is (`progress`, 0 to 1, None where unknown), how it ended.

    `answer` and `report` say whether `/work/{id}/answer` and `/work/{id}/report` have something.
    """

    id: str
    kind: WorkKind
    options: dict[str, Any]
    state: WorkState
    by: str
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: float | None = None
    text: str = ""
    error: str | None = None
    answer: bool = False
    report: bool = False
