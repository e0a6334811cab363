"""The features of every candle of a tape, worked out once for all threads that search it."""

import threading
from collections.abc import Callable

import numpy as np

from research.data.candles import FloatArray
from research.engine.signals import KNOWN

PART = 4_096
"""Candles that a thread works out before it looks for more; of a long tape a thirty-second part."""


class SharedFeatures:
    """The features of a tape for `find_many`, float64[KNOWN * n], worked out by those who ask first."""

    def __init__(self, count: int) -> None:
        """Begin with those of no candle known, of so many."""
        size = max(PART, -(-count // 32))
        self._known = np.zeros(KNOWN * count)
        self._parts = [(begin, min(begin + size, count)) for begin in range(0, count, size)]
        self._unknown = len(self._parts)
        self._change = threading.Condition()

    def known(self, fill: Callable[[FloatArray, int, int], object]) -> FloatArray:
        """Return the features of all candles; `fill` writes those from one candle to before another.

        Threads that ask at the same time fill other parts, and each returns when all are there.
        """
        while (part := self._taken()) is not None:
            try:
                fill(self._known, *part)
            except BaseException:
                self._given_back(part)
                raise
            with self._change:
                self._unknown -= 1
                self._change.notify_all()
        return self._known

    def _taken(self) -> tuple[int, int] | None:
        with self._change:
            while self._unknown and not self._parts:
                self._change.wait()
            return self._parts.pop() if self._unknown else None

    def _given_back(self, part: tuple[int, int]) -> None:
        with self._change:
            self._parts.append(part)
            self._change.notify_all()
