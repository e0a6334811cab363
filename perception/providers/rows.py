"""Rows of an answer, one by one: a row that is not sound is handed on as it is, to be left out by name.

A provider that sends one row of zeros among a hundred good ones is still good for the hundred:
`quality.intake` keeps the row out and names it in a finding. Where no row at all is sound the answer is not.
"""

from collections.abc import Callable, Iterable
from math import nan
from typing import TypeVar

from domain.candle import RawCandle
from domain.errors import BadAnswer
from edge.strict_json import Json, signed

T = TypeVar("T")


def each_row(
    rows: Iterable[T], sound: Callable[[T], RawCandle], unread: Callable[[T], RawCandle]
) -> list[RawCandle]:
    """Return each row as `sound` reads it, else as `unread` does; nothing but a time need be in that one.

    Raises BadAnswer where every row is unsound, with what is wrong with the first, and where a time is.
    """
    results: list[RawCandle] = []
    faults: list[BadAnswer] = []
    for row in rows:
        try:
            results.append(sound(row))
        except BadAnswer as fault:
            faults.append(fault)
            results.append(unread(row))
    if faults and len(faults) == len(results):
        raise faults[0]
    return results


def as_told(time: int, values: Iterable[Json]) -> RawCandle:
    """Return a candle of five values as they were told; what is no number is NaN."""
    read = (signed(value) for value in values)
    open_, high, low, close, volume = (nan if value is None else value for value in read)
    return RawCandle(time, open_, high, low, close, volume)
