"""The fill rules are kernels: listed for the compiler, integers only, safe in 64 bits."""

import ast
import inspect
from collections.abc import Callable
from typing import Any, NoReturn, Self, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import KERNELS
from domain.money import MAX_CASH
from platforms import fills
from platforms.fills import BUY, SELL, Costs

FUNCTIONS = [
    each for _, each in inspect.getmembers(fills, inspect.isfunction) if each.__module__ == fills.__name__
]
MOST = 100_000
LARGEST = 2**63 - 1
NOT_COMPILABLE = (
    ast.Div, ast.Dict, ast.Set, ast.List, ast.JoinedStr, ast.Try, ast.Raise, ast.With, ast.Lambda,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.Global, ast.Nonlocal, ast.Yield,
)  # fmt: skip


class Int64(int):
    """An integer that does what compiled code would do silently, loudly: it refuses to wrap."""

    def __new__(cls, value: int) -> Self:
        assert -LARGEST - 1 <= value <= LARGEST, f"{value} wraps in 64 bits"
        return super().__new__(cls, value)

    def __add__(self, other: int) -> "Int64":
        return Int64(int(self) + int(other))

    def __sub__(self, other: int) -> "Int64":
        return Int64(int(self) - int(other))

    def __mul__(self, other: int) -> "Int64":
        return Int64(int(self) * int(other))

    def __floordiv__(self, other: int) -> "Int64":
        assert int(self) >= 0, f"{int(self)} // {int(other)}: a negative operand rounds differently elsewhere"
        return Int64(int(self) // int(other))

    def __truediv__(self, other: int) -> NoReturn:
        raise AssertionError(f"{int(self)} / {int(other)} leaves the integers")

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> "Int64":
        return Int64(int(other) - int(self))


ppm = st.integers(0, MOST).map(Int64)
costs = st.builds(Costs, ppm, ppm, ppm, ppm, st.integers(0, 1_000_000).map(Int64))
sides = st.sampled_from([BUY, SELL])
prices = st.integers(1, MAX_CASH).map(Int64)


def test_there_are_kernels_to_look_at() -> None:
    assert {"market_price", "stop_price", "target_price", "limit_price", "fee_step"} <= {
        each.__name__ for each in FUNCTIONS
    }


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_every_function_of_the_fill_rules_is_listed_for_the_compiler(function: Callable[..., Any]) -> None:
    assert function in KERNELS


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_a_kernel_takes_integers_and_returns_one(function: Callable[..., Any]) -> None:
    hints = get_type_hints(function)
    assert hints.pop("return") is int
    assert set(hints.values()) <= {int, Costs}
    kinds = {each.kind for each in inspect.signature(function).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.__name__)
def test_a_kernel_stays_in_the_compilable_subset(function: Callable[..., Any]) -> None:
    (definition,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(definition, ast.FunctionDef)
    nodes = [node for statement in definition.body[1:] for node in ast.walk(statement)]
    assert not [node for node in nodes if isinstance(node, NOT_COMPILABLE)]
    constants = {type(node.value) for node in nodes if isinstance(node, ast.Constant)}
    assert constants <= {int}


@given(sides, prices, prices, prices, costs)
def test_no_price_wraps_or_leaves_the_grid(
    side: int, level: Int64, open_: Int64, other: Int64, costs: Costs
) -> None:
    high, low = max(open_, other), min(open_, other)
    found = [
        fills.market_price(side, level, costs),
        fills.stop_price(side, level, open_, high, low, costs),
        fills.target_price(side, level, open_, high, low, costs),
        fills.taken_price(side, level, open_, costs),
        fills.limit_price(side, level, high, low, costs),
    ]
    assert found[0] >= 1
    assert all(type(price) in (int, Int64) and price >= 0 for price in found)


@given(st.integers(0, MAX_CASH), st.data(), ppm)
def test_no_fee_wraps(total: int, data: st.DataObject, rate: Int64) -> None:
    before = data.draw(st.integers(0, total))
    fee = fills.fee_step(Int64(before), Int64(total - before), rate)
    assert 0 <= fee <= total - before
    lots = data.draw(st.integers(1, max(1, total)))
    assert fills.buy_cost(Int64(total // lots), Int64(lots), Int64(1), rate) >= total // lots * lots


@given(st.integers(0, MAX_CASH).map(Int64), costs)
def test_the_share_of_a_volume_never_exceeds_it(volume: Int64, costs: Costs) -> None:
    assert 0 <= fills.share_of_volume(volume, costs) <= volume


def test_the_guard_itself_can_fail() -> None:
    with pytest.raises(AssertionError, match="wraps"):
        Int64(MAX_CASH) * 3
    with pytest.raises(AssertionError, match="leaves the integers"):
        Int64(1) / 2
