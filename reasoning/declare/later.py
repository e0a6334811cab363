"""A strategy of the house whose kernels are written when the first of them is asked for.

Who names five strategies and runs two, or only tells of a journal, has two written. Strategies of a user's
own are written where they are defined, which is where what is wrong with them is told.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Self

from domain.kernel import LATER
from reasoning.kernels.strategy import Strategy, StrategyParams

HOUSE = "reasoning.strategies."
"""How the modules of built-in strategies are named."""


class _Written:
    """A field that is written with all others of its strategy when it is asked for first."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, strategy: Any, owner: type) -> Any:
        if strategy is None:
            return self
        strategy.write()
        return vars(strategy)[self.name]


class LaterStrategy(Strategy[Any]):
    """A strategy of which only name and parameters are there at first; see `Strategy`."""

    @classmethod
    def of(
        cls, owner: type, name: str, params: type[StrategyParams], writer: Callable[[], Strategy[Any]]
    ) -> Self:
        """Return a class's strategy, which `writer` writes when it is needed, or when all kernels are."""
        result = cls.__new__(cls)
        vars(result).update(name=name, params=params, _owner=owner, _writer=writer)
        LATER.append(result.write)
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel by name: another process finds the class's own. A changed one travels as what it is."""
        owner = vars(self).get("_owner")
        if owner is not None:
            return getattr, (owner, "strategy")
        return Strategy, tuple(getattr(self, each.name) for each in fields(Strategy))

    def write(self) -> None:
        """Write what was not written yet. Of two threads that both do, the first is believed by both."""
        own = vars(self)
        if "_strategy" not in own:
            own.setdefault("_strategy", own["_writer"]())
        own.update(vars(own["_strategy"]))


for _field in fields(Strategy):
    if _field.name not in ("name", "params"):
        _later = _Written()
        _later.__set_name__(LaterStrategy, _field.name)
        setattr(LaterStrategy, _field.name, _later)
