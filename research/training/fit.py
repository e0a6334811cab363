"""Fitting: logistic regression and boosted trees, returned as the arrays of `domain.model`.

The libraries are the extra `ml`, imported here and nowhere else; what is trained runs without them. A fit is
the same for the same rows, seed and versions: one thread, no chance that is not seeded. The numbers of the
fits are fixed beforehand and small, for entries are few and their labels nearly noise.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np

from domain.errors import BadInput
from domain.extras import lacking
from domain.model import LOGISTIC, TREES, Arrays
from reasoning import models
from research.data.candles import FloatArray

RIDGE = 0.05
"""Inverse strength of the logistic regression's penalty."""

BOOSTING = {
    "objective": "binary", "num_leaves": 7, "learning_rate": 0.03, "min_data_in_leaf": 40,
    "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
ROUNDS = 120


def fit_logistic(inputs: FloatArray, won: FloatArray, seed: int) -> Arrays:
    """Fit a logistic regression on standardised inputs."""
    with _installed():
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # seconds, and an extra
    center, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    fitted = LogisticRegression(C=RIDGE, max_iter=2_000, random_state=seed)
    fitted.fit((inputs - center) / scale, won)
    return Arrays(
        bias=float(fitted.intercept_[0]),
        center=tuple(center.tolist()),
        scale=tuple(scale.tolist()),
        weights=tuple(fitted.coef_[0].tolist()),
    )


def fit_trees(inputs: FloatArray, won: FloatArray, seed: int) -> Arrays:
    """Fit boosted trees."""
    return arrays_of(boosted(inputs, won, seed).dump_model())


def boosted(inputs: FloatArray, won: FloatArray, seed: int) -> Any:
    """Return LightGBM's own booster."""
    with _installed():
        import lightgbm  # noqa: PLC0415  # as above
    parameters = {**BOOSTING, "seed": seed}
    return lightgbm.train(parameters, lightgbm.Dataset(inputs, won, free_raw_data=True), ROUNDS)


def arrays_of(dump: Mapping[str, Any]) -> Arrays:
    """Return the trees of a dumped model as flat arrays, children behind their nodes.

    Raises BadInput where a split is none the kernel walks: of categories, or of values that may be missing.
    """
    nodes: list[list[Any]] = []
    roots = [_flatten(tree["tree_structure"], nodes)[0] for tree in dump["tree_info"]]
    feature, threshold, left, right, value = (tuple(column) for column in zip(*nodes, strict=True))
    return Arrays(
        roots=tuple(roots), feature=feature, threshold=threshold, left=left, right=right, value=value
    )


def _flatten(tree: Mapping[str, Any], nodes: list[list[Any]]) -> tuple[int, float, float]:
    """Append a tree's nodes; return its place, its mean value and the rows it stands for."""
    index = len(nodes)
    if "leaf_value" in tree:
        nodes.append([-1, 0.0, 0, 0, float(tree["leaf_value"])])
        return index, float(tree["leaf_value"]), float(tree.get("leaf_count", 1))
    if tree["decision_type"] != "<=" or tree["missing_type"] != "None":
        raise BadInput(
            f"a split by {tree['decision_type']!r}, missing {tree['missing_type']!r}: none we walk"
        )
    nodes.append([int(tree["split_feature"]), float(tree["threshold"]), 0, 0, 0.0])
    left, left_mean, left_rows = _flatten(tree["left_child"], nodes)
    right, right_mean, right_rows = _flatten(tree["right_child"], nodes)
    rows = left_rows + right_rows
    mean = (left_mean * left_rows + right_mean * right_rows) / rows
    nodes[index][2:] = [left, right, mean]
    return index, mean, rows


FITS: Mapping[str, Callable[[FloatArray, FloatArray, int], Arrays]] = MappingProxyType(
    {LOGISTIC: fit_logistic, TREES: fit_trees}
)
"""The kinds of model, and how each is fitted."""


def odds_of(arrays: Arrays, inputs: FloatArray) -> FloatArray:
    """Return the log-odds of every row, by the kernels of the loop."""
    return np.array([models.odds_of(arrays, row) for row in inputs.tolist()])


def libraries() -> dict[str, str]:
    """Return the versions of what a fit depends on."""
    return {name: version(name) for name in ("lightgbm", "numpy", "scikit-learn")}


@contextmanager
def _installed() -> Iterator[None]:
    """Say which extra is missing instead of which module."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in ("lightgbm", "sklearn"):
            raise
        raise BadInput(lacking("training", "ml")) from None
