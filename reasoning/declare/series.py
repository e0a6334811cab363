"""The candles an indicator is declared on that are not the strategy's own: longer, or another symbol's."""

from pathlib import Path
from typing import Any

from domain.symbols import LIKE, is_symbol
from domain.times import MONTH_MS, TIMEFRAMES
from reasoning.declare.refusal import Undeclarable, called_from, near, shown

NUMBERS = ("open", "high", "low", "close", "volume")
"""The numbers of a candle that `now.NAME` and `last.NAME` have of such candles."""

LENGTHS = {text: length for text, length in TIMEFRAMES.items() if length != MONTH_MS}
"""Timeframes that can be declared: a month has no fixed length."""


class CandleSeries:
    """The closed candles of a longer timeframe or another symbol; named by the attribute it is given to.

    `length` is 0 for candles as long as the strategy's own, `symbol` "" for those of its own symbol;
    `where` is the file and line that declared another one.
    """

    def __init__(self, timeframe: str, length: int, symbol: str = "", where: str = "") -> None:
        self.timeframe = timeframe
        self.length = length
        self.symbol = symbol
        self.where = where
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self.name = self.name or name

    def __repr__(self) -> str:
        """Return what a refusal calls them."""
        return f"candles ({' '.join(filter(None, (self.symbol, self.timeframe)))})"

    @property
    def key(self) -> tuple[str, int]:
        """Return what makes two of them the same candles."""
        return self.symbol, self.length

    @property
    def fallback(self) -> str:
        """Return the name of those that are given to no attribute."""
        words = (*(each for each in self.symbol if each.isalnum() or each == "-"), "-", *self.timeframe)
        return f"on_{''.join(words).strip('-').replace('-', '_').lower()}"

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


def symbol(name: Any = None, longer: Any = None, *more: Any) -> Any:
    """Declare the candles of another symbol, as long as the strategy's own, or built of such.

    Written as symbol("BTC-USDT") or symbol("BTC-USDT", "4h"). Raises Undeclarable.
    """
    if name is None or more:
        raise Undeclarable('symbol(...) takes a symbol and perhaps a timeframe: symbol("BTC-USDT", "4h")')
    if not isinstance(name, str) or not is_symbol(name):
        raise Undeclarable(f"symbol({shown(name)}) is none; write one like {LIKE}")
    file, line = called_from()
    where = f"{Path(file).name}:{line}"
    length = 0 if longer is None else timeframe(longer).length
    return CandleSeries("" if longer is None else longer, length, name, where)


def series_of(kind: str, on: Any) -> CandleSeries | None:
    """Return the candles `on=` names: a series, or a timeframe as text. Raises Undeclarable."""
    if on is None or isinstance(on, CandleSeries):
        return on
    if isinstance(on, str) and on not in TIMEFRAMES and is_symbol(on) and not on[0].isdigit():
        raise Undeclarable(f"{kind}(on=...) is {on!r}; write on=symbol({on!r}) for the candles of a symbol")
    if isinstance(on, str):
        result: CandleSeries = timeframe(on)
        return result
    raise Undeclarable(
        f'{kind}(on=...) is {shown(on)}; write a timeframe such as on="4h", or timeframe("4h")'
    )
