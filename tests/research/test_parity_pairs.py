"""What single pairs have of their own is the loop's and the backtest's alike."""

from typing import Any

import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.search.sweep import Job
from tests.research.leaving import leaving  # noqa: F401  # a fixture
from tests.research.test_parity import EAGER, both
from tests.seeded import market

THREE = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
WIDE: dict[str, Any] = {**EAGER, "max_positions": 3, "total_exposure": "0.9"}
OWN: dict[str, Any] = {
    "ETH-USDT": {
        "risk": {"min_confidence": 55, "per_trade_loss": "0.1%", "trailing_stop": "2%",
                 "low_profit_minutes": 4000, "low_profit_trades": 2, "symbol_cool_down_minutes": 300},
        "sizing": {"stake": "3%"},
        "reasoning": {"rsi": {"period": 5}},
    },
    "SOL-USDT": {"risk": {"concentration": "1%", "min_reward_risk": 1.5},
                 "sizing": {"risk_per_trade": "0.2%"}},
}  # fmt: skip
VOICES = {"strategies": ("rsi",), "rsi": {"period": 3}}

pytestmark = pytest.mark.usefixtures("leaving")


def test_limits_sizes_and_parameters_of_single_pairs_are_alike() -> None:
    candles = [market(f"seeded/1h/{each}", 500) for each in THREE]
    result, difference = both(candles, risk=WIDE, reasoning=VOICES, symbols=THREE, pairs=OWN)
    assert difference is None
    for changed in ("ETH-USDT", "SOL-USDT"):
        fewer = {symbol: each for symbol, each in OWN.items() if symbol != changed}
        options = options_for(Settings(risk=WIDE, reasoning=VOICES, symbols=THREE, pairs=fewer), candles)
        other = backtest(candles, setup_of(options), plain())
        index = THREE.index(changed)
        mine, theirs = ([row for row in each.trades.tolist() if row[0] == index] for each in (result, other))
        assert mine
        assert mine != theirs


def test_a_pair_leaves_by_the_exits_of_its_own_parameters_alike() -> None:
    candles = [market(f"seeded/1h/{each}", 420) for each in THREE[:2]]
    own = {"ETH-USDT": {"reasoning": {"custom": {"by-time": {"minutes": 600}}}}}
    result, difference = both(
        candles, risk=WIDE, reasoning={"strategies": ("by-time",)}, symbols=THREE[:2], pairs=own
    )
    assert difference is None
    held = {
        symbol: {
            (row["closed_ms"] - row["opened_ms"]) // 60_000
            for row in result.trades
            if row["symbol"] == symbol and result.endings[row["ending"]] == "time"
        }
        for symbol in (0, 1)
    }
    assert held[0] == {240}
    assert held[1] == {600}


def test_machine_code_judges_pairs_as_plain_python_does() -> None:
    candles = [market(f"seeded/1h/{each}", 700) for each in THREE]
    options = options_for(Settings(risk=WIDE, reasoning=VOICES, symbols=THREE, pairs=OWN), candles)
    one, other = (backtest(candles, setup_of(options), engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    assert one.vetoes.tolist() == other.vetoes.tolist()
    assert one.equity.tolist() == other.equity.tolist()


def test_a_lone_pair_s_own_are_as_if_they_were_those_of_all() -> None:
    candles = [market("seeded/1h/ETH-USDT", 400)]
    mine = OWN["ETH-USDT"]
    own, difference = both(candles, risk=WIDE, reasoning=VOICES, symbols=THREE, pairs=OWN)
    assert difference is None
    base, _ = both(
        candles, risk=WIDE | mine["risk"], reasoning=VOICES | mine["reasoning"], sizing=mine["sizing"]
    )
    assert own.trades.tolist() == base.trades.tolist()
    assert len(own.trades)


def test_a_search_over_pairs_with_parameters_of_their_own_is_refused_by_name() -> None:
    candles = [market(f"seeded/1h/{each}", 300) for each in THREE]
    options = options_for(Settings(risk=WIDE, symbols=THREE, pairs=OWN), candles)
    with pytest.raises(BadInput, match=r"pairs\.ETH-USDT\.reasoning: a search gives all pairs the same"):
        Job(candles, setup_of(options))


def test_a_backtest_refuses_settings_of_a_pair_that_is_nowhere_traded() -> None:
    with pytest.raises(BadInput, match=r"pairs\.SOL-USDT: SOL-USDT is not traded here"):
        options_for(
            Settings(pairs={"SOL-USDT": {"sizing": {"stake": "3%"}}}), [market("seeded/1h/ETH-USDT", 9)]
        )
