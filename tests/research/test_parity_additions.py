"""Additions to positions are the loop's and the backtest's alike, lot for lot."""

from typing import Any

import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from research.search.trials import TrialInputs, TrialRunner
from research.statistics.scoring import Score
from tests.research.adding import adding  # noqa: F401  # a fixture
from tests.research.test_parity import EAGER, FOUR, both
from tests.seeded import market

NAMES = ("adds-falls", "adds-rises")
ROOMY: dict[str, Any] = {**EAGER, "per_trade_loss": 500, "concentration": "0.9", "total_exposure": "0.95"}
SMALL = {"stake": "6%"}


pytestmark = pytest.mark.usefixtures("adding")


def without(name: str, candles: list[Any], **given: Any) -> Result:
    """Run the same strategy with its additions too far off to be reached."""
    reasoning = {"strategies": (name,), "custom": {name: {"fall": -0.2}}}
    options = options_for(Settings(reasoning=reasoning, **given), candles)
    return backtest(candles, setup_of(options), plain())


@pytest.mark.parametrize("name", NAMES)
def test_additions_are_made_alike(name: str) -> None:
    candles = [market("seeded/1h/ETH-USDT", 600)]
    result, difference = both(candles, reasoning={"strategies": (name,)}, risk=ROOMY, sizing=SMALL)
    assert difference is None
    assert len(result.trades) > 4
    if name == "adds-falls":
        bare = without(name, candles, risk=ROOMY, sizing=SMALL)
        assert max(result.trades["lots"]) > 1.4 * max(bare.trades["lots"])


@pytest.mark.parametrize("name", NAMES)
def test_a_portfolio_is_added_to_one_at_a_time_alike(name: str) -> None:
    candles = [market(f"seeded/1h/{each}", 300) for each in FOUR]
    risk = {**ROOMY, "max_positions": 4}
    _, difference = both(candles, reasoning={"strategies": (name,)}, risk=risk, sizing=SMALL)
    assert difference is None


@pytest.mark.parametrize(
    "limits",
    [{"concentration": "0.08"}, {"per_trade_loss": 20}, {"max_trades_per_day": 3},
     {"total_exposure": "0.07"}],
)  # fmt: skip
def test_each_rule_holds_an_addition_back_alike(limits: dict[str, Any]) -> None:
    candles = [market("seeded/1h/SOL-USDT", 500)]
    free, _ = both(candles, reasoning={"strategies": ("adds-falls",)}, risk=ROOMY, sizing=SMALL)
    result, difference = both(
        candles, reasoning={"strategies": ("adds-falls",)}, risk=ROOMY | limits, sizing=SMALL
    )
    assert difference is None
    assert result.trades["lots"].tolist() != free.trades["lots"].tolist()


def test_additions_within_a_price_are_alike() -> None:
    _, difference = both(
        [market("seeded/1h/BTC-USDT", 500)],
        reasoning={"strategies": ("adds-falls",)},
        risk=ROOMY,
        sizing=SMALL,
        entries={"order": "limit", "worst": "0.002"},
    )
    assert difference is None


def test_machine_code_adds_as_plain_python_does() -> None:
    candles = [market("seeded/1h/ETH-USDT", 900)]
    options = options_for(
        Settings(reasoning={"strategies": ("adds-falls",)}, risk=ROOMY, sizing=SMALL), candles
    )
    one, other = (backtest(candles, setup_of(options), engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    setup = setup_of(options)
    row, _ = TrialRunner(TrialInputs(candles, setup, machine=True), setup).score(setup.voices)
    assert Score(*row).trades == len(one.trades)
    assert one.equity.tolist() == other.equity.tolist()
