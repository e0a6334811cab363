"""The space of a study: one axis per parameter, within the limits of the strategy's own model."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from domain.errors import BadInput
from reasoning.kernels.strategy import Strategy, StrategyParams
from research.search.grid import limits, ranges_of, trial_of

AROUND = 4.0
"""A parameter is searched from its value over this to its value times this, unless told where."""
SURELY = 1e-9
"""Steps that a range may be short of a whole number of them, for its ends are rounded."""


class Axis(NamedTuple):
    """One parameter: a choice of values, or numbers from `low` to `high`, in steps or any."""

    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    whole: bool = False

    def suggest(self, trial: Any, name: str) -> Any:
        """Ask an Optuna trial for a value."""
        if self.choices:
            return trial.suggest_categorical(name, list(self.choices))
        if self.whole:
            return trial.suggest_int(name, int(self.low), int(self.high), step=int(self.step or 1))
        return trial.suggest_float(name, self.low, self.high, step=self.step)

    def ends(self) -> tuple[Any, ...]:
        """Return the values at the axis's ends, or all choices."""
        return self.choices or (self._typed(self.low), self._typed(self.high))

    @property
    def size(self) -> float:
        """Return how many values there are, infinity where any number is one."""
        step = self.step or (1.0 if self.whole else 0.0)
        if self.choices or self.low == self.high:
            return len(set(self.choices)) or 1
        return math.floor((self.high - self.low) / step + SURELY) + 1 if step else math.inf

    def _typed(self, value: float) -> Any:
        return int(value) if self.whole else value


Space = dict[str, Axis]


def size_of(space: Space) -> float:
    """Return how many combinations a space has."""
    return math.prod(axis.size for axis in space.values())


def space_of(strategy: Strategy[Any], ranges: Sequence[str], base: StrategyParams | None = None) -> Space:
    """Return the axes named by ranges such as `fast=5:50`, `fast=5:50:5` or `fast=5,8,13`.

    Without any: every number around its value in `base`, but not a stop's distance, and every switch.
    Raises BadInput for a range that cannot be read and a value outside its field's limits.
    """
    return dict(_named(strategy, text) for text in ranges) if ranges else _around(strategy, base)


def _named(strategy: Strategy[Any], text: str) -> tuple[str, Axis]:
    name, _, given = text.partition("=")
    parts = given.split(":")
    if len(parts) == 1:
        return name, Axis(choices=tuple(ranges_of(strategy, [text])[name]))
    if len(parts) > 3:
        raise BadInput(f"range {text!r} is not like fast=5:50, fast=5:50:5 or fast=5,8,13")
    ends = ranges_of(strategy, [f"{name}={parts[0]},{parts[1]}"])[name]
    low, high = (float(end) for end in ends)
    step = _step(text, parts[2]) if len(parts) == 3 else None
    if low > high:
        raise BadInput(f"range {text!r}: its end {parts[1]} lies before its start {parts[0]}")
    whole = all(type(end) is int for end in ends)
    if whole and step is not None and not step.is_integer():
        raise BadInput(f"range {text!r}: {name} is a whole number, and so must its step be")
    return name, Axis((), low, high, step, whole)


def _step(text: str, given: str) -> float:
    try:
        step = float(given)
    except ValueError:
        step = 0.0
    if not 0 < step < float("inf"):
        raise BadInput(f"range {text!r}: the step {given} must be a number above 0")
    return step


def _around(strategy: Strategy[Any], base: StrategyParams | None) -> Space:
    now = (base or strategy.params()).model_dump()
    space: Space = {}
    for name, info in strategy.params.model_fields.items():
        value = now[name]
        if type(value) is bool:
            space[name] = Axis(choices=(False, True))
        elif type(value) in (int, float) and value > 0 and not name.endswith("_ppm"):
            low, high = limits(info)
            low, high = max(value / AROUND, low), min(value * AROUND, high)
            whole = type(value) is int
            space[name] = Axis(
                (), float(int(low)) if whole and low == value / AROUND else low, high, None, whole
            )
    return space


def longest_warmup(strategy: Strategy[Any], space: Space, base: Mapping[str, Any]) -> int:
    """Return the longest warm-up at the space's corners. Raises BadInput when none is allowed."""
    corners = product(*(axis.ends() for axis in space.values()))
    built = [trial_of(strategy, {**base, **dict(zip(space, corner, strict=True))}) for corner in corners]
    results = [strategy.warmup_for(trial.packed) for trial in built if trial is not None]
    if not results:
        raise BadInput(f"no corner of the search is allowed by {strategy.name}: {', '.join(space)}")
    return max(results)
