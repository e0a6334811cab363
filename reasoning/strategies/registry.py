"""The built-in strategies by name; a new one joins this list and gets a field in the settings."""

from typing import Any

from domain.errors import BadInput
from reasoning.kernels.strategy import Strategy
from reasoning.strategies.fair_value_gap import FVG
from reasoning.strategies.liquidity_sweep import SWEEP
from reasoning.strategies.order_block import BLOCK
from reasoning.strategies.rsi import RSI
from reasoning.strategies.sma import SMA

STRATEGIES: dict[str, Strategy[Any]] = {strategy.name: strategy for strategy in (RSI, SMA, SWEEP, BLOCK, FVG)}
"""Any: each strategy packs its own tuple of parameters, and only it ever reads that tuple."""

BUILT_IN = frozenset(STRATEGIES)


def register(strategy: Strategy[Any], *, replace: bool = False) -> None:
    """Add a strategy that is not built in. Raises BadInput when its name is taken."""
    if strategy.name in BUILT_IN or (strategy.name in STRATEGIES and not replace):
        raise BadInput(f"strategy {strategy.name!r} is there already; choose another name")
    STRATEGIES[strategy.name] = strategy
