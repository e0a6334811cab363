"""Answers that a page draws: equity over time, returns by month, trials by their parameters."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from agent.answers.research import CurveAnswer, Months
from agent.answers.trials import TriedAnswer
from research.data.candles import Candles, FloatArray, IntArray
from research.report.series import by_month, fall_of, hold_at, thinned

COLUMNS = 300
"""Columns of a curve, two points each."""
MOST_TRIED = 1_000


def curve_of(times_ms: IntArray, growth: FloatArray, candles: Sequence[Candles] = ()) -> CurveAnswer:
    """Return equity as multiples of the opening cash, beside buy-and-hold of the candles meanwhile."""
    keep = thinned(growth, COLUMNS)
    first, last = int(times_ms[0]), int(times_ms[-1])
    hold = hold_at(times_ms[keep], [each.between(first, last + 1) for each in candles])
    return CurveAnswer(
        times=(times_ms[keep] // 1000).tolist(),
        equity=np.round(growth[keep], 6).tolist(),
        fall=np.round(fall_of(growth, 1.0)[keep], 6).tolist(),
        hold=[] if hold is None else np.round(hold, 6).tolist(),
    )


def months_of(times_ms: IntArray, growth: FloatArray) -> Months:
    """Return the returns by UTC month, by year as text."""
    return {
        str(year): [None if each is None else round(each, 6) for each in row]
        for year, row in by_month(times_ms, growth, 1.0).items()
    }


def tried_of(trials: Iterable[tuple[Mapping[str, Any], float, float | None]]) -> list[TriedAnswer]:
    """Return trials, the best in sample first; what is not a number is None."""
    rows = sorted(trials, key=lambda each: -each[1] if isfinite(each[1]) else float("inf"))
    return [
        TriedAnswer(parameters=dict(names), in_sample=_plain(inside), out_of_sample=_plain(outside))
        for names, inside, outside in rows[:MOST_TRIED]
    ]


def _plain(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(value, 6)
