"""Moving averages."""

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter, period
from reasoning.indicators.windows import RING_EXTRA, newest_slot, ring_push, sum_size, sum_step
from reasoning.kernels.indicators import Memory

EMA_SIZE = 2


@kernel
def before_window(n: int) -> int:
    """Return the values before a window of `n` is full."""
    return n - 1


@kernel
def sma_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the simple moving average: the mean of the last `n` values."""
    total = sum_step(memory, at, n, value)
    return total / n if memory[at] >= n else 0.0


@kernel
def ema_size(_n: int) -> int:
    """Return the floats of an exponential average: values seen, and the average (its sum while seeding)."""
    return EMA_SIZE


@kernel
def ema_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the exponential moving average: the newest value has 2 / (n + 1) of the weight."""
    count = memory[at] + 1.0
    memory[at] = count
    if count > n:
        memory[at + 1] += 2.0 / (n + 1.0) * (value - memory[at + 1])
        return memory[at + 1]
    memory[at + 1] += value
    if count < n:
        return 0.0
    memory[at + 1] /= n
    return memory[at + 1]


@kernel
def wma_size(n: int) -> int:
    """Return the floats of a weighted average: a ring."""
    return n + RING_EXTRA


@kernel
def wma_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the weighted moving average: the newest of `n` values weighs n, the oldest 1. Cost: `n`."""
    ring_push(memory, at, n, value)
    if memory[at] < n:
        return 0.0
    ring = at + RING_EXTRA
    newest = newest_slot(memory, at, n)
    total = 0.0
    weight = 0.0
    for index in range(ring + newest + 1, ring + n):
        weight += 1.0
        total += weight * memory[index]
    for index in range(ring, ring + newest + 1):
        weight += 1.0
        total += weight * memory[index]
    return total / (0.5 * n * (n + 1.0))


@kernel
def dema_size(_n: int) -> int:
    """Return the floats of two exponential averages."""
    return 2 * EMA_SIZE


@kernel
def dema_warmup(n: int) -> int:
    """Return the values before an average of an average is known."""
    return 2 * (n - 1)


@kernel
def dema_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the double exponential moving average: an EMA with the lag of its own EMA taken off."""
    once = ema_step(memory, at, n, value)
    if memory[at] < n:
        return 0.0
    twice = ema_step(memory, at + EMA_SIZE, n, once)
    return 2.0 * once - twice if memory[at + EMA_SIZE] >= n else 0.0


@kernel
def tema_size(_n: int) -> int:
    """Return the floats of three exponential averages."""
    return 3 * EMA_SIZE


@kernel
def tema_warmup(n: int) -> int:
    """Return the values before an average of an average of an average is known."""
    return 3 * (n - 1)


@kernel
def tema_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the triple exponential moving average: the lag of an EMA taken off twice."""
    second, third = at + EMA_SIZE, at + 2 * EMA_SIZE
    once = ema_step(memory, at, n, value)
    if memory[at] < n:
        return 0.0
    twice = ema_step(memory, second, n, once)
    if memory[second] < n:
        return 0.0
    thrice = ema_step(memory, third, n, twice)
    return 3.0 * once - 3.0 * twice + thrice if memory[third] >= n else 0.0


@kernel
def kama_size(n: int, _fast: int, _slow: int) -> int:
    """Return the floats of an adaptive average: itself, the value before, a ring, and a sum of moves."""
    return 2 + (n + RING_EXTRA) + sum_size(n)


@kernel
def kama_warmup(n: int, _fast: int, _slow: int) -> int:
    """Return the values before the first adaptive average: `n` changes."""
    return n


@kernel
def kama_step(memory: Memory, at: int, n: int, fast: int, slow: int, value: float) -> float:
    """Return Kaufman's adaptive moving average: an EMA that is quick in a straight move, slow in noise.

    Block: 0 the average, 1 the value before, a ring of `n` values, a sum of `n` moves.
    """
    ring = at + 2
    before = memory[at + 1]
    memory[at + 1] = value
    oldest = ring_push(memory, ring, n, value)
    count = memory[ring]
    if count == 1.0:
        return 0.0
    noise = sum_step(memory, ring + n + RING_EXTRA, n, abs(value - before))
    if count <= n:
        memory[at] = value
        return 0.0
    way = value - oldest
    efficiency = 1.0 if noise <= way or noise <= 0.0 else abs(way) / noise
    quick, calm = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    weight = efficiency * (quick - calm) + calm
    memory[at] += weight * weight * (value - memory[at])
    return memory[at]


SMA = IndicatorKind(
    name="sma",
    family="moving averages",
    step=sma_step,
    size=sum_size,
    warmup=before_window,
    parameters=(period(20, "values averaged"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="sum of the last n values / n",
    source="TA-Lib SMA",
    convention="The libraries agree. The sum is that of the window alone and does not drift; a running "
    "sum, as in TA-Lib and pandas, carries the rounding of every value that ever passed through it.",
    forgets=True,
)
EMA = IndicatorKind(
    name="ema",
    family="moving averages",
    step=ema_step,
    size=ema_size,
    warmup=before_window,
    parameters=(period(20, "values whose mean is the seed; the newest weighs 2 / (n + 1)"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="ema + 2 / (n + 1) * (value - ema)",
    source="TA-Lib EMA",
    convention="Seeded with the mean of the first n values, as TA-Lib does; pandas (adjust=False) seeds "
    "with the first value. A mean gives no single candle the weight of the whole past; 4 n values later "
    "less than a thousandth of the difference is left.",
    forgets=True,
)
WMA = IndicatorKind(
    name="wma",
    family="moving averages",
    step=wma_step,
    size=wma_size,
    warmup=before_window,
    parameters=(period(20, "values averaged"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="sum of i * value_i for i = 1 (oldest) to n (newest) / (n * (n + 1) / 2)",
    source="TA-Lib WMA",
    convention="The libraries agree. The window is summed anew for every value.",
    forgets=True,
)
DEMA = IndicatorKind(
    name="dema",
    family="moving averages",
    step=dema_step,
    size=dema_size,
    warmup=dema_warmup,
    parameters=(period(20, "values of each average"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="2 * ema - ema(ema)",
    source="Mulloy, Stocks & Commodities 12:1 (1994); TA-Lib DEMA",
    convention="Each average is seeded with the mean of the first n values it gets, as in TA-Lib, so it "
    "is known after 2 (n - 1) values; where an average is seeded with its first value it is known at "
    "once and settles later.",
)
TEMA = IndicatorKind(
    name="tema",
    family="moving averages",
    step=tema_step,
    size=tema_size,
    warmup=tema_warmup,
    parameters=(period(20, "values of each average"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="3 * ema - 3 * ema(ema) + ema(ema(ema))",
    source="Mulloy, Stocks & Commodities 12:1 (1994); TA-Lib TEMA",
    convention="Seeded as DEMA is; known after 3 (n - 1) values.",
)
KAMA = IndicatorKind(
    name="kama",
    family="moving averages",
    step=kama_step,
    size=kama_size,
    warmup=kama_warmup,
    parameters=(
        period(10, "changes its efficiency is measured over"),
        Parameter("fast", int, 2, 1, 100, "length of the EMA it becomes in a straight move"),
        Parameter("slow", int, 30, 1, 500, "length of the EMA it becomes in noise"),
    ),
    inputs=VALUE,
    outputs=VALUE,
    on_price=True,
    formula="kama + (|value - value n before| / sum of n moves * (2/(fast+1) - 2/(slow+1)) + "
    "2/(slow+1))^2 * (value - kama)",
    source="Kaufman, Trading Systems and Methods (1995); TA-Lib KAMA",
    convention="Seeded with the last value before the first that has n changes, as TA-Lib does; a price "
    "that stood still for n values counts as a straight move, as there. Kaufman's 10 is the default; "
    "TA-Lib's is 30.",
)
KINDS = (SMA, EMA, WMA, DEMA, TEMA, KAMA)
