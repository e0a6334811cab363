"""FVG fill: enter when half of a fair value gap has been filled.

A bullish gap at candle i: its low lies above the high of candle i-2 by at least `min_gap` of that high.
When a later candle, at most `max_age` bars on, comes down to the gap's middle, the gap is used up; if
that candle closes above the gap's far edge it is a vote. Confidence: base 25; 15 when the trend of the
swings goes with the trade, 15 when that of the means does; volume and volatility as shared. The mirrored
setup votes to sell; on spot that only closes a long position. The newest sixteen gaps a side are kept.
"""

from typing import Any

from reasoning.declare import Declared, Numbers, gaps, integer, market, nothing, number, said, vote
from reasoning.kernels.structure import aim_at, beyond, pays


class FairValueGap(Declared):
    """Gaps that are filled to their middle."""

    name = "fvg"
    wing = integer(5, 1, 50, "bars on each side of a swing, for the trend")
    min_gap = number(0.002, above=0, high=0.5, text="least size of a gap, as a fraction")
    max_age = integer(50, 1, 1000, "bars in which a gap may be filled to its middle")
    stop_beyond = number(0.001, above=0, high=0.1, text="stop beyond the gap, as a fraction")
    target_multiple = number(2.0, above=0, high=20, text="target in risks")
    min_reward_risk = number(1.5, 0, 20, "least reward over risk, at the signal")
    gap = gaps(wing, min_gap, max_age, draw=False)

    def decide(self, now: Numbers) -> Any:
        """Vote where gaps of one side alone were half filled, and the way to the target pays."""
        if (now.gap.below > 0) == (now.gap.above > 0):
            return nothing(f"{now.gap.open:.0f} gaps open, none filled to its middle")
        side = 1 if now.gap.below > 0 else -1
        stop = beyond(now.gap.below if side > 0 else now.gap.above, side, self.stop_beyond)
        target = aim_at(0, side, now.close, stop, self.target_multiple)
        if pays(side, now.close, stop, target, self.min_reward_risk) == 0:
            return nothing(f"{now.gap.open:.0f} gaps open, none filled to its middle")
        swings = 15 if now.gap.trend == side else 0
        return vote(
            side,
            base=25,
            trend=swings + (15 if market.trend == side else 0),
            stop=stop,
            target=target,
            reason=f"gap filled to its middle, stop {said.stop} and target {said.target} ticks "
            f"(base 25, trend {said.trend:.0f})",
        )


FVG = FairValueGap.strategy
