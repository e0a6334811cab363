"""The machine code of `smoothed`: a division by a whole number that does not wait for the divider.

y = average * (n - 1) + value is worked out as it stands. Beside it, not behind it, a quotient is estimated,
q = average * ((n - 1) / n) + value * (1 / n), and corrected by what it leaves: r = y - q n, then
q + r (1 / n), both with one rounding (fma). That is y / n as the processor rounds it:

1. Average and value are not negative, so nothing cancels: q and y / n differ by a few units in the last place
   (ulp), seven at most.
2. r is exact. y and q n are multiples of ulp(q), for n is a whole number; so is r, which is 8 n of them at
   most, fewer than 2**53.
3. Before its rounding the last step is y / n but for r times the error of 1 / n: 2**-49 ulp.
4. y / n is no middle of two floats: n times one, an odd number of 54 bits, has more bits than y. Nor is it
   near one: y less n times the middle is a whole number of half ulps, so they lie 1 / (4 n) ulp apart, 2**-22
   or more. What is 2**-49 ulp away from y / n is thus rounded to the same float.

Nothing may underflow or overflow on the way: beyond `SMALLEST` and `LARGEST`, for what is negative, for zero,
infinity and NaN, and for n beyond `MOST`, it divides. So it does throughout on a processor without fma.
Source: Markstein, IBM Journal of Research and Development 34:1 (1990); Brisebarre, Muller and Raina, IEEE
Transactions on Computers 53:8 (2004). Imports numba, half a second.
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

import platform
from functools import reduce
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.core.typing.templates import signature as signed
from numba.cpython import numbers

from reasoning.kernels.wilder import smoothed

extend: Any = extending
SMALLEST, LARGEST = 1e-280, 1e280
"""Numbers that are divided so."""
MOST = 2**20
"""The largest n that numbers are divided by so."""
DOUBLE = ir.DoubleType()
ONE = DOUBLE(1.0)
RATIO = signed(types.float64, types.float64, types.float64)


def has_fma() -> bool:
    """Tell whether the processor multiplies and adds with one rounding; every one of 64 bits by ARM does."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return True
    return bool(llvm.get_host_cpu_features().get("fma", False))


FUSED = has_fma()


@extend.type_callable(smoothed)
def typed(_context: Any) -> Any:
    """Return what tells the kinds of numbers."""

    def typer(average: Any, n: Any, value: Any) -> Any:
        del average, value
        by = types.int64 if isinstance(n, types.Integer) else types.float64
        return signed(types.float64, types.float64, by, types.float64)

    return typer


@extend.lower_builtin(smoothed, types.float64, types.float64, types.float64)
def divided(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
    """Write the division as it stands."""
    average, n, value = given
    return quotient(context, builder, weighed(builder, average, builder.fsub(n, ONE), value), n)


@extend.lower_builtin(smoothed, types.float64, types.int64, types.float64)
def corrected(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
    """Write the estimate and its correction where they are exact, else the division."""
    average, count, value = given
    n = builder.sitofp(count, DOUBLE)
    rest = builder.sitofp(builder.sub(count, count.type(1)), DOUBLE)
    whole = weighed(builder, average, rest, value)
    if not FUSED:
        return quotient(context, builder, whole, n)
    result = cgutils.alloca_once(builder, DOUBLE)
    with builder.if_else(is_exact(builder, average, count, value, whole), likely=True) as (then, otherwise):
        with then:
            share = builder.fdiv(ONE, n)
            near = builder.fma(average, builder.fdiv(rest, n), builder.fmul(value, share))
            left = builder.fma(builder.fneg(near), n, whole)
            builder.store(builder.fma(left, share, near), result)
        with otherwise:
            builder.store(quotient(context, builder, whole, n), result)
    return builder.load(result)


def weighed(builder: Any, average: Any, rest: Any, value: Any) -> Any:
    """Write what is divided."""
    return builder.fadd(builder.fmul(average, rest), value)


def quotient(context: Any, builder: Any, whole: Any, n: Any) -> Any:
    """Write a division as numba does: by zero it raises where its caller's does."""
    return numbers.real_div_impl(context, builder, RATIO, (whole, n))


def is_exact(builder: Any, average: Any, count: Any, value: Any, whole: Any) -> Any:
    """Write the question whether the correction comes to the quotient."""
    zero, none = DOUBLE(0.0), count.type(0)
    asked = (
        builder.fcmp_ordered(">=", average, zero),
        builder.fcmp_ordered(">=", value, zero),
        builder.fcmp_ordered(">=", whole, DOUBLE(SMALLEST)),
        builder.fcmp_ordered("<=", whole, DOUBLE(LARGEST)),
        builder.icmp_signed(">", count, none),
        builder.icmp_signed("<=", count, count.type(MOST)),
    )
    return reduce(builder.and_, asked)
