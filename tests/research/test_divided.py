"""Machine code divides without looking for a sign: no kernel gives it a number that has one."""

import ast
import inspect
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain import money
from domain.kernel import KERNELS
from research.engine.backtest import backtest
from research.engine.compiler import plain
from risk.sizing import size_entry
from tests.research.adding import adding  # noqa: F401  # a fixture
from tests.research.leaving import leaving  # noqa: F401  # a fixture
from tests.research.test_in_parts import PORTFOLIO
from tests.risk.test_sizing import ENTRY, OPEN, PLENTY, SIZING
from tests.seeded import market

Place = tuple[str, str]

DIVIDE = {"quotient", "share_up", "share_down"}
ON_PAPER = {("platforms.fills", "share_of_volume"), ("platforms.fills", "fee_step")}
"""Kernels that no compiled pass calls."""
VOICES = ("sma", "by-all", "by-parts", "by-leave", "adds-falls", "adds-rises")
LAWS = {"BTC-USDT": {"base": 0.05, "growth": 30.0}}
WITHIN = {"order": "auto", "worst": "0.002", "most_of_stop": "0.08", "laws": LAWS}
SCENES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "every voice": (VOICES, {"risk": {**PORTFOLIO, "daily_loss": "50%", "trailing_stop": "0.004"}}),
    "additions": (VOICES[-2:], {"risk": PORTFOLIO, "sizing": {"stake": "5%"}}),
    "poor": (VOICES, {"risk": {**PORTFOLIO, "max_drawdown": "0.99"}, "paper": {"cash": 40}}),
    "within a price": (VOICES, {"risk": PORTFOLIO, "entries": WITHIN}),
}


def dividing() -> Iterator[Place]:
    """Yield the kernels that divide, by module and name."""
    for each in KERNELS:
        if each.__module__.partition(".")[0] in ("domain", "learning", "platforms", "research", "risk"):
            tree = ast.parse(dedent(inspect.getsource(each)))
            called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
            if called & DIVIDE and each.__name__ not in DIVIDE:
                yield each.__module__, each.__name__


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[Place]:
    """Return the kernels that have divided since; one that would divide a number with a sign fails."""
    result: set[Place] = set()
    known = money.quotient

    def watched(amount: int, by: int) -> int:
        frame: Any = sys._getframe(1)
        while frame.f_code.co_name in DIVIDE:
            frame = frame.f_back
        place = frame.f_globals["__name__"], frame.f_code.co_name
        assert amount >= 0, f"{place} divides {amount} by {by}"
        assert by > 0, f"{place} divides {amount} by {by}"
        result.add(place)
        return known(amount, by)

    for module in {sys.modules.get(each.__module__) for each in KERNELS}:
        if getattr(module, "quotient", None) is known:
            monkeypatch.setattr(module, "quotient", watched)
    return result


@pytest.mark.usefixtures("leaving", "adding")
def test_no_kernel_divides_a_number_with_a_sign(reached: set[Place]) -> None:
    candles = [market(f"seeded/1h/{each}", 400) for each in ("BTC-USDT", "SOL-USDT")]
    for name, (voices, given) in SCENES.items():
        asked: Any = {"reasoning": {"strategies": voices}, **given}
        setup = setup_of(options_for(Settings(**asked), candles))
        assert len(backtest(candles, setup, plain()).trades) > 5, name
    for equity in (-money.MAX_CASH, -1, 0, 1, money.MAX_CASH):
        for chance in (-1.0, 0.3, 0.6, 1.0, 2.0):
            book = PLENTY._replace(equity=equity, free=equity)
            size_entry(ENTRY._replace(chance=chance, payoff=1.0), book, OPEN, SIZING)
    missed = set(dividing()) - ON_PAPER - reached
    assert not missed, "they divide, and no session here makes them: say how they are reached"
