"""Decisions: each voice's vote and the one decision they add up to."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from domain.exits import ExitPlan

HELD = "held back by "
"""How the reason begins against an entry that a voice held back; a rule of the gate has none like it."""


class Action(StrEnum):
    """The action of a decision."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class Signal(NamedTuple):
    """A strategy's signal on one closed candle, as its step kernel gives it.

    `vote` is +1 (buy), -1 (sell) or 0 (abstain); `confidence` 0 to 100, the sum of the four parts
    (`base`, `trend`, `volume`, `volatility`). `stop_ppm` is the stop's distance from the actual
    entry in parts per million (0 for none); `stop` and `target` are absolute prices in ticks
    (0 for none).
    """

    vote: int
    confidence: float
    base: float
    trend: float
    volume: float
    volatility: float
    stop_ppm: int
    stop: int
    target: int


class Voice(msgspec.Struct, frozen=True):
    """One voter's opinion: vote, confidence, its weight from lessons, and why."""

    name: str
    vote: int
    confidence: float
    weight: float
    reason: str
    parts: dict[str, float] = {}


class Edge(msgspec.Struct, frozen=True):
    """An entry's edge as a promoted voice sees it, by which its size is bounded.

    `chance` is the lower end of the calibrated probability that its net result is above 0, `payoff` the mean
    net gain over the mean net loss of the outcomes behind it.
    """

    voice: str
    chance: float
    payoff: float


class HeldBack(msgspec.Struct, frozen=True):
    """An entry the strategies wanted and voices that only lower held back: `by` whom, one name a voice.

    Each of them alone would have held it back. `score` is the strategies' own; `stop_ppm`, `stop` and
    `target` are those the entry would have had, as in Signal.
    """

    by: tuple[str, ...]
    score: float
    stop_ppm: int = 0
    stop: int = 0
    target: int = 0

    @property
    def rule(self) -> str:
        """Its name among the reasons against entries."""
        return HELD + " and ".join(self.by)


class Decision(msgspec.Struct, frozen=True):
    """The one decision for a symbol in a cycle, with every voice.

    `score` is the weighted vote in [-100, 100], `confidence` its size. `price` is the quote in
    ticks when deciding. `stop_ppm`, `stop` and `target` as in Signal, from the strongest voice on
    the winning side. `atr_ratio` is baseline ATR over current ATR (1 while warming up). `edge` is the least
    that promoted voices see in an entry, None where none of them is proven to know. `held_back` has the entry
    that this decision would have been, where there was one. `exits` are those the strongest voice declares
    for what it buys; unset where it declares none.
    """

    cycle_id: int
    symbol: str
    at: datetime
    action: Action
    score: float
    confidence: float
    reason: str
    voices: tuple[Voice, ...] = ()
    price: int | None = None
    stop_ppm: int = 0
    stop: int = 0
    target: int = 0
    atr_ratio: float = 1.0
    regime: str = "unknown"
    edge: Edge | None = None
    held_back: tuple[HeldBack, ...] = ()
    exits: ExitPlan | msgspec.UnsetType = msgspec.UNSET
