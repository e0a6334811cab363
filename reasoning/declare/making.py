"""A declared strategy: its class is read when it is defined, and an ordinary `Strategy` is made of it."""

import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

from reasoning.declare.columns import keys_of
from reasoning.declare.crossings import crossings_of
from reasoning.declare.exits import DeclaredExits, planner, repeated
from reasoning.declare.later import HOUSE, LaterStrategy
from reasoning.declare.parameters import (
    TIMEFRAME,
    DeclaredParameter,
    DeclaredParams,
    Relation,
    finite,
    params_of,
)
from reasoning.declare.refusal import Undeclarable
from reasoning.declare.series import CandleSeries
from reasoning.declare.shown import drawn_of, places, plain_words, priced, warming
from reasoning.declare.source import DecideSource, LeaveSource
from reasoning.declare.uses import CANDLE, Use
from reasoning.declare.writing import Declaration, Writer, bodies_of
from reasoning.kernels.strategy import MOST_WARMUP, Informative, Strategy

OWN = ("name", "label", "warmup", "decide", "leave", "exits", "strategy", "Params", "Packed")
"""Names of a class that are not declared numbers."""

WORDS = ("now", "last", "held", "market", "said")
"""Names that mean something else in decide or leave."""

DECLARES = "a strategy declares parameters, indicators, relations and numbers"
INSTEAD: dict[type, str] = {
    FunctionType: "write it above the class as a @kernel (domain.kernel), a function of numbers alone",
    bool: "write switch(True) for what may be set",
    str: f"{DECLARES}, and a text stands in reason= or above the class",
}


class Declared:
    """A strategy in a few lines: parameters, indicators, and a `decide` over their named numbers.

    Attributes of the class that a subclass sets:

    - parameters: `integer(...)`, `number(...)`, `switch(...)`, `self.NAME` in decide;
    - indicators: `ema(200)`, `bollinger(length, width)`, `now.NAME` and `last.NAME` in decide;
    - longer candles: `hour4 = timeframe("4h")`, then `ema(50, on=hour4)`, `now.hour4.close`;
    - candles of another symbol: `btc = symbol("BTC-USDT")` or `symbol("BTC-USDT", "4h")`, used alike;
    - relations: `ordered = fast < slow`; constants: plain numbers;
    - `exits = exits(...)`: when its positions are left;
    - `name` (the file's if not given), `label` (what its words call it), `warmup` (candles before the first
      vote, where it is to wait longer than its indicators need).

    `decide(self, now, last)` returns `buy(...)`, `sell(...)`, `vote(side, ...)`, `nothing(reason)` or None.
    `leave(self, now, last, held)`, where there is one, is asked on each closed candle of a position: it
    returns the share to be sold by now (True, 0.5), a text that is the reason for all, or both.
    Raises Undeclarable, with file and line, where the class is defined, for what cannot be compiled.
    """

    strategy: ClassVar[Strategy[Any]]
    Params: ClassVar[type[DeclaredParams]]
    Packed: ClassVar[type[tuple[Any, ...]]]

    def __init_subclass__(cls, **given: Any) -> None:
        """Make the strategy of a class that decides."""
        super().__init_subclass__(**given)
        if hasattr(cls, "decide"):
            cls.strategy = _made(cls)


def _made(owner: type[Declared]) -> Strategy[Any]:
    attributes = _attributes(owner)
    source = DecideSource(attributes.get("decide"))  # type: ignore[arg-type]  # it decides, as was asked
    declared = _declaration(owner, attributes, source)
    relations = [each for each in attributes.values() if isinstance(each, Relation)]
    for each in relations:
        if each.lower.default >= each.upper.default:
            low, high = (f"{one.name} {one.default}" for one in each)
            raise source.refused(f"{low} is not below {high}, and so are their defaults to be")
    leaving = _exits(attributes, declared)
    if leaving is not None:
        _check_tables(owner, source)
    owner.Params, owner.Packed = params_of(
        owner, declared.parameters, relations, leaving, several=bool(declared.series)
    )
    name = _name(owner, attributes, source)
    if owner.__module__.startswith(HOUSE):
        return LaterStrategy.of(
            owner, name, owner.Params, lambda: _written(owner, attributes, declared, name)
        )
    return _written(owner, attributes, declared, name)


def _written(
    owner: type[Declared], attributes: Mapping[str, Any], declared: Declaration, name: str
) -> Strategy[Any]:
    for each in (declared.source, declared.leave):
        if each is not None:
            each.read()
    leaving, bodies = _exits(attributes, declared), bodies_of(declared)
    writer = Writer(declared, bodies, owner.__module__)
    size, warmup = writer.size(), writer.warmup()
    step, signal = writer.step(), writer.signal()
    inform, paired = writer.inform()
    label = str(attributes.get("label", name))
    explain = writer.explain(plain_words(bodies), warming(label))
    fields_of = tuple(declared.parameters)
    numbers, columns, needs = keys_of(bodies.layout, fields_of)
    sides = () if declared.series else crossings_of(declared.source, numbers, fields_of, declared.constants)
    decide_at, signal_at = (None, None) if declared.series else writer.at(numbers)
    result = Strategy(
        name=name,
        timed=bodies.layout.timed,
        timeframes=tuple(dict.fromkeys(each.timeframe for each in declared.series if each.length)),
        informative=tuple(
            Informative(symbol, next(each.where for each in declared.series if each.symbol == symbol))
            for symbol in bodies.layout.symbols
        ),
        inform=inform,
        paired=paired,
        params=owner.Params,
        size=size,
        warmup=warmup,
        step=step,
        signal=signal,
        explain=explain,
        indicators=drawn_of(
            bodies, tuple(declared.parameters), {use.name: writer.known(use) for use in bodies.layout.uses}
        ),
        columns=columns,
        decide_at=decide_at,
        signal_at=signal_at,
        needs=needs,
        sides=sides,
        exits=planner(leaving, tuple(declared.parameters), bodies.leave, bodies.read),
        places=places(bodies),
        priced=priced(bodies.layout),
    )
    _name_by_class(owner, result)
    return result


def _name_by_class(owner: type, strategy: Strategy[Any]) -> None:
    """Name a strategy's functions by where they lie, so that another process finds them there."""
    for field in fields(strategy):
        each = getattr(strategy, field.name)
        if isinstance(each, FunctionType):
            each.__module__ = owner.__module__
            each.__qualname__ = f"{owner.__qualname__}.strategy.{field.name}"


def _attributes(owner: type) -> dict[str, Any]:
    """Return what a class and those above it set, the nearest last."""
    return {
        name: value
        for each in reversed(owner.__mro__)
        if each not in (object, Declared)
        for name, value in vars(each).items()
        if not name.startswith("_")
    }


def _declaration(owner: type, attributes: Mapping[str, Any], source: DecideSource) -> Declaration:
    parameters = {name: each for name, each in attributes.items() if isinstance(each, DeclaredParameter)}
    uses = {name: each for name, each in attributes.items() if isinstance(each, Use)}
    constants = {
        name: each for name, each in attributes.items() if type(each) in (int, float) and name not in OWN
    }
    for name, each in attributes.items():
        if (
            not isinstance(each, DeclaredParameter | Use | Relation | CandleSeries)
            and name not in constants
            and name not in OWN
        ):
            if isinstance(each, DeclaredExits):
                raise source.refused(f"{name} are exits; name them so: exits = exits(...)")
            what = f"{owner.__name__}.{name} is {type(each).__name__}"
            raise source.refused(f"{what}; {INSTEAD.get(type(each), DECLARES)}")
    for name, each in constants.items():
        if not finite(each):
            raise source.refused(f"{owner.__name__}.{name} is {str(each)[:40]}; write a finite number")
    series = {name: each for name, each in attributes.items() if isinstance(each, CandleSeries)}
    _check_names(owner, parameters, {**uses, **series}, constants, source)
    least = attributes.get("warmup", 0)
    if type(least) is not int or not 0 <= least <= MOST_WARMUP:
        what = f"warmup is {str(least)[:40]}; write a whole number of candles, at most {MOST_WARMUP:,}"
        raise source.refused(what)
    # What feeds an indicator without a name of its own is named after it.
    named = dict(uses)
    for name, use in uses.items():
        _name_feeds(name, use, named)
    leave = LeaveSource(attributes["leave"]) if "leave" in attributes else None
    return Declaration(source, parameters, named, constants, least, _candles(series, named, source), leave)


def _candles(
    named: Mapping[str, CandleSeries], uses: Mapping[str, Use], source: DecideSource
) -> tuple[CandleSeries, ...]:
    """Return the candles that indicators are made of beside the strategy's own, each once and with a name."""
    result: dict[tuple[str, int], CandleSeries] = {}
    for name, each in named.items():
        if result.setdefault(each.key, each) is not each:
            raise source.refused(f"{name} is {result[each.key].name} again; declare it once")
    for use in uses.values():
        if use.on is not None:
            use.on = result.setdefault(use.on.key, use.on)
            use.on.name = use.on.name or use.on.fallback
    return tuple(result[key] for key in sorted(result))


def _exits(attributes: Mapping[str, Any], declared: Declaration) -> DeclaredExits | None:
    """Return the exits of a class, each parameter of theirs one of the class. Raises Undeclarable."""
    given = attributes.get("exits")
    refused = declared.source.refused
    if given is None:
        return None
    if not isinstance(given, DeclaredExits):
        raise refused(f"exits is {type(given).__name__}; write exits = exits(roi={{0: 0.10, 60: 0.04}})")
    for each in given.parameters():
        if declared.parameters.get(each.name) is not each:
            what = f"a parameter of exits ({each.name or 'without a name'}) is none of the class"
            raise refused(f"{what}; declare it above as NAME = number(...) and write NAME in exits")
    return given


def _check_tables(owner: type, source: DecideSource) -> None:
    """Raise Undeclarable for a table of exits with a step twice, where the file can be read."""
    names = {each.__name__ for each in owner.__mro__}
    for each in source.classes():
        doubled = repeated(each) if each.name in names else None
        if doubled is not None:
            raise Undeclarable(doubled[0], source.file, doubled[1])


def _name_feeds(name: str, use: Use, named: dict[str, Use]) -> None:
    for each in use.feeding():
        if not each.name:
            each.name, each.draw = f"{name}_of", False
        if named.setdefault(each.name, each) is not each:
            each.name = f"{each.name}_{len(named)}"
            named[each.name] = each
        _name_feeds(each.name, each, named)


def _check_names(owner: type, *groups: Any) -> None:
    *declared, source = groups
    house = owner.__module__.startswith(HOUSE)  # its file is read when its kernels are written
    named = () if house else (source.now, source.last)
    taken = {*CANDLE, *OWN, *WORDS, *named, TIMEFRAME, *dir(DeclaredParams)}
    for name in (name for group in declared for name in group):
        if name in taken or "__" in name:
            raise source.refused(f"{owner.__name__}.{name}: the name is taken; choose another")
    for name, each in {**declared[0], **declared[1]}.items():
        if each.name != name:
            raise source.refused(f"{owner.__name__}.{name} is {each.name} again; declare it once")


def _name(owner: type, attributes: Mapping[str, Any], source: DecideSource) -> str:
    """Return the name that is given, else that of the file, else that of the class."""
    if "name" in attributes:
        return str(attributes["name"])
    stem = Path(source.file).stem
    if getattr(sys.modules.get(owner.__module__), "__file__", None) == source.file and stem.isidentifier():
        return stem.replace("_", "-")
    letters = (f"-{each.lower()}" if each.isupper() else each for each in owner.__name__)
    return "".join(letters).strip("-").replace("_", "-")
