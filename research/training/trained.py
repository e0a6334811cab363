"""Training: from labelled entries to a model, with the figures it is judged by."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.errors import BadInput
from domain.model import Barriers, Model, Trained
from domain.times import utc
from learning.drift import shares
from reasoning.kernels.entry_inputs import NEWEST
from research.data.candles import Candles
from research.training.entries import Entries
from research.training.fit import FITS, libraries
from research.training.judged import Forecasts, calibrator_of, edges_of, figures, payoff, walked


class TrainingPlan(NamedTuple):
    """The plan of a training: the model's name and version, its kind, and which trial of how many it is."""

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


def train(plan: TrainingPlan, entries: Entries, candles: Sequence[Candles]) -> tuple[Model, Forecasts]:
    """Judge a kind of model year by year, then fit it on all entries; return it and its forecasts.

    Raises BadInput where there is too little to judge, or the extra `ml` is not installed.
    """
    if plan.kind not in FITS:
        raise BadInput(f"kind {plan.kind!r} is not one of {', '.join(FITS)}")
    fit = FITS[plan.kind]
    forecasts = walked(entries, fit, plan.seed, plan.embargo_ms)
    edges = edges_of(entries.inputs)
    model = Model(
        name=plan.name,
        version=plan.version,
        kind=plan.kind,
        inputs=entries.names,
        inputs_version=NEWEST,
        strategies=plan.strategies,
        timeframe_ms=candles[0].timeframe_ms,
        base=float(entries.won.mean()),
        arrays=fit(entries.inputs, entries.won, plan.seed),
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
    )
    return model, forecasts
