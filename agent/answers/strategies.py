"""The strategies there are."""

from typing import Any

from msgspec import Struct


class ParameterAnswer(Struct, frozen=True, kw_only=True):
    """A parameter's value in force, and what it means."""

    value: Any
    description: str | None


class StrategyRow(Struct, frozen=True, kw_only=True):
    """A strategy; `source` is its file or "built in"."""

    name: str
    warmup: int
    source: str
    compiles: str
    parameters: dict[str, ParameterAnswer]


class StrategiesAnswer(Struct, frozen=True, kw_only=True):
    """`agent strategy list`: what there is, the folder of the user's own, and what is wrong there."""

    strategies: list[StrategyRow]
    folder: str
    problems: list[str]
