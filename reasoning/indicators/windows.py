"""Windows of the last `n` values: rings, their sums and their extremes.

What a window comes to depends on its values alone and not on what came before it: a sum is that of its
values from the oldest on, to the bit. So nothing drifts, and a history that begins later ends the same.
"""

from domain.kernel import kernel
from reasoning.kernels.indicators import Memory

SUM_EXTRA = 4
SEEN, SLOT, TOTAL, BROKEN = 0, 1, 2, 3
"""Places in the block of `sum_step`, before its ring: values seen, slot of the next, sum of the window while
all of it is whole, values in it that are not."""

MOST_WHOLE = 2.0**40
SHIFT = 1.5 * 2.0**52
"""A float this large has no room for a fraction: adding it rounds to a whole number."""


@kernel
def is_whole(value: float) -> int:
    """Return 1 for a whole number small enough that 4,096 of them have an exact sum, else 0."""
    if value < -MOST_WHOLE or value > MOST_WHOLE:
        return 0
    return 1 if (value + SHIFT) - SHIFT == value else 0


@kernel
def next_slot(slot: float, n: int) -> float:
    """Return the slot of a ring of `n` that comes behind one.

    What is compared is the slot and not the next one, for then a processor does both at once: from a candle
    to the next this is the longest way.
    """
    return 0.0 if slot == n - 1 else slot + 1.0


@kernel
def sum_size(n: int) -> int:
    """Return the floats of the block of `sum_step`."""
    return n + SUM_EXTRA


@kernel
def sum_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the sum of the last `n` values (of all, while there are fewer).

    Block: 0 values seen, 1 slot of the next, 2 sum, 3 values of the window that are not whole, 4.. ring.
    Cost: whole numbers such as ticks are added to a running sum, which is exact; a window that holds any
    other number is summed anew, `n` additions.
    """
    slot = int(memory[at + SLOT])
    ring = at + SUM_EXTRA
    before = memory[ring + slot]
    memory[ring + slot] = value
    memory[at + SEEN] += 1.0
    memory[at + SLOT] = next_slot(memory[at + SLOT], n)
    broken = memory[at + BROKEN]
    if broken == 0.0 and is_whole(value) == 1:
        memory[at + TOTAL] += value - before
        return memory[at + TOTAL]
    if is_whole(before) == 0:
        broken -= 1.0
    if is_whole(value) == 0:
        broken += 1.0
    memory[at + BROKEN] = broken
    memory[at + TOTAL] = ring_sum(memory, ring, n, slot)
    return memory[at + TOTAL]


@kernel
def ring_sum(memory: Memory, ring: int, n: int, newest: int) -> float:
    """Return the sum of a ring of `n` values whose newest is in slot `newest`, from the oldest on."""
    total = 0.0
    for index in range(ring + newest + 1, ring + n):
        total += memory[index]
    for index in range(ring, ring + newest + 1):
        total += memory[index]
    return total


@kernel
def ring_squares(memory: Memory, ring: int, n: int, newest: int, middle: float) -> float:
    """Return the sum of squared distances from `middle` in a ring, from the oldest on."""
    total = 0.0
    for index in range(ring + newest + 1, ring + n):
        total += (memory[index] - middle) * (memory[index] - middle)
    for index in range(ring, ring + newest + 1):
        total += (memory[index] - middle) * (memory[index] - middle)
    return total


@kernel
def ring_distances(memory: Memory, ring: int, n: int, newest: int, middle: float) -> float:
    """Return the sum of distances from `middle` in a ring, from the oldest on."""
    total = 0.0
    for index in range(ring + newest + 1, ring + n):
        total += abs(memory[index] - middle)
    for index in range(ring, ring + newest + 1):
        total += abs(memory[index] - middle)
    return total


RING_EXTRA = 2
"""Floats of the block of `ring_push` before its ring: values seen, slot of the next."""


@kernel
def ring_push(memory: Memory, at: int, n: int, value: float) -> float:
    """Put a value into a ring of the last `n` and return the one it takes the place of, 0.0 for none.

    Block: 0 values seen, 1 slot of the next, 2.. ring.
    """
    index = at + RING_EXTRA + int(memory[at + SLOT])
    before = memory[index]
    memory[index] = value
    memory[at + SEEN] += 1.0
    memory[at + SLOT] = next_slot(memory[at + SLOT], n)
    return before


@kernel
def newest_slot(memory: Memory, at: int, n: int) -> int:
    """Return the slot of the newest value of a block whose place 1 is the slot of the next."""
    slot = int(memory[at + SLOT])
    return n - 1 if slot == 0 else slot - 1


PEAK_EXTRA = 3
PEAK = 2


@kernel
def peak_size(n: int) -> int:
    """Return the floats of the block of `highest_step`."""
    return n + PEAK_EXTRA


@kernel
def highest_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the highest of the last `n` values (of all, while there are fewer).

    Block: 0 values seen, 1 slot of the next, 2 the highest, 3.. ring. Cost: constant, and `n` comparisons
    when the highest leaves the window.
    """
    count = memory[at + SEEN]
    ring = at + PEAK_EXTRA
    index = ring + int(memory[at + SLOT])
    before = memory[index]
    memory[index] = value
    memory[at + SEEN] = count + 1.0
    memory[at + SLOT] = next_slot(memory[at + SLOT], n)
    if count == 0.0 or value >= memory[at + PEAK]:
        memory[at + PEAK] = value
    elif count >= n and before == memory[at + PEAK]:
        peak = value
        for other in range(ring, ring + n):
            peak = max(peak, memory[other])
        memory[at + PEAK] = peak
    return memory[at + PEAK]


@kernel
def lowest_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the lowest of the last `n` values: the highest of their negatives, in the same block."""
    return -highest_step(memory, at, n, -value)


NOISE = 1e-12
"""A spread this small beside the values it is of is the rounding of their mean."""
