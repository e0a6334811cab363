"""A stretch of work that signals do not cut: between a cancelled stop and its sale nobody may end it."""

import os
import signal
from types import FrameType, TracebackType
from typing import Any, Self

ASKED = "{}: the stop is under way and ends by itself within seconds; it is not left half done\n"


class Undisturbed:
    """Holds SIGINT and SIGTERM back, saying so on the error output; SIGHUP is ignored for good.

    For work whose length is bounded. Use as a context on the main thread.
    """

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if hasattr(signal, "SIGHUP"):  # a terminal that closes
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM):
            self.before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    @staticmethod
    def _heard(number: int, _frame: FrameType | None) -> None:
        try:
            os.write(2, ASKED.format(signal.Signals(number).name).encode())
        except OSError:
            return
