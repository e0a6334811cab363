"""The limits of what is given with a vote, held against what is written or declared.

A number that is worked out is looked at when it is known: a confidence above 100 counts as 100, one that is
none is a fault of the strategy, a stop that is none is no stop, and the gate lets no entry pass without.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from reasoning.declare.refusal import shown


class PartLimit(NamedTuple):
    """The range of a part of a vote, and what to write instead."""

    low: float
    high: float
    instead: str
    whole: bool = False


MOST_LEVEL = 2.0**53
SIGNS: Mapping[type[ast.AST], Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
SUMS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
POINTS = "write points, such as"
LIMITS = {
    "confidence": PartLimit(0, 100, f"{POINTS} confidence=80"),
    "base": PartLimit(0, 100, f"{POINTS} base=50"),
    "trend": PartLimit(-100, 100, f"{POINTS} trend=20"),
    "stop_ppm": PartLimit(
        1, 999_999, "write whole parts per million, such as stop_ppm=30_000 for 3 %", whole=True
    ),
    "stop": PartLimit(1, MOST_LEVEL, "write a price, such as stop=now.close * 0.97; left out it is 3 %"),
    "target": PartLimit(1, MOST_LEVEL, "write a price, such as target=now.close * 1.05; or leave it out"),
}


def fault_of(name: str, value: ast.expr, parameters: Any) -> str:
    """Say what is wrong with a part of a vote as written, or with its parameter's range; "" for nothing."""
    limit = LIMITS[name]
    written = _worked_out(value)
    if written is not None:
        inside = limit.low <= written <= limit.high and (not limit.whole or written == int(written))
        return "" if inside else f"{name} {_range(limit)}, not {written:g}; {limit.instead}"
    parameter = parameters.get(value.id.removeprefix("_set_")) if isinstance(value, ast.Name) else None
    if parameter is None:
        return ""
    if parameter.kind is not int and limit.whole:
        return f"{name} is a whole number: declare {parameter.name} as integer(...)"
    low, high = (
        parameter.limits.get(closed, parameter.limits.get(open_))
        for closed, open_ in (("ge", "gt"), ("le", "lt"))
    )
    if low is None or high is None:
        return f"{name} {_range(limit)}: give its parameter {parameter.name} a range"
    if limit.low <= low and high <= limit.high:
        return ""
    return f"{name} {_range(limit)}, and its parameter {parameter.name} from {shown(low)} to {shown(high)}"


def _range(limit: PartLimit) -> str:
    if limit.high == MOST_LEVEL:
        return "is at least one tick"
    return f"goes from {limit.low:,.0f} to {limit.high:,.0f}"


def _worked_out(node: ast.expr) -> float | None:
    """Return what an expression of written numbers alone comes to, None for another or for no number."""
    try:
        match node:
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in SIGNS:
                of = _worked_out(operand)
                return None if of is None else SIGNS[type(op)](of)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in SUMS:
                one, other = _worked_out(left), _worked_out(right)
                return None if one is None or other is None else SUMS[type(op)](one, other)
    except ArithmeticError:
        pass
    return None
