"""Lessons from trades and vetoes, and the beliefs they fold into."""

from datetime import datetime

import msgspec

from domain.decision import Voice


class Context(msgspec.Struct, frozen=True):
    """The reasons for an entry, kept until its outcome is known."""

    cycle_id: int
    symbol: str
    at: datetime
    confidence: float
    regime: str
    voices: tuple[Voice, ...]


class Pending(msgspec.Struct, frozen=True):
    """A vetoed entry whose would-be outcome is still open.

    `entry`, `stop` and `target` in ticks (0 for none); `candles_left` until it is settled at the close.
    """

    context: Context
    rule: str
    entry: int
    stop: int
    target: int
    candles_left: int


class Lesson(msgspec.Struct, frozen=True):
    """One outcome and who spoke for it.

    `kind` is "trade" or "veto". `result` is the return on the entry's notional after costs as a
    fraction (for a veto: what it would have been). Cash amounts in cash units, 0 for a veto.
    `exit` says how it ended: of `domain.exits.ENDINGS`, "adopted" or "horizon". `rule` is the vetoing rule.
    """

    kind: str
    context: Context
    learned_at: datetime
    result: float
    exit: str
    held_ms: int
    entry: float
    leave: float
    pnl: int = 0
    gross: int = 0
    fees: int = 0
    slippage: int = 0
    rule: str = ""


class Beliefs(msgspec.Struct, frozen=True):
    """Each voice's weight (1 is neutral) and the number of lessons behind it."""

    weights: dict[str, float] = {}
    evidence: dict[str, int] = {}

    def weight(self, voice: str) -> float:
        """Weight of a voice; 1 while nothing is known."""
        return self.weights.get(voice, 1.0)
