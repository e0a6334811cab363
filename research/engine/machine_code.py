"""Turning the house's kernels into machine code, kept on disk until any of them changes.

Every function on the list of kernels is handed to numba as it is; only the outermost loops are compiled by
name, and each with all it calls becomes one piece of machine code (research.engine.kernel_code).
"""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock, Timeout

from domain.kernel import KERNELS, write_all
from research.engine import compiling
from research.engine.code_cache import cache_folder

SAID_SECONDS = 0.5
"""How long another process may compile before it is said that this one waits."""

COLLECTED_AFTER, SELDOM = 50_000, (20, 20)
"""New objects after which Python looks for garbage meanwhile, and looks after which it looks further."""

KNOWN_NUMBA = "0.68."
"""Its inner parts kernel_code and kernel_type know; any other compiles the usual way and twice as long."""

INNER = {"_nrt": False, "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Options of a kernel: inlined, for most are smaller than a call of theirs, and never called from Python."""


_here = threading.RLock()
"""Held by the thread of this process that compiles."""


class MachineCode:
    """A function as machine code, compiled at its first call or found on disk.

    Processes that want it at the same time do not all compile it: one does, the others wait for it. A `large`
    one, of a hundred kernels, is optimised in one go.
    """

    def __init__(self, function: Callable[..., Any], *, raising: bool = False, large: bool = False) -> None:
        import numba  # noqa: PLC0415  # half a second, and only where something is compiled

        # Nothing here allocates: without reference counts a call with an array costs nothing. And our
        # kernels raise nothing, so no division asks whether to: that halves the time of a step.
        model = "python" if raising else "numpy"
        njit: Any = numba.njit
        own = _own_steps(large=large)
        jit = njit(cache=True, nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model=model, **own)
        self._lock = FileLock(cache_folder() / "compiling.lock", mode=0o600)
        self._function = function
        with self._alone():
            self.dispatcher = jit(function)
        self._ready = False
        compiling.expect(function)

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        if self._ready:
            return self.dispatcher(*arguments)
        with self._alone(), compiling.watched(self._function), _seldom_collected():
            result = self.dispatcher(*arguments)
        self._ready = True
        return result

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; whoever has to wait for another process says so, not for a thread."""
        with _here:
            try:
                self._lock.acquire(timeout=SAID_SECONDS)
            except Timeout:
                compiling.waiting()
                self._lock.acquire()
            try:
                with _for_us_only():
                    yield
            finally:
                self._lock.release()


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for garbage seldom: nearly all that compiling makes is kept, and each look at it costs a tenth."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER, *SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _for_us_only() -> Iterator[None]:
    """Have numba's files made for their owner alone; used under the lock, for the umask is the process's."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


_registered: set[Callable[..., Any]] = set()


def register() -> None:
    """Hand every kernel on the list that is new to the compiler."""
    if _own_steps(large=False):
        from research.engine.no_algebra import hold_back  # noqa: PLC0415  # imports numba

        hold_back()
    from research.engine import dividing, fetching, unsigned  # noqa: F401, PLC0415  # import numba

    write_all()
    for function in KERNELS:
        if function not in _registered:
            _registered.add(function)
            jitable(function)


def jitable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a function to the compiler and return it."""
    if _own_steps(large=False):
        from research.engine import built_in  # noqa: F401, PLC0415  # imports numba
        from research.engine.kernel_type import hand_over  # noqa: PLC0415  # as above

        hand_over(function)
        return function
    from numba.extending import register_jitable  # noqa: PLC0415  # as above

    result: Callable[..., Any] = register_jitable(**INNER)(function)
    return result


def inner_options() -> dict[str, Any]:
    """Return the compiler's options of what a kernel calls and is no kernel itself."""
    if not _own_steps(large=False):
        return INNER
    from research.engine.kernel_code import compile_inner  # noqa: PLC0415  # imports numba

    return INNER | {"pipeline_class": compile_inner}


def _own_steps(*, large: bool) -> dict[str, Any]:
    """Return the compiler's option of our own steps; none where numba is not the one they are for."""
    import numba  # noqa: PLC0415  # as above

    if not numba.__version__.startswith(KNOWN_NUMBA):
        return {}
    from research.engine.kernel_code import LoopCompiler, OutermostCompiler  # noqa: PLC0415  # imports numba

    return {"pipeline_class": OutermostCompiler if large else LoopCompiler}
