"""Splits of labelled entries into what is learned from and what is judged, by when each label ended.

A label looks ahead: an entry that was open while an entry of the test began tells of the same candles. So an
entry is left out of training where its time, from decision to label, meets that of the test, and for an
embargo behind it (Lopez de Prado, "Advances in financial machine learning", 2018, chapter 7). A count of rows
cannot say this, for entries come at uneven times. Shuffled folds are here to show what they pretend.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.times import millis, utc
from research.data.candles import IntArray

Mask = NDArray[np.bool_]


class TrainSplit(NamedTuple):
    """The rows learned from and those judged, as masks of all rows."""

    train: Mask
    test: Mask


def clear_of(start: IntArray, end: IntArray, test: Mask, embargo_ms: int) -> Mask:
    """Return the rows whose time [start, end] lies clear of the test's, and of the embargo behind it.

    The test's time is from its first start to its last end; rows of the test are not among them.
    """
    if not test.any():
        return ~test
    first, last = start[test].min(), end[test].max()
    clear: Mask = (start > last + embargo_ms) | (end < first)
    return clear & ~test


def purged_folds(start: IntArray, end: IntArray, folds: int, embargo_ms: int) -> Iterator[TrainSplit]:
    """Yield folds that follow one another in time, each judged by what lies clear of it on both sides."""
    edges = np.linspace(0, len(start), folds + 1).astype(np.int64)
    order = np.argsort(start, kind="stable")
    for low, high in pairwise(edges.tolist()):
        test = np.zeros(len(start), dtype=np.bool_)
        test[order[low:high]] = True
        yield TrainSplit(clear_of(start, end, test, embargo_ms), test)


def shuffled_folds(count: int, folds: int, seed: int) -> Iterator[TrainSplit]:
    """Yield folds drawn at random, which leak: for comparison, never for a verdict."""
    fold = np.random.default_rng(seed).permutation(count) % folds
    for each in range(folds):
        yield TrainSplit(fold != each, fold == each)


def forward_years(
    start: IntArray, end: IntArray, embargo_ms: int, least: int
) -> Iterator[tuple[int, TrainSplit]]:
    """Yield each calendar year (UTC) with what had ended an embargo before it began, `least` rows or more."""
    if not len(start):
        return
    for year in range(utc(int(start.min())).year, utc(int(start.max())).year + 1):
        begins, ends = (millis(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
        test = (start >= begins) & (start < ends)
        train = end + embargo_ms < begins
        if test.any() and train.sum() >= least:
            yield year, TrainSplit(train, test)
