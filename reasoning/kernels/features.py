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
from reasoning.kernels.indicators import ATR_SIZE, Memory, atr_step, window_mean


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


RINGS = 2 + ATR_SIZE
"""Where the rings begin in the memory of `features_step`."""


@kernel
def ring_size(plan: FeaturePlan) -> int:
    """Return the slots of each ring: the longest window."""
    return max(plan[1], plan[2], plan[3], plan[4])


@kernel
def features_size(plan: FeaturePlan) -> int:
    """Return the floats `features_step` needs."""
    return RINGS + 3 * ring_size(plan)


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
    """Return the trend: +1 or -1 when the means stand more than one ATR apart, else 0 (range)."""
    if fast - slow > atr:
        return 1
    return -1 if slow - fast > atr else 0


@kernel
def features_step(
    memory: Memory, plan: FeaturePlan, high: float, low: float, close: float, volume: float
) -> None:
    """Take in one closed candle (prices in ticks); `features_now` tells what it came to.

    Memory: 0 candles seen, 1 slot of the newest, the ATR block, then three rings of one size: closes,
    volumes and ATRs.
    """
    size = ring_size(plan)
    value = memory[0]
    slot = int(memory[1]) + 1 if value > 0.0 else 0
    if slot == size:
        slot = 0
    memory[0] = value + 1.0
    memory[1] = float(slot)
    memory[RINGS + slot] = close
    memory[RINGS + size + slot] = volume
    memory[RINGS + 2 * size + slot] = atr_step(memory, 2, plan[0], high, low, close)


@kernel
def features_now(memory: Memory, plan: FeaturePlan) -> Features:
    """Return the features of the candle last taken in; all 0 before the first."""
    return features_at(memory, RINGS, ring_size(plan), int(memory[1]), int(memory[0]), plan)


@kernel
def features_at(memory: Memory, at: int, size: int, newest: int, value: int, plan: FeaturePlan) -> Features:
    """Return the features of one candle out of three series that lie behind one another.

    Closes begin at `at`, volumes `size` later, ATRs another `size` later; each may be a ring. `newest`
    is the candle's slot, `value` the candles up to it. A backtest asks only where it needs an answer.
    """
    atr_n, baseline_n, volume_n, fast_n, slow_n = plan
    if value < 1:
        return Features(0.0, 0.0, 0, 0, 0.0, 0.0, 0)
    volumes, atrs = at + size, at + 2 * size
    atr = memory[atrs + newest]
    baseline = window_mean(memory, atrs, size, newest, baseline_n) if value >= atr_n + baseline_n else 0.0
    mean_volume = window_mean(memory, volumes, size, newest, volume_n) if value >= volume_n else 0.0
    trend = 0
    if value > atr_n and value >= slow_n and value >= fast_n:
        fast = window_mean(memory, at, size, newest, fast_n)
        trend = trend_of(fast, window_mean(memory, at, size, newest, slow_n), atr)
    return Features(
        volume_part(memory[volumes + newest], mean_volume),
        volatility_part(atr, baseline),
        trend,
        1 if baseline > 0.0 and atr > 1.5 * baseline else 0,
        atr,
        baseline,
        1 if value >= features_warmup(plan) else 0,
    )


def regime(features: Features) -> str:
    """Name the market's state, such as "up calm" or "range wild"; "unknown" while warming up."""
    if not features.ready:
        return "unknown"
    return _REGIMES[features.trend + 1][features.wild]


_REGIMES = (("down calm", "down wild"), ("range calm", "range wild"), ("up calm", "up wild"))
