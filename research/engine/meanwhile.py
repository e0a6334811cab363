"""Work done by another thread meanwhile, where there is a processor for it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
MOST = 32
"""Threads that work at the same time; a thread is begun when none is idle."""


def processors() -> int:
    """Return the processors that this process may use."""
    asked = getattr(os, "sched_getaffinity", None)  # of Linux alone
    return len(asked(0)) if asked is not None else os.cpu_count() or 1


def meanwhile(work: Callable[[], T]) -> Callable[[], T]:
    """Begin some work, and return what waits for its result or raises what it raised.

    With one processor it is done when it is asked for. Work on arrays is worth it, for NumPy and machine
    code let others run meanwhile.
    """
    if processors() < 2:
        return cache(work)
    return _threads(os.getpid()).submit(work).result


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Return a process's threads, which wait for more work: to begin one takes 0.2 ms of a backtest.

    A process that was forked has none of its parent's.
    """
    return ThreadPoolExecutor(MOST, "meanwhile")
