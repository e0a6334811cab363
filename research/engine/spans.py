"""The extremes of any stretch within a day by two looks, where many trials are worth making them for.

For each power of two from `LEAST` cycles on, the extremes of so many cycles from each cycle on: any stretch
is two of them that overlap. What is most is kept negated, so that one minimum does for all four.
"""

from typing import Any, NamedTuple

import numpy as np

from domain.kernel import kernel
from research.engine.ahead_of import fetch
from research.engine.layout import Blocks
from research.engine.pages import in_large_pages
from research.engine.stretches import HIGH, LOW, QUOTED, RECORD, ROW

LEAST = 8
"""Cycles of the shortest stretch that is looked up."""
MOST_LEVELS = 8
MOST_BYTES = 96 * 2**20
"""Bytes that are worth it: a year of minutes."""


class Extremes(NamedTuple):
    """Smallest and largest of all prices of a stretch, and of its quotes; `known` False for no answer."""

    known: bool
    least: int
    most: int
    least_quote: int
    most_quote: int


def with_spans(blocks: Blocks) -> Blocks:
    """Return blocks with the extremes of stretches up to the longest day, where they find room."""
    rows: Any = blocks.rows
    cycles = len(rows) // ROW
    longest = int(np.diff(blocks.after, prepend=0).max()) if cycles else 0
    levels = min(max(longest // LEAST, 1).bit_length(), MOST_LEVELS)
    if longest < LEAST or levels * cycles * RECORD * rows.itemsize > MOST_BYTES:
        return blocks
    rows = rows.reshape(-1, ROW)
    quote = rows[:, QUOTED]
    low, high = np.minimum(quote, rows[:, LOW]), np.maximum(quote, rows[:, HIGH])
    level = np.stack((low, -high, quote, -quote), axis=1).reshape(-1)
    for size in (1, 2):
        level = _wider(level, size, np.empty_like(level))
    spans: Any = in_large_pages(levels * len(level)).reshape(levels, -1)
    for rank, row in enumerate(spans):
        level = _wider(level, LEAST // 2 << rank, row)
    return blocks._replace(spans=spans.reshape(-1))


def _wider(level: Any, size: int, result: Any) -> Any:
    """Return the extremes of twice as many cycles: each with those `size` cycles later."""
    apart = RECORD * size
    np.minimum(level[:-apart], level[apart:], out=result[:-apart])
    result[-apart:] = level[-apart:]
    return result


@kernel
def level_of(count: int) -> int:
    """Return the level whose two looks tell of so many cycles."""
    # A sum, for where a loop ends the processor could not guess.
    return (
        (count >= 16) + (count >= 32) + (count >= 64) + (count >= 128)
        + (count >= 256) + (count >= 512) + (count >= 1024)
    )  # fmt: skip  # as they come


@kernel
def fetch_extremes(blocks: Blocks, first: int, until: int) -> None:
    """Have what `extremes_of` will look at on its way."""
    cycles, level = len(blocks.rows) // ROW, level_of(until - first)
    fetch(blocks.spans, (level * cycles + first) * RECORD)
    fetch(blocks.spans, (level * cycles + until - (LEAST << level)) * RECORD)


@kernel
def extremes_of(blocks: Blocks, first: int, until: int) -> Extremes:
    """Return the extremes of the cycles from `first` to before `until`, where two looks tell."""
    spans, cycles, count = blocks.spans, len(blocks.rows) // ROW, until - first
    level = level_of(count)
    size = LEAST << level
    if count < LEAST or count > 2 * size or (level + 1) * cycles * RECORD > len(spans):
        return Extremes(False, 0, 0, 0, 0)
    one, other = (level * cycles + first) * RECORD, (level * cycles + until - size) * RECORD
    return Extremes(
        True,
        0 + min(spans[one], spans[other]),
        -min(spans[one + 1], spans[other + 1]),
        0 + min(spans[one + 2], spans[other + 2]),
        -min(spans[one + 3], spans[other + 3]),
    )
