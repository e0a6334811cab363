"""RSI strategy: buy when Wilder's RSI falls below its lower line, sell when it rises above its upper.

Confidence: base 40; trend 2 points for each RSI point beyond the line, at most 20; volume and
volatility from the shared features. The stop is a distance from the actual entry, 3 % by default.
"""

from typing import Any

from reasoning.declare import (
    Declared,
    Numbers,
    buy,
    crossed_above,
    crossed_below,
    integer,
    nothing,
    number,
    rsi,
    sell,
)


class Rsi(Declared):
    """Wilder's RSI against two lines."""

    period = integer(14, 2, 500, "changes of the close the RSI averages over")
    lower = number(30.0, 1, 99, "buy when the RSI crosses below this")
    upper = number(70.0, 1, 99, "sell when the RSI crosses above this")
    stop_ppm = integer(30_000, 100, 900_000, "stop below the entry, parts per million")
    ordered = lower < upper
    rsi = rsi(period, levels=(lower, upper))

    def decide(self, now: Numbers, last: Numbers) -> Any:
        """Vote at a crossing; its depth beyond the line is its trend part."""
        if crossed_below(now.rsi, self.lower):
            return buy(
                base=40,
                trend=min(2 * (self.lower - now.rsi), 20),
                stop_ppm=self.stop_ppm,
                reason=f"rsi {now.rsi:.1f} crossed below {self.lower:g} from {last.rsi:.1f}",
            )
        if crossed_above(now.rsi, self.upper):
            return sell(
                base=40,
                trend=min(2 * (now.rsi - self.upper), 20),
                stop_ppm=self.stop_ppm,
                reason=f"rsi {now.rsi:.1f} crossed above {self.upper:g} from {last.rsi:.1f}",
            )
        if now.rsi < self.lower:
            return nothing(f"rsi {now.rsi:.1f} still below {self.lower:g}")
        if now.rsi > self.upper:
            return nothing(f"rsi {now.rsi:.1f} still above {self.upper:g}")
        return nothing(f"rsi {now.rsi:.1f} inside {self.lower:g}-{self.upper:g}")


RSI = Rsi.strategy
RsiParams: Any = Rsi.Params
RsiPacked: Any = Rsi.Packed
