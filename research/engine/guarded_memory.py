"""A memory for machine code that looks at every index, and the checks of what a strategy says.

To a kernel it is what an array is: it can be indexed, written to and asked for its length. Nothing else is
taken, so what would reach it another way does not compile. Imports numba, which takes half a second.
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

import operator
from typing import Any

from numba import extending, types
from numba.core import cgutils

from reasoning.own import MOST_LEVEL
from research.engine.machine_code import inner_options, jitable

INLINED = inner_options()
INDEX = types.Integer | types.Boolean

extend: Any = extending


class GuardedArray(types.Type):
    """The compiler's type of an array behind a look at every index."""

    def __init__(self, array: Any) -> None:
        self.array = array
        super().__init__(name=f"Guarded({array})")


@extend.register_model(GuardedArray)
class _Model(extend.models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("array", kind.array)])


extend.make_attribute_wrapper(GuardedArray, "array", "array")


@extend.intrinsic
def guard(_context: Any, array: Any) -> Any:
    """Return an array as a guarded memory."""

    def build(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        built = cgutils.create_struct_proxy(signature.return_type)(context, builder)
        built.array = given[0]
        return built._getvalue()  # noqa: SLF001  # numba's name for it

    return GuardedArray(array)(array), build


@extend.overload(len, jit_options=INLINED)
def _length(memory: Any) -> Any:
    return (lambda memory: len(memory.array)) if isinstance(memory, GuardedArray) else None


@extend.overload(operator.getitem, jit_options=INLINED)
def _get(memory: Any, index: Any) -> Any:
    if not isinstance(memory, GuardedArray) or not isinstance(index, INDEX):
        return None

    def get(memory: Any, index: Any) -> Any:
        if index < 0 or index >= len(memory.array):
            raise IndexError("memory index out of range")
        return memory.array[index]

    return get


@extend.overload(operator.setitem, jit_options=INLINED)
def _set(memory: Any, index: Any, value: Any) -> Any:
    del value
    if not isinstance(memory, GuardedArray) or not isinstance(index, INDEX):
        return None

    def put(memory: Any, index: Any, value: Any) -> None:
        if index < 0 or index >= len(memory.array):
            raise IndexError("memory index out of range")
        memory.array[index] = value

    return put


@jitable
def whole(level: Any, least: int, most: int) -> Any:
    """Tell whether a number is whole and within its limits; what is no number is not."""
    return level >= least and level <= most and level == int(level)


@jitable
def sound_vote(vote: Any) -> Any:
    """Return a vote as an integer. Raises ValueError for what is none."""
    if not whole(vote, -1, 1):
        raise ValueError("a vote that is none")
    return int(vote)


@jitable
def sound(text: Any) -> Any:
    """Return a signal as it is. Raises ValueError for one that `reasoning.own.objection` objects to."""
    parts = text.base + text.trend + text.volume + text.volatility
    good = text.confidence >= 0 and text.confidence <= 100 and parts - parts == 0
    levels = whole(text.stop, -MOST_LEVEL, MOST_LEVEL) and whole(text.target, -MOST_LEVEL, MOST_LEVEL)
    if not good or not levels or not whole(text.stop_ppm, 0, 999_999) or not whole(text.vote, -1, 1):
        raise ValueError("a signal that is none")
    return text
