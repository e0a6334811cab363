"""The kernel marker: a list of plain functions that the loop and the backtest share.

A kernel takes and returns numbers, tuples, NamedTuples of numbers and flat arrays of float64
(a list in the loop, a NumPy array when compiled). It allocates nothing it does not return, reads
no clock, no setting and no global but constants, and raises nothing. `research` hands every
function on the list to the compiler; the loop calls it as it is.
"""

from collections.abc import Callable
from typing import Any, TypeVar

KERNELS: list[Callable[..., Any]] = []

PRIMITIVES: list[Callable[..., Any]] = []
"""Functions with machine code of their own, which a kernel may call; `research` writes it."""

LATER: list[Callable[[], object]] = []
"""What writes the kernels of a strategy, once, where nobody has asked for one of them before."""

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Put a function on the list of kernels and return it unchanged."""
    KERNELS.append(function)
    return function


def primitive(function: F) -> F:
    """Put a function on the list of those with machine code of their own and return it unchanged."""
    PRIMITIVES.append(function)
    return function


def write_all() -> None:
    """Write the kernels that were not written yet: for whoever goes through the list."""
    for write in LATER:
        write()
