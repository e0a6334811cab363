"""Machine code that fills an indicator's column: its kernel over all candles, with its state in variables."""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reasoning.indicators.kind import IndicatorKind
from research.engine.code_cache import cache_folder
from research.engine.compiler import compiled
from research.engine.in_variables import MEMORY, Unsupported, Written
from research.engine.linear import Linear
from research.engine.loops import written
from research.engine.machine_code import MachineCode, jitable

MOST_CELLS = 8
"""Cells up to which variables are worth it: more find no registers, and take longer to compile."""

_fillers: dict[str, Callable[..., None]] = {}


@dataclass(frozen=True)
class Filler:
    """A loop over candles for a kind: its source, the names in it, the functions beside it, its cells."""

    text: str
    names: dict[str, Any]
    helpers: tuple[str, ...]
    cells: tuple[Linear, ...]
    parameters: tuple[str, ...]

    def places(self, parameters: Sequence[float]) -> list[int]:
        """Return where the cells lie with these parameters."""
        given = dict(zip(self.parameters, parameters, strict=True))
        return [each.value(given) for each in self.cells]


def filler(kind: IndicatorKind) -> Callable[..., None]:
    """Return machine code that fills the columns of a kind: memory, parameters, inputs and outputs in."""
    if kind.name not in _fillers:
        compiled()
        _fillers[kind.name] = _made(kind)
    return _fillers[kind.name]


def _made(kind: IndicatorKind) -> Callable[..., None]:
    try:
        filler = filler_of(kind)
    except Unsupported:
        filler = None
    if filler is not None and len(filler.cells) <= MOST_CELLS:
        return _in_variables(kind, filler)
    return MachineCode(written("fill", source_of(kind), kind.name, {"step": kind.step}, cache_folder()))


def _in_variables(kind: IndicatorKind, filler: Filler) -> Callable[..., None]:
    """Return machine code of a filler that is told where the cells lie."""
    fill = written("fill", filler.text, kind.name, filler.names, cache_folder())
    count = len(kind.parameters)
    for each in filler.helpers:
        jitable(getattr(sys.modules[fill.__module__], each))
    code = MachineCode(fill)

    def filled(memory: Any, *given: Any) -> None:
        code(memory, np.array(filler.places(given[:count]), dtype=np.int64), *given)

    return filled


def source_of(kind: IndicatorKind) -> str:
    """Return the source of a loop over all candles for a kind."""
    given = [f"p{index}" for index in range(len(kind.parameters))]
    taken = [f"x{index}" for index in range(len(kind.inputs))]
    outputs = [f"y{index}" for index in range(len(kind.outputs))]
    arguments = ", ".join(["memory", *given, *taken, *outputs])
    called = ", ".join(["memory", "0", *given, *(f"{each}[i]" for each in taken)])
    named = [f"{y}[i] = now.{name}" for y, name in zip(outputs, kind.outputs, strict=True)]
    result = named if len(outputs) > 1 else ["y0[i] = now"]
    body = "".join(f"        {line}\n" for line in (f"now = step({called})", *result))
    return f"def fill({arguments}):\n    for i in range(len(y0)):\n{body}"


def filler_of(kind: IndicatorKind) -> Filler:
    """Return a kind's loop with its state in variables. Raises Unsupported."""
    forms = Written()
    arguments, count = list(inspect.signature(kind.step).parameters), len(kind.parameters)
    form = forms.form(kind.step, frozenset([MEMORY, *arguments[2 + count :]]))
    if form.rings & set(form.cells):
        raise Unsupported(f"{kind.name}: a cell is read as a slot, too")
    cells = list(form.cells.values())
    given = [f"p{index}" for index in range(count)]
    taken = [f"x{index}" for index in range(len(kind.inputs))]
    outputs = [f"y{index}" for index in range(len(kind.outputs))]
    called = ", ".join([MEMORY, "0", *given, *(f"{each}[i]" for each in taken), *cells])
    moved = ", ".join(["now", *(form.cells[each] for each in form.written)])
    named = [f"{y}[i] = now.{name}" for y, name in zip(outputs, kind.outputs, strict=True)]
    lines = [
        f"def fill({', '.join([MEMORY, 'places', *given, *taken, *outputs])}):",
        *(f"    {each} = {MEMORY}[places[{index}]]" for index, each in enumerate(cells)),
        "    for i in range(len(y0)):",
        f"        {moved} = {form.name}({called})",
        *(f"        {each}" for each in (named if len(outputs) > 1 else ["y0[i] = now"])),
        *(f"    {MEMORY}[places[{index}]] = {each}" for index, each in enumerate(cells)),
    ]
    helpers = tuple(each.name for each in forms.forms.values())
    text = "\n\n".join([*forms.sources, "\n".join(lines) + "\n"])
    return Filler(text, forms.names, helpers, tuple(form.cells), form.arguments[2 : 2 + count])
