"""Declared exits are the loop's and the backtest's alike, lot for lot; each of them ends trades here."""

import random
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.exits import BY_BREAK_EVEN, BY_CUSTOM, BY_ROI, BY_TIME, BY_TRAIL, ENDINGS, ExitPlan
from reasoning.kernels.strategy import NumberPlace
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.rsi import RSI
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.search.trials import TrialInputs, TrialRunner
from research.statistics.scoring import Score
from risk import codes
from tests.reasoning.grammar import left
from tests.reasoning.told import written
from tests.research.leaving import NAMES, leaving  # noqa: F401  # a fixture
from tests.research.test_parity import EAGER, FILES, FOUR, both, markets
from tests.seeded import market

ENDS = {
    "by-roi": BY_ROI,
    "by-time": BY_TIME,
    "by-break-even": BY_BREAK_EVEN,
    "by-trail": BY_TRAIL,
    "by-leave": BY_CUSTOM,
    "by-leave-above": BY_CUSTOM,
    "by-leave-alone": BY_CUSTOM,
}
PORTFOLIO: dict[str, Any] = {**EAGER, "max_positions": 3, "total_exposure": "0.9"}
EVERY = ExitPlan(
    roi=((0, 30_000), (6 * 3_600_000, 4_000)),
    after_ms=40 * 3_600_000,
    break_even=8_000,
    trail=2_500_000,
    parts=((4_000, 400_000), (15_000, 300_000)),
)
pytestmark = pytest.mark.usefixtures("leaving")


@pytest.mark.parametrize("name", NAMES)
def test_every_exit_leaves_alike(name: str) -> None:
    reasoning = {"strategies": (name,)}
    for candles in (
        [market("seeded/1h/ETH-USDT", 600)],
        [market(f"seeded/1h/{each}", 300) for each in FOUR],
    ):
        result, difference = both(candles, reasoning=reasoning, risk=PORTFOLIO)
        assert difference is None, name
        ended = [ENDINGS[each] for each in result.trades["ending"].tolist()]
        assert len(ended) > 4
        assert name not in ENDS or ENDINGS[ENDS[name]] in ended


def test_which_voice_opened_it_decides_whose_exits_apply() -> None:
    reasoning = {"strategies": ("rsi", "by-time", "sma"), "rsi": {"period": 4}, "sma": {"fast": 3, "slow": 9}}
    result, difference = both([market("seeded/1h/BTC-USDT", 700)], reasoning=reasoning, risk=EAGER)
    assert difference is None
    ended = set(result.trades["ending"].tolist())
    assert BY_TIME in ended
    assert ended - {BY_TIME}


def test_exits_and_the_settings_own_trailing_stop_go_together_alike() -> None:
    for name in ("by-all", "by-parts", "by-break-even"):
        _, difference = both(
            [market("seeded/1h/SOL-USDT", 400)],
            reasoning={"strategies": (name,)},
            risk={**EAGER, "trailing_stop": "0.02"},
        )
        assert difference is None


@pytest.mark.parametrize("name", ["by-all", "by-parts", "by-leave"])
@pytest.mark.parametrize(("file", "count"), FILES)
def test_every_exit_leaves_alike_on_real_candles(file: str, count: int, name: str) -> None:
    _, difference = both([market(file, count)], reasoning={"strategies": (name,)}, risk=EAGER)
    assert difference is None


def test_machine_code_leaves_as_plain_python_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # One that is built in, so that nothing but its exits is new to the compiler.
    monkeypatch.setitem(STRATEGIES, "rsi", replace(RSI, exits=lambda _packed: EVERY))
    candles = [market("seeded/1h/BTC-USDT", 1_500)]
    found: dict[str, Any] = {"reasoning": {"strategies": ("rsi",), "rsi": {"period": 3}}, "risk": EAGER}
    setup = setup_of(options_for(Settings(**found), candles))
    one, other = (backtest(candles, setup, engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    assert one.equity.tolist() == other.equity.tolist()
    assert len(set(one.trades["ending"].tolist())) > 3
    # and so does a trial of a sweep, which only keeps the score
    row, _ = TrialRunner(TrialInputs(candles, setup, machine=True), setup).score(setup.voices)
    assert Score(*row).trades == len(one.trades)


def test_a_stop_that_was_raised_counts_for_the_stop_guard_alike() -> None:
    candles = [market(f"seeded/1h/{each}", 400) for each in FOUR[:2]]
    risk = {**PORTFOLIO, "stop_guard_minutes": 6_000, "stop_guard_stops": 0}
    result, difference = both(candles, reasoning={"strategies": ("by-trail",)}, risk=risk)
    assert difference is None
    lost = result.trades[(result.trades["ending"] == BY_TRAIL) & (result.trades["pnl"] < 0)]
    assert len(lost)
    guarded = result.vetoes[result.vetoes["rule"] == codes.STOP_GUARD]
    assert any(lost["closed_ms"][0] <= each <= lost["closed_ms"][0] + 86_400_000 for each in guarded["at_ms"])


def random_exits(folder: Path, seed: int) -> ExitPlan:
    """Return a custom exit of random lines whose numbers are all the RSI, of this candle or the last."""
    text, _ = left(random.Random(seed).choice)
    strategy = written(folder, text)[0].Made.strategy
    plan = strategy.exits_for(strategy.params().packed())
    assert plan.leave is not None
    leave = msgspec.structs.replace(plan.leave, numbers=("rsi",) * len(plan.leave.numbers))
    return ExitPlan(after_ms=EVERY.after_ms, trail=EVERY.trail, leave=leave)


def _given(plan: ExitPlan, _packed: Any) -> ExitPlan:
    return plan


def test_whatever_a_leave_says_loop_replay_and_machine_code_leave_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles, outcomes = [market("seeded/1h/BTC-USDT", 400)], set()
    given_: dict[str, Any] = {
        "reasoning": {"strategies": ("rsi",), "rsi": {"period": 3, "lower": 45}}, "risk": EAGER,
        "perception": {"warmup_candles": 70},
    }  # fmt: skip  # many entries
    setup = setup_of(options_for(Settings(**given_), candles))
    inputs = TrialInputs(candles, setup, machine=True)
    for seed in (4, 6, 8, 9, 10):
        plan = random_exits(tmp_path, seed)
        # One that is built in, so that nothing but its exits is new to the compiler.
        own = replace(RSI, exits=partial(_given, plan), places=(NumberPlace("rsi", 3, 2, 0),))
        monkeypatch.setitem(STRATEGIES, "rsi", own)
        result, difference = both(candles, **given_)
        assert difference is None, seed
        voices = (replace(setup.voices[0], strategy=own),)
        machine = backtest(candles, replace(setup, voices=voices), compiled())
        assert machine.trades.tolist() == result.trades.tolist(), seed
        assert machine.equity.tolist() == result.equity.tolist(), seed
        row, _ = TrialRunner(inputs, setup).score(voices)
        assert Score(*row).trades == len(result.trades)
        outcomes.add(tuple(result.trades["ending"].tolist()))
    assert sum(BY_CUSTOM in each for each in outcomes) > 3


@given(
    candles=markets(),
    name=st.sampled_from([each for each in NAMES if each != "by-leave-above"]),  # which waits for days
    risk=st.sampled_from([EAGER, {**EAGER, "daily_loss": 10}, {**EAGER, "trailing_stop": "0.01"}]),
)
@settings(max_examples=6)
def test_made_markets_are_left_alike(candles: Candles, name: str, risk: dict[str, Any]) -> None:
    _, difference = both(
        [candles], reasoning={"strategies": (name, "rsi"), "rsi": {"period": 4}}, risk=risk,
        perception={"warmup_candles": 70},
    )  # fmt: skip  # one call
    assert difference is None
