"""Wilder's smoothing: what his averages (RSI, ATR, ADX) do with a new value."""

from domain.kernel import primitive


@primitive
def smoothed(average: float, n: int, value: float) -> float:
    """Return the average after one value more, which has one `n`th of the weight.

    Each candle's division waits for that of the candle before: machine code does without the processor's
    divider, to the same bits (research.engine.dividing).
    """
    return (average * (n - 1) + value) / n
