"""Indicators stepped over candles as machine code, many in one function, and held against plain Python."""

import math
from collections.abc import Iterable
from typing import Any

import numba
import numpy as np

from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.indicators.table import INDICATORS
from research.engine.machine_code import register
from tests.reasoning.indicating import COLUMNS, SCENES, Columns, small, stepped


def source(kinds: Iterable[IndicatorKind]) -> str:
    """Return one function that steps every kind over candles; parameters and outputs lie in rows."""
    lines = [f"def walk({', '.join(COLUMNS)}, numbers, memory, out):", "    count = len(close)"]
    row = first = 0
    for kind in kinds:
        words = [
            f"{'int' if each.kind is int else 'float'}(numbers[{first + index}])"
            for index, each in enumerate(kind.parameters)
        ]
        lines += [f"    {kind.name}_{index} = {word}" for index, word in enumerate(words)]
        given = [f"{kind.name}_{index}" for index in range(len(words))]
        given += [f"{DEFAULTS.get(name, name)}[index]" for name in kind.inputs]
        lines += ["    memory[:] = 0.0", "    for index in range(count):"]
        lines.append(f"        value = step_{kind.name}(memory, 0, {', '.join(given)})")
        if len(kind.outputs) == 1:
            lines.append(f"        out[{row}, index] = value")
        else:
            lines += [
                f"        out[{row + index}, index] = value[{index}]" for index in range(len(kind.outputs))
            ]
        row, first = row + len(kind.outputs), first + len(words)
    return "\n".join(lines)


def machine(kinds: list[IndicatorKind]) -> Any:
    """Return that function as machine code, made as the house makes its own."""
    register()
    names: dict[str, Any] = {f"step_{kind.name}": kind.step for kind in kinds}
    exec(source(kinds), names)  # noqa: S102  # what was just written
    njit: Any = numba.njit
    return njit(nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model="numpy")(names["walk"])


def walked_by(
    code: Any, kinds: list[IndicatorKind], columns: Columns, numbers: list[tuple[float, ...]]
) -> Any:
    """Step kinds over candles as machine code, each with its own parameters; return the rows of outputs."""
    given = [np.array(columns[name]) for name in COLUMNS]
    room = max(kind.size(*each) for kind, each in zip(kinds, numbers, strict=True))
    out = np.full((sum(len(kind.outputs) for kind in kinds), len(given[0])), math.nan)
    code(*given, np.array([number for each in numbers for number in each], dtype=float), np.zeros(room), out)
    return out


def same_bits(names: Iterable[str]) -> None:
    """Compile kinds and hold every output on every scene against plain Python."""
    kinds = [INDICATORS[name] for name in names]
    code = machine(kinds)
    for columns in SCENES.values():
        for numbers in ([kind.defaults for kind in kinds], [small(kind) for kind in kinds]):
            out = walked_by(code, kinds, columns, numbers)
            plain = [stepped(kind, columns, *given) for kind, given in zip(kinds, numbers, strict=True)]
            rows = np.vstack([np.array(each).T for each in plain])
            differing = np.argwhere(rows.view(np.int64) != out.view(np.int64))
            assert not len(differing), f"first differing: row and candle {differing[:3]}"
