"""The kernel of a model: log-odds out of flat arrays, and what each input added to them.

Trees are walked as LightGBM walks them, so the sum is bit for bit its raw score: at or below the threshold
goes left, leaves are added in the order of the trees. An input that is not known is none, so nothing here
asks for it.
"""

from collections.abc import MutableSequence, Sequence
from math import exp

from domain.kernel import kernel


@kernel
def linear_odds(
    bias: float,
    center: Sequence[float],
    scale: Sequence[float],
    weights: Sequence[float],
    inputs: Sequence[float],
    at: int,
) -> float:
    """Return the log-odds of a logistic model for the inputs that begin at `at`."""
    total = bias
    for index in range(len(weights)):
        total += weights[index] * ((inputs[at + index] - center[index]) / scale[index])
    return total


@kernel
def linear_parts(
    center: Sequence[float],
    scale: Sequence[float],
    weights: Sequence[float],
    inputs: Sequence[float],
    parts: MutableSequence[float],
) -> None:
    """Write what each input adds to the log-odds; with the bias they sum to them."""
    for index in range(len(weights)):
        parts[index] = weights[index] * ((inputs[index] - center[index]) / scale[index])


@kernel
def trees_odds(
    roots: Sequence[int],
    feature: Sequence[int],
    threshold: Sequence[float],
    left: Sequence[int],
    right: Sequence[int],
    value: Sequence[float],
    inputs: Sequence[float],
    at: int,
) -> float:
    """Return the log-odds of trees for the inputs that begin at `at`."""
    total = 0.0
    for tree in range(len(roots)):
        node = roots[tree]
        asked = feature[node]
        while asked >= 0:
            node = left[node] if inputs[at + asked] <= threshold[node] else right[node]
            asked = feature[node]
        total += value[node]
    return total


@kernel
def trees_parts(
    roots: Sequence[int],
    feature: Sequence[int],
    threshold: Sequence[float],
    left: Sequence[int],
    right: Sequence[int],
    value: Sequence[float],
    inputs: Sequence[float],
    parts: MutableSequence[float],
) -> float:
    """Write what each input adds to the log-odds along the paths taken, and return the bias they begin from.

    Path attribution: a step from a node to its child adds the difference of their values to the input the
    node asks for. The roots' values are the bias, and all of it sums to the leaves.
    """
    bias = 0.0
    for index in range(len(parts)):
        parts[index] = 0.0
    for tree in range(len(roots)):
        node = roots[tree]
        bias += value[node]
        while feature[node] >= 0:
            asked = feature[node]
            child = left[node] if inputs[asked] <= threshold[node] else right[node]
            parts[asked] += value[child] - value[node]
            node = child
    return bias


@kernel
def chance_of(odds: float) -> float:
    """Return the probability of log-odds, without overflow."""
    if odds >= 0.0:
        return 1.0 / (1.0 + exp(-odds))
    grown = exp(odds)
    return grown / (1.0 + grown)
