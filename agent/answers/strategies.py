"""The strategies there are."""

from typing import Any

from msgspec import Struct


class ParameterAnswer(Struct, frozen=True, kw_only=True):
    """A parameter's value in force, and what it means."""

    value: Any
    description: str | None


class StrategyRow(Struct, frozen=True, kw_only=True):
    """A strategy; `source` is its file or "built in".

    `warmup` is in candles, of `timeframe` where it is one of several timeframes ("" for another): the one
    that is set, or where that does not go with it, the longest that does.
    """

    name: str
    warmup: int
    timeframe: str
    source: str
    compiles: str
    parameters: dict[str, ParameterAnswer]


class CompiledRow(Struct, frozen=True, kw_only=True):
    """A strategy, and whether machine code of it is there; where not, why."""

    name: str
    compiles: str


class CompiledAnswer(Struct, frozen=True, kw_only=True):
    """Machine code that is there now: of which strategies, in which folder, made within how many seconds."""

    strategies: list[CompiledRow]
    folder: str
    seconds: float
    problems: list[str]


class HistoryAnswer(Struct, frozen=True, kw_only=True):
    """A history in candles: candles compared, votes that were others, the drawn number farthest off."""

    history: int
    compared: int
    different: int
    number: str
    apart: float


class DeniedAnswer(Struct, frozen=True, kw_only=True):
    """A rule of the gate, the votes it denied, and why."""

    rule: str
    votes: int
    why: str


class CheckAnswer(Struct, frozen=True, kw_only=True):
    """`agent strategy check`: what was found; `passed` where nothing is wrong with the strategy itself.

    `settled` is the least history tried from which on no vote was another, None where there is none; candles,
    as `warmup`, of `timeframe` where the strategy has several ("" for another). `starts` says how long one of
    several timeframes waits on the candles it is set to trade, "" for another. `exits` are those it declares,
    `idle` what of them never acts, `endings` how many trades ended by what.
    """

    strategy: str
    source: str
    passed: bool
    compiles: str
    candles: int
    signals: int
    difference: str | None
    timeframe: str
    warmup: int
    starts: str
    settled: int | None
    histories: list[HistoryAnswer]
    traded: int
    entries: int
    denied: list[DeniedAnswer]
    exits: list[str]
    idle: list[str]
    endings: dict[str, int]


class StrategiesAnswer(Struct, frozen=True, kw_only=True):
    """`agent strategy list`: what there is, the folder of the user's own, and what is wrong there."""

    strategies: list[StrategyRow]
    folder: str
    problems: list[str]
