"""The passes of a backtest in two forms: as machine code, and as the plain functions it is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from reasoning.kernels.strategy import Strategy
from reasoning.own import OwnStrategy
from research.data.candles import FloatArray, IntArray
from research.engine import account_pass, beside, guarded, lone_pass, ranges, signals, trials_pass
from research.engine.code_cache import cache_folder, of_sources
from research.engine.looked import Looked
from research.engine.loops import loop_of
from research.engine.machine_code import MachineCode, jitable, register

LARGEST = 2**53
"""Up to here a parameter that is a whole number is the same as a float."""


@dataclass(frozen=True)
class CompiledRules:
    """The passes of a backtest: as machine code, or the same functions in plain Python.

    `replay_many` is there as machine code only, and `replay` is a batch of one of it. `kept` writes what a
    declared strategy keeps of each candle.
    """

    compiled: bool
    fill_series: Callable[..., None]
    events: Callable[[Strategy[Any]], Callable[..., int]]
    replay: Callable[..., None]
    kept: Callable[[Strategy[Any]], Callable[..., None]]
    replay_many: Callable[..., None] | None = None


def plain() -> CompiledRules:
    """Return the engine that runs the kernels as they are."""

    def events(strategy: Strategy[Any]) -> Callable[..., int]:
        if isinstance(strategy, OwnStrategy):
            return guarded.guarded_find(strategy, None)
        return partial(signals.find_events, signals.with_time(strategy), strategy.signal)

    def kept(strategy: Strategy[Any]) -> Callable[..., None]:
        return partial(signals.gather, signals.with_time(strategy))

    return CompiledRules(
        False, partial(ranges.fill_series, ranges.step_lanes), events, account_pass.replay, kept
    )


@cache
def compiled() -> CompiledRules:
    """Return the engine that runs the kernels as machine code; compiles when first used."""
    import numba  # noqa: PLC0415  # half a second, and only where something is compiled

    register()
    folder = cache_folder()
    config: Any = numba.config
    config.CACHE_DIR = str(folder)
    built: dict[str, Callable[..., int]] = {}

    def events(strategy: Strategy[Any]) -> Callable[..., int]:
        # Defined anew, in a cell of a notebook, it is another.
        key = f"{strategy.step.__module__}.{strategy.name}.{id(strategy.step)}"
        if key not in built:
            register()
            built[key] = _machine_find(strategy, folder)
        return built[key]

    one = partial(_replay_one, _replay_many)
    fill = partial(ranges.fill_series, MachineCode(ranges.step_lanes))
    return CompiledRules(True, fill, events, one, _machine_gather, _replay_many)


def with_every_rule() -> CompiledRules:
    """Return the engine as machine code that never takes the shorter pass."""
    return replace(
        compiled(), replay=partial(_replay_one, _machine(trials_pass.replay_many)), replay_many=None
    )


@cache
def _machine(function: Callable[..., None]) -> Callable[..., None]:
    return MachineCode(function, large=True)


def _replay_many(
    ints: IntArray,
    floats: FloatArray,
    equity: IntArray,
    house: Any,
    market: Any,
    event: IntArray,
    confidence: FloatArray,
    slips: Any,
    opinions: Any,
    exits: Any,
    *trials: Any,
) -> None:
    """Run trials by the pass that is for their kind of session: its machine code alone is made."""
    books = ints, floats, equity, house
    if lone_pass.is_lone(house, market, slips, opinions, exits):
        _machine(trials_pass.replay_lone_many)(*books, market.blocks, event, confidence, *trials)
    else:
        every = _machine(trials_pass.replay_many)
        every(*books, market, event, confidence, slips, opinions, exits, *trials)


def _replay_one(many: Callable[..., None], ints: IntArray, floats: FloatArray, *more: Any) -> None:
    """Run one session by machine code that runs many; nobody asks for its score."""
    none = np.zeros((0, 1))
    plan = trials_pass.ScorePlan(np.zeros(0, dtype=np.int64), 0, 0, 0)
    many(ints, floats, *more, trials_pass.alone(ints, floats, more[-1]), plan, none, none)


def _machine_find(strategy: Strategy[Any], folder: Path) -> Callable[..., int]:
    step, signal = strategy.step, strategy.signal
    if not strategy.timed and not isinstance(strategy, OwnStrategy):
        step = jitable(signals.with_time(strategy))
    if isinstance(strategy, OwnStrategy):
        step, signal = guarded.guarded_kernels(strategy)
    loop = loop_of(signals.find_events, strategy, {"step": step, "signal": signal}, folder)
    if isinstance(strategy, OwnStrategy):
        sources = f"{loop.__code__.co_filename}|{of_sources({beside.__file__}).hexdigest()}"
        looked = Looked(folder, sources, beside.MOST)
        return guarded.guarded_find(strategy, MachineCode(loop, raising=True), looked)
    return MachineCode(loop)


@cache
def _machine_gather(strategy: Strategy[Any]) -> Callable[..., None]:
    register()
    step = strategy.step if strategy.timed else jitable(signals.with_time(strategy))
    return MachineCode(loop_of(signals.gather, strategy, {"step": step}, cache_folder()))


def decides_over_columns(strategy: Strategy[Any], packs: Sequence[Any]) -> bool:
    """Tell whether trials can be asked at columns: declared, with parameters that a float holds."""
    whole = (max(map(abs, each)) for each in zip(*packs, strict=True) if isinstance(each[0], int))
    return (
        strategy.columns is not None
        and len(packs) > 0
        and bool(strategy.columns(packs[0]))
        and all(each <= LARGEST for each in whole)
    )


@cache
def asked_at_columns(strategy: Strategy[Any], columns: int, kinds: tuple[type, ...]) -> Callable[..., int]:
    """Return machine code of `find_many` for a strategy that decides over so many columns.

    `kinds` are those of its packed parameters.
    """
    from research.engine.addressed import column_at  # noqa: PLC0415  # imports numba

    decide: Any = strategy.decide_at
    signal: Any = strategy.signal_at
    if isinstance(strategy, OwnStrategy):
        decide, signal = guarded.checked_kernels(decide, signal)
    compiled()
    register()
    text, names = _unpacking(columns, kinds), {"column_at": column_at}
    exec(text, names)  # noqa: S102  # written here, of numbers alone
    kernels = {"decide_at": decide, "signal_at": signal, "column_at": column_at}
    kernels |= {each: jitable(names[each]) for each in ("columns_at", "packed_at")}
    loop = loop_of(signals.find_many, strategy, kernels, cache_folder(), text)
    return MachineCode(loop, raising=isinstance(strategy, OwnStrategy))


def _unpacking(columns: int, kinds: tuple[type, ...]) -> str:
    """Return the source of what gives a trial's columns and its packed parameters."""
    read = "".join(f"column_at(place[trial, {index}], count), " for index in range(columns))
    packed = "".join(f"{kind.__name__}(packs[trial, {index}]), " for index, kind in enumerate(kinds))
    return (
        f"def columns_at(place, trial, count):\n    return ({read})\n\n"
        f"def packed_at(packs, trial):\n    return ({packed})\n"
    )
