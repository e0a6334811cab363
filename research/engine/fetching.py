"""The machine code of `fetch`: memory is on its way before it is read. Imports numba, half a second."""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.np import arrayobj

from research.engine.ahead_of import fetch

extend: Any = extending
READ, KEEP, DATA = 0, 3, 1
"""Arguments of LLVM's prefetch: to be read, to be kept in the nearest cache, no instructions."""


@extend.intrinsic
def prefetch(_context: Any, array: Any, index: Any) -> Any:
    """Have the number of an array at `index` brought near; any index will do."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        lies = arrayobj.make_array(signature.args[0])(context, builder, given[0])
        byte, code = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, code, code, code])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        address = builder.bitcast(builder.gep(lies.data, [given[1]]), byte)
        builder.call(ask, [address, *(code(each) for each in (READ, KEEP, DATA))])
        return context.get_dummy_value()

    return types.void(array, index), build


@extend.overload(fetch, jit_options={"_nrt": False, "forceinline": True})
def fetched(array: Any, index: Any) -> Callable[..., None]:  # noqa: ARG001  # types, as numba asks
    """Return what `fetch` is in machine code."""

    def near(array: Any, index: Any) -> None:
        prefetch(array, index)

    return near
