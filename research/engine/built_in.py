"""Python's `min`, `max` and `int` of plain numbers as kernels.

numba compiles each anew for every kind and count of numbers, down to machine code that nobody calls:
sixteen functions in a first backtest. Whatever else is asked of them is left to numba. Imports numba
(half a second).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
from numba import extending, types

from research.engine.kernel_type import KernelType
from research.engine.remembering import INSTEAD

extend: Any = extending
int64: Any = numba.int64


def least(one: Any, other: Any) -> Any:
    """Return the smaller of two numbers, the first of equals."""
    return other if other < one else one  # noqa: FURB136  # it is what min is made of


def least_of_three(one: Any, other: Any, third: Any) -> Any:
    """Return the smallest of three numbers, the first of equals."""
    smaller = min(one, other)
    return min(smaller, third)


def least_of_four(one: Any, other: Any, third: Any, fourth: Any) -> Any:
    """Return the smallest of four numbers, the first of equals."""
    smaller = min(one, other, third)
    return min(smaller, fourth)


def largest(one: Any, other: Any) -> Any:
    """Return the larger of two numbers, the first of equals."""
    return other if other > one else one  # noqa: FURB136  # it is what max is made of


def largest_of_three(one: Any, other: Any, third: Any) -> Any:
    """Return the largest of three numbers, the first of equals."""
    larger = max(one, other)
    return max(larger, third)


def largest_of_four(one: Any, other: Any, third: Any, fourth: Any) -> Any:
    """Return the largest of four numbers, the first of equals."""
    larger = max(one, other, third)
    return max(larger, fourth)


def whole(number: Any) -> Any:
    """Return a number without what stands behind its point."""
    return int64(number)


KERNELS: dict[Any, tuple[Callable[..., Any], ...]] = {
    min: (least, least_of_three, least_of_four),
    max: (largest, largest_of_three, largest_of_four),
    int: (whole,),
}
NUMBERS = (types.int32, types.int64, types.float64)


@cache
def _kernel_type(function: Callable[..., Any]) -> KernelType:
    return KernelType(function)


class BuiltInType(types.Callable, types.Dummy):
    """The compiler's type of one of them: a kernel for plain numbers, numba's own for all else."""

    def __init__(self, function: Callable[..., Any], numbas: Any) -> None:
        self._kernels = {each.__code__.co_argcount: _kernel_type(each) for each in KERNELS[function]}
        self._numbas = numbas
        super().__init__(name=f"built-in({function.__name__})")

    def _chosen(self, args: Any) -> Any:
        plain = all(types.unliteral(each) in NUMBERS for each in args)
        return self._kernels.get(len(args), self._numbas) if plain else self._numbas

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call."""
        return (self._numbas if kws else self._chosen(args)).get_call_type(context, args, kws)

    def get_call_signatures(self) -> tuple[list[Any], bool]:
        """Return the signatures numba knows of, and that there may be more."""
        result: tuple[list[Any], bool] = self._numbas.get_call_signatures()
        return result

    def get_impl_key(self, sig: Any) -> Any:
        """Return what stands for the code of a signature."""
        return self._chosen(sig.args).get_impl_key(sig)


extend.register_model(BuiltInType)(extend.models.OpaqueModel)
INSTEAD.update(dict.fromkeys(KERNELS, BuiltInType))
