"""The candles an indicator is declared on where they are not the strategy's own: of a longer timeframe."""

from typing import Any

from domain.times import MONTH_MS, TIMEFRAMES
from reasoning.declare.refusal import Undeclarable, near, shown

NUMBERS = ("open", "high", "low", "close", "volume")
"""The numbers of a candle that `now.NAME` and `last.NAME` have of such candles."""

LENGTHS = {text: length for text, length in TIMEFRAMES.items() if length != MONTH_MS}
"""Timeframes that can be declared: a month has no fixed length."""


class CandleSeries:
    """The closed candles of a longer timeframe; named by the attribute it is given to."""

    def __init__(self, timeframe: str, length: int) -> None:
        self.timeframe = timeframe
        self.length = length
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self.name = self.name or name

    def __repr__(self) -> str:
        """Return what a refusal calls them."""
        return f"candles ({self.timeframe})"

    @property
    def key(self) -> int:
        """Return what makes two of them the same candles."""
        return self.length

    @property
    def numbers(self) -> list[str]:
        """Return the names of its numbers, as `now` has them."""
        return [f"{self.name}.{each}" for each in NUMBERS]


def timeframe(text: Any = None, *more: Any) -> Any:
    """Declare the candles of a longer timeframe, such as "4h", made of the strategy's own as they close."""
    if text is None or more:
        raise Undeclarable(f'timeframe(...) takes one length, such as timeframe("4h"); {near("", LENGTHS)}')
    if text in TIMEFRAMES and text not in LENGTHS:
        raise Undeclarable(f"timeframe {text!r} is none; a month has no fixed length: {near('', LENGTHS)}")
    if not isinstance(text, str) or text not in LENGTHS:
        raise Undeclarable(f"timeframe {shown(text)} is none; {near(str(text), LENGTHS)}")
    return CandleSeries(text, LENGTHS[text])


def series_of(kind: str, on: Any) -> CandleSeries | None:
    """Return the candles `on=` names: a series, or a timeframe as text. Raises Undeclarable."""
    if on is None or isinstance(on, CandleSeries):
        return on
    if isinstance(on, str):
        result: CandleSeries = timeframe(on)
        return result
    raise Undeclarable(
        f'{kind}(on=...) is {shown(on)}; write a timeframe such as on="4h", or timeframe("4h")'
    )
