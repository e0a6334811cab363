"""Market structure: swings, trend, and closes that break a swing. Everything is known only when confirmed.

- A swing high stands strictly above the `wing` bars on each side, a swing low strictly below; it is
  known `wing` bars later.
- The trend is up (+1) when the last two swing highs and the last two swing lows both rise, down (-1)
  when both fall, else there is a range (0).
- A close beyond the last unbroken swing breaks it, once per swing: a break of structure (BOS) with
  the trend or in a range, a change of character (CHoCH) against the trend.
"""

from domain.kernel import kernel
from reasoning.kernels.indicators import Memory

SEEN, SLOT = 0, 1
HIGH, HIGH_BEFORE, LOW, LOW_BEFORE = 2, 3, 4, 5
HIGH_BROKEN, LOW_BROKEN = 6, 7
TREND = 8
BREAK, LAST_BREAK, BREAK_BEFORE = 9, 10, 11
NEW_HIGH, NEW_LOW = 12, 13
RINGS = 14
"""Places in the block: candles seen and slot of the newest; the last two swings of each side (ticks, 0 for
none) and whether the last is broken; trend; the break of this candle (+1 BOS up, +2 CHoCH up, negative down,
0 none) and the directions of the last two; swings that this candle confirmed (0 for none); rings of highs and
lows."""


@kernel
def structure_size(wing: int) -> int:
    """Return the floats of the block."""
    return RINGS + 2 * (2 * wing + 1)


@kernel
def structure_warmup(wing: int) -> int:
    """Return the candles before the first swing can be known and one after it can break it."""
    return 2 * wing + 2


@kernel
def structure_step(memory: Memory, at: int, wing: int, high: float, low: float, close: float) -> None:
    """Take in one closed candle (ticks): a swing it confirms, the trend, a swing its close breaks."""
    size = 2 * wing + 1
    slot = int(memory[at + SLOT])
    memory[at + RINGS + slot] = high
    memory[at + RINGS + size + slot] = low
    memory[at + SEEN] += 1.0
    memory[at + SLOT] = 0.0 if slot + 1 == size else slot + 1.0
    memory[at + NEW_HIGH] = 0.0
    memory[at + NEW_LOW] = 0.0
    if memory[at + SEEN] >= size:
        middle = slot - wing if slot >= wing else slot - wing + size
        if is_extreme(memory, at + RINGS, size, middle, 1.0) == 1:
            take_high(memory, at, memory[at + RINGS + middle])
        if is_extreme(memory, at + RINGS + size, size, middle, -1.0) == 1:
            take_low(memory, at, memory[at + RINGS + size + middle])
        memory[at + TREND] = float(trend_of_swings(memory, at))
    mark_break(memory, at, close)


@kernel
def is_extreme(memory: Memory, ring: int, size: int, middle: int, sign: float) -> int:
    """Return 1 when one slot of a ring stands strictly above (sign 1) or below (-1) every other, else 0."""
    level = sign * memory[ring + middle]
    for slot in range(size):
        if slot != middle and sign * memory[ring + slot] >= level:
            return 0
    return 1


@kernel
def take_high(memory: Memory, at: int, price: float) -> None:
    """Remember a swing high that was just confirmed."""
    memory[at + HIGH_BEFORE] = memory[at + HIGH]
    memory[at + HIGH] = price
    memory[at + HIGH_BROKEN] = 0.0
    memory[at + NEW_HIGH] = price


@kernel
def take_low(memory: Memory, at: int, price: float) -> None:
    """Remember a swing low that was just confirmed."""
    memory[at + LOW_BEFORE] = memory[at + LOW]
    memory[at + LOW] = price
    memory[at + LOW_BROKEN] = 0.0
    memory[at + NEW_LOW] = price


@kernel
def trend_of_swings(memory: Memory, at: int) -> int:
    """Return +1 when both kinds of swing rise, -1 when both fall, else 0."""
    if memory[at + HIGH_BEFORE] <= 0.0 or memory[at + LOW_BEFORE] <= 0.0:
        return 0
    highs = memory[at + HIGH] - memory[at + HIGH_BEFORE]
    lows = memory[at + LOW] - memory[at + LOW_BEFORE]
    if highs > 0.0 and lows > 0.0:
        return 1
    return -1 if highs < 0.0 and lows < 0.0 else 0


@kernel
def mark_break(memory: Memory, at: int, close: float) -> None:
    """Note whether a close breaks the last swing of either side."""
    broken = 0.0
    if memory[at + HIGH] > 0.0 and memory[at + HIGH_BROKEN] == 0.0 and close > memory[at + HIGH]:
        memory[at + HIGH_BROKEN] = 1.0
        broken = 1.0 if memory[at + TREND] >= 0.0 else 2.0
    elif memory[at + LOW] > 0.0 and memory[at + LOW_BROKEN] == 0.0 and close < memory[at + LOW]:
        memory[at + LOW_BROKEN] = 1.0
        broken = -1.0 if memory[at + TREND] <= 0.0 else -2.0
    memory[at + BREAK] = broken
    if broken != 0.0:
        memory[at + BREAK_BEFORE] = memory[at + LAST_BREAK]
        memory[at + LAST_BREAK] = 1.0 if broken > 0.0 else -1.0


@kernel
def aim(memory: Memory, at: int, side: int, entry: float, stop: float, multiple: float) -> int:
    """Return the target in ticks: the last swing beyond `entry`, else `multiple` times the risk."""
    return aim_at(memory[at + HIGH] if side > 0 else memory[at + LOW], side, entry, stop, multiple)


@kernel
def aim_at(swing: float, side: int, entry: float, stop: float, multiple: float) -> int:
    """Return the target in ticks: a swing (0 for none) beyond `entry`, else `multiple` times the risk."""
    if swing > 0.0 and side * (swing - entry) > 0.0:
        return int(swing)
    return max(int(entry + multiple * (entry - stop)), 0)


@kernel
def pays(side: int, entry: float, stop: float, target: float, least: float) -> int:
    """Return 1 when the way to the target is at least `least` times the way to the stop, else 0."""
    risk = side * (entry - stop)
    if risk <= 0.0 or stop <= 0.0 or target <= 0.0:
        return 0
    return 1 if side * (target - entry) >= least * risk else 0


@kernel
def beyond(price: float, side: int, share: float) -> int:
    """Return the tick `share` beyond a price on the losing side: below for a long, above for a short."""
    if side > 0:
        return int(price * (1.0 - share))
    return -int(-price * (1.0 + share) // 1.0)
