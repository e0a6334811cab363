"""The strategies by name: each module beside this one gives its own, so a new one is one file."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from domain.errors import BadInput
from reasoning import strategies
from reasoning.kernels.strategy import Strategy


def _built_in() -> Iterator[Strategy[Any]]:
    for module_info in pkgutil.iter_modules(strategies.__path__, f"{strategies.__name__}."):
        if module_info.name != __name__:
            module = import_module(module_info.name)
            yield from (each for each in vars(module).values() if isinstance(each, Strategy))


STRATEGIES: dict[str, Strategy[Any]] = {strategy.name: strategy for strategy in _built_in()}
"""Any: each strategy packs its own tuple of parameters, and only it ever reads that tuple."""

BUILT_IN = frozenset(STRATEGIES)


def register(strategy: Strategy[Any], *, replace: bool = False) -> None:
    """Add a strategy that is not built in. Raises BadInput when its name is taken."""
    if strategy.name in BUILT_IN or (strategy.name in STRATEGIES and not replace):
        raise BadInput(f"strategy {strategy.name!r} is there already; choose another name")
    STRATEGIES[strategy.name] = strategy
