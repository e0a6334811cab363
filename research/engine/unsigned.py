"""The machine code of `quotient`: a division that looks for no sign. Imports numba, half a second."""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

from typing import Any, ClassVar

from numba import extending, types
from numba.core.typing.templates import ConcreteTemplate, infer_global

from domain.money import quotient

extend: Any = extending


@infer_global(quotient)
class Quotient(ConcreteTemplate):
    """The kinds of numbers `quotient` takes and returns."""

    cases: ClassVar[list[Any]] = [types.int64(types.int64, types.int64)]


@extend.lower_builtin(quotient, types.int64, types.int64)
def unsigned(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
    """Write what `quotient` is in machine code: without the steps that round a negative quotient down.

    An overload would be compiled and looked for at each call, a quarter more of the whole.
    """
    amount, by = given
    # A processor stops at 0, which is none of the numbers that are asked about.
    nought = builder.icmp_unsigned("==", by, by.type(0))
    return builder.udiv(amount, builder.select(nought, by.type(1), by))
