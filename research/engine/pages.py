"""Arrays in pages of their own: where one lay that nobody needs any more, the next is written."""

import mmap
import threading
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from research.data.candles import FloatArray

BLOCK = 4 * 2**20
"""Bytes asked for at once: arrays smaller than that share a block, and its two large pages."""
LARGE_PAGE = 2 * 2**20
"""Bytes of a large page; of whole ones alone a block begins with one (Linux 6.12 and later)."""
GROWING = 3
"""Places of a block for each array there is: who needs a single one is not given a large page for it."""
LEAST = 2**16
"""Bytes of an array that is worth a place in a block."""


class Pages:
    """Arrays of one length, handed out to several threads; a block's memory goes back with the last of all.

    Small pages asked for anew take longer than most indicators to be worked out, and longer still to be given
    back; asked for at once they hold up every other thread.
    """

    def __init__(self, count: int) -> None:
        """Hand out arrays of so many numbers."""
        self._count = count
        self._each = -(-8 * count // mmap.PAGESIZE) * mmap.PAGESIZE
        self._spare: list[tuple[Any, int]] = []
        self._made = 0
        self._lock = threading.Lock()

    def array(self, blank: int) -> FloatArray:
        """Return float64[count] whose first `blank` numbers are zero; the others may be anything."""
        if 8 * self._count < LEAST:
            return np.zeros(self._count)
        with self._lock:
            if not self._spare:
                few = min(max(BLOCK // self._each, 1), 1 + GROWING * self._made)
                self._spare += _places(self._each, few)
                self._made += few
            block, begin = part = self._spare.pop()
        result = np.frombuffer(block, dtype=np.float64, count=self._count, offset=begin)
        # Whoever reads it by its address keeps the array: only with its last reader it is dropped.
        finalize(result, self._spare.append, part).atexit = False
        result[:blank] = 0.0
        return result


def in_large_pages(count: int) -> NDArray[np.int32]:
    """Return int32[count], zero, that is written at once: large pages are there in a tenth of the time."""
    return np.frombuffer(_block(4 * count), dtype=np.int32, count=count)


def _places(size: int, count: int) -> list[tuple[Any, int]]:
    """Return a new block of memory with each place in it that has so many bytes, the first one last."""
    block = _block(size * count)
    return [(block, size * index) for index in reversed(range(count))]


def _block(size: int) -> mmap.mmap:
    if size >= LARGE_PAGE:  # else it would not begin with one
        size = -(-size // LARGE_PAGE) * LARGE_PAGE
    block = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        block.madvise(mmap.MADV_HUGEPAGE)
    return block
