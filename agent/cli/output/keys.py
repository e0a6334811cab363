"""The keyboard under the live view: a few keys show another page, no key does any harm.

While it is read the terminal does not echo, Ctrl-S does not hold the output, Ctrl-Z and Ctrl-Backslash do
nothing; Ctrl-C is the one key that means what it always does. The terminal is put back however the view ends.
Everything here may fail, and nothing of it may hold up the loop: it runs on a thread of its own.
"""

import os
import select
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

LOOK_SECONDS = 0.5
MOST_BYTES = 1024
IFLAG, LFLAG, CC = 0, 3, 6
"""Places in what `tcgetattr` returns."""

OFF = ("VSUSP", "VQUIT", "VDSUSP", "VSTART", "VSTOP", "VLNEXT", "VDISCARD", "VSTATUS")
"""Keys that would stop, kill or freeze a program."""


def in_front(descriptor: int) -> bool:
    """Say whether this process may draw on a terminal and read it: one in the background may not."""
    if not os.isatty(descriptor):
        return False
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # not the terminal of our jobs: nobody's foreground
        return True


class Keys:
    """Reads keys from standard input, where it is the terminal, and hands letters to `pressed`."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self.pressed = pressed
        self.before: list[Any] | None = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._read, name="boyd-keys", daemon=True)
        self.descriptor = _descriptor(sys.__stdin__)

    def __enter__(self) -> Self:
        if in_front(self.descriptor):
            self._quieten()
            self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self.restore()

    def _quieten(self) -> None:
        try:
            attributes = termios.tcgetattr(self.descriptor)
            if self.before is None:  # else a shell has put back what it found: ours
                self.before = [*attributes[:CC], list(attributes[CC])]
            attributes[IFLAG] &= ~(termios.IXON | termios.IXOFF)
            attributes[LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
            disabled = os.fpathconf(self.descriptor, "PC_VDISABLE").to_bytes(1, "big")
            for name in OFF:
                if hasattr(termios, name):
                    attributes[CC][getattr(termios, name)] = disabled
            attributes[CC][termios.VMIN], attributes[CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self.descriptor, termios.TCSANOW, attributes)
        except (termios.error, OSError, ValueError):
            self.before = None

    def again(self, _number: int, _frame: FrameType | None) -> None:
        """Take the keyboard once more, after a stop from outside (SIGCONT) in which the shell had it."""
        if self.before is not None and in_front(self.descriptor):
            self._quieten()

    def restore(self) -> None:
        """Put the terminal back and forget what was typed for nobody; safe to call at any time, and twice."""
        before, self.before = self.before, None
        if before is None or not in_front(self.descriptor):
            return
        try:
            termios.tcsetattr(self.descriptor, termios.TCSANOW, before)
            termios.tcflush(self.descriptor, termios.TCIFLUSH)
        except (termios.error, OSError):
            return

    def _read(self) -> None:
        while not self.ending.is_set():
            try:
                ready, _, _ = select.select([self.descriptor], [], [], LOOK_SECONDS)
                typed = os.read(self.descriptor, MOST_BYTES) if ready else None
            except (OSError, ValueError):
                return
            if typed == b"":  # the terminal is gone
                return
            if typed and not self.ending.is_set():
                for letter in letters(typed):
                    self.pressed(letter)


def letters(typed: bytes) -> str:
    """Return the letters that were typed; arrows, function keys and the like begin with an escape: none."""
    if b"\x1b" in typed:
        return ""
    return "".join(letter for letter in typed.decode(errors="ignore") if letter.isprintable())


def _descriptor(stream: Any) -> int:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return -1
