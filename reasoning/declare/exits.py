"""Declared exits: a table of numbers or parameters, and the plan made of it for one set of parameters.

    exits = exits(roi={0: 0.10, 60: 0.04, 240: 0.0}, after=480, break_even=0.02, trail_atr=3.0)

Times are minutes, gains shares of the average entry (0.04 is 4 %), shares those of all that was bought.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from domain.exits import ExitPlan
from domain.times import MINUTE_MS
from reasoning.declare.leaving import LeaveProgram
from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.refusal import Undeclarable, near, shown

MILLION = 1_000_000
LARGEST = 1e300
MOST_STEPS = 16
"""Steps of a table at most: each is looked at on every candle."""


class _Range(NamedTuple):
    """The range of a value, its kind, and what to write."""

    low: float
    high: float
    kind: type[Any]
    instead: str


MINUTES = _Range(0, 5_256_000, int, "write whole minutes, such as 240")
TIME = _Range(1, 5_256_000, int, "write whole minutes, such as after=480")
ROI = _Range(-0.99, 1.0, float, "write a share of the entry, such as 0.04 for 4 %")
GAIN = _Range(0.000001, 1.0, float, "write a share of the entry above 0, such as 0.02 for 2 %")
ATRS = _Range(0.01, 100.0, float, "write how many ATRs, such as trail_atr=3.0")
SHARE = _Range(0.001, 0.999, float, "write a share of what was bought below 1, such as 0.5 for half")

MOVE = _Range(-0.5, 1.0, float, "write a share of the entry, such as -0.02 for a fall of 2 %")
OF_FIRST = _Range(0.001, 1.0, float, "write a share of the first size, such as 0.5 for half")

NAMES = ("roi", "after", "break_even", "trail_atr", "partial", "add")

Value = Any
"""A number, or a parameter that stands for one."""


class DeclaredExits:
    """The exits of a strategy: each value a number, or a parameter of the class."""

    def __init__(
        self,
        roi: Sequence[tuple[Value, Value]],
        after: Value,
        break_even: Value,
        trail_atr: Value,
        partial: Sequence[tuple[Value, Value]],
        add: Sequence[tuple[Value, Value]] = (),
    ) -> None:
        self.roi = roi
        self.after = after
        self.break_even = break_even
        self.trail_atr = trail_atr
        self.partial = partial
        self.add = add

    def __repr__(self) -> str:
        """Return what a refusal calls them."""
        return "exits"

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse a second declaration: inside the class the name is that of the first by now."""
        raise Undeclarable("exits are declared twice; declare them once: exits = exits(...) with all")

    def parameters(self) -> Iterator[DeclaredParameter]:
        """Yield the parameters its values stand for."""
        pairs = (each for pair in (*self.roi, *self.partial, *self.add) for each in pair)
        for each in (*pairs, self.after, self.break_even, self.trail_atr):
            if isinstance(each, DeclaredParameter):
                yield each

    def faults(self, value: Callable[[Value], float]) -> Iterator[str]:
        """Yield what is wrong between values that each lie in their range."""
        gains = [value(gain) for gain, _ in self.add]
        if any(each < 0 for each in gains) and any(each > 0 for each in gains):
            yield "add has falls and rises; write all of them below 0, or all above"
        shares = [value(share) for _, share in self.partial]
        if sum(map(_ppm, shares)) >= MILLION:
            text = " + ".join(f"{each:g}" for each in shares)
            yield (
                f"partial sells {text} of what was bought; leave some for the exit of the whole, "
                "which a step of roi or a target= of buy(...) is"
            )

    def plan(self, value: Callable[[Value], float]) -> ExitPlan:
        """Return the plan for values as `value` gives them."""
        return ExitPlan(
            roi=tuple(
                sorted((int(value(minutes)) * MINUTE_MS, _ppm(value(gain))) for minutes, gain in self.roi)
            ),
            after_ms=int(value(self.after)) * MINUTE_MS,
            break_even=_ppm(value(self.break_even)),
            trail=_ppm(value(self.trail_atr)),
            parts=tuple(sorted((_ppm(value(gain)), _ppm(value(share))) for gain, share in self.partial)),
            adds=tuple((_ppm(value(gain)), _ppm(value(share))) for gain, share in self.add),
        )


def exits(
    *given: Any,
    roi: Mapping[Any, Any] | None = None,
    after: Any = None,
    break_even: Any = None,
    trail_atr: Any = None,
    partial: Mapping[Any, Any] | None = None,
    add: Mapping[Any, Any] | None = None,
    **unknown: Any,
) -> Any:
    """Declare when a position is left, and where its stop is raised to; judged on each closed candle.

    `roi` sells all from a gain on, by the minutes it was held; `after` sells all after so many minutes.
    From a gain of `break_even` on the stop lies where a sale pays its costs. `trail_atr` keeps it so many
    ATRs below the close. `partial` sells a share of what was bought at each gain, once. `add` buys more, a
    share of the first size at each gain, which is below 0 for a fall, once and in order. Raises Undeclarable.
    """
    if given:
        raise Undeclarable(
            f"exits({shown(given[0])}) is without a name; write exits(roi={{0: 0.10}}); {near('', NAMES)}"
        )
    for name in unknown:
        raise Undeclarable(f"exits has no {name}=; {near(name, NAMES)}")
    if not (roi or partial or add) and after is None and break_even is None and trail_atr is None:
        raise Undeclarable("exits() declares none; write one, such as exits(roi={0: 0.10, 60: 0.04})")
    declared = DeclaredExits(
        _table("roi", roi, ("a time", MINUTES), ("a gain", ROI), "{0: 0.10, 60: 0.04}"),
        _one("after", after, TIME),
        _one("break_even", break_even, GAIN),
        _one("trail_atr", trail_atr, ATRS),
        _table("partial", partial, ("a gain", GAIN), ("a share", SHARE), "{0.03: 0.5}"),
        _table("add", add, ("a gain", MOVE), ("a share", OF_FIRST), "{-0.02: 0.5}"),
    )
    for move in add or ():
        low, high = _ends(move) if isinstance(move, DeclaredParameter) else (move, move)
        if low <= 0 <= high:
            such = "a fall, such as -0.02, or a rise, such as 0.03"
            raise Undeclarable(f"exits: a gain of add is 0 or may be; write {such}")
    for fault in declared.faults(lambda each: 0.0 if isinstance(each, DeclaredParameter) else each):
        raise Undeclarable(f"exits: {fault}")
    return declared


def repeated(written: ast.AST) -> tuple[str, int] | None:
    """Return what a table of `exits(...)` has twice, and its line: Python keeps the last alone."""
    for call in ast.walk(written):
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "exits":
            for table in call.keywords:
                keys = table.value.keys if isinstance(table.value, ast.Dict) else ()
                doubled = _again([each for each in keys if each is not None])
                if table.arg in ("roi", "partial", "add") and doubled is not None:
                    return (
                        f"exits: {table.arg} has {ast.unparse(doubled)} twice; write each once",
                        doubled.lineno,
                    )
    return None


def _again(keys: Sequence[ast.expr]) -> ast.expr | None:
    """Return the first key that stands for what one before it does."""
    before: set[Any] = set()
    for key in keys:
        one = key.value if isinstance(key, ast.Constant) else ast.unparse(key)
        if one in before:
            return key
        before.add(one)
    return None


def planner(
    declared: DeclaredExits | None,
    fields: Sequence[str],
    leave: LeaveProgram | None = None,
    reads: Sequence[str] = (),
) -> Callable[[Any], ExitPlan] | None:
    """Return what makes the plan of packed parameters, whose fields these are; None where none is declared.

    `reads` are the names of the numbers that the program of a `leave` reads.
    """
    if declared is None and leave is None:
        return None
    places = {name: index for index, name in enumerate(fields)}

    def planned(packed: Any) -> ExitPlan:
        def value(given: Any) -> Any:
            return packed[places[given.name]] if isinstance(given, DeclaredParameter) else given

        plan = ExitPlan() if declared is None else declared.plan(value)
        if leave is None:
            return plan
        return replace(plan, leave=leave.filled(reads, lambda name: float(packed[places[name]])))

    return planned


def _table(
    what: str, given: Any, keys: tuple[str, _Range], values: tuple[str, _Range], example: str
) -> list[tuple[Value, Value]]:
    if given is None:
        return []
    if not isinstance(given, Mapping) or not given:
        raise Undeclarable(f"exits: {what} is {shown(given)}; write a table, such as {what}={example}")
    if len(given) > MOST_STEPS:
        raise Undeclarable(f"exits: {what} has {len(given)} steps; write at most {MOST_STEPS}")
    return [
        (_checked(f"{keys[0]} of {what}", key, keys[1]), _checked(f"{values[0]} of {what}", value, values[1]))
        for key, value in given.items()
    ]


def _one(what: str, given: Any, allowed: _Range) -> Value:
    return 0 if given is None else _checked(what, given, allowed)


def _checked(what: str, given: Any, allowed: _Range) -> Value:
    """Return a value that lies in its range, whatever its parameter is set to. Raises Undeclarable."""
    limits = f"{what} goes from {allowed.low:,.10g} to {allowed.high:,.10g}"
    if isinstance(given, DeclaredParameter):
        if given.kind is not int and given.kind is not allowed.kind:
            raise Undeclarable(f"exits: {what} is no whole number; declare it as integer(...)")
        low, high = _ends(given)
        if low is None or high is None:
            raise Undeclarable(f"exits: {limits}: give its parameter a range")
    elif isinstance(given, bool) or not isinstance(given, int | float):
        raise Undeclarable(
            f"exits: {what} is {shown(given)}; {allowed.instead}, or a parameter declared before"
        )
    elif allowed.kind is int and not isinstance(given, int):
        raise Undeclarable(f"exits: {what} is {given!r}; {allowed.instead}, or a parameter declared before")
    else:
        low = high = given
    if not all(-LARGEST < each < LARGEST for each in (low, high)):  # nor nan
        one = f"from {low} to {high}" if isinstance(given, DeclaredParameter) else given
        ends, such = f"{allowed.low:,.10g} to {allowed.high:,.10g}", allowed.instead.removeprefix("write ")
        raise Undeclarable(f"exits: {what} is {one}; write a finite number from {ends}: {such}")
    if not allowed.low <= low <= high <= allowed.high:
        raise Undeclarable(f"exits: {limits}, not {_told(low, high)}; {allowed.instead}")
    return given


def _ends(given: DeclaredParameter) -> tuple[Any, Any]:
    """Return the least and the largest value of a parameter, None where it has none."""
    low, high = (
        given.limits.get(one, given.limits.get(other)) for one, other in (("ge", "gt"), ("le", "lt"))
    )
    return low, high


def _told(low: float, high: float) -> str:
    return f"{low:,.10g}" if low == high else f"from {low:,.10g} to {high:,.10g}"


def _ppm(share: float) -> int:
    return round(share * MILLION)
