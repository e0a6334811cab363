"""An ensemble is the mean of its members in log-odds, names them by digest, and is judged like any model."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.errors import BadInput
from domain.model import ENSEMBLE, LOGISTIC, TREES, Arrays, Barriers, Model, decoded, encoded, identity
from domain.times import HOUR_MS, utc
from reasoning import models
from research.training import ensemble
from research.training.entries import Entries, names_of
from research.training.fit import FITS
from research.training.trained import TrainingPlan, train
from tests.agent.trained import model
from tests.research.made import walk

NAMES = names_of(("rsi", "sma"))
COUNT = 900
AT = round(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def entries() -> Entries:
    random = np.random.default_rng(8)
    inputs = random.normal(size=(COUNT, len(NAMES)))
    won = random.random(COUNT) < 1 / (1 + np.exp(-inputs[:, 0] - inputs[:, 3] * inputs[:, 5]))
    start = AT + np.arange(COUNT, dtype=np.int64) * 30 * HOUR_MS
    result = np.where(won, 0.02, -0.015) + random.normal(scale=0.001, size=COUNT)
    return Entries(NAMES, np.zeros(COUNT, dtype=np.int64), start, start + HOUR_MS, inputs, result)


@pytest.fixture(scope="module")
def fits(entries: Entries) -> dict[str, Arrays]:
    half = entries[: COUNT // 2]
    return {
        "one": FITS[LOGISTIC](entries.inputs, entries.won, 0),
        "other": FITS[LOGISTIC](half.inputs, half.won, 0),
        "trees": FITS[TREES](entries.inputs, entries.won, 0),
        "more": FITS[TREES](half.inputs, half.won, 5),
    }


@pytest.mark.parametrize(
    "names",
    [("one", "other"), ("trees", "more"), ("one", "trees"), ("one", "trees", "other", "more")],
    ids="-".join,
)
def test_its_log_odds_are_the_mean_of_theirs_and_its_parts_sum_to_them(
    names: tuple[str, ...], fits: dict[str, Arrays], entries: Entries
) -> None:
    mean = ensemble.averaged([fits[name] for name in names])
    built = model(kind=ENSEMBLE, arrays=mean)
    assert decoded(encoded(built), "here") == built
    for row in entries.inputs[:80].tolist():
        theirs = [models.odds_of(fits[name], row) for name in names]
        assert models.odds_of(mean, row) == pytest.approx(sum(theirs) / len(theirs), abs=1e-12)
        bias, parts = models.added(mean, row)
        assert bias + sum(parts) == pytest.approx(models.odds_of(mean, row), abs=1e-12)


def test_arrays_that_cannot_be_walked_are_refused(fits: dict[str, Arrays]) -> None:
    mean = ensemble.averaged([fits["one"], fits["trees"]])
    odd = [
        msgspec.structs.replace(mean, weights=mean.weights[:-1]),
        msgspec.structs.replace(mean, roots=(len(mean.feature),)),
        Arrays(),
    ]
    for arrays in odd:
        with pytest.raises(BadInput, match="is no model"):
            decoded(encoded(model(kind=ENSEMBLE, arrays=arrays)), "here")


def plan(**more: Any) -> TrainingPlan:
    given: dict[str, Any] = {
        "name": "meta", "version": 1, "kind": LOGISTIC, "strategies": ("rsi", "sma"),
        "barriers": Barriers(0.0, 0.0, 60, 1852), "embargo_ms": HOUR_MS, "seed": 0, "trials": 1,
        "code_version": "0", "at": utc(AT),
    }  # fmt: skip
    return TrainingPlan(**(given | more))


def test_it_is_judged_as_what_it_averages_and_names_its_members_by_digest(entries: Entries) -> None:
    candles = [walk("BTC-USDT", 50)]
    one, _ = train(plan(), entries, candles)
    two, _ = train(plan(version=2, seed=3), entries, candles)
    both, _ = train(plan(name="both", trials=3, members=(one, two)), entries, candles)
    assert (both.kind, [each.sha256 for each in both.members]) == (ENSEMBLE, [identity(one), identity(two)])
    assert both.arrays.weights == pytest.approx(one.arrays.weights)
    for name in ("forecasts", "skill", "taken_count", "taken", "auc", "purged_auc"):
        assert getattr(both.figures, name) == pytest.approx(getattr(one.figures, name)), name
    assert both.trained.trials == 3
    assert both.calibrator is not None
    assert both.payoff == pytest.approx(one.payoff)
    assert decoded(encoded(both), "here") == both

    def refused(*members: Model, why: str) -> None:
        with pytest.raises(BadInput, match=why):
            train(plan(members=members), entries, candles)

    far = msgspec.structs.replace(two, barriers=Barriers(2.0, 4.0, 48, 1852))
    replaced = msgspec.structs.replace(two, trained=msgspec.structs.replace(two.trained, fingerprints=("x",)))
    refused(one, why="of 2 to 8 models, 1 are named")
    refused(one, one, why="named twice")
    refused(one, both, why="it is an ensemble itself")
    refused(one, far, why="its label is another than that of meta version 1")
    refused(one, replaced, why="trained on other strategies or candles")
