"""BOS order block: enter on the first return into the last opposite candle before a break of structure.

A bullish block is a down candle whose next close is more than `surge` above its own; its zone is the
candle's high to low. At a break of structure upwards the latest block becomes the zone to wait for, for
`max_age` bars; a close through it ends it. Confidence: base 40; consistency 20 when the last two breaks
went with the trade, 10 when only the last did; volume and volatility as shared. The mirrored setup
votes to sell; on spot that only closes a long position.
"""

from typing import Any

from reasoning.declare import Declared, Numbers, integer, nothing, number, order_blocks, said, vote
from reasoning.kernels.structure import aim_at, beyond, pays


class Block(Declared):
    """Zones that the price returns into after a break of structure."""

    name = "bos-order-block"
    wing = integer(5, 1, 50, "bars on each side of a swing")
    surge = number(0.01, above=0, high=0.5, text="least move of the close after the block, as a fraction")
    max_age = integer(30, 1, 1000, "bars in which the price may return into the zone")
    stop_beyond = number(0.001, above=0, high=0.1, text="stop beyond the zone, as a fraction")
    target_multiple = number(3.0, above=0, high=20, text="target in risks where no swing lies beyond")
    min_reward_risk = number(2.0, 0, 20, "least reward over risk, at the signal")
    block = order_blocks(wing, surge, max_age, draw=False)
    label = "order block"

    def decide(self, now: Numbers) -> Any:
        """Vote at a return into the zone of one side alone where the way to the target pays."""
        if now.block.up != now.block.down:
            side = 1 if now.block.up > 0 else -1
            stop = beyond(now.block.floor if side > 0 else now.block.ceiling, side, self.stop_beyond)
            swing = now.block.high if side > 0 else now.block.low
            target = aim_at(swing, side, now.close, stop, self.target_multiple)
            if pays(side, now.close, stop, target, self.min_reward_risk) == 1:
                twice = 20 if now.block.break_before == side else 10
                return vote(
                    side,
                    base=40,
                    trend=twice if now.block.last_break == side else 0,
                    stop=stop,
                    target=target,
                    reason=f"first return into the order block, stop {said.stop} and target {said.target} "
                    f"ticks (base 40, consistency {said.trend:.0f})",
                )
        if now.block.up_high > 0 and now.block.down_high > 0:
            return nothing(
                f"waiting for a return into {now.block.up_low:.0f}-{now.block.up_high:.0f} or "
                f"{now.block.down_low:.0f}-{now.block.down_high:.0f} ticks"
            )
        if now.block.up_high > 0:
            return nothing(f"waiting for a return into {now.block.up_low:.0f}-{now.block.up_high:.0f} ticks")
        if now.block.down_high > 0:
            return nothing(
                f"waiting for a return into {now.block.down_low:.0f}-{now.block.down_high:.0f} ticks"
            )
        return nothing("no order block to wait for")


BLOCK = Block.strategy
