"""Liquidity sweep: enter when stops below equal lows were taken and the price closed back above.

Confidence: base 20; 15 when the trend of the swings goes with the trade, 15 when that of the means
does, 10 when the candle's body is more than half its range; volume and volatility as shared. The
mirrored setup above equal highs votes to sell with its own stop and target; on spot that only closes
a long position.
"""

from typing import Any

from reasoning.declare import Declared, Numbers, integer, market, nothing, number, said, swept, vote
from reasoning.kernels.structure import aim_at, beyond, pays


class LiquiditySweep(Declared):
    """Levels of equal swings that are swept and reclaimed."""

    wing = integer(5, 1, 50, "bars on each side of a swing")
    tolerance = number(0.001, above=0, high=0.1, text="width of a level, as a fraction")
    touches = integer(2, 2, 10, "swings that make a level")
    min_sweep = number(0.0, 0, 0.1, "least way beyond the level, as a fraction")
    patience = integer(3, 0, 50, "bars after the sweep in which a close may reclaim it")
    stop_beyond = number(0.001, above=0, high=0.1, text="stop beyond the sweep's end, as a fraction")
    target_multiple = number(2.0, above=0, high=20, text="target in risks where no swing lies beyond")
    min_reward_risk = number(1.5, 0, 20, "least reward over risk, at the signal")
    levels = swept(wing, tolerance, touches, min_sweep, patience, draw=False)
    label = "sweep"

    def decide(self, now: Numbers) -> Any:
        """Vote where levels of one side alone were swept and reclaimed, and the way to the target pays."""
        if (now.levels.under > 0) == (now.levels.above > 0):
            return nothing("no level swept and reclaimed")
        side = 1 if now.levels.under > 0 else -1
        stop = beyond(now.levels.under if side > 0 else now.levels.above, side, self.stop_beyond)
        swing = now.levels.high if side > 0 else now.levels.low
        target = aim_at(swing, side, now.close, stop, self.target_multiple)
        if pays(side, now.close, stop, target, self.min_reward_risk) == 0:
            return nothing("no level swept and reclaimed")
        body = 10 if 2 * abs(now.close - now.open) > now.high - now.low else 0
        swings = 15 if now.levels.trend == side else 0
        return vote(
            side,
            base=20,
            trend=body + swings + (15 if market.trend == side else 0),
            stop=stop,
            target=target,
            reason=f"equal {'lows' if side > 0 else 'highs'} swept and reclaimed, stop {said.stop} and "
            f"target {said.target} ticks (base 20, trend and body {said.trend:.0f})",
        )


SWEEP = LiquiditySweep.strategy
