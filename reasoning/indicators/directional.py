"""Wilder's directional movement: which way the ranges grow, and how one-sidedly."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, period
from reasoning.kernels.indicators import Memory
from reasoning.kernels.wilder import smoothed

SEEN, HIGH, LOW, CLOSE, PLUS, MINUS, RANGE, INDEX = 0, 1, 2, 3, 4, 5, 6, 7
DI_SIZE, ADX_SIZE = 7, 8
"""Places of the block: candles seen, the last high, low and close, the smoothed sums of upward and downward
movement and of true ranges, and the ADX (its sum while seeding)."""


class Directions(NamedTuple):
    """The share of the ranges that was movement upward and downward, in per cent."""

    plus: float
    minus: float


class Adx(NamedTuple):
    """The strength of a trend, and how much of the ranges was movement upward and downward."""

    adx: float
    plus: float
    minus: float


@kernel
def di_size(_n: int) -> int:
    """Return the floats of the directional indicators."""
    return DI_SIZE


@kernel
def di_warmup(n: int) -> int:
    """Return the candles before the directional indicators are known."""
    return n


@kernel
def move(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> None:
    """Take in a candle: sum `n` - 1 movements and ranges, then let each new one push an nth out."""
    count = memory[at + SEEN]
    up, down = high - memory[at + HIGH], memory[at + LOW] - low
    reach = max(high, memory[at + CLOSE]) - min(low, memory[at + CLOSE])
    memory[at + SEEN] = count + 1.0
    memory[at + HIGH] = high
    memory[at + LOW] = low
    memory[at + CLOSE] = close
    if count == 0.0:
        return
    kept = 1.0 - 1.0 / n if count >= n else 1.0
    memory[at + PLUS] = memory[at + PLUS] * kept + (up if up > down and up > 0.0 else 0.0)
    memory[at + MINUS] = memory[at + MINUS] * kept + (down if down > up and down > 0.0 else 0.0)
    memory[at + RANGE] = memory[at + RANGE] * kept + reach


@kernel
def directions(memory: Memory, at: int) -> Directions:
    """Return the movements in per cent of the ranges; 0.0 where there is no range."""
    reach = memory[at + RANGE]
    if reach <= 0.0:
        return Directions(0.0, 0.0)
    return Directions(100.0 * (memory[at + PLUS] / reach), 100.0 * (memory[at + MINUS] / reach))


@kernel
def di_step(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> Directions:
    """Return the directional indicators: movement upward and downward in per cent of the true range."""
    move(memory, at, n, high, low, close)
    return directions(memory, at) if memory[at] > n else Directions(0.0, 0.0)


@kernel
def adx_size(_n: int) -> int:
    """Return the floats of an ADX."""
    return ADX_SIZE


@kernel
def adx_warmup(n: int) -> int:
    """Return the candles before the first ADX: `n` directions after `n` movements."""
    return 2 * n - 1


@kernel
def adx_step(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> Adx:
    """Return the average directional index: the strength of a trend, whichever way it goes, 0 to 100."""
    move(memory, at, n, high, low, close)
    count = memory[at + SEEN]
    if count <= n:
        return Adx(0.0, 0.0, 0.0)
    now = directions(memory, at)
    both = now.plus + now.minus
    apart = 100.0 * abs(now.plus - now.minus) / both if both > 0.0 else 0.0
    if count > 2.0 * n:
        if both > 0.0:
            memory[at + INDEX] = smoothed(memory[at + INDEX], n, apart)
        return Adx(memory[at + INDEX], now.plus, now.minus)
    memory[at + INDEX] += apart
    if count < 2.0 * n:
        return Adx(0.0, 0.0, 0.0)
    memory[at + INDEX] /= n
    return Adx(memory[at + INDEX], now.plus, now.minus)


WILDER = "Wilder, New Concepts in Technical Trading Systems (1978)"
DI = IndicatorKind(
    name="di",
    family="trend",
    step=di_step,
    size=di_size,
    warmup=di_warmup,
    parameters=(period(14, "candles smoothed over", low=2),),
    inputs=("high", "low", "close"),
    outputs=Directions._fields,
    on_price=False,
    formula="100 * smoothed movement / smoothed true range; up = high - high before, down = low before - "
    "low, the larger counts where it is above 0, neither where they are equal",
    source=f"{WILDER}; TA-Lib PLUS_DI, MINUS_DI",
    convention="Wilder's smoothing as a sum that loses an nth for each new value, seeded with the sum of "
    "the first n - 1 movements, as TA-Lib does; the book sums n. 0 where there is no range.",
    forgets=True,
)
ADX = IndicatorKind(
    name="adx",
    family="trend",
    step=adx_step,
    size=adx_size,
    warmup=adx_warmup,
    parameters=(period(14, "candles smoothed over", low=2),),
    inputs=("high", "low", "close"),
    outputs=Adx._fields,
    on_price=False,
    formula="dx = 100 * |plus - minus| / (plus + minus); adx = (adx * (n - 1) + dx) / n",
    source=f"{WILDER}; TA-Lib ADX",
    convention="Seeded with the mean of the first n dx, as TA-Lib does; a candle without any movement "
    "leaves it as it is, as there. Plus and minus are told together with it; `di` knows them n - 1 "
    "candles earlier.",
    forgets=True,
)
KINDS = (ADX, DI)
