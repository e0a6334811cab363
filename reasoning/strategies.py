"""The built-in strategies by name; a new one joins this list and gets a field in the settings."""

from typing import Any

from reasoning.rsi import RSI
from reasoning.sma import SMA
from reasoning.strategy import Strategy

STRATEGIES: dict[str, Strategy[Any]] = {strategy.name: strategy for strategy in (RSI, SMA)}
"""Any: each strategy packs its own tuple of parameters, and only it ever reads that tuple."""
