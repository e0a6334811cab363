"""A strategy in fifteen lines: parameters, indicators, and a decision over their named numbers.

    from reasoning.declare import Declared, buy, crossed_above, ema, integer, sell

    class Trend(Declared):
        fast, slow = integer(20, 2, 200), integer(50, 3, 500)
        quick, calm = ema(fast), ema(slow)
        ordered = fast < slow

        def decide(self, now, last):
            if crossed_above(now.quick, now.calm):
                return buy(stop=now.calm * 0.97, reason="the quick mean rose above the calm one")

Every kind of indicator (`agent indicators`) is a function here, by its name.
"""

from typing import Any

from reasoning.declare.exits import exits
from reasoning.declare.making import Declared
from reasoning.declare.parameters import integer, number, switch
from reasoning.declare.refusal import Undeclarable, near
from reasoning.declare.series import symbol, timeframe
from reasoning.declare.uses import constructor
from reasoning.declare.words import (
    Numbers,
    buy,
    crossed_above,
    crossed_below,
    falling,
    market,
    nothing,
    rising,
    said,
    sell,
    vote,
)
from reasoning.indicators.table import INDICATORS

__all__ = [
    "Declared",
    "Numbers",
    "Undeclarable",
    "buy",
    "crossed_above",
    "crossed_below",
    "exits",
    "falling",
    "integer",
    "market",
    "nothing",
    "number",
    "rising",
    "said",
    "sell",
    "switch",
    "symbol",
    "timeframe",
    "vote",
]
__all__ += list(INDICATORS)


def __getattr__(name: str) -> Any:
    """Return what declares an indicator of a kind. Raises AttributeError for a kind there is not."""
    if name in INDICATORS:
        return constructor(INDICATORS[name])
    raise AttributeError(f"there is no indicator {name!r}; {near(name, INDICATORS)}")
