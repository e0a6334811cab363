"""A kernel as the compiler meets it in another: a function with a form for each kind of numbers.

numba's own way, an overload, looks at every other overload and at all its options at each call, some hundred
thousand times in a backtest's rules. Imports numba, which takes half a second.
"""

# mypy: disable-error-code="misc, untyped-decorator, no-untyped-call"
# numba has no types for what its own compiler is extended with.

from collections.abc import Callable
from typing import Any

import numba
from numba import extending, types
from numba.core.targetconfig import ConfigStack
from numba.core.typing.templates import infer_global

from research.engine.kernel_code import compiler_of_kernels
from research.engine.machine_code import INNER

extend: Any = extending


class KernelType(types.Callable, types.Dummy):
    """The compiler's type of a kernel."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._forms: dict[tuple[str, type], Any] = {}
        super().__init__(name=f"kernel({function.__module__}.{function.__qualname__}.{id(function)})")

    @property
    def form(self) -> Any:
        """The kernel as what is being compiled wants it: by which steps, and whether a division raises."""
        model, pipeline = ConfigStack().top().error_model, compiler_of_kernels()
        if (model, pipeline) not in self._forms:
            njit: Any = numba.njit
            jit = njit(**INNER, error_model=model, pipeline_class=pipeline)
            self._forms[model, pipeline] = jit(self.function)
        return self._forms[model, pipeline]

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call, compiled for these kinds of numbers."""
        plain = tuple(map(types.unliteral, args))
        named = {name: types.unliteral(kind) for name, kind in kws.items()}
        return types.Dispatcher(self.form).get_call_type(context, plain, named)

    def get_call_signatures(self) -> tuple[list[Any], bool]:
        """Return the signatures compiled so far, and that there may be more."""
        return self.form.nopython_signatures, True

    def get_impl_key(self, sig: Any) -> Any:
        """Return what stands for the code of a signature."""
        return self.form.get_overload(sig.args)


extend.register_model(KernelType)(extend.models.OpaqueModel)


def hand_over(function: Callable[..., Any]) -> None:
    """Let every function that is compiled call this one by its name."""
    infer_global(function, KernelType(function))
