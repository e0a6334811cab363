"""A trained model as plain numbers: what it reads, its kernel's arrays, and what it was trained on."""

import hashlib
from datetime import datetime

import msgspec

from domain.calibrator import Calibrator
from domain.errors import BadInput

LOGISTIC, TREES, ENSEMBLE = "logistic", "trees", "ensemble"

LARGEST = 2_000_000
"""Bytes of a model as it is kept; 120 trees of 7 leaves are 90,000."""


class Arrays(msgspec.Struct, frozen=True):
    """The numbers of a model, flat.

    Of a logistic one `scale` and `weights` stand for each input, and `center` is taken off before. Of trees
    `roots` are the first nodes; a node has the input it asks for (-1 for a leaf), its threshold, the nodes to
    the left (at or below it) and right, and a value: a leaf's own, or the mean of the leaves below it by how
    many training rows came there. `bias` is the log-odds before any input was read; of trees it is 0, for
    their roots' values hold it.
    """

    bias: float = 0.0
    center: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()
    roots: tuple[int, ...] = ()
    feature: tuple[int, ...] = ()
    threshold: tuple[float, ...] = ()
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    value: tuple[float, ...] = ()


class Barriers(msgspec.Struct, frozen=True):
    """The label of an entry: its net result when the watcher of vetoed entries is done with it.

    `stop_atr` and `target_atr` are distances from the entry in ATRs, 0 for the signal's own levels;
    `horizon` closed candles later it is settled. `cost_ppm` is one way's cost.
    """

    stop_atr: float
    target_atr: float
    horizon: int
    cost_ppm: int


class Trained(msgspec.Struct, frozen=True):
    """The training of a model: on what, by which program and libraries, and which trial of how many."""

    at: datetime
    symbols: tuple[str, ...]
    fingerprints: tuple[str, ...]
    first: datetime
    last: datetime
    events: int
    code_version: str
    libraries: dict[str, str]
    seed: int
    trials: int


class ModelFigures(msgspec.Struct, frozen=True):
    """Out-of-sample figures of a kind of model, each year judged by one trained on what had ended before it.

    `months` have forecasts. `skill` is the Brier skill score against the base rate known then, with the
    bounds of its 95 % interval (months drawn in blocks); `taken` the mean net result of entries it would have
    made, as a fraction of what was paid, `plain` that of all of them; `gain` what it adds to each entry.
    `auc` is the chance that it ranks a win above a loss; `shuffled_auc` and `purged_auc` are those of five
    folds drawn at random and of five that are purged: what lies between them is leak.
    """

    forecasts: int
    months: int
    base: float
    brier: float
    log_loss: float
    skill: float
    skill_low: float
    skill_high: float
    auc: float
    plain: float
    taken_count: int
    taken: float | None
    taken_low: float | None
    taken_high: float | None
    gain: float
    gain_low: float
    gain_high: float
    deflated: float | None
    shuffled_auc: float
    purged_auc: float


class EnsembleMember(msgspec.Struct, frozen=True):
    """A registered model that an ensemble averages: its name, version and SHA-256."""

    name: str
    version: int
    sha256: str


class Model(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trained model, version by version: what the registry keeps and the journal holds of it.

    It answers how likely an entry's net result is above 0. `inputs` are the names of what it reads, in
    order, worked out by version `inputs_version` of their kernel; one that asks for another is not asked.
    `strategies` are those whose entries it has seen, on candles of `timeframe_ms`. `base` is the share of
    entries in training that won. `edges` are the inner deciles of each input in training and
    `shares` the shares of entries between them, for drift. `calibrator` turns the chance its arrays give into
    the one that counts, fitted out of sample; `payoff` is the mean net gain of entries in training over their
    mean net loss, 0 where it is not known. An ensemble names its `members`; its log-odds are the mean of
    theirs. These are left out of the bytes of a model that has none.
    """

    name: str
    version: int
    kind: str
    inputs: tuple[str, ...]
    inputs_version: int
    strategies: tuple[str, ...]
    timeframe_ms: int
    base: float
    arrays: Arrays
    barriers: Barriers
    edges: tuple[tuple[float, ...], ...]
    shares: tuple[tuple[float, ...], ...]
    trained: Trained
    figures: ModelFigures
    calibrator: Calibrator | None = None
    payoff: float = 0.0
    members: tuple[EnsembleMember, ...] = ()


def encoded(model: Model) -> bytes:
    """Return a model as its bytes: the same model always has the same ones."""
    return msgspec.json.encode(model)


def identity(model: Model) -> str:
    """Return the SHA-256 of a model, which names this very version of it."""
    return hashlib.sha256(encoded(model)).hexdigest()


def objection(model: Model) -> str | None:
    """Say what of a model cannot be walked, None where it can: a kernel checks nothing."""
    if model.calibrator is not None and not model.calibrator.sound:
        return "its calibrator is no table that rises"
    inputs, arrays = len(model.inputs), model.arrays
    if model.kind == LOGISTIC:
        lengths = {len(arrays.center), len(arrays.scale), len(arrays.weights)}
        return None if lengths == {inputs} and all(arrays.scale) else f"its weights are not {inputs}"
    if model.kind == ENSEMBLE:
        lengths = {len(arrays.center), len(arrays.scale), len(arrays.weights)}
        if not (lengths <= {inputs} or (lengths == {0} and arrays.roots)) or not all(arrays.scale):
            return f"its weights are not {inputs}"
    elif model.kind != TREES:
        return f"kind {model.kind!r} is not {LOGISTIC}, {TREES} or {ENSEMBLE}"
    return _no_trees(arrays, inputs)


def _no_trees(arrays: Arrays, inputs: int) -> str | None:
    nodes = len(arrays.feature)
    if {len(arrays.threshold), len(arrays.left), len(arrays.right), len(arrays.value)} != {nodes}:
        return "its arrays of nodes are not of one length"
    if not all(0 <= root < nodes for root in arrays.roots):
        return "a root is no node"
    for node, asked in enumerate(arrays.feature):
        # Children lie behind their node, so no walk can go in a circle.
        within = node < arrays.left[node] < nodes and node < arrays.right[node] < nodes
        if asked >= inputs or (asked >= 0 and not within):
            return f"node {node} asks for an input or leads to a node that is not there"
    return None


def decoded(text: bytes, where: str) -> Model:
    """Return a model from its bytes. Raises BadInput where they are none."""
    try:
        model = msgspec.json.decode(text, type=Model)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(f"{where}: is no model: {error}") from None
    wrong = objection(model)
    if wrong is not None:
        raise BadInput(f"{where}: is no model: {wrong}")
    return model
