"""Levels of equal swings that were swept and reclaimed, as an indicator."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, Parameter
from reasoning.indicators.levels import WING
from reasoning.kernels.indicators import Memory
from reasoning.kernels.levels import LEVELS_SIZE, sweep, touch
from reasoning.kernels.structure import (
    HIGH,
    LOW,
    NEW_HIGH,
    NEW_LOW,
    SEEN,
    TREND,
    structure_size,
    structure_step,
    structure_warmup,
)


class SweptLevels(NamedTuple):
    """The ends of sweeps of lows and of highs that were reclaimed, 0 for none; last swings; their trend."""

    under: float
    above: float
    high: float
    low: float
    trend: float


@kernel
def swept_size(wing: int, _tolerance: float, _touches: int, _least: float, _patience: int) -> int:
    """Return the floats of levels of lows, levels of highs and structure."""
    return 2 * LEVELS_SIZE + structure_size(wing)


@kernel
def swept_warmup(wing: int, _tolerance: float, _touches: int, _least: float, _patience: int) -> int:
    """Return the candles before two swings of one side can be confirmed."""
    return structure_warmup(wing) + wing


@kernel
def swept_step(
    memory: Memory,
    at: int,
    wing: int,
    tolerance: float,
    touches: int,
    least: float,
    patience: int,
    high: float,
    low: float,
    close: float,
) -> SweptLevels:
    """Return what a candle swept and reclaimed.

    Levels known before it are swept first, then its swing may touch one.
    """
    lows, highs, structure = at, at + LEVELS_SIZE, at + 2 * LEVELS_SIZE
    under = sweep(memory, lows, 1, low, close, least, touches, patience)
    above = sweep(memory, highs, -1, high, close, least, touches, patience)
    structure_step(memory, structure, wing, high, low, close)
    number = memory[structure + SEEN]
    if memory[structure + NEW_LOW] > 0.0:
        touch(memory, lows, memory[structure + NEW_LOW], tolerance, number)
    if memory[structure + NEW_HIGH] > 0.0:
        touch(memory, highs, memory[structure + NEW_HIGH], tolerance, number)
    return SweptLevels(
        under, above, memory[structure + HIGH], memory[structure + LOW], memory[structure + TREND]
    )


SWEPT = IndicatorKind(
    name="swept",
    family="structure",
    step=swept_step,
    size=swept_size,
    warmup=swept_warmup,
    parameters=(
        WING,
        Parameter("tolerance", float, 0.001, 0.0, 0.1, "width of a level, as a fraction"),
        Parameter("touches", int, 2, 2, 10, "swings that make a level"),
        Parameter("least", float, 0.0, 0.0, 0.1, "least way beyond the level, as a fraction"),
        Parameter("patience", int, 3, 0, 50, "candles after the sweep in which a close may reclaim it"),
    ),
    inputs=("high", "low", "close"),
    outputs=SweptLevels._fields,
    on_price=True,
    formula="farthest price beyond a level of equal swings that a close has reclaimed",
    source="reasoning.kernels.levels",
    convention="Of several reclaimed at once the one touched last counts.",
    late=True,
    directions=("trend",),
    priced=("under", "above", "high", "low"),
)
