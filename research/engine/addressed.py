"""Columns by their address, for machine code that reads those of many trials in one call.

A compiler takes the columns of one trial as a tuple; those of many, each trial with others, are as many
arguments as there are arrays. So whoever calls keeps the arrays alive and tells where they lie. Imports
numba, which takes half a second.
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

from typing import Any

from numba import extending, types
from numba.core import cgutils
from numba.np import arrayobj

extend: Any = extending


@extend.intrinsic
def column_at(_context: Any, address: Any, count: Any) -> Any:
    """Return the column of `count` numbers at an address."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        built = arrayobj.make_array(signature.return_type)(context, builder)
        number = context.get_data_type(types.float64)
        size = context.get_constant(types.intp, 8)
        arrayobj.populate_array(
            built,
            data=builder.inttoptr(given[0], number.as_pointer()),
            shape=cgutils.pack_array(builder, [given[1]]),
            strides=cgutils.pack_array(builder, [size]),
            itemsize=size,
            meminfo=None,
        )
        return built._getvalue()  # noqa: SLF001  # numba's name for it

    return types.Array(types.float64, 1, "C")(address, count), build
