"""The proof for or against a voice: its resolved forecasts, measured as the gate of promotion asks.

What counts is out of sample twice over: a forecast was given before its outcome, and it is calibrated by a
table fitted before its month. Retrospective advice is left out and counted.
"""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from domain.errors import BadInput
from learning.calibration import fitted, month_of, prequential
from learning.forecasts import Resolved
from learning.promotion import SkillProof
from research.data.candles import FloatArray
from research.statistics.months import interval, quotient
from research.statistics.overfit import deflated_sharpe
from research.training.judged import payoff

LEAST_TAKEN = 30
"""Results below which no deflated Sharpe ratio is worked out."""


def proof(voice: str, identity: str, done: Sequence[Resolved], trials: int) -> SkillProof:
    """Return the proof of one voice's forecasts; `trials` counts the variants that were tried."""
    clean = [each for each in done if not each.forecast.retrospective]
    chances = np.array(prequential(clean))
    won = np.array([each.won for each in clean], dtype=np.float64)
    base = np.array([each.forecast.base for each in clean])
    months = np.array([month_of(each.forecast.at) for each in clean], dtype=np.int64)
    results = np.array([each.result for each in clean])
    taken = np.array([each.forecast.vote > 0 for each in clean], dtype=bool)
    errors = np.column_stack([(base - won) ** 2 - (chances - won) ** 2, (base - won) ** 2])
    skill = interval(months, errors, quotient) or (None, None)
    rows = np.column_stack([results[taken], np.ones(int(taken.sum()))])
    mean = interval(months[taken], rows, quotient) or (None, None)
    return SkillProof(
        voice=voice,
        identity=identity,
        forecasts=len(clean),
        won=int(won.sum()),
        months=len(set(months.tolist())),
        since=min((each.forecast.at for each in clean), default=0),
        until=max((each.learned_at for each in clean), default=0),
        skill=_quotient(errors),
        skill_low=skill[0],
        skill_high=skill[1],
        taken=int(taken.sum()),
        taken_mean=_mean(results[taken]),
        taken_low=mean[0],
        taken_high=mean[1],
        plain_mean=_mean(results),
        trials=trials,
        deflated_sharpe=_deflated(results[taken], trials),
        retrospective=len(done) - len(clean),
        calibrator=fitted([each.forecast.probability for each in clean], [each.won for each in clean]),
        payoff=payoff(results) or None,
    )


def _quotient(errors: FloatArray) -> float | None:
    top, bottom = (float(each) for each in errors.sum(axis=0))
    return top / bottom if bottom > 0.0 else None


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None


def _deflated(results: FloatArray, trials: int) -> float | None:
    """Return the deflated Sharpe ratio of what was taken, a result each.

    Nobody knows how the Sharpe ratios of the variants varied; without skill their variance is that of
    the estimate, 1 / (n - 1) (Lo, "The statistics of Sharpe ratios", 2002).
    """
    if len(results) < LEAST_TAKEN:
        return None
    try:
        value = deflated_sharpe(results, (trials, 1.0 / (len(results) - 1)))
    except BadInput:
        return None
    return value if isfinite(value) else None
