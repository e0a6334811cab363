"""Candles at which one column passes another: the only ones at which a strategy of crossings can vote.

Written for a compiler that does several numbers at a time: sixty-four candles are compared without a branch
into the bits of one word, and what is set there is counted off. Every candle at which `crossed_above` or
`crossed_below` of a pair is true is among those found, and some at which neither is; the strategy itself is
asked at each.
"""

from typing import Any

import numpy as np

from domain.kernel import kernel
from research.data.candles import FloatArray

Words = np.ndarray[Any, np.dtype[np.uint64]]
Places = np.ndarray[Any, np.dtype[np.int32]]

WORD = 64
AT_ONCE = 16
"""Words of every trial's bits that are set before the next ones: a thousand candles of some fifty columns
stay in the processor's cache, and each column comes from memory once for all trials of a call."""
_LINE = 0x03F79D71B4CB0A89
"""De Bruijn's sequence of 64 bits: times a power of two, its first six bits are another number for each."""
ONE, LAST, SIX, LINE = np.uint64(1), np.uint64(63), np.uint64(58), np.uint64(_LINE)
BIT: Places = np.zeros(WORD, dtype=np.int32)
BIT[[(_LINE << bit) % 2**64 >> 58 for bit in range(WORD)]] = np.arange(WORD)


@kernel
def passed(above: Any, below: Any, above_before: Any, below_before: Any) -> Any:
    """Return the bits of the candles that are on a side on which the candle before is not."""
    return (above & ~((above << ONE) | above_before)) | (below & ~((below << ONE) | below_before))


@kernel
def mark(
    one: FloatArray, other: FloatArray, before: float, other_before: float, first: int, bits: Any
) -> None:
    """Set the bits of the candles at which one column comes to lie above or below another.

    `before` and `other_before` are the numbers of the candle before, equal where there is none; `first` is
    the word of the first candle.
    """
    above_before, below_before = np.uint64(before > other_before), np.uint64(before < other_before)
    whole = len(one) // WORD
    for word in range(whole):
        above = below = np.uint64(0)
        for bit in range(WORD):
            a, b = one[WORD * word + bit], other[WORD * word + bit]
            above |= np.uint64(a > b) << np.uint64(bit)
            below |= np.uint64(a < b) << np.uint64(bit)
        bits[first + word] |= passed(above, below, above_before, below_before)
        above_before, below_before = above >> LAST, below >> LAST
    above = below = np.uint64(0)
    for bit in range(len(one) - WORD * whole):
        a, b = one[WORD * whole + bit], other[WORD * whole + bit]
        above |= np.uint64(a > b) << np.uint64(bit)
        below |= np.uint64(a < b) << np.uint64(bit)
    if above | below != np.uint64(0):
        bits[first + whole] |= passed(above, below, above_before, below_before)


@kernel
def mark_level(one: FloatArray, level: float, before: float, first: int, bits: Any) -> None:
    """Set the bits of the candles at which a column comes to lie above or below a level; as `mark`."""
    above_before, below_before = np.uint64(before > level), np.uint64(before < level)
    whole = len(one) // WORD
    for word in range(whole):
        above = below = np.uint64(0)
        for bit in range(WORD):
            a = one[WORD * word + bit]
            above |= np.uint64(a > level) << np.uint64(bit)
            below |= np.uint64(a < level) << np.uint64(bit)
        bits[first + word] |= passed(above, below, above_before, below_before)
        above_before, below_before = above >> LAST, below >> LAST
    above = below = np.uint64(0)
    for bit in range(len(one) - WORD * whole):
        a = one[WORD * whole + bit]
        above |= np.uint64(a > level) << np.uint64(bit)
        below |= np.uint64(a < level) << np.uint64(bit)
    if above | below != np.uint64(0):
        bits[first + whole] |= passed(above, below, above_before, below_before)


@kernel
def take_marked(bits: Any, candidate: Any) -> int:
    """Write the candles whose bits are set, in order, and blank the bits; return how many."""
    count = 0
    for word in range(len(bits)):
        rest = bits[word]
        bits[word] = np.uint64(0)
        while rest != np.uint64(0):
            lowest = rest & (~rest + ONE)
            candidate[count] = WORD * word + BIT[(lowest * LINE) >> SIX]
            count += 1
            rest ^= lowest
    return count
