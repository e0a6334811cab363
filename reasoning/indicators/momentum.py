"""Oscillators: how fast and how one-sidedly prices moved."""

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, period
from reasoning.kernels.indicators import RSI_SIZE, rsi_step


@kernel
def rsi_size(_n: int) -> int:
    """Return the floats of an RSI."""
    return RSI_SIZE


@kernel
def rsi_warmup(n: int) -> int:
    """Return the values before the first RSI: the first value is no change."""
    return n


RSI = IndicatorKind(
    name="rsi",
    family="momentum",
    step=rsi_step,
    size=rsi_size,
    warmup=rsi_warmup,
    parameters=(period(14, "changes averaged"),),
    inputs=VALUE,
    outputs=VALUE,
    on_price=False,
    formula="100 * average gain / (average gain + average loss), averages by Wilder's smoothing over n",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib RSI",
    convention="Wilder's averages seeded with the mean of the first n changes, as TA-Lib does. A price that "
    "never moved has 50; TA-Lib says 0, which reads as oversold.",
)
KINDS = (RSI,)
