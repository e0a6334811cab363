"""All that a fold depends on beside the journal's rows, as one short text."""

import hashlib
import json

from agent.settings.folding import FoldSettings
from agent.settings.pairs import voices
from agent.settings.user_strategies import LOADED
from agent.settings.version import fold_version
from domain.money import PPM

PROGRAM = 12
"""Characters of a key that name the program; those behind them name settings and strategies."""


def configured_ppm(options: FoldSettings) -> int:
    """Return half the spread and the slippage of the settings, in ppm of the quote."""
    costs = options.paper.costs()
    return costs.slippage + (costs.spread + 1) // 2


def one_way_cost_ppm(options: FoldSettings) -> int:
    """Return a bound of what one way of a market order costs: the fee is taken of the slipped price.

    An entry within a price may pay as much as that price lies above its quote.
    """
    costs = options.paper.costs()
    slipped = PPM + max(configured_ppm(options), options.entries.worst_ppm)
    return -(-slipped * (PPM + costs.taker_fee) // PPM) - PPM + 1


def fold_key(options: FoldSettings) -> str:
    """Return the key of a fold: `PROGRAM` hex digits of what folds, and of the settings it folds by."""
    digest = hashlib.sha256(options.learning.model_dump_json().encode() + b"\n")
    digest.update(options.reasoning.model_dump_json().encode() + b"\n")
    digest.update(f"{one_way_cost_ppm(options)}\n".encode())
    own = voices(options.pairs)
    if own:
        digest.update(json.dumps(own, sort_keys=True).encode() + b"\n")
    for name in sorted(set(options.reasoning.strategies) & set(LOADED)):
        path, changed = LOADED[name]
        digest.update(f"{name} {path} {changed}\n".encode())
    return fold_version()[:PROGRAM] + digest.hexdigest()[:16]
