"""The windows of a walk-forward: time fitted on, and the unseen time right after it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from domain.errors import BadInput
from domain.times import DAY_MS, HOUR_MS, closing
from research.data.candles import Candles, IntArray
from research.search.sweep import Span

_LENGTH = re.compile(r"([0-9]{1,6})([dhc])")
_UNIT = {"d": DAY_MS, "h": HOUR_MS, "c": 1}


class Length(NamedTuple):
    """The length of a window: milliseconds or candles."""

    size: int
    candles: bool


class WindowPlan(NamedTuple):
    """The succession of windows; `anchored` ones all begin where the first does."""

    train: Length
    test: Length
    step: Length
    anchored: bool = False


class Window(NamedTuple):
    """A span in which parameters are fitted, and the unseen time right after it."""

    train: Span
    test: Span


def length(text: str) -> Length:
    """Read `180d`, `12h` or `5000c` (candles). Raises BadInput."""
    match = _LENGTH.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise BadInput(f"length {text!r} is not like 180d (days), 12h (hours) or 5000c (candles)")
    return Length(int(match[1]) * _UNIT[match[2]], candles=match[2] == "c")


def windows(candles: Sequence[Candles], warmup: int, plan: WindowPlan) -> list[Window]:
    """Return every whole window, from the first candle behind the warm-up (from midnight, for days).

    Raises BadInput when tests would overlap, units differ or the data hold no window.
    """
    if len({each.candles for each in plan[:3]}) > 1:
        raise BadInput("train, test and step must all be in candles or all in time")
    if plan.step.size < plan.test.size:
        raise BadInput("step is shorter than test: unseen time would count twice")
    marks = _marks(candles, warmup, in_candles=plan.train.candles)
    last = len(marks) - 1 if plan.train.candles else int(marks[1])
    start = 0 if plan.train.candles else _midnight(int(marks[0]), plan)
    results = []
    at = start
    while at + plan.train.size + plan.test.size <= last:
        turn, end = at + plan.train.size, at + plan.train.size + plan.test.size
        begin = start if plan.anchored else at
        if plan.train.candles:
            begin, turn, end = (int(marks[each]) for each in (begin, turn, end))
        results.append(Window((begin, turn), (turn, end)))
        at += plan.step.size
    if not results:
        unit = "candles" if plan.train.candles else "days"
        scale = 1 if plan.train.candles else DAY_MS
        needed, there = (plan.train.size + plan.test.size) / scale, max(0, last - start) / scale
        raise BadInput(
            f"train and test need {needed:g} {unit}; behind a warm-up of {warmup} candles there are {there:g}"
        )
    return results


def _marks(candles: Sequence[Candles], warmup: int, *, in_candles: bool) -> IntArray:
    """Return the instants that may be traded and the end, or only the first of them and the end."""
    behind = [each.time[warmup:] for each in candles if len(each) > warmup]
    if not behind:
        raise BadInput(f"a warm-up of {warmup} candles leaves nothing of {max(map(len, candles))} candles")
    end = closing(max(int(each[-1]) for each in behind), candles[0].timeframe_ms)
    if in_candles:
        return np.append(np.unique(np.concatenate(behind)), end)
    return np.array([min(int(each[0]) for each in behind), end])


def _midnight(first: int, plan: WindowPlan) -> int:
    whole = all(each.size % DAY_MS == 0 for each in plan[:3])
    return -(-first // DAY_MS) * DAY_MS if whole else first
