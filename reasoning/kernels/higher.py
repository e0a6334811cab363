"""Candles of a longer timeframe, built of closed candles one at a time; no look ahead.

A candle belongs to the slot (domain.times) it opens in: UTC days and their parts, weeks from Monday. The
longer candle closes with the candle that reaches the end of its slot; where that one is missing, with the
first of a later slot. The first is left out unless it was seen from its beginning, so that none depends on
where history begins.
"""

from domain.kernel import kernel
from domain.times import MONDAY_MS, WEEK_MS
from reasoning.kernels.indicators import Memory

SLOT, WHOLE, COUNT, SEEN, FORMING = 0, 1, 2, 3, 4
"""The number of the slot, whether it was seen from its beginning, its candles so far, whether any was seen,
and open, high, low, close and volume of what is forming."""
CLOSED, TIME, LAST = 9, 10, 11
"""How many have closed, the open time of the last, and its open, high, low, close and volume."""
HIGHER_SIZE = 16

ENDS_EARLIER, ENDS_NOW = 0, 1
"""The parts of taking in a candle: what an earlier slot left open closes; then the candle's own slot, if it
is its last."""


@kernel
def higher_close(memory: Memory, at: int, length: int, shift: int) -> int:
    """Close the candle that is forming; return 1, or 0 where its beginning was not seen."""
    memory[at + COUNT] = 0.0
    if memory[at + WHOLE] == 0.0:
        return 0
    memory[at + CLOSED] += 1.0
    memory[at + TIME] = memory[at + SLOT] * length + shift
    for index in range(5):
        memory[at + LAST + index] = memory[at + FORMING + index]
    return 1


@kernel
def higher_step(
    memory: Memory,
    at: int,
    length: int,
    base: int,
    part: int,
    time: float,
    opened: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> int:
    """Take in one part of a closed candle of `base` ms; return 1 where one of `length` ms closes with it.

    Called with ENDS_EARLIER, then with ENDS_NOW: with a gap behind it one candle may close two.
    """
    shift = MONDAY_MS if length == WEEK_MS else 0
    slot = (int(time) - shift) // length
    if part == ENDS_EARLIER:
        if memory[at + COUNT] == 0.0 or float(slot) <= memory[at + SLOT]:
            return 0
        return higher_close(memory, at, length, shift)
    if memory[at + COUNT] == 0.0:
        if memory[at + SEEN] == 1.0 and float(slot) <= memory[at + SLOT]:
            return 0
        begins = int(time) == slot * length + shift
        memory[at + WHOLE] = 1.0 if memory[at + SEEN] == 1.0 or begins else 0.0
        memory[at + SLOT] = float(slot)
        memory[at + SEEN] = 1.0
        memory[at + FORMING] = opened
        memory[at + FORMING + 1] = high
        memory[at + FORMING + 2] = low
        memory[at + FORMING + 4] = 0.0
    memory[at + COUNT] += 1.0
    memory[at + FORMING + 1] = max(memory[at + FORMING + 1], high)
    memory[at + FORMING + 2] = min(memory[at + FORMING + 2], low)
    memory[at + FORMING + 3] = close
    memory[at + FORMING + 4] += volume
    if int(time) + base < (slot + 1) * length + shift:
        return 0
    return higher_close(memory, at, length, shift)


@kernel
def candles_for(length: int, base: int, closed: int) -> int:
    """Return the candles of `base` ms after which at least `closed` whole ones of `length` ms have closed."""
    each = length // base
    return closed * each + each - 1
