"""The parameters of a declared strategy: ranges, what must hold between them, and the class made of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from pydantic import Field, create_model, model_validator

from reasoning.declare.refusal import Undeclarable
from reasoning.kernels.strategy import StrategyParams

TIMEFRAME = "timeframe_ms"
"""The packed number that is no parameter: the length of a strategy's own candles."""
MOST_WHOLE = 2**53
"""The largest whole number, either way, that a float holds exactly: a decision works with floats."""


class Relation(NamedTuple):
    """A parameter that must lie below another."""

    lower: "DeclaredParameter"
    upper: "DeclaredParameter"

    def __bool__(self) -> bool:
        """Raise Undeclarable: Python asks it of a < b < c or of an `and`, and would keep the last alone."""
        raise Undeclarable(
            "a relation joins two parameters; write each by itself: first = fast < slow, then = slow < calm"
        )


class DeclaredParameter:
    """A number that may be set: its kind, default and limits; named by the attribute it is given to."""

    def __init__(
        self, kind: type[Any], default: float, text: str, limits: Mapping[str, float | None]
    ) -> None:
        self.kind = kind
        self.default = default
        self.text = text
        self.limits: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
        self.name = ""
        fault = _fault(kind, default, text, self.limits)
        if fault:
            raise Undeclarable(f"{WORDS[kind]}: {fault}")

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self.name = self.name or name

    def __repr__(self) -> str:
        """Return what a refusal calls it."""
        return f"a parameter ({self.name})" if self.name else "a parameter"

    def __lt__(self, other: Any) -> Relation:
        """Return the relation that this lies below another."""
        return Relation(self, _other(other))

    def __gt__(self, other: Any) -> Relation:
        """Return the relation that this lies above another."""
        return Relation(_other(other), self)

    def __le__(self, other: Any) -> Relation:
        """Raise Undeclarable: there are < and > alone."""
        raise Undeclarable("parameters are related by < or >, such as fast < slow")

    __ge__ = __le__

    def field(self) -> Any:
        """Return it as a field of a model; a whole number without limits has those of a float's."""
        limits: dict[str, Any] = self.limits
        if self.kind is int:
            least = {} if {"ge", "gt"} & set(limits) else {"ge": -MOST_WHOLE}
            most = {} if {"le", "lt"} & set(limits) else {"le": MOST_WHOLE}
            limits = {**limits, **least, **most}
        return self.kind, Field(self.default, description=self.text or None, **limits)


WORDS: dict[type[Any], str] = {int: "integer", float: "number", bool: "switch"}


def _fault(kind: type[Any], default: Any, text: Any, limits: Mapping[str, Any]) -> str:
    """Say what is wrong with a parameter's default, range or meaning; "" where nothing is."""
    if not isinstance(text, str):
        return f"its meaning is {text!r}; write a text, such as {WORDS[kind]}({default!r}, text='candles')"
    if kind is bool:
        return "" if isinstance(default, bool) else f"its default is {default!r}; write True or False"
    for what, given in (("default", default), *(("limit", each) for each in limits.values())):
        if kind is int and (type(given) is not int or abs(given) > MOST_WHOLE):
            return f"its {what} is {str(given)[:40]}; write a whole number from -2**53 to 2**53"
        if kind is float and (type(given) not in (int, float) or not finite(given)):
            return f"its {what} is {str(given)[:40]}; write a finite number"
    return _outside(default, limits)


def is_plain(given: Any) -> bool:
    """Tell whether something is a number and no truth."""
    return isinstance(given, int | float) and not isinstance(given, bool)


def finite(given: float) -> bool:
    """Tell whether a number is finite, as a float too."""
    try:
        return isfinite(given)
    except OverflowError:  # a whole number that no float holds
        return False


def _outside(default: Any, limits: Mapping[str, Any]) -> str:
    """Say that no number lies within the limits, or the default does not; "" where it does."""
    low, high = (limits.get(one, limits.get(other)) for one, other in (("ge", "gt"), ("le", "lt")))
    if low is not None and high is not None and low > high:
        return f"its range goes from {low} to {high}; write the lower limit first"
    tests = {"ge": default >= low, "gt": default > low} if low is not None else {}
    tests |= {"le": default <= high, "lt": default < high} if high is not None else {}
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    wrong = [f"{words[name]} {limit}" for name, limit in limits.items() if not tests[name]]
    return f"its default {default} must be {' and '.join(wrong)}" if wrong else ""


def _other(other: Any) -> DeclaredParameter:
    if not isinstance(other, DeclaredParameter):
        raise Undeclarable(
            "a relation joins two parameters, such as fast < slow; a limit of one is its range"
        )
    return other


def integer(
    default: int,
    low: int | None = None,
    high: int | None = None,
    text: str = "",
    *,
    above: int | None = None,
    below: int | None = None,
) -> Any:
    """Declare a whole number from `low` to `high`, or `above` one limit and `below` another."""
    return DeclaredParameter(int, default, text, {"ge": low, "le": high, "gt": above, "lt": below})


def number(
    default: float,
    low: float | None = None,
    high: float | None = None,
    text: str = "",
    *,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Declare a number from `low` to `high`, or `above` one limit and `below` another."""
    return DeclaredParameter(float, default, text, {"ge": low, "le": high, "gt": above, "lt": below})


def switch(default: bool, text: str = "") -> Any:  # noqa: FBT001  # it is the switch
    """Declare something that is on or off."""
    return DeclaredParameter(bool, default, text, {})


class RelatedValues(Protocol):
    """Values that stand for one another, such as the shares of a table."""

    def faults(self, value: Callable[[Any], Any], /) -> Iterator[str]:
        """Yield what is wrong between them, `value` being what each is set to."""
        ...


class DeclaredParams(StrategyParams):
    """The parameters of a declared strategy as a user sets them."""

    numbers: ClassVar[type[tuple[Any, ...]]]
    relations: ClassVar[Sequence[Relation]] = ()
    related: ClassVar[RelatedValues | None] = None

    @model_validator(mode="after")
    def _related(self) -> Self:
        for lower, upper in self.relations:
            low, high = getattr(self, lower.name), getattr(self, upper.name)
            if low >= high:
                raise ValueError(f"{lower.name} {low} is not below {upper.name} {high}")
        for fault in () if self.related is None else self.related.faults(self._value):
            raise ValueError(fault)
        return self

    def _value(self, given: Any) -> Any:
        """Return a number, or what a parameter is set to."""
        return getattr(self, given.name) if isinstance(given, DeclaredParameter) else given

    def packed(self) -> tuple[Any, ...]:
        """Return the parameters as numbers; a switch is 1 or 0: machine code makes no float of a truth."""
        values = [getattr(self, name) for name in type(self).model_fields]
        plain: list[Any] = [int(each) if isinstance(each, bool) else each for each in values]
        return self.numbers(*plain)


def params_of(
    owner: type,
    parameters: Mapping[str, DeclaredParameter],
    relations: Sequence[Relation],
    related: RelatedValues | None = None,
    *,
    several: bool = False,
) -> tuple[type[DeclaredParams], type[tuple[Any, ...]]]:
    """Return the class of a strategy's parameters and the NamedTuple its kernels take.

    Both are found again by their names inside the owner, so that they travel to other processes. With
    `several` timeframes the numbers end with the length of the candles in ms, 0 until they are known.
    """
    fields = [(name, int if each.kind is bool else each.kind) for name, each in parameters.items()]
    if several:
        fields.append((TIMEFRAME, int))
    packed = NamedTuple("Packed", fields)  # type: ignore[misc]  # its fields are those declared
    if several:
        packed.__new__.__defaults__ = (0,)
    given: dict[str, Any] = {name: each.field() for name, each in parameters.items()}
    params = create_model(
        f"{owner.__name__}Params", __base__=DeclaredParams, __module__=owner.__module__, **given
    )
    params.numbers, params.relations, params.related = packed, tuple(relations), related
    for name, each in (("Packed", packed), ("Params", params)):
        each.__module__, each.__qualname__ = owner.__module__, f"{owner.__qualname__}.{name}"
    packed.__doc__ = f"The parameters of {owner.__name__} as its kernels take them."
    params.__doc__ = f"The parameters of {owner.__name__} as a user sets them."
    return params, packed
