"""Indicators, one value at a time, each with its state in a block of a flat float64 memory.

Rules every kernel here keeps:
- the block starts at `at`, is all zeros before the first value, and holds numbers only;
- one call costs the same however many values came before;
- 0.0 is returned until enough values were seen; the count in the block says when that is.

They agree with TA-Lib's SMA, RSI and ATR (unstable period 0) to 1e-9 relative after warm-up.
"""

from collections.abc import MutableSequence

from domain.kernel import kernel
from reasoning.kernels.wilder import smoothed

Memory = MutableSequence[float]
"""Flat state of kernels: a list in the loop, a float64 array when compiled."""

RSI_SIZE = 4
ATR_SIZE = 3
MEAN_EXTRA = 3

ATR_COUNT, ATR_CLOSE, ATR_VALUE = 0, 1, 2
"""Places in the ATR block: candles seen, last close, the average (its sum while seeding)."""


@kernel
def mean_size(n: int) -> int:
    """Return the floats a rolling mean over `n` values needs."""
    return n + MEAN_EXTRA


@kernel
def mean_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the mean of the last `n` values, which must be whole numbers such as ticks or lots.

    Block: 0 values seen, 1 their sum, 2 the slot of the next value, 3.. ring of the last `n` values.
    A sum of whole numbers below 2**53 is exact, so millions of values leave no drift.
    """
    known = memory[at] + 1.0
    slot = memory[at + 2]
    index = at + 3 + int(slot)
    # What changes is worked out first and the slot stays a float: one addition then stands between a
    # value and the next, and in whole numbers the order of sums does not matter.
    total = memory[at + 1] + (value - memory[index])
    memory[index] = value
    memory[at] = known
    memory[at + 1] = total
    memory[at + 2] = 0.0 if slot == n - 1 else slot + 1.0
    if known < n:
        return 0.0
    return total / n


@kernel
def window_mean(memory: Memory, at: int, size: int, newest: int, n: int) -> float:
    """Return the mean of the `n` values that end at slot `newest` of a ring of `size` slots, in any unit.

    Summed oldest first each time it is asked, so it does not depend on what came before the window,
    and a ring in the loop and a whole series in a backtest give the same bits.
    """
    total = 0.0
    oldest = newest - n + 1
    if oldest < 0:
        for slot in range(at + oldest + size, at + size):
            total += memory[slot]
        oldest = 0
    for slot in range(at + oldest, at + newest + 1):
        total += memory[slot]
    return total / n


@kernel
def rsi_step(memory: Memory, at: int, n: int, close: float) -> float:
    """Return Wilder's RSI over `n` changes of the close, 0 to 100; known from close `n` + 1 on.

    Block: 0 closes seen, 1 last close, 2 average gain, 3 average loss (their sums while seeding).
    A price that never moved, or stood still until the averages died away, has RSI 50 here; TA-Lib
    says 0, which would read as oversold.
    Source: Wilder, New Concepts in Technical Trading Systems (1978).
    """
    value = int(memory[at])
    change = close - memory[at + 1]
    memory[at] = value + 1.0
    memory[at + 1] = close
    if value == 0:
        return 0.0
    gain = max(0.0, change)
    loss = gain - change
    if value > n:
        gain = smoothed(memory[at + 2], n, gain)
        loss = smoothed(memory[at + 3], n, loss)
    else:
        gain += memory[at + 2]
        loss += memory[at + 3]
        if value == n:
            gain /= n
            loss /= n
    memory[at + 2] = gain
    memory[at + 3] = loss
    if value < n:
        return 0.0
    moved = gain + loss
    return 100.0 * gain / moved if moved > 1e-200 else 50.0


@kernel
def atr_step(memory: Memory, at: int, n: int, high: float, low: float, close: float) -> float:
    """Return Wilder's average true range over `n` ranges, in the prices' unit.

    Known from candle `n` + 1 on (the first candle has no true range). Block: 0 candles seen,
    1 last close, 2 average (its sum while seeding). Source: Wilder (1978).
    """
    value = int(memory[at])
    before = memory[at + 1]
    memory[at] = value + 1.0
    memory[at + 1] = close
    if value == 0:
        return 0.0
    top = max(high, before)
    bottom = min(low, before)
    if value > n:
        average = smoothed(memory[at + 2], n, top - bottom)
    else:
        average = memory[at + 2] + (top - bottom)
        if value == n:
            average /= n
    memory[at + 2] = average
    return average if value >= n else 0.0
