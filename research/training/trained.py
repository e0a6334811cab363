"""Training: from labelled entries to a model, with the figures it is judged by."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.errors import BadInput
from domain.model import ENSEMBLE, Barriers, Model, Trained
from domain.times import utc
from learning.drift import shares
from reasoning.kernels.entry_inputs import NEWEST
from research.data.candles import Candles
from research.training.ensemble import averaged, checked, members_of, refitted
from research.training.entries import Entries
from research.training.fit import FITS, libraries
from research.training.judged import Fit, Forecasts, calibrator_of, edges_of, figures, payoff, walked


class TrainingPlan(NamedTuple):
    """The plan of a training: the model's name and version, its kind, and which trial of how many it is.

    With `members` it is their ensemble, and their own arrays are averaged.
    """

    name: str
    version: int
    kind: str
    strategies: tuple[str, ...]
    barriers: Barriers
    embargo_ms: int
    seed: int
    trials: int
    code_version: str
    at: datetime
    members: tuple[Model, ...] = ()


def train(plan: TrainingPlan, entries: Entries, candles: Sequence[Candles]) -> tuple[Model, Forecasts]:
    """Judge a kind of model year by year, then fit it on all entries; return it and its forecasts.

    Raises BadInput where there is too little to judge, or the extra `ml` is not installed.
    """
    fit = _fit(plan, entries, candles)
    forecasts = walked(entries, fit, plan.seed, plan.embargo_ms)
    edges = edges_of(entries.inputs)
    model = Model(
        name=plan.name,
        version=plan.version,
        kind=ENSEMBLE if plan.members else plan.kind,
        inputs=entries.names,
        inputs_version=NEWEST,
        strategies=plan.strategies,
        timeframe_ms=candles[0].timeframe_ms,
        base=float(entries.won.mean()),
        arrays=(
            averaged([each.arrays for each in plan.members])
            if plan.members
            else fit(entries.inputs, entries.won, plan.seed)
        ),
        barriers=plan.barriers,
        edges=edges,
        shares=tuple(
            shares(each, column) for each, column in zip(edges, entries.inputs.T.tolist(), strict=True)
        ),
        trained=Trained(
            at=plan.at,
            symbols=tuple(each.symbol for each in candles),
            fingerprints=tuple(each.fingerprint for each in candles),
            first=utc(int(entries.start.min())),
            last=utc(int(entries.end.max())),
            events=len(entries),
            code_version=plan.code_version,
            libraries=libraries(),
            seed=plan.seed,
            trials=plan.trials,
        ),
        figures=figures(entries, forecasts, fit, plan.seed, plan.embargo_ms, plan.trials),
        calibrator=calibrator_of(forecasts),
        payoff=payoff(entries.result),
        members=members_of(plan.members),
    )
    return model, forecasts


def _fit(plan: TrainingPlan, entries: Entries, candles: Sequence[Candles]) -> Fit:
    """Return what fits the plan's kind. Raises BadInput where there is none."""
    if plan.members:
        checked(plan.members, entries, candles)
        return refitted(plan.members)
    if plan.kind not in FITS:
        raise BadInput(f"kind {plan.kind!r} is not one of {', '.join(FITS)}")
    return FITS[plan.kind]
