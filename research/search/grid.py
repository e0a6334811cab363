"""Parameter grids: ranges as people write them, checked by the strategy's own model."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import product
from math import prod
from typing import Any, NamedTuple

from annotated_types import Ge, Gt, Le, Lt
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from domain.complaints import complaint
from domain.errors import BadInput
from reasoning.kernels.strategy import Strategy, StrategyParams

MOST = 1_000_000
"""Combinations in one grid."""
FIRST_FIELDS = 4
"""Fields that a grid varies unless told which."""


class Trial(NamedTuple):
    """One set of parameters: as a user sets them, in the fields' order, and as the kernels take them."""

    parameters: tuple[tuple[str, Any], ...]
    packed: tuple[Any, ...]


class Grid(NamedTuple):
    """Trials sorted by their parameters, and how many combinations the strategy does not allow."""

    trials: tuple[Trial, ...]
    skipped: int


def grid_of(strategy: Strategy[Any], ranges: Sequence[str], base: StrategyParams | None = None) -> Grid:
    """Return every allowed combination of ranges such as `fast=5:50:5`, `fast=5,8,13` or `fast=5`.

    A range's end is included where its steps reach it. Fields not named stay as in `base`. Raises
    BadInput for a range that cannot be read, a value outside its field's limits, and too many or no
    combinations.
    """
    values = ranges_of(strategy, ranges)
    count = prod(len(each) for each in values.values())
    if count > MOST:
        raise BadInput(f"grid of {count} combinations, the limit is {MOST}")
    return combined(strategy, values, base)


def combined(
    strategy: Strategy[Any], values: Mapping[str, Sequence[Any]], base: StrategyParams | None = None
) -> Grid:
    """Return every allowed combination of values. Raises BadInput when none is."""
    fixed = (base or strategy.params()).model_dump()
    result = set()
    built = 0
    for chosen in product(*values.values()):
        built += 1
        trial = trial_of(strategy, fixed | dict(zip(values, chosen, strict=True)))
        if trial is not None:
            result.add(trial)
    if not result:
        raise BadInput(f"none of {built} combinations is allowed by {strategy.name}")
    return Grid(tuple(sorted(result, key=lambda each: each.parameters)), built - len(result))


def trial_of(strategy: Strategy[Any], parameters: Mapping[str, Any]) -> Trial | None:
    """Return a trial, or None when the fields are each in their limits but not allowed together.

    Raises BadInput, naming field, value and limit, when one is not.
    """
    try:
        params = strategy.params(**parameters)
    except ValidationError as error:
        for each in error.errors():
            if each["loc"]:
                raise BadInput(_limit(strategy, each["loc"], each["input"], complaint(each))) from None
        return None
    return Trial(tuple(params.model_dump().items()), strategy.pack(params))


def ranges_of(strategy: Strategy[Any], ranges: Sequence[str]) -> dict[str, list[Any]]:
    """Read ranges; every value lies within its field's limits. Raises BadInput as `grid_of`."""
    fields = strategy.params.model_fields
    values: dict[str, list[Any]] = {}
    for text in ranges:
        name, result, given = text.partition("=")
        if not result or not given:
            raise BadInput(f"grid {text!r} is not like fast=5:50:5 or fast=5,8,13")
        if name not in fields:
            raise BadInput(f"{strategy.name} has no parameter {name!r}; it has {', '.join(fields)}")
        if name in values:
            raise BadInput(f"grid {text!r}: {name} was given before")
        values[name] = [_checked(strategy, name, each) for each in _values(text, given)]
    return values


def default_grid(strategy: Strategy[Any], base: StrategyParams | None = None) -> Grid:
    """Return half, once and one and a half times each of the first four numbers, within their limits.

    A stop's distance stays as it is: what it should be is a matter of risk.
    """
    start = (base or strategy.params()).model_dump()
    values: dict[str, list[Any]] = {}
    for name, info in strategy.params.model_fields.items():
        now = start[name]
        if type(now) in (int, float) and not name.endswith("_ppm") and len(values) < FIRST_FIELDS:
            low, high = limits(info)
            around = {type(now)(min(max(now * share, low), high)) for share in (0.5, 1.0, 1.5)}
            values[name] = sorted(around)
    return combined(strategy, values, base)


def limits(info: FieldInfo) -> tuple[float, float]:
    """Return a field's lowest and highest value, infinite where there is no limit."""
    low, high = float("-inf"), float("inf")
    for each in info.metadata:
        if isinstance(each, Ge | Gt):
            low = float(each.ge if isinstance(each, Ge) else each.gt)  # type: ignore[arg-type]  # numbers here
        if isinstance(each, Le | Lt):
            high = float(each.le if isinstance(each, Le) else each.lt)  # type: ignore[arg-type]  # as above
    return low, high


def _values(text: str, given: str) -> list[Any]:
    if ":" not in given:
        return given.split(",")
    parts = given.split(":")
    if len(parts) != 3:
        raise BadInput(f"grid {text!r}: a range is start:end:step")
    try:
        start, end, step = (Decimal(part) for part in parts)
    except InvalidOperation:
        raise BadInput(f"grid {text!r}: start, end and step must be numbers") from None
    if not (start.is_finite() and end.is_finite() and step.is_finite() and step > 0 and start <= end):
        raise BadInput(f"grid {text!r}: the end must not lie before the start and the step must be above 0")
    count = int((end - start) / step) + 1
    if count > MOST:
        raise BadInput(f"grid {text!r} has {count} values, the limit is {MOST}")
    return [f"{start + index * step:f}" for index in range(count)]


def _checked(strategy: Strategy[Any], name: str, value: Any) -> Any:
    """Return a value as its field takes it, checked against the field alone."""
    try:
        return getattr(strategy.params(**{name: value}), name)
    except ValidationError as error:
        for each in error.errors():
            if each["loc"]:
                raise BadInput(_limit(strategy, each["loc"], each["input"], complaint(each))) from None
    # Within its own limits; only together with the other fields' defaults it is not allowed.
    info = strategy.params.model_fields[name]
    return info.annotation(value) if info.annotation in (int, float) else value


def _limit(strategy: Strategy[Any], index: Sequence[Any], value: Any, message: str) -> str:
    field = ".".join(str(part) for part in index)
    return f"{strategy.name}.{field} = {value}: {message[:1].lower()}{message[1:]}"
