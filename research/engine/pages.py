"""Arrays in pages of their own: where one lay that nobody needs any more, the next is written."""

import mmap
from typing import Any
from weakref import finalize

import numpy as np

from research.data.candles import FloatArray

LARGE = 4 * 2**20
"""Bytes of an array that is worth large pages."""


class Pages:
    """Arrays of one length, handed out to several threads; all their memory goes back with the last of them.

    Pages asked for anew take longer than most indicators to be worked out, and hold up whoever else asks.
    """

    def __init__(self, count: int) -> None:
        """Hand out arrays of so many numbers."""
        self._count = count
        self._spare: list[Any] = []

    def array(self, blank: int) -> FloatArray:
        """Return float64[count] whose first `blank` numbers are zero; the others may be anything."""
        try:
            pages = self._spare.pop()
        except IndexError:
            pages = _mapped(max(8 * self._count, 1))
        result = np.frombuffer(pages, dtype=np.float64, count=self._count)
        # Whoever reads it by its address keeps the array: only with its last reader it is dropped.
        finalize(result, self._spare.append, pages).atexit = False
        result[:blank] = 0.0
        return result


def _mapped(size: int) -> mmap.mmap:
    # Asked for one by one, pages of four kilobytes take longer still.
    at_once = getattr(mmap, "MAP_POPULATE", 0) if size < LARGE else 0
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | at_once)
    if size >= LARGE and hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return pages
