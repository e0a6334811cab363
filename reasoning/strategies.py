"""The built-in strategies by name; a new one joins this list and gets a field in the settings."""

from typing import Any

from reasoning.blocks import BLOCK
from reasoning.gaps import FVG
from reasoning.rsi import RSI
from reasoning.sma import SMA
from reasoning.strategy import Strategy
from reasoning.sweep import SWEEP

STRATEGIES: dict[str, Strategy[Any]] = {strategy.name: strategy for strategy in (RSI, SMA, SWEEP, BLOCK, FVG)}
"""Any: each strategy packs its own tuple of parameters, and only it ever reads that tuple."""
