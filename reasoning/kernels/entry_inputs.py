"""The inputs of a model by version: which numbers an entry is told in, by name and in order.

Version 1 is of prices, volume and the signal; version 2 has what trading costs beside them. A model says
which it was trained on and is read that one for ever, so one of an older version goes on as it was. A candle
holds neither who took the liquidity nor how many trades it is of, so no version has order flow.
"""

from collections.abc import MutableSequence, Sequence

from reasoning.kernels.liquidity import liquidity_inputs
from reasoning.kernels.model_inputs import INPUTS, SIGMA, model_inputs

LIQUIDITY = ("illiquidity", "roll_spread", "high_low_spread")

NEWEST = 2
"""The version that models are trained on now."""

NAMES = {1: INPUTS, NEWEST: (*INPUTS, *LIQUIDITY)}
"""Names of each version's numbers, in order; a model has one more for each strategy it knows."""


def entry_inputs(
    version: int,
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    newest: int,
    time_ms: int,
    confidence: float,
    stop_distance: float,
    buyers: int,
    inputs: MutableSequence[float],
) -> None:
    """Write the inputs of an entry in a version that is known; arguments as `model_inputs` has them."""
    model_inputs(high, low, close, volume, newest, time_ms, confidence, stop_distance, buyers, inputs, 0)
    if version > 1:
        liquidity_inputs(high, low, close, volume, newest, inputs[SIGMA] / 100.0, inputs, len(INPUTS))
