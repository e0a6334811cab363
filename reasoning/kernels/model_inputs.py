"""The inputs of a model at a candle where a strategy wants to enter: the last candles and the signal.

Everything is a ratio, so that a price level, a grid or a symbol cannot be told from it. Returns are counted
in deviations: over n candles close / close before - 1, divided by sigma * sqrt(n), where sigma is the root of
the mean squared return of the last 96. The window is of fixed length and nothing before it counts, so a
loop that began yesterday and a backtest of years read the same bits.

Warning to whoever edits: models were trained on these very numbers, which are version 1 of `entry_inputs`.
None of them may change; another number is another version, beside this one. A test holds them.
"""

from collections.abc import MutableSequence, Sequence
from math import sqrt

from domain.kernel import kernel

LOOK_BACK = 97
"""Candles read: 96 returns."""

INPUTS = (
    "return_1", "return_6", "return_24", "return_72",
    "sigma", "sigma_24", "range_14", "volume", "volume_24", "rsi_14",
    "drawdown", "rise", "trend", "close_place", "hour", "noon", "weekday",
    "confidence", "stop_distance", "buyers",
)  # fmt: skip  # as they come
"""Names of the numbers `model_inputs` writes, in order."""

SIGMA = INPUTS.index("sigma")
"""Place of the deviation of returns, in per cent."""

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@kernel
def model_inputs(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    newest: int,
    time_ms: int,
    confidence: float,
    stop_distance: float,
    buyers: int,
    inputs: MutableSequence[float],
    at: int,
) -> None:
    """Write the inputs of an entry wanted at the candle `newest`, from place `at` on.

    Prices in ticks, `time_ms` the candle's open; at least `LOOK_BACK` candles end with it. `confidence` is
    the strongest buyer's, 0 to 100, `stop_distance` its stop's distance as a fraction of the close, `buyers`
    the voices that want to buy.
    """
    now = close[newest]
    squares = recent = 0.0
    for back in range(96):
        change = close[newest - back] / close[newest - back - 1] - 1.0
        squares += change * change
        if back == 23:
            recent = squares
    sigma = sqrt(squares / 96.0)
    unit = sigma if sigma > 0.0 else 1.0
    inputs[at] = (now / close[newest - 1] - 1.0) / unit
    inputs[at + 1] = (now / close[newest - 6] - 1.0) / (unit * sqrt(6.0))
    inputs[at + 2] = (now / close[newest - 24] - 1.0) / (unit * sqrt(24.0))
    inputs[at + 3] = (now / close[newest - 72] - 1.0) / (unit * sqrt(72.0))
    inputs[at + 4] = 100.0 * sigma
    inputs[at + 5] = sqrt(recent / 24.0) / unit
    spread = mean_range(high, low, close, newest, 14)
    inputs[at + 6] = spread / now / unit
    inputs[at + 7] = ratio_of(volume[newest], mean_of(volume, newest, 24))
    inputs[at + 8] = ratio_of(mean_of(volume, newest, 24), mean_of(volume, newest, 96))
    inputs[at + 9] = plain_rsi(close, newest, 14)
    top, bottom = high[newest], low[newest]
    for back in range(96):
        top = max(top, high[newest - back])
        bottom = min(bottom, low[newest - back])
    inputs[at + 10] = (now / top - 1.0) / unit
    inputs[at + 11] = (now / bottom - 1.0) / unit
    wide = spread if spread > 0.0 else 1.0
    inputs[at + 12] = (mean_of(close, newest, 20) - mean_of(close, newest, 50)) / wide
    tall = high[newest] - low[newest]
    inputs[at + 13] = (now - low[newest]) / tall if tall > 0.0 else 0.5
    hour = float(time_ms // HOUR_MS % 24)
    inputs[at + 14] = hour
    inputs[at + 15] = abs(hour - 12.0)
    inputs[at + 16] = float((time_ms // DAY_MS + 3) % 7)
    inputs[at + 17] = confidence
    inputs[at + 18] = stop_distance * now / wide
    inputs[at + 19] = float(buyers)


@kernel
def mean_of(series: Sequence[float], newest: int, count: int) -> float:
    """Return the mean of the last `count` values."""
    total = 0.0
    for back in range(count):
        total += series[newest - back]
    return total / count


@kernel
def ratio_of(value: float, mean: float) -> float:
    """Return a value over a mean, at most 20; 1 where the mean is 0."""
    return min(20.0, value / mean) if mean > 0.0 else 1.0


@kernel
def mean_range(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], newest: int, count: int
) -> float:
    """Return the mean true range of the last `count` candles, in ticks."""
    total = 0.0
    for back in range(count):
        index = newest - back
        before = close[index - 1]
        total += max(high[index], before) - min(low[index], before)
    return total / count


@kernel
def plain_rsi(close: Sequence[float], newest: int, count: int) -> float:
    """Return Cutler's RSI: rises over rises and falls of the last `count` closes, 50 where nothing moves."""
    rises = falls = 0.0
    for back in range(count):
        change = close[newest - back] - close[newest - back - 1]
        if change > 0.0:
            rises += change
        else:
            falls -= change
    moved = rises + falls
    return 100.0 * rises / moved if moved > 0.0 else 50.0


@kernel
def distance_of(close: float, stop_ppm: int, stop: int) -> float:
    """Return a signal's stop as a fraction below the close; 0 for none."""
    if stop > 0:
        return max(0.0, 1.0 - stop / close)
    return stop_ppm / 1_000_000.0
