"""The words of a declared strategy: what `decide` is written with.

None of them is called as it stands here. The house reads `decide` and writes kernels from it
(`reasoning.declare.writing`), in which a word is what its docstring says.
"""

from typing import Any, NoReturn

SHARED = ("trend", "wild", "atr", "baseline", "volume", "volatility")
"""The features of `reasoning.kernels.features` that `market` has."""
TOLD = ("confidence", "base", "trend", "volume", "volatility", "stop_ppm", "stop", "target")
"""The fields of a signal that `said` has."""


class Numbers:
    """The named numbers of a candle: open, high, low, close, volume (ticks and units), and the indicators."""

    def __getattr__(self, name: str) -> Any:
        """Stand for a number."""
        return _unread(name)


class MarketFeatures:
    """The numbers all strategies share of a candle: trend, wild, atr, baseline, volume and volatility.

    Known where a vote is given, so it is used in the arguments of `buy`, `sell` and `vote` only.
    """

    def __getattr__(self, name: str) -> Any:
        """Stand for a feature."""
        return _unread(name)


class GivenSignal:
    """The signal that was given, for its reason: confidence and its parts, stop and target in ticks."""

    def __getattr__(self, name: str) -> Any:
        """Stand for a part of the signal."""
        return _unread(name)


market = MarketFeatures()
said = GivenSignal()


def buy(
    *,
    confidence: Any = None,
    base: Any = None,
    trend: Any = None,
    stop: Any = None,
    stop_ppm: Any = None,
    target: Any = None,
    reason: Any = None,
) -> NoReturn:
    """Vote to buy.

    `confidence` is the whole of it, 0 to 100. Without it confidence is `base` (50) + `trend` (20 where the
    market's trend goes with the vote) + the shared parts for volume and volatility, each up to 20.
    `stop` and `target` are prices in ticks; `stop_ppm` is the stop's distance from the actual entry in parts
    per million, 30,000 where neither is given. `reason` is for people: a text or an f-string.
    """
    del confidence, base, trend, stop, stop_ppm, target, reason
    _unread("buy")


def sell(
    *,
    confidence: Any = None,
    base: Any = None,
    trend: Any = None,
    stop: Any = None,
    stop_ppm: Any = None,
    target: Any = None,
    reason: Any = None,
) -> NoReturn:
    """Vote to sell, which closes a long position; its arguments are those of `buy`."""
    del confidence, base, trend, stop, stop_ppm, target, reason
    _unread("sell")


def vote(
    side: Any,
    *,
    confidence: Any = None,
    base: Any = None,
    trend: Any = None,
    stop: Any = None,
    stop_ppm: Any = None,
    target: Any = None,
    reason: Any = None,
) -> NoReturn:
    """Vote to buy where `side` is above 0, to sell where it is below; its arguments are those of `buy`."""
    del side, confidence, base, trend, stop, stop_ppm, target, reason
    _unread("vote")


def nothing(reason: Any = None) -> NoReturn:
    """Vote for neither; the reason is what `agent why` says of the candle."""
    del reason
    _unread("nothing")


def crossed_above(one: Any, other: Any) -> bool:
    """Tell whether `one` is above `other` now and was not on the candle before."""
    _unread("crossed_above", one, other)


def crossed_below(one: Any, other: Any) -> bool:
    """Tell whether `one` is below `other` now and was not on the candle before."""
    _unread("crossed_below", one, other)


def rising(number: Any) -> bool:
    """Tell whether a number is higher than on the candle before."""
    _unread("rising", number)


def falling(number: Any) -> bool:
    """Tell whether a number is lower than on the candle before."""
    _unread("falling", number)


def _unread(name: str, *_given: Any) -> NoReturn:
    raise TypeError(
        f"{name} stands for itself in the decide of a Declared strategy and cannot be used elsewhere"
    )


VOTES = {buy: 1, sell: -1, vote: 0}
PARTS = ("confidence", "base", "trend", "stop", "stop_ppm", "target", "reason")
COMPARING = (crossed_above, crossed_below, rising, falling)
