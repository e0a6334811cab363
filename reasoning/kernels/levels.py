"""Equal levels: swings at one price, where stops gather, and what happens when they are swept.

Swings of one side within `tolerance` of each other make a level: its price is their mean, stamped at
the last touch. A level with two touches or more is swept when a bar goes beyond it by at least
`least`; it is reclaimed by a close back on its side on that bar or one of the next `patience`. It
retires either way. At most LEVELS levels are kept for each side; the one touched longest ago gives way.
"""

from domain.kernel import kernel
from reasoning.kernels.indicators import Memory

LEVELS = 16
TOUCHES, SUM, LEAST, MOST, STAMP, LEFT, EXTREME = 0, 1, 2, 3, 4, 5, 6
LEVEL = 7
"""One level: touches (0: free), sum, least and most of its prices (ticks), candle number of the last touch,
bars left to reclaim it (0: not swept), farthest price of the sweep."""
LEVELS_SIZE = LEVELS * LEVEL


@kernel
def touch(memory: Memory, at: int, price: float, tolerance: float, number: float) -> None:
    """Let a new swing touch the level it belongs to, or begin one."""
    oldest = at
    for index in range(LEVELS):
        level = at + index * LEVEL
        if memory[level + TOUCHES] > 0.0 and memory[level + LEFT] == 0.0:
            low = min(memory[level + LEAST], price)
            high = max(memory[level + MOST], price)
            if high - low <= tolerance * low:
                memory[level + TOUCHES] += 1.0
                memory[level + SUM] += price
                memory[level + LEAST] = low
                memory[level + MOST] = high
                memory[level + STAMP] = number
                return
        if memory[level + STAMP] < memory[oldest + STAMP] or memory[level + TOUCHES] == 0.0:
            oldest = level if memory[oldest + TOUCHES] > 0.0 else oldest
    memory[oldest + TOUCHES] = 1.0
    memory[oldest + SUM] = price
    memory[oldest + LEAST] = price
    memory[oldest + MOST] = price
    memory[oldest + STAMP] = number
    memory[oldest + LEFT] = 0.0
    memory[oldest + EXTREME] = 0.0


@kernel
def sweep(
    memory: Memory, at: int, side: int, far: float, close: float, least: float, touches: int, patience: int
) -> float:
    """Let a candle sweep and reclaim levels; return how far the sweep went, 0 for none.

    `side` is +1 for lows (swept by `far`, the candle's low, and reclaimed from below), -1 for highs. Of
    several reclaimed at once the one touched last counts.
    """
    result = 0.0
    newest = -1.0
    for index in range(LEVELS):
        level = at + index * LEVEL
        if memory[level + TOUCHES] < touches:
            continue
        price = memory[level + SUM] / memory[level + TOUCHES]
        if memory[level + LEFT] == 0.0:
            if side * (price - far) < least * price or side * (price - far) <= 0.0:
                continue
            memory[level + LEFT] = patience + 1.0
            memory[level + EXTREME] = far
        memory[level + EXTREME] = side * min(side * memory[level + EXTREME], side * far)
        memory[level + LEFT] -= 1.0
        if side * (close - price) > 0.0:
            if memory[level + STAMP] > newest:
                newest = memory[level + STAMP]
                result = memory[level + EXTREME]
            memory[level + TOUCHES] = 0.0
        elif memory[level + LEFT] == 0.0:
            memory[level + TOUCHES] = 0.0
    return result
