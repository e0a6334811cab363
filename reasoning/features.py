"""Features every strategy of a symbol shares: how busy, how wild and which way the market goes.

Two parts of a confidence come from here, the same for all strategies ("volume 20/10 and ATR 20/10"):

| part       | 20 points                          | 10 points                       | else |
|------------|------------------------------------|---------------------------------|------|
| volume     | volume ≥ 1.5 * its 20-candle mean  | volume ≥ 1 * that mean          | 0    |
| volatility | ATR / baseline in [0.8, 1.5]       | ATR / baseline in [0.5, 2.0]    | 0    |

The mean includes the candle itself; the baseline is the 50-candle mean of ATR(14). Both parts are 0
until their means are known: what is not measured earns nothing.
"""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators import ATR_SIZE, Memory, atr_step, mean_size, mean_step


class FeaturePlan(NamedTuple):
    """Periods of the shared features, in candles."""

    atr: int
    baseline: int
    volume: int
    fast: int
    slow: int


class Features(NamedTuple):
    """Shared features of one closed candle.

    `volume` and `volatility` are confidence points (0, 10, 20). `trend` is +1, -1 or 0 (range).
    `wild` is 1 when ATR is above 1.5 * its baseline. `atr` and `baseline` are in ticks, 0 while
    unknown; `ready` is 1 once everything here is known.
    """

    volume: float
    volatility: float
    trend: int
    wild: int
    atr: float
    baseline: float
    ready: int


PLAN = FeaturePlan(atr=14, baseline=50, volume=20, fast=20, slow=50)
"""The periods the specification names."""


@kernel
def features_size(plan: FeaturePlan) -> int:
    """Return the floats `features_step` needs."""
    return 1 + ATR_SIZE + mean_size(plan[1]) + mean_size(plan[2]) + mean_size(plan[3]) + mean_size(plan[4])


@kernel
def features_warmup(plan: FeaturePlan) -> int:
    """Return the candles after which every feature is known."""
    return max(plan[0] + plan[1], plan[2], plan[3], plan[4])


@kernel
def volume_part(volume: float, mean: float) -> float:
    """Confidence points for a volume against its mean; 0 when the mean is unknown or nothing trades."""
    if mean <= 0.0 or volume < mean:
        return 0.0
    return 20.0 if volume >= 1.5 * mean else 10.0


@kernel
def volatility_part(atr: float, baseline: float) -> float:
    """Confidence points for an ATR against its baseline; 0 when the baseline is unknown."""
    if baseline <= 0.0 or atr < 0.5 * baseline or atr > 2.0 * baseline:
        return 0.0
    return 20.0 if 0.8 * baseline <= atr <= 1.5 * baseline else 10.0


@kernel
def trend_of(fast: float, slow: float, atr: float) -> int:
    """Which way the market goes: +1 or -1 when the means stand more than one ATR apart, else 0 (range)."""
    if fast - slow > atr:
        return 1
    return -1 if slow - fast > atr else 0


@kernel
def features_step(
    memory: Memory,
    plan: FeaturePlan,
    _opened: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> Features:
    """Take in one closed candle (prices in ticks) and return its features.

    Memory: 0 candles seen, then the blocks of ATR, baseline mean, volume mean, fast and slow mean.
    """
    atr_n, baseline_n, volume_n, fast_n, slow_n = plan
    seen = int(memory[0]) + 1
    memory[0] = float(seen)
    at = 1 + ATR_SIZE
    atr = atr_step(memory, 1, atr_n, high, low, close)
    baseline = 0.0
    if seen > atr_n:
        baseline = mean_step(memory, at, baseline_n, atr)
    at += mean_size(baseline_n)
    mean_volume = mean_step(memory, at, volume_n, volume)
    at += mean_size(volume_n)
    fast = mean_step(memory, at, fast_n, close)
    at += mean_size(fast_n)
    slow = mean_step(memory, at, slow_n, close)
    known = seen > atr_n and seen >= slow_n and seen >= fast_n
    return Features(
        volume_part(volume, mean_volume),
        volatility_part(atr, baseline),
        trend_of(fast, slow, atr) if known else 0,
        1 if baseline > 0.0 and atr > 1.5 * baseline else 0,
        atr,
        baseline,
        1 if seen >= features_warmup(plan) else 0,
    )


def regime(features: Features) -> str:
    """Name the market's state, such as "up calm" or "range wild"; "unknown" while warming up."""
    if not features.ready:
        return "unknown"
    return _REGIMES[features.trend + 1][features.wild]


_REGIMES = (("down calm", "down wild"), ("range calm", "range wild"), ("up calm", "up wild"))
