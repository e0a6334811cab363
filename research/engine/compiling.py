"""Progress of compiling: the rules' way into machine code, told to listeners.

It takes half a minute the first time, and nothing is to be seen of it but by this. A listener hears what is
compiled in its process, on the thread that compiles; numba itself says when it is done with a function.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, NamedTuple

from domain.kernel import KERNELS, write_all


class Compiling(NamedTuple):
    """The progress: functions done, of so many as are known to come; `waiting` for another process."""

    done: int
    total: int
    waiting: bool = False


Listener = Callable[[Compiling], None]

_listeners: list[Listener] = []
_reach: dict[int, int] = {}
"""Functions of each outermost function that is not ready yet, or was compiled here, by its id."""

_finished: dict[int, int] = {}


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell a listener of what is compiled meanwhile."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def expect(function: Callable[..., Any]) -> None:
    """Count on a function and all it calls being compiled."""
    _reach[id(function)] = len(reached(function))


def ready(function: Callable[..., Any]) -> None:
    """Count on it no more: it was found on disk, or is compiled."""
    if id(function) not in _finished:
        _reach.pop(id(function), None)


def waiting() -> None:
    """Tell that another process compiles the same."""
    _tell(Compiling(sum(_finished.values()), sum(_reach.values()), waiting=True))


@contextmanager
def watched(function: Callable[..., Any]) -> Iterator[None]:
    """Tell of a function's compilation, if it comes to one."""
    from numba.core import event  # noqa: PLC0415  # half a second, and only where something is compiled

    most = _reach.get(id(function), 1)

    class Progress(event.Listener):
        count = depth = 0

        def on_start(self, happened: Any) -> None:
            del happened
            self.depth += 1
            if self.depth == 1:
                self.tell(0)

        def on_end(self, happened: Any) -> None:
            del happened
            self.depth -= 1
            self.count += 1
            self.tell(most if not self.depth else min(self.count, most - 1))

        def tell(self, count: int) -> None:
            _finished[id(function)] = count
            _tell(Compiling(sum(_finished.values()), sum(_reach.values())))

    with event.install_listener("numba:compile", Progress()):
        yield
    ready(function)


def _tell(compiling: Compiling) -> None:
    for listener in _listeners:
        listener(compiling)


def reached(function: Callable[..., Any]) -> set[Any]:
    """Return a function and every kernel it calls, directly or not."""
    write_all()
    kernels = {getattr(each, "__code__", None): each for each in KERNELS}
    result: set[Any] = set()
    rest: list[Any] = [function]
    while rest:
        one = rest.pop()
        if one in result or not isinstance(one, FunctionType):
            continue
        result.add(one)
        known = [one.__globals__.get(name) for name in one.__code__.co_names]
        rest.extend(each for each in known if getattr(each, "__code__", None) in kernels)
    return result
