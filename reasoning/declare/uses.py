"""A declared use of an indicator: its kind, its arguments, what it is fed with, and how it is drawn."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from reasoning.declare.parameters import DeclaredParameter
from reasoning.declare.refusal import Undeclarable, near, shown
from reasoning.declare.series import CandleSeries, series_of
from reasoning.indicators.kind import DEFAULTS, IndicatorKind

CANDLE = ("open", "high", "low", "close", "volume")
"""The numbers of a candle that `now` and `last` have beside the indicators."""

PRICES = CANDLE[:-1]
"""Those of them that are in ticks."""

ONE = ("value",)


class Output(NamedTuple):
    """One of the numbers of an indicator that has several."""

    use: "Use"
    output: str

    def __repr__(self) -> str:
        """Return what a refusal calls it."""
        return f"a number of an indicator ({self.use.kind.name}.{self.output})"


class Use:
    """An indicator of a strategy; named by the attribute it is given to. Its outputs are attributes of it."""

    def __init__(
        self,
        kind: IndicatorKind,
        arguments: Sequence[Any],
        inputs: Sequence[Any],
        label: str | None,
        levels: Sequence[DeclaredParameter],
        *,
        draw: bool,
        on: CandleSeries | None = None,
    ) -> None:
        self.kind = kind
        self.arguments = tuple(arguments)
        self.inputs = tuple(inputs)
        self.label = label
        self.levels = tuple(levels)
        self.draw = draw
        self.on = on
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self.name = self.name or name

    def __repr__(self) -> str:
        """Return what a refusal calls it; its name is known only when the class is read."""
        return f"an indicator ({self.name or self.kind.name})"

    def __getattr__(self, output: str) -> Output:
        """Return one of its outputs. Raises AttributeError for another name."""
        if output.startswith("__") or output not in self.kind.outputs or self.single:
            raise AttributeError(f"{self.kind.name} has no {output}; {near(output, self.kind.outputs)}")
        return Output(self, output)

    def __call__(self, *_given: Any, **_named: Any) -> Any:
        """Raise Undeclarable: an attribute that is called like its kind hides it from the lines below."""
        kind = self.kind.name
        raise Undeclarable(f"an indicator is called {kind} above, which hides what declares it; rename that")

    @property
    def single(self) -> bool:
        """True when it is one number."""
        return self.kind.outputs == ONE

    @property
    def numbers(self) -> list[str]:
        """Return the names of its numbers, as `now` has them."""
        return [self.name] if self.single else [f"{self.name}.{each}" for each in self.kind.outputs]

    def waits_for(self, output: str) -> bool:
        """Tell whether 0.0 of one of its numbers says that there is none yet, and is no value."""
        return self.kind.late and output not in self.kind.directions

    def priced(self, output: str) -> bool:
        """Tell whether one of its outputs is in ticks of the symbol, not of another or volumes."""
        if self.on is not None and self.on.symbol:
            return False
        free = [each for name, each in zip(self.kind.inputs, self.inputs, strict=True) if name in DEFAULTS]
        return output in self.kind.prices and all(map(_is_price, free))

    def feeding(self) -> Iterator["Use"]:
        """Yield the indicators it is fed with."""
        for each in self.inputs:
            if isinstance(each, Use | Output):
                yield each if isinstance(each, Use) else each.use


def _is_price(given: "str | Use | Output") -> bool:
    if isinstance(given, str):
        return given in PRICES
    use, output = (given, "value") if isinstance(given, Use) else given
    return use.priced(output)


def constructor(kind: IndicatorKind) -> Callable[..., Any]:
    """Return the function that declares an indicator of this kind."""

    def declare(
        *arguments: Any,
        of: Any = None,
        label: str | None = None,
        levels: Sequence[Any] = (),
        draw: bool = True,
        on: Any = None,
        **named: Any,
    ) -> Any:
        values, inputs = _arguments(kind, arguments, named), _inputs(kind, of)
        return Use(kind, values, inputs, label, levels, draw=draw, on=_series(kind, on, inputs))

    declare.__name__ = declare.__qualname__ = kind.name
    declare.__doc__ = (
        f"{kind.title} Declared with {', '.join(each.name for each in kind.parameters) or 'nothing'}."
    )
    return declare


def _arguments(kind: IndicatorKind, given: Sequence[Any], named: dict[str, Any]) -> list[Any]:
    names = [each.name for each in kind.parameters]
    if len(given) > len(names):
        raise Undeclarable(
            f"{kind.name} takes {len(names)} parameters ({', '.join(names)}), not {len(given)}"
        )
    values = dict(zip(names, given, strict=False))
    for name, value in named.items():
        if name not in names:
            raise Undeclarable(f"{kind.name} has no parameter {name!r}; {near(name, names)}")
        if name in values:
            raise Undeclarable(f"{kind.name}: {name} is given twice")
        values[name] = value
    return [_argument(kind, each, values.get(each.name, each.default)) for each in kind.parameters]


def _argument(kind: IndicatorKind, wanted: Any, given: Any) -> Any:
    """Return an argument that lies within its kind's limits. Raises Undeclarable."""
    name = f"{kind.name}: {wanted.name}"
    if isinstance(given, DeclaredParameter):
        if given.kind is not wanted.kind and not (given.kind is int and wanted.kind is float):
            raise Undeclarable(
                f"{name} is {_called(wanted.kind)}, and its parameter is {_called(given.kind)}"
            )
        ends = [
            given.limits.get("ge", given.limits.get("gt")),
            given.limits.get("le", given.limits.get("lt")),
        ]
        if ends[0] is None or ends[1] is None:
            raise Undeclarable(
                f"{name} goes from {wanted.low:g} to {wanted.high:g}: give its parameter a range"
            )
    elif isinstance(given, bool) or not isinstance(given, int | float):
        raise Undeclarable(f"{name} is {shown(given)}; write a number, or a parameter declared before")
    elif wanted.kind is int and not isinstance(given, int):
        raise Undeclarable(f"{name} is {given!r} and must be a whole number")
    else:
        ends = [given, given]
    if not (wanted.low <= ends[0] and ends[1] <= wanted.high):
        text = f"{ends[0]:g}" if ends[0] == ends[1] else f"from {ends[0]:g} to {ends[1]:g}"
        raise Undeclarable(f"{name} is {text}, and goes from {wanted.low:g} to {wanted.high:g}")
    return given


def _called(kind: type[Any]) -> str:
    return {int: "a whole number (integer)", float: "a number", bool: "a switch"}[kind]


def _inputs(kind: IndicatorKind, of: Any) -> list[Any]:
    """Return what an indicator is fed with: candle columns, indicators, outputs. Raises Undeclarable."""
    free = [each for each in kind.inputs if each in DEFAULTS]
    given = [] if of is None else list(of) if isinstance(of, list) or type(of) is tuple else [of]
    if len(given) > len(free):
        takes = f"takes {len(free)}" if free else f"is made of {', '.join(kind.inputs)}"
        raise Undeclarable(f"{kind.name}(of=...) has {len(given)} numbers, and {takes}")
    chosen = {name: _input(kind, each) for name, each in zip(free, given, strict=False)}
    return [chosen.get(each, DEFAULTS.get(each, each)) for each in kind.inputs]


def _series(kind: IndicatorKind, on: Any, inputs: Sequence[Any]) -> CandleSeries | None:
    """Return the candles an indicator is made of: those of what it is fed with. Raises Undeclarable."""
    named = series_of(kind.name, on)
    fed = [each if isinstance(each, Use) else each.use for each in inputs if isinstance(each, Use | Output)]
    sources = [each.on for each in fed]
    if len(fed) == len(inputs) and named is None:
        named = sources[0]
    if any((each and each.key) != (named and named.key) for each in sources):
        raise Undeclarable(
            f"{kind.name}(of=...) is fed with an indicator of other candles; give both the same on="
        )
    return named


def _input(kind: IndicatorKind, given: Any) -> Any:
    if isinstance(given, Use) and not given.single:
        outputs = " or ".join(f"{given.kind.name}(...).{each}" for each in given.kind.outputs)
        raise Undeclarable(f"{kind.name}(of=...) is fed with several numbers; write one of {outputs}")
    if isinstance(given, Use | Output) or given in CANDLE:
        return given
    known = ", ".join(repr(each) for each in CANDLE)
    raise Undeclarable(f"{kind.name} cannot be made of {shown(given)}; of= takes {known} or an indicator")
