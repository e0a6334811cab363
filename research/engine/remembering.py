"""numba's two contexts while one outermost function is compiled: what was asked once is not looked up again.

numba looks up what an operator comes to for each statement twice, once to type it and once to lower it, in
every table it has, and words an error for each that does not know; nearly all that is asked are the same
few operators of the same few kinds of numbers. Imports numba (half a second).
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.
# ruff: noqa: SLF001  # what a library of code hands to another is private in numba

import copy
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite.binding import ffi
from numba import types
from numba.core import errors
from numba.core.compiler_machinery import PassManager
from numba.core.cpu import CPUContext

INSTEAD: dict[Any, Callable[[Any, Any], Any]] = {}
"""Functions with another type in a kernel than numba's: what makes it, of the function and of that type."""


class RememberedOperator(types.Function):
    """An operator as lowering asks for it: what its kinds of numbers come to is looked up once."""

    def __init__(self, function: Any) -> None:
        super().__init__(list(function.templates))
        self._impl_keys = function._impl_keys
        self._known: dict[tuple[Any, ...], Any] = {}

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call; raises what was raised before for the same kinds."""
        if kws:
            return super().get_call_type(context, args, kws)
        key = tuple(args)
        if key not in self._known:
            try:
                self._known[key] = super().get_call_type(context, args, kws)
            except errors.TypingError as error:
                self._known[key] = error
        if isinstance(self._known[key], errors.TypingError):
            raise self._known[key]
        return self._known[key]


class KernelContext(CPUContext):
    """numba's context for machine code, which looks for what is new only where it knows of nothing."""

    def refresh(self) -> None:
        """Do nothing: it was done when the outermost function began."""

    def get_function(self, fn: Any, sig: Any, _firstcall: bool = True) -> Any:  # noqa: FBT001, FBT002  # numba's
        """Return what writes a call's code; an intrinsic is known of since it was typed."""
        try:
            return super().get_function(fn, sig, _firstcall)
        except NotImplementedError:
            if isinstance(fn, RememberedOperator) or not _firstcall:
                raise
            super().refresh()
            return super().get_function(fn, sig, _firstcall=False)


class KernelPasses(PassManager):
    """The steps of a kernel, run one after another: no event, no timer, nothing done twice to be sure."""

    def _runPass(self, index: int, step: Any, state: Any) -> None:  # noqa: N802  # numba's name
        del index
        step.analysis = self._analysis
        step.run_initialization(state)
        step.run_pass(state)
        step.run_finalizer(state)


def remembering(typing: Any, target: Any) -> tuple[Any, Any]:
    """Return numba's two contexts as they are now, which remember what they resolved."""
    result, quiet = copy.copy(typing), copy.copy(target)
    result.resolve_function_type = _resolving(typing, result)
    result.resolve_value_type = _once(lambda value: _ours(value, typing.resolve_value_type(value)))
    result.refresh = lambda: None
    quiet.__class__ = KernelContext
    quiet.typing_context = lowering = copy.copy(result)
    lowering.resolve_value_type = _once(lambda value: _remembered(typing.resolve_value_type(value)))
    quiet.get_arg_packer = _packing(target)
    return result, quiet


def _resolving(typing: Any, result: Any) -> Callable[..., Any]:
    known: dict[Any, Any] = {}

    def resolve(function: Any, given: Any, named: Any) -> Any:
        # An index may be a number: 1 and True are the same key there, and other code.
        key = (function, *given)
        if named or not all(isinstance(each, types.Type) for each in given):
            return type(typing).resolve_function_type(result, function, given, named)
        if key not in known:
            known[key] = type(typing).resolve_function_type(result, function, given, named)
        return known[key]

    return resolve


def _once(find: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what finds a function's type once, and that of any other value each time."""
    known: dict[int, tuple[Any, Any]] = {}

    def found(value: Any) -> Any:
        if not callable(value):
            return find(value)
        if id(value) not in known:
            known[id(value)] = value, find(value)
        return known[id(value)][1]

    return found


def _ours(value: Any, kind: Any) -> Any:
    make = INSTEAD.get(value) if isinstance(value, Hashable) else None
    return kind if make is None else make(value, kind)


def _remembered(kind: Any) -> Any:
    return RememberedOperator(kind) if type(kind) is types.Function else kind


def _packing(target: Any) -> Callable[..., Any]:
    known: dict[tuple[Any, ...], Any] = {}

    def packer(kinds: Any) -> Any:
        key = tuple(kinds)
        if key not in known:
            known[key] = type(target).get_arg_packer(target, kinds)
        return known[key]

    return packer


@contextmanager
def unwatched() -> Iterator[None]:
    """Tell nobody of each call of LLVM, and colour no error: of ten thousand all but the last are caught."""
    scheme: Any = errors.termcolor()
    lock: Any = ffi.lib._lock
    heard, lock._cblist = lock._cblist, []
    scheme._markup = lambda text, *_: text
    try:
        yield
    finally:
        lock._cblist = heard
        del scheme._markup
