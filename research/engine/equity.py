"""The equity of every cycle, made of a lone symbol's trades and quotes once somebody asks for it.

To write the equity of half a million cycles takes as long as all else an account pass does, and few who run
a backtest look at it. Between two fills it is cash and so many units at the cycle's quote, whole numbers all:
what is made here is what a pass that writes every cycle comes to.
"""

from typing import Any, NamedTuple

import numpy as np

from research.data.candles import IntArray
from research.engine.layout import (
    ACCT,
    CASH,
    ENTRY_CYCLE,
    FACTOR,
    LOTS,
    TRADE_CASH,
    TRADE_CYCLE,
    TRADE_ENDED,
    TRADE_LOTS,
    TRADE_PNL,
)

AT_ONCE = 65_536
"""Cycles gone over at a time, so that what is worked out between stays in a core's cache."""


class EquityParts(NamedTuple):
    """The parts that the equity of every cycle is made of: the quotes, and what was held since when.

    `quotes` int64[cycles] in ticks. From cycle `since[k]` on till that of `k + 1` there were `cash[k]` cash
    units, and `units[k]` more for each tick of the quote; int64[n] each, `since` never falling from 0 on.
    """

    quotes: IntArray
    since: IntArray
    cash: IntArray
    units: IntArray

    def made(self) -> IntArray:
        """Return the equity of every cycle, int64[cycles] in cash units."""
        result = np.empty(len(self.quotes), dtype=np.int64)
        for begin in range(0, len(result), AT_ONCE):
            part = result[begin : begin + AT_ONCE]
            until = begin + len(part)
            first, last = np.searchsorted(self.since, [begin, until - 1], side="right") - 1
            among = slice(first, last + 1)
            lasting = np.diff(np.append(self.since[among].clip(begin), until))
            np.multiply(self.quotes[begin:until], np.repeat(self.units[among], lasting), out=part)
            part += np.repeat(self.cash[among], lasting)
        return result


def parts_of(quotes: IntArray, opening: int, trades: IntArray, ints: IntArray) -> EquityParts:
    """Return the parts of equity from the rows of a lone symbol's trades and the books at the end.

    `trades` int64[n, TRADE_ROW], in order; none is made smaller or larger on the way.
    """
    factor, held = int(ints[ACCT + FACTOR]), int(ints[ACCT + LOTS])
    count = 1 + 2 * len(trades)
    since, cash, units = (np.zeros(count + (held > 0), dtype=np.int64) for _ in range(3))
    # Flat, held, flat, held, and flat or held at the end; a cycle counts from 1 in the books.
    since[1:count:2], since[2:count:2] = trades[:, TRADE_CYCLE] - 1, trades[:, TRADE_ENDED] - 1
    cash[0:count:2] = opening + np.append(0, np.cumsum(trades[:, TRADE_PNL]))
    cash[1:count:2], units[1:count:2] = trades[:, TRADE_CASH], factor * trades[:, TRADE_LOTS]
    if held > 0:
        since[count], cash[count], units[count] = ints[ACCT + ENTRY_CYCLE] - 1, ints[CASH], factor * held
    return EquityParts(quotes, since, cash, units)


class MadeWhenAsked:
    """The equity of a result: an array, or its parts until somebody asks for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, result: Any, owner: type | None = None) -> IntArray:
        if result is None:
            raise AttributeError(self._name)
        given: IntArray | EquityParts = vars(result)[self._name]
        if isinstance(given, EquityParts):
            given = vars(result)[self._name] = given.made()
        return given

    def __set__(self, result: Any, value: IntArray | EquityParts) -> None:
        vars(result)[self._name] = value
