"""A model's bytes are always the same, and arrays that no kernel may walk are refused with why."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.errors import BadInput
from domain.model import LOGISTIC, TREES, Arrays, Model, decoded, encoded, identity, objection

SHARES = (
    "base", "brier", "log_loss", "skill", "skill_low", "skill_high", "auc", "plain", "gain", "gain_low",
    "gain_high", "shuffled_auc", "purged_auc",
)  # fmt: skip
UNKNOWN = ("taken", "taken_low", "taken_high", "deflated")
FIGURES = {
    **dict.fromkeys(SHARES, 0.5), **dict.fromkeys(UNKNOWN), "forecasts": 9, "months": 6, "taken_count": 0
}  # fmt: skip
TRAINED = {
    "at": "2026-01-02T00:00:00Z", "symbols": ["BTC-USDT"], "fingerprints": ["ab"], "seed": 1, "trials": 2,
    "first": "2025-01-01T00:00:00Z", "last": "2026-01-01T00:00:00Z", "events": 9, "code_version": "1",
    "libraries": {},
}  # fmt: skip
TREE = Arrays(
    roots=(0,), feature=(1, -1, -1), threshold=(0.5, 0.0, 0.0), left=(1, 0, 0), right=(2, 0, 0),
    value=(0.1, -0.3, 0.4),
)  # fmt: skip
LINE = Arrays(bias=0.1, center=(0.0, 1.0), scale=(1.0, 2.0), weights=(0.3, -0.2))


def model(kind: str, arrays: Arrays) -> Model:
    raw: dict[str, Any] = {
        "name": "first", "version": 1, "kind": kind, "inputs": ["a", "b"], "inputs_version": 1,
        "strategies": ["rsi"], "timeframe_ms": 60_000, "base": 0.4, "arrays": msgspec.to_builtins(arrays),
        "barriers": {"stop_atr": 2.0, "target_atr": 2.0, "horizon": 48, "cost_ppm": 1852},
        "edges": [], "shares": [], "trained": TRAINED, "figures": FIGURES,
    }  # fmt: skip
    return msgspec.convert(raw, Model)


@pytest.mark.parametrize(("kind", "arrays"), [(LOGISTIC, LINE), (TREES, TREE)])
def test_the_same_model_has_the_same_bytes_and_name(kind: str, arrays: Arrays) -> None:
    made = model(kind, arrays)
    assert objection(made) is None
    assert decoded(encoded(made), "here") == made
    assert identity(made) == identity(model(kind, arrays))
    assert identity(made) != identity(replace(made, version=2))


@pytest.mark.parametrize(
    ("kind", "arrays", "why"),
    [
        (LOGISTIC, replace(LINE, weights=(0.3,)), "its weights are not 2"),
        (LOGISTIC, replace(LINE, scale=(1.0, 0.0)), "its weights are not 2"),
        ("forest", TREE, "kind 'forest' is not logistic, trees or ensemble"),
        (TREES, replace(TREE, value=(0.1,)), "its arrays of nodes are not of one length"),
        (TREES, replace(TREE, roots=(3,)), "a root is no node"),
        (TREES, replace(TREE, feature=(2, -1, -1)), "node 0 asks for an input"),
        (TREES, replace(TREE, left=(0, 0, 0)), "leads to a node that is not there"),
        (TREES, replace(TREE, right=(3, 0, 0)), "leads to a node that is not there"),
    ],
)
def test_what_a_kernel_could_not_walk_is_refused(kind: str, arrays: Arrays, why: str) -> None:
    assert why in (objection(model(kind, arrays)) or "")
    with pytest.raises(BadInput, match="here: is no model"):
        decoded(encoded(model(kind, arrays)), "here")


@pytest.mark.parametrize("text", [b"", b"7", b"[" * 100_000, b'{"name": 1}'])
def test_bytes_that_are_no_model_are_named(text: bytes) -> None:
    with pytest.raises(BadInput, match="here: is no model"):
        decoded(text, "here")
