"""The parts of a symbol's memory: strategies ready to step, what is kept of them, what is read of them."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from domain.candle import Candle
from reasoning.kernels.features import Features
from reasoning.kernels.strategy import Strategy
from reasoning.news.sentiment import Heard
from reasoning.own import StrategyFault

KEPT = 2_000
"""Candles kept of each symbol for parameters that come later: 0.6 MB, and more where a strategy's warm-up is
longer. One that is given parameters with a longer one is silent until it has seen the rest."""


class ConfiguredStrategy(NamedTuple):
    """A strategy with its parameters packed, ready to step."""

    strategy: Strategy[Any]
    packed: tuple[Any, ...]


class ReadNumbers(NamedTuple):
    """The numbers of a custom exit, each of the candle before and then of this one; `why` there are none.

    `waits` says that some candles more bring them. `unrun` that the voice is itself only where it trades.
    """

    values: tuple[float, ...]
    why: str = ""
    waits: bool = False
    unrun: bool = False


class Remembered(msgspec.Struct, frozen=True):
    """All that `SymbolMemory.plain` returns, typed: what a memory is made of again by `resume`."""

    series: str
    candle: Candle | None
    seen: int
    now_ms: int
    latest: Features
    recent: list[Candle]
    features: list[float]
    strategies: dict[str, list[float]]
    headlines: list[Heard]
    muted: dict[str, str] = {}
    begins: int = 0
    taken: dict[str, int] = {}


def informative_kept(speakers: Sequence[ConfiguredStrategy]) -> int:
    """Return the candles of another symbol that are kept: more than of one's own, whose market may rest."""
    return 5 * kept_for(speakers)


def kept_for(speakers: Sequence[ConfiguredStrategy]) -> int:
    """Return the candles that are kept: as many as any needs to vote at once in ticks of another grid."""
    most = KEPT
    for strategy, packed in speakers:
        with suppress(StrategyFault):  # it is muted, and needs none
            most = max(most, strategy.warmup_for(packed))
    return most
