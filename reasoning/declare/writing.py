"""The functions of a declared strategy, written from its class: the same for the loop and for a compiler.

The body of each is `decide` as `statements` reads it, with the lines of the user's file; what stands before
takes in the candle, or reads what was kept of it. Names resolve once, here: no function made looks anything
up in the class, and none but the lines of `layout` touches the memory.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from domain.kernel import KERNELS
from reasoning.declare import informative, kernels
from reasoning.declare.expressions import Expressions
from reasoning.declare.layout import ARGUMENTS, MemoryLayout, argument, candles_until, lines, ordered
from reasoning.declare.leaving import LeaveProgram, program_of
from reasoning.declare.nodes import variable
from reasoning.declare.parameters import TIMEFRAME, DeclaredParameter
from reasoning.declare.series import CandleSeries
from reasoning.declare.source import DecideSource, LeaveSource
from reasoning.declare.statements import EXPLAIN, SIGNAL, STEP, Statements
from reasoning.declare.uses import CANDLE, Use
from reasoning.kernels.higher import candles_for, higher_step
from reasoning.kernels.strategy import QUIET

CANDLE_ARGUMENTS = ("_opened", "_high", "_low", "_close", "_volume")


class Declaration(NamedTuple):
    """The content of a class: its decide, its parameters, indicators and constants by name."""

    source: DecideSource
    parameters: Mapping[str, DeclaredParameter]
    uses: Mapping[str, Use]
    constants: Mapping[str, float]
    least: int
    """Candles before the first vote, where the class asks for more than its indicators need."""
    series: tuple[CandleSeries, ...] = ()
    """The candles of longer timeframes, the shortest first."""
    leave: LeaveSource | None = None

    @property
    def numbers(self) -> list[str]:
        """Names of the numbers that `now` and `last` have."""
        longer = [name for each in self.series for name in each.numbers]
        return [*CANDLE, *longer, *(name for use in self.uses.values() for name in use.numbers)]

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the packed numbers."""
        return (*self.parameters, TIMEFRAME) if self.series else tuple(self.parameters)


class Bodies(NamedTuple):
    """The three bodies of a decide, and what they use; the program of a leave, and the numbers that reads."""

    layout: MemoryLayout
    statements: Mapping[str, list[ast.stmt]]
    used: frozenset[str]
    looks_back: bool
    kernels: Mapping[str, Callable[..., Any]]
    leave: LeaveProgram | None = None
    read: tuple[str, ...] = ()


def bodies_of(declared: Declaration) -> Bodies:
    """Read a decide, and a leave beside it. Raises Undeclarable."""
    read = {}
    for mode in (STEP, SIGNAL, EXPLAIN):
        reader = _reader(declared, declared.source)
        read[mode] = reader, Statements(reader, mode).body()
    now, last, used = set[str](), set[str](), set[str]()
    called: dict[str, Callable[..., Any]] = {}
    leave = None
    if declared.leave is not None:
        reader = _reader(declared, declared.leave)
        leave = program_of(reader)
        now, last = reader.now, reader.last
        _refuse_others(declared, declared.leave, now | last)
    for reader, _ in read.values():
        now, last, used = now | reader.now, last | reader.last, used | reader.used
        called |= reader.kernels
    drawn = {name for use in declared.uses.values() if use.draw for name in use.numbers}
    names = declared.numbers
    layout = MemoryLayout(
        last=tuple(name for name in names if name in last),
        now=tuple(name for name in names if name in now | last | drawn),
        uses=ordered(declared.uses),
        series=declared.series,
    )
    bodies = {mode: body for mode, (_, body) in read.items()}
    named = {variable(name).removeprefix("_now_"): name for name in names}
    reads = tuple(named[each] for each in leave.reads) if leave else ()
    return Bodies(layout, bodies, frozenset(used), bool(last), called, leave, reads)


def _refuse_others(declared: Declaration, leave: LeaveSource, names: Collection[str]) -> None:
    """Raise Undeclarable for a leave that reads another symbol's number: no exit waits for a market."""
    others = [name for each in declared.series if each.symbol for name in each.numbers]
    uses = [use for use in declared.uses.values() if use.on is not None and use.on.symbol]
    for name in (*others, *(name for use in uses for name in use.numbers)):
        if name in names:
            what = f"leave reads {name}, a number of another symbol, and no exit waits for another market"
            raise leave.refused(f"{what}; sell(...) in decide goes by the last that is known")


def _reader(declared: Declaration, source: DecideSource) -> Expressions:
    return Expressions(source, declared.parameters, declared.uses, declared.constants, declared.series)


class Writer:
    """Writes functions into one namespace, from lines of source and bodies that were read."""

    def __init__(self, declared: Declaration, bodies: Bodies, module: str) -> None:
        self.declared = declared
        self.bodies = bodies
        self.file = declared.source.file
        self.line = declared.source.line
        self.fields = declared.fields
        self.names: dict[str, Any] = {
            "__name__": module,
            "_QUIET": QUIET,
            "_candles_for": candles_for,
            "_higher_step": higher_step,
            "_side_of": kernels.side_of,
            "_sure": kernels.sure,
            "_summed": kernels.summed,
            "_with_market": kernels.with_market,
        }
        for use in bodies.layout.uses:
            for what in ("step", "size", "warmup"):
                self.names[f"_{what}_{use.name}"] = getattr(use.kind, what)
        self.names |= {f"_call_{name}": each for name, each in bodies.kernels.items()}

    def kernel(self, name: str, arguments: Sequence[str], body: Iterable[ast.stmt]) -> Callable[..., Any]:
        """Write a function and put it on the list of kernels."""
        function = self.function(name, arguments, body)
        KERNELS.append(function)
        return function

    def function(self, name: str, arguments: Sequence[str], body: Iterable[ast.stmt]) -> Callable[..., Any]:
        """Write a function whose lines are those of the user's file."""
        (node,) = ast.parse(f"def {name}({', '.join(arguments)}): pass").body
        node.body = list(body)  # type: ignore[attr-defined]  # a function has one
        node.lineno, node.end_lineno = self.line, self.declared.source.tree.end_lineno
        node.col_offset = node.end_col_offset = 0
        module = ast.fix_missing_locations(ast.Module([node], []))
        exec(compile(module, self.file, "exec", dont_inherit=True), self.names)  # noqa: S102  # written here, of names resolved here
        function: Callable[..., Any] = self.names[name]
        function.__written__ = True  # type: ignore[attr-defined]  # its source cannot be read at its line
        return function

    def size(self) -> Callable[..., Any]:
        """Write the floats of the memory."""
        blocks = [f"_size_{use.name}({_arguments(use)})" for use in self.bodies.layout.uses]
        total = " + ".join([str(self.bodies.layout.blocks), *blocks])
        return self.kernel("size", ["_packed"], self._lines([*self._raw(), f"return {total}"]))

    def warmup(self) -> Callable[..., Any]:
        """Write the candles before the first vote: until all is known, of the candle before too."""
        layout = self.bodies.layout
        each = [candles_until(layout.on(series), series) for series in (None, *layout.series)]
        known = each[0] if len(each) == 1 else f"max({', '.join(each)})"
        total = f"{known} + 1" if self.bodies.looks_back else known
        least = f"max({self.declared.least}, {total})" if self.declared.least else total
        return self.kernel("warmup", ["_packed"], self._lines([*self._raw(), f"return {least}"]))

    def step(self) -> Callable[..., Any]:
        """Write the step."""
        text = [
            *self._raw(),
            *self.bodies.layout.step(),
            "if _seen < _memory[1]:",
            "    return 0",
            *self._set(),
        ]
        layout = self.bodies.layout
        timed = ["_time"] if layout.timed else []
        arguments = ["_memory", "_packed", *CANDLE_ARGUMENTS, *timed]
        if not layout.informative:
            return self.kernel("step", arguments, [*self._lines(text), *self.bodies.statements[STEP]])
        text += [f"if {informative.unknown(layout, looks_back=self.bodies.looks_back)}:", "    return 0"]
        self.kernel("decided", arguments, [*self._lines(text), *self.bodies.statements[STEP]])
        held = f"_memory[{layout.own_time + 1}]"
        # An entry waits for the other symbol's candle; an exit goes by the last that is known.
        text = [
            f"_vote = decided({', '.join(arguments)})",
            f"{held} = 0.0",
            f"if _vote > 0 and ({informative.silent(layout)}):",
            f"    {held} = 1.0",
            "    return 0",
            "return _vote",
        ]
        return self.kernel("step", arguments, self._lines(text))

    def inform(self) -> tuple[Callable[..., Any], Callable[..., Any]] | tuple[None, None]:
        """Write what takes in a candle of another symbol, and the step that finds them behind the memory."""
        layout = self.bodies.layout
        if not layout.informative:
            return None, None
        arguments = ["_memory", "_packed", "_which", *ARGUMENTS.values()]
        text = [*self._raw(), *informative.inform(layout)]
        inform = self.kernel("inform", arguments, self._lines(text))
        arguments = ["_memory", "_packed", *CANDLE_ARGUMENTS, "_time"]
        return inform, self.kernel("paired", arguments, self._lines(informative.paired()))

    def signal(self) -> Callable[..., Any]:
        """Write what is said with a vote."""
        text = [*self._raw(), *self.bodies.layout.recall(), *self._set()]
        arguments = ["_memory", "_packed", "_vote", "_ended", "_features"]
        return self.kernel("signal", arguments, [*self._lines(text), *self.bodies.statements[SIGNAL]])

    def explain(self, plain_words: Callable[..., str], warming: Callable[..., str]) -> Callable[..., Any]:
        """Write the reason, which is no kernel."""
        layout = self.bodies.layout
        self.names |= {"_plain_words": plain_words, "_warming": warming}
        text = [
            "if _said.vote == 0 and _memory[0] < _memory[1]:",
            "    return _warming(_memory, _packed)",
            *self._raw(),
            *layout.recall(),
            *self._set(),
        ]
        arguments = ["_memory", "_packed", "_said"]
        explain = self.function("explain", arguments, [*self._lines(text), *self.bodies.statements[EXPLAIN]])
        return informative.in_words(layout, explain, looks_back=self.bodies.looks_back)

    def at(self, keys: Sequence[str]) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """Write step and signal over columns: the numbers `keys` of all candles instead of a memory."""
        read = [
            f"{variable(name, last=last)} = _columns[{index}][_index{' - 1' if last else ''}]"
            for index, name in enumerate(keys)
            for last in (False, True)
            if not last or name in self.bodies.layout.last
        ]
        early = ["if _index + 1 < warmup(_packed):", "    return 0"]
        text = [*self._raw(), *read, *self._set()]
        step = [*self._lines([*early, *text]), *self.bodies.statements[STEP]]
        decide_at = self.kernel("decide_at", ["_columns", "_index", "_packed"], step)
        signal = [*self._lines(text), *self.bodies.statements[SIGNAL]]
        arguments = ["_columns", "_index", "_packed", "_vote", "_features"]
        return decide_at, self.kernel("signal_at", arguments, signal)

    def known(self, use: Use) -> Callable[..., Any]:
        """Write the candles before an indicator is known."""
        text = [*self._raw(), f"return {candles_until([use], use.on)} - 1"]
        return self.function(f"known_{use.name}", ["_packed"], self._lines(text))

    def _lines(self, texts: Iterable[str]) -> list[ast.stmt]:
        return lines(texts, self.line)

    def _raw(self) -> Iterator[str]:
        for index, name in enumerate(self.fields):
            yield f"_raw_{name} = _packed[{index}]"

    def _set(self) -> Iterator[str]:
        for name in self.fields:
            if name in self.bodies.used:
                yield f"_set_{name} = float(_raw_{name})"


def _arguments(use: Use) -> str:
    return ", ".join(map(argument, use.arguments))
