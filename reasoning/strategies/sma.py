"""SMA crossover strategy: buy when the fast mean rises above the slow one, sell when it falls below.

Confidence: base 40; trend by how fast the means part: 20 points when their distance changed by 0.4 ATR
or more in the crossing candle, less in proportion (at the crossing itself the distance is near zero,
so its change is what tells a decided crossing from a graze); volume and volatility from the shared
features. The stop is a distance from the actual entry, 3 % by default.
"""

from typing import Any

from domain.kernel import kernel
from reasoning.declare import (
    Declared,
    Numbers,
    buy,
    crossed_above,
    crossed_below,
    integer,
    market,
    mean,
    nothing,
    sell,
)


@kernel
def parting(apart: float, before: float, atr: float) -> float:
    """Return the points for a distance that changed within one candle; 0 while the ATR is unknown."""
    return min(20.0, 50.0 * abs(apart - before) / atr) if atr > 0.0 else 0.0


class Sma(Declared):
    """Two means of the close that cross."""

    fast = integer(20, 2, 1_000, "closes in the fast mean, in candles")
    slow = integer(50, 3, 5_000, "closes in the slow mean, in candles")
    stop_ppm = integer(30_000, 100, 900_000, "stop below the entry, parts per million")
    ordered = fast < slow
    quick, calm = mean(fast, label="sma{fast}"), mean(slow, label="sma{slow}")
    label = "sma{fast}/sma{slow}"

    def decide(self, now: Numbers, last: Numbers) -> Any:
        """Vote at a crossing; how fast the means part is its trend part."""
        apart = now.quick - now.calm
        if crossed_above(now.quick, now.calm):
            return buy(
                base=40,
                trend=parting(apart, last.quick - last.calm, market.atr),
                stop_ppm=self.stop_ppm,
                reason=f"sma{self.fast} crossed above sma{self.slow} by {abs(apart) / now.calm * 100:.2g} %",
            )
        if crossed_below(now.quick, now.calm):
            return sell(
                base=40,
                trend=parting(apart, last.quick - last.calm, market.atr),
                stop_ppm=self.stop_ppm,
                reason=f"sma{self.fast} crossed below sma{self.slow} by {abs(apart) / now.calm * 100:.2g} %",
            )
        if apart == 0:
            return nothing(f"sma{self.fast} level with sma{self.slow}")
        return nothing(f"sma{self.fast} {abs(apart) / now.calm * 100:.2g} % "
                       f"{'above' if apart > 0 else 'below'} sma{self.slow}")  # fmt: skip


SMA = Sma.strategy
SmaParams: Any = Sma.Params
SmaPacked: Any = Sma.Packed
