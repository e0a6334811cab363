"""Candles at which one column passes another: the only ones at which a strategy of crossings can vote.

Written for a compiler that does several numbers at a time: all candles are compared without a branch, then
eight at a look are searched for a change. Every candle at which `crossed_above` or `crossed_below` of a pair
is true is among those found, and some at which neither is; the strategy itself is asked at each.
"""

from typing import Any

import numpy as np

from research.data.candles import FloatArray

MOST_PAIRS = 4
"""Pairs whose sides go into one byte."""
Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
Places = np.ndarray[Any, np.dtype[np.int32]]


def compare(one: FloatArray, other: FloatArray, pair: int, side: Bytes) -> None:
    """Write for each candle which of two columns is the larger, into the two bits of their pair."""
    above, below = np.uint8(1 << 2 * pair), np.uint8(2 << 2 * pair)
    for index in range(len(one)):
        a, b = one[index], other[index]
        side[index] = side[index] | (above if a > b else np.uint8(0)) | (below if a < b else np.uint8(0))


def changes(side: Bytes, eights: Words, length: int, candidate: Places) -> int:
    """Write the candles whose sides are others than those of the candle before; return how many.

    `eights` is `side` by eight, of which the first `length` are candles. `side` is left blank for the next.
    """
    count = 0
    before = np.uint64(side[0])
    for word in range(len(eights)):
        eight = eights[word]
        differ = eight ^ ((eight << np.uint64(8)) | before)
        before = eight >> np.uint64(56)
        if differ != np.uint64(0):
            for offset in range(min(8, length - 8 * word)):
                if (differ >> np.uint64(8 * offset)) & np.uint64(255) != np.uint64(0):
                    candidate[count] = 8 * word + offset
                    count += 1
        eights[word] = np.uint64(0)
    return count
