"""Moving averages."""

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, period
from reasoning.indicators.windows import sum_size, sum_step
from reasoning.kernels.indicators import Memory

EMA_SIZE = 2


@kernel
def before_window(n: int) -> int:
    """Return the values before a window of `n` is full."""
    return n - 1


@kernel
def sma_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the simple moving average, the mean of the last `n` values."""
    total = sum_step(memory, at, n, value)
    return total / n if memory[at] >= n else 0.0


@kernel
def ema_size(_n: int) -> int:
    """Return the floats of an exponential average: values seen, and the average (its sum while seeding)."""
    return EMA_SIZE


@kernel
def ema_step(memory: Memory, at: int, n: int, value: float) -> float:
    """Return the exponential moving average, which gives the newest value 2 / (n + 1) of the weight."""
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
    convention="All libraries agree. The sum is that of the window alone and does not drift; TA-Lib and "
    "pandas keep a running sum, which carries the rounding of every value that ever passed through.",
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
    convention="Seeded with the mean of the first n values, as TA-Lib does; pandas (adjust=False) seeds with "
    "the first value. The mean gives no single candle the weight of the whole past; after about 4 n values "
    "the two agree to a thousandth.",
)
KINDS = (SMA, EMA)
