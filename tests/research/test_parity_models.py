"""A backtest with trained models is the loop with them: the same trades to the bit, compiled or not."""

from typing import Any

import numpy as np
import pytest

from agent.models.sets import set_of
from agent.settings.given import Settings
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.calibrator import Calibrator
from domain.events import ModelSet
from domain.model import TREES, Arrays
from domain.times import utc
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from tests.agent.trained import GOOD, model
from tests.research.test_parity import EAGER
from tests.seeded import market

TABLE = Calibrator(
    "Venn-Abers", 500, (0.1, 0.45, 0.5, 0.55, 0.9), (0.2, 0.4, 0.46, 0.5, 0.7), (0.3, 0.5, 0.6, 0.7, 0.8),
    stepped=True,
)  # fmt: skip
HOUR: dict[str, Any] = {"timeframe_ms": 3_600_000, "base": 0.45}


def lively(seed: int, **more: Any) -> Any:
    """Return a logistic model whose word depends on all it reads."""
    count = len(model().inputs)
    weights = np.random.default_rng(seed).normal(scale=0.25, size=count)
    scale = (1.0,) * 14 + (9.0,) * (count - 14)
    arrays = Arrays(center=(0.0,) * count, scale=scale, weights=tuple(weights.tolist()))
    return model(arrays=arrays, **(HOUR | more))


def grown(**more: Any) -> Any:
    """Return a model of two trees."""
    arrays = Arrays(
        roots=(0, 3), feature=(0, -1, -1, 9, -1, -1), threshold=(0.2, 0, 0, 52.0, 0, 0),
        left=(1, 0, 0, 4, 0, 0), right=(2, 0, 0, 5, 0, 0), value=(0.0, -0.6, 0.5, 0.0, 0.3, -0.4),
    )  # fmt: skip
    return model(kind=TREES, arrays=arrays, **(HOUR | more))


SETS: dict[str, list[ModelSet]] = {
    name: [set_of(each, number, utc(0)) for number, each in enumerate(models, 1)]
    for name, models in {
        "listens": [lively(1)],
        "promoted": [lively(2, figures=GOOD, calibrator=TABLE, payoff=1.4)],
        "both and trees": [
            lively(3, figures=GOOD, calibrator=TABLE, payoff=1.3),
            grown(name="trees", figures=GOOD, calibrator=TABLE, payoff=1.2),
            lively(4, name="other"),
        ],
        "sure, so its cap counts": [model(bias=9.0, figures=GOOD, **HOUR)],
        "of minutes, so silent": [model(figures=GOOD)],
    }.items()
}
RULES: dict[str, Any] = {
    "reasoning": {"strategies": ("rsi", "sma")}, "risk": EAGER | {"min_confidence": 30},
    "learning": {"min_evidence": 2},
}  # fmt: skip


def run(candles: list[Candles], sets: list[ModelSet], engine: Any) -> tuple[Any, Result]:
    options = options_for(Settings(**RULES), candles)
    return options, backtest(candles, setup_of(options, sets), engine)


@pytest.fixture(scope="module")
def candles() -> list[Candles]:
    return [market(name, 1_500) for name in ("seeded/1h/BTC-USDT", "seeded/1h/DOGE-USDT")]


@pytest.mark.parametrize("name", list(SETS))
def test_a_backtest_with_models_is_the_loop_with_them(name: str, candles: list[Candles]) -> None:
    sets = SETS[name]
    options, result = run(candles, sets, plain())
    assert compare(run_loop(options, candles, models=sets), result) is None
    machine = run(candles, sets, compiled())[1]
    assert result.trades.tolist() == machine.trades.tolist()
    assert result.vetoes.tolist() == machine.vetoes.tolist()
    assert result.equity.tolist() == machine.equity.tolist()
    alone = run(candles, [], plain())[1]
    heard = result.trades.tolist() != alone.trades.tolist()
    assert heard is (name != "of minutes, so silent"), "what it says moves trades"
    if name == "promoted":
        difference = compare(run_loop(options, candles), result)
        assert difference is not None, "the loop without it does something else"
