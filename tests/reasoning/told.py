"""What the tests of declared strategies share: a strategy stepped over candles, and one written to a file."""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from domain.candle import Candle
from domain.decision import Signal
from reasoning.declare.uses import CANDLE
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.features import PLAN, Features, features_now, features_size, features_step
from reasoning.kernels.strategy import ColumnKey, Strategy

HEAD = """from domain.kernel import kernel
from reasoning.declare import *
from reasoning.declare import atr, bollinger, ema, rsi, sma
"""


def told(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle]
) -> list[tuple[Signal, str]]:
    """Step a strategy over candles from its start; return each signal with its reason."""
    memory = strategy.blank(packed)
    said = []
    for candle, features in with_features(candles):
        signal = strategy.on_candle(memory, packed, features, *numbers(candle), float(candle.time))
        said.append((signal, strategy.words(memory, packed, signal)))
    return said


def with_features(candles: Sequence[Candle]) -> Iterator[tuple[Candle, Features]]:
    """Yield candles with the features of each."""
    shared = [0.0] * features_size(PLAN)
    for candle in candles:
        features_step(shared, PLAN, *numbers(candle)[1:])
        yield candle, features_now(shared, PLAN)


def numbers(candle: Candle) -> tuple[float, float, float, float, float]:
    """Return a candle's numbers as a step takes them."""
    return candle.open + 0.0, candle.high + 0.0, candle.low + 0.0, candle.close + 0.0, candle.volume


def over_columns(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle]
) -> list[Signal | None]:
    """Return what a strategy says of every candle, decided over columns; None where it says nothing."""
    assert strategy.columns is not None
    assert strategy.decide_at is not None
    assert strategy.signal_at is not None
    columns = tuple(column(key, candles) for key in strategy.columns(packed))
    said: list[Signal | None] = []
    for index, (_, features) in enumerate(with_features(candles)):
        vote = strategy.decide_at(columns, index, packed)
        said.append(strategy.signal_at(columns, index, packed, vote, features) if vote else None)
    return said


def column(key: ColumnKey, candles: Sequence[Candle]) -> list[float]:
    """Return a column: a candle's number, or an indicator stepped from its first input that is known."""
    if key.kind in CANDLE:
        return [numbers(each)[CANDLE.index(key.kind)] for each in candles]
    if key.kind == "time":
        return [float(each.time) for each in candles]
    kind, memory = INDICATORS[key.kind], [0.0] * INDICATORS[key.kind].size(*key.parameters)
    inputs = [column(each, candles) for each in key.inputs]
    late = max((known_after(each) for each in key.inputs), default=0)
    values = []
    for index in range(len(candles)):
        result: Any = 0.0
        if index >= late:
            result = kind.step(memory, 0, *key.parameters, *(each[index] for each in inputs))
            result = result if key.output == "value" else getattr(result, key.output)
        values.append(result)
    return values


def known_after(key: ColumnKey) -> int:
    """Return the values of a column before its first that is known."""
    if key.kind in (*CANDLE, "time"):
        return 0
    return int(INDICATORS[key.kind].warmup(*key.parameters)) + max(map(known_after, key.inputs), default=0)


_count = 0


def written(folder: Path, body: str, head: str = HEAD) -> tuple[Any, Path]:
    """Write a strategy into a file of its own and import it. Raises whatever its import does."""
    global _count  # noqa: PLW0603  # every file is another module
    _count += 1
    path = folder / f"declared_{_count}.py"
    path.write_text(head + body)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module, path
