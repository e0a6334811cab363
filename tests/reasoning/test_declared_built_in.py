"""The built-in strategies say to the bit what they said when each was written by hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle
from reasoning.kernels.strategy import Strategy
from reasoning.strategies.registry import STRATEGIES
from tests.reasoning.oracle.fair_value_gap import FVG
from tests.reasoning.oracle.liquidity_sweep import SWEEP
from tests.reasoning.oracle.order_block import BLOCK
from tests.reasoning.oracle.rsi import RSI
from tests.reasoning.oracle.sma import SMA
from tests.reasoning.samples import ticks, walk
from tests.reasoning.told import over_columns, told
from tests.seeded import present

ORACLES: dict[str, Strategy[Any]] = {each.name: each for each in (RSI, SMA, SWEEP, FVG, BLOCK)}
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "rsi": [{}, {"period": 2, "lower": 45.0, "upper": 55.0}, {"period": 7, "stop_ppm": 12_345}],
    "sma": [{}, {"fast": 2, "slow": 3}, {"fast": 9, "slow": 30, "stop_ppm": 777}],
    "liquidity-sweep": [
        {},
        {"wing": 1, "tolerance": 0.01, "min_reward_risk": 0.0},
        {"wing": 2, "touches": 3, "tolerance": 0.05, "min_sweep": 0.001, "patience": 0, "stop_beyond": 0.02},
    ],
    "fvg": [
        {},
        {"min_gap": 1e-6, "min_reward_risk": 0.0, "wing": 1},
        {"min_gap": 0.0005, "max_age": 4, "target_multiple": 7.5, "stop_beyond": 0.01},
    ],
    "bos-order-block": [
        {},
        {"wing": 1, "surge": 1e-6, "min_reward_risk": 0.0},
        {"wing": 2, "surge": 0.001, "max_age": 3, "target_multiple": 9.0, "min_reward_risk": 0.5},
    ],
}
MARKETS = present(
    ("seeded/1h/BTC-USDT", 1_500),
    ("seeded/1d/AAPL", 800),
    ("crypto/1m/SOL-USDT_1m_20230316-20230501.csv.gz", 4_000),
    ("crypto/1h/BTC-USDT_1h_2017-2023.csv.gz", 4_000),
    ("crypto/1h/DOGE-USDT_1h_2019-2023.csv.gz", 4_000),
    ("equities/1d/AAPL_1d_1998-2018.csv.gz", 4_000),
)


def same(name: str, parameters: dict[str, Any], candles: list[Candle]) -> int:
    """Hold a strategy against its oracle; return its votes."""
    ours, oracle = STRATEGIES[name], ORACLES[name]
    ours_packed, oracle_packed = (each.pack(each.params(**parameters)) for each in (ours, oracle))
    said = told(ours, ours_packed, candles)
    assert said == told(oracle, oracle_packed, candles)
    assert [signal if signal.vote else None for signal, _ in said] == over_columns(ours, ours_packed, candles)
    return sum(signal.vote != 0 for signal, _ in said)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(("market", "count"), MARKETS)
def test_it_says_what_the_handwritten_one_said(name: str, market: str, count: int) -> None:
    votes = [same(name, parameters, ticks(market, count)) for parameters in PARAMETERS[name]]
    assert sum(votes) > 5


@given(seed=st.integers(0, 100_000), which=st.integers(0, 2), name=st.sampled_from(sorted(ORACLES)))
@settings(max_examples=25)
def test_it_says_so_on_any_walk(seed: int, which: int, name: str) -> None:
    same(name, PARAMETERS[name][which], walk(250, seed))


@pytest.mark.parametrize("name", ORACLES)
def test_its_parameters_are_the_same_by_name_value_limit_and_meaning(name: str) -> None:
    ours, oracle = STRATEGIES[name].params, ORACLES[name].params
    assert ours().model_dump_json() == oracle().model_dump_json()
    one, other = (each.model_json_schema()["properties"] for each in (ours, oracle))
    assert one == other
    assert tuple(ours().packed()) == tuple(oracle().packed())
    assert ours().packed()._fields == oracle().packed()._fields  # type: ignore[attr-defined]  # NamedTuples
    for parameters in PARAMETERS[name]:
        packed = ours(**parameters).packed()
        assert STRATEGIES[name].warmup(packed) == ORACLES[name].warmup(packed)
