"""Ensembles: the mean of registered models in log-odds, judged like any other kind.

Equal weights: weights fitted to the members' forecasts are more numbers to be lucky with, and nothing here
has shown that they pay (Clemen, "Combining forecasts: a review and annotated bibliography", International
Journal of Forecasting 5, 1989: the plain mean is hard to beat). Linear models add up to a linear one and
trees to more trees, so an ensemble is arrays of the same shape and is asked by the same kernels.
"""

from collections.abc import Callable, Iterator, Sequence

from domain.errors import BadInput
from domain.model import Arrays, EnsembleMember, Model, identity
from research.data.candles import Candles, FloatArray
from research.training.entries import Entries
from research.training.fit import FITS

FEWEST, MOST = 2, 8
"""Members of an ensemble."""


def checked(members: Sequence[Model], entries: Entries, candles: Sequence[Candles]) -> None:
    """Raise BadInput where models cannot be averaged, or were judged on other entries than these."""
    if not FEWEST <= len(members) <= MOST:
        raise BadInput(f"--member: an ensemble is of {FEWEST} to {MOST} models, {len(members)} are named")
    names = [f"{each.name} version {each.version}" for each in members]
    if len({identity(each) for each in members}) < len(members):
        raise BadInput("--member: a model is named twice")
    prints = tuple(each.fingerprint for each in candles)
    for name, each in zip(names, members, strict=True):
        if each.kind not in FITS:
            raise BadInput(f"--member {name}: it is an ensemble itself")
        if each.barriers != members[0].barriers:
            raise BadInput(f"--member {name}: its label is another than that of {names[0]}")
        if each.inputs != entries.names or each.trained.fingerprints != prints:
            raise BadInput(
                f"--member {name}: it was trained on other strategies or candles than these; an ensemble is "
                "judged on what its members were"
            )


def members_of(models: Sequence[Model]) -> tuple[EnsembleMember, ...]:
    """Return models as an ensemble names them."""
    return tuple(EnsembleMember(each.name, each.version, identity(each)) for each in models)


def refitted(members: Sequence[Model]) -> Callable[[FloatArray, FloatArray, int], Arrays]:
    """Return what fits the ensemble anew: each member's kind with its own seed, averaged."""

    def fit(inputs: FloatArray, won: FloatArray, seed: int) -> Arrays:
        del seed
        return averaged([FITS[each.kind](inputs, won, each.trained.seed) for each in members])

    return fit


def averaged(members: Sequence[Arrays]) -> Arrays:
    """Return the arrays whose log-odds are the mean of the members'."""
    count = len(members)
    linear = [each for each in members if each.weights]
    trees = [each for each in members if each.roots]
    bias, center, scale, weights = _linear(linear, count)
    before, rows = 0, []
    for each in trees:
        rows.append((each, before))
        before += len(each.feature)
    return Arrays(
        bias=bias,
        center=center,
        scale=scale,
        weights=weights,
        roots=tuple(root + first for each, first in rows for root in each.roots),
        feature=tuple(asked for each, _ in rows for asked in each.feature),
        threshold=tuple(value for each, _ in rows for value in each.threshold),
        left=tuple(node for each, first in rows for node in _moved(each, each.left, first)),
        right=tuple(node for each, first in rows for node in _moved(each, each.right, first)),
        value=tuple(value / count for each, _ in rows for value in each.value),
    )


def _moved(arrays: Arrays, children: Sequence[int], first: int) -> Iterator[int]:
    """Yield children's places behind the nodes of the members before; a leaf has none."""
    for asked, child in zip(arrays.feature, children, strict=True):
        yield child + first if asked >= 0 else 0


Linear = tuple[float, tuple[float, ...], tuple[float, ...], tuple[float, ...]]


def _linear(members: Sequence[Arrays], count: int) -> Linear:
    """Return bias, centers, scales and weights of the mean of linear models among `count` members."""
    if not members:
        return 0.0, (), (), ()
    center, scale = members[0].center, members[0].scale
    columns = range(len(center))
    bias = sum(each.bias for each in members)
    bias += sum(
        each.weights[index] * (center[index] - each.center[index]) / each.scale[index]
        for each in members
        for index in columns
    )
    weights = tuple(
        sum(each.weights[index] / each.scale[index] for each in members) * scale[index] / count
        for index in columns
    )
    return bias / count, center, scale, weights
