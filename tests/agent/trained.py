"""Models made by hand, for tests that need one and no training."""

from typing import Any

import msgspec

from domain.model import LOGISTIC, Arrays, Barriers, Model, ModelFigures, Trained
from domain.times import MINUTE_MS, utc
from reasoning.kernels.entry_inputs import NAMES, NEWEST
from tests.agent.world import START

GOOD = ModelFigures(
    forecasts=2_000, months=40, base=0.4, brier=0.2, log_loss=0.6, skill=0.05, skill_low=0.02,
    skill_high=0.08, auc=0.6, plain=-0.001, taken_count=500, taken=0.004, taken_low=0.001, taken_high=0.007,
    gain=0.002, gain_low=0.001, gain_high=0.003, deflated=0.99, shuffled_auc=0.61, purged_auc=0.6,
)  # fmt: skip
POOR = msgspec.structs.replace(GOOD, skill=0.001, skill_low=-0.01, taken=-0.002, taken_low=-0.005)


def model(
    bias: float = -4.0, figures: ModelFigures = POOR, version: int = 1, reads: int = NEWEST, **more: Any
) -> Model:
    """Return a logistic model of rsi and sma on minutes: whatever it reads, `bias` decides.

    It reads the inputs of version `reads`.
    """
    inputs = (*NAMES[reads], "is_rsi", "is_sma")
    count = len(inputs)
    arrays = Arrays(
        bias=bias, center=(0.0,) * count, scale=(1.0,) * count, weights=(0.01, *(0.0,) * (count - 2), 0.2)
    )
    trained = Trained(
        at=utc(START), symbols=("BTC-USDT",), fingerprints=("f" * 64,), first=utc(START), last=utc(START),
        events=3_000, code_version="0", libraries={}, seed=0, trials=3,
    )  # fmt: skip
    values: dict[str, Any] = {
        "name": "meta", "kind": LOGISTIC, "inputs": inputs, "inputs_version": reads,
        "strategies": ("rsi", "sma"), "timeframe_ms": MINUTE_MS, "base": 0.4, "arrays": arrays,
        "barriers": Barriers(0.0, 0.0, 60, 1852), "edges": ((0.0,),) * count,
        "shares": ((0.5, 0.5),) * count, "trained": trained,
    }  # fmt: skip
    return Model(version=version, figures=figures, **(values | more))
