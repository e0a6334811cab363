"""Symbols as ours (`BTC-USDT`, `MSFT`) and as a venue's URL takes them: checked first."""

from typing import NamedTuple

from domain.symbols import LIKE, parts
from domain.times import TIMEFRAMES
from perception.guard.faults import Unasked

NAMES = {length: name for name, length in TIMEFRAMES.items()}


class Pair(NamedTuple):
    """A symbol taken apart; an equity has no quote."""

    base: str
    quote: str


def pair(symbol: str) -> Pair:
    """Take a symbol apart. Raises Refused when it is not one of ours: nothing else may enter a URL."""
    result = parts(symbol)
    if result is None:
        raise Unasked(f"symbol {symbol[:24]!r} is not like {LIKE}")
    return Pair(*result)


def timeframe_name(timeframe_ms: int) -> str:
    """Return the name of a timeframe ("1m"). Raises Refused for one we do not know."""
    name = NAMES.get(timeframe_ms)
    if name is None:
        raise Unasked(f"timeframe {timeframe_ms} ms is not one of {', '.join(TIMEFRAMES)}")
    return name
