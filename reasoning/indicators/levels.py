"""Prices to hold a price against: pivots, swings and structure."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, Parameter
from reasoning.indicators.volume import SESSION, begins_session, session_of
from reasoning.kernels.indicators import Memory
from reasoning.kernels.structure import (
    BREAK,
    BREAK_BEFORE,
    HIGH,
    LAST_BREAK,
    LOW,
    NEW_HIGH,
    NEW_LOW,
    TREND,
    structure_size,
    structure_step,
)

BEFORE, RUNNING, SEEN, SESSION_AT, WHOLE = 0, 3, 6, 7, 8
PIVOTS_SIZE = 9
"""Places of the block of pivots: high, low and close of the session before, of the running one, candles seen,
the session's number, and whether its beginning was seen."""


class Pivots(NamedTuple):
    """The pivot of the session before, three resistances above and three supports below it."""

    pivot: float
    r1: float
    s1: float
    r2: float
    s2: float
    r3: float
    s3: float


class Swings(NamedTuple):
    """The last confirmed swing high and low, and those this candle confirmed; 0.0 for none."""

    high: float
    low: float
    new_high: float
    new_low: float


class Structure(NamedTuple):
    """The trend of swings, the break of this candle, and the directions of the last two breaks."""

    trend: float
    broke: float
    last_break: float
    break_before: float
    high: float
    low: float


@kernel
def pivots_size(_hours: int, _begins: int) -> int:
    """Return the floats of pivots."""
    return PIVOTS_SIZE


@kernel
def pivots_warmup(_hours: int, _begins: int) -> int:
    """Return 0: what they wait for is the end of a whole session."""
    return 0


@kernel
def pivots_step(
    memory: Memory, at: int, hours: int, begins: int, time: float, high: float, low: float, close: float
) -> Pivots:
    """Return the floor traders' pivots of the session before; 0.0 until one was seen from its beginning."""
    session = float(session_of(time, hours, begins))
    if memory[at + SEEN] == 0.0 or session != memory[at + SESSION_AT]:
        if memory[at + WHOLE] == 1.0:
            for index in range(3):
                memory[at + BEFORE + index] = memory[at + RUNNING + index]
        memory[at + WHOLE] = (
            1.0 if memory[at + SEEN] > 0.0 or begins_session(time, hours, begins) == 1 else 0.0
        )
        memory[at + SESSION_AT] = session
        memory[at + RUNNING] = high
        memory[at + RUNNING + 1] = low
    memory[at + SEEN] += 1.0
    memory[at + RUNNING] = max(memory[at + RUNNING], high)
    memory[at + RUNNING + 1] = min(memory[at + RUNNING + 1], low)
    memory[at + RUNNING + 2] = close
    top, bottom = memory[at + BEFORE], memory[at + BEFORE + 1]
    middle = (top + bottom + memory[at + BEFORE + 2]) / 3.0
    reach = top - bottom
    return Pivots(
        middle,
        2.0 * middle - bottom,
        2.0 * middle - top,
        middle + reach,
        middle - reach,
        top + 2.0 * (middle - bottom),
        bottom - 2.0 * (top - middle),
    )


@kernel
def swings_warmup(wing: int) -> int:
    """Return the candles before a swing can be confirmed."""
    return 2 * wing


@kernel
def swings_step(memory: Memory, at: int, wing: int, high: float, low: float) -> Swings:
    """Return the swings: a high above (a low below) the `wing` candles on each side, once they closed."""
    structure_step(memory, at, wing, high, low, (high + low) / 2.0)
    return Swings(
        memory[at + HIGH],
        memory[at + LOW],
        memory[at + NEW_HIGH],
        memory[at + NEW_LOW],
    )


@kernel
def broken_step(memory: Memory, at: int, wing: int, high: float, low: float, close: float) -> Structure:
    """Return the market structure: whether swings rise or fall, and whether this close broke the last one."""
    structure_step(memory, at, wing, high, low, close)
    return Structure(
        memory[at + TREND],
        memory[at + BREAK],
        memory[at + LAST_BREAK],
        memory[at + BREAK_BEFORE],
        memory[at + HIGH],
        memory[at + LOW],
    )


WING = Parameter("wing", int, 5, 1, 50, "candles on each side of a swing")
TIES = "Strictly beyond every one of them: of two equal highs within reach neither is a swing. "
PIVOTS = IndicatorKind(
    name="pivots",
    family="levels",
    step=pivots_step,
    size=pivots_size,
    warmup=pivots_warmup,
    parameters=SESSION,
    inputs=("time", "high", "low", "close"),
    outputs=Pivots._fields,
    on_price=True,
    formula="pivot = (high + low + close) / 3; r1, s1 = 2 * pivot - low, - high; r2, s2 = pivot +- (high "
    "- low); r3, s3 = high + 2 * (pivot - low), low - 2 * (high - pivot); all of the last session",
    source="the floor traders' formula, as TradingView's Traditional",
    convention="A session is a UTC day unless told. One that was not seen from its beginning gives none, "
    "so the levels do not depend on where history begins; 0.0 until there is one.",
    late=True,
)
SWINGS = IndicatorKind(
    name="swings",
    family="levels",
    step=swings_step,
    size=structure_size,
    warmup=swings_warmup,
    parameters=(WING,),
    inputs=("high", "low"),
    outputs=Swings._fields,
    on_price=True,
    formula="high_i above every other high from i - wing to i + wing, known at i + wing; lows mirrored",
    source="Williams' fractals with a wing of their own; reasoning/kernels/structure.py",
    convention=TIES
    + "It is told when it is confirmed, `wing` candles later; charts draw it back where it was, "
    "and libraries that mark it there look ahead.",
    late=True,
)
STRUCTURE = IndicatorKind(
    name="structure",
    family="levels",
    step=broken_step,
    size=structure_size,
    warmup=swings_warmup,
    parameters=(WING,),
    inputs=("high", "low", "close"),
    outputs=Structure._fields,
    on_price=False,
    formula="trend 1 where the last two highs and the last two lows rose, -1 where both fell, else 0; "
    "broke 1 (with the trend or in a range), 2 (against it), negative downward, for a close beyond the "
    "last swing",
    source="reasoning/kernels/structure.py",
    convention=TIES + "A close breaks a swing, a wick does not, and each swing once.",
    late=True,
    directions=("trend", "broke", "last_break", "break_before"),
    priced=("high", "low"),
)
KINDS = (PIVOTS, SWINGS, STRUCTURE)
