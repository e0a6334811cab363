"""Standard output and error output of a command: what has become of them never changes what it does.

A command that cannot print goes on to its end, for it may be the emergency stop; then it says so on the
error output, if there is one. That the reader has had enough (`agent journal tail | head -1`) is no fault.
"""

import errno
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from agent.host.shown import shown, shown_json

T = TypeVar("T")

GONE: list[OSError] = []
"""Why standard output takes nothing more, once it does not."""


def have_streams() -> None:
    """Open what was closed before we began (`agent run >&-`) as the null device.

    Otherwise the next file opened, a lock or a journal, would be standard output. What an output cannot
    encode is escaped: a message must not end a command.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 -- it stays open
        elif name != "stdin":
            stream.reconfigure(errors="backslashreplace")


def print_text(text: str) -> None:
    """Print text and a line end to standard output, as long as it takes any."""
    if GONE:
        return
    try:
        sys.stdout.write(f"{text}\n")  # at once: an outlet drops whole writes
        sys.stdout.flush()
    except OSError as error:
        GONE.append(error)


def say(text: str = "") -> None:
    """Print one line to standard output; whatever others have put into it, it only shows."""
    print_text(shown(text))


def say_lines(lines: Iterable[str]) -> None:
    """Print lines to standard output, each as `say` does; nothing where there are none."""
    report = list(map(shown, lines))
    if report:
        print_text("\n".join(report))


def say_json(value: Any) -> None:
    """Print an answer as JSON."""
    print_text(shown_json(value, indent=2))


def say_json_line(value: Any) -> None:
    """Print an answer as JSON on one line, for a command that answers more than once."""
    print_text(shown_json(value))


def answer(value: T, lines: Callable[[T], Iterable[str]], *, json: bool) -> None:
    """Print what a command answers: as JSON if asked for, else as the lines that people read."""
    if json:
        say_json(value)
    else:
        say_lines(lines(value))


def complain(message: str) -> None:
    """Print each line of a message to the error output, if there is one."""
    for line in message.split("\n"):
        with suppress(OSError):
            print(f"error: {shown(line)}", file=sys.stderr, flush=True)  # noqa: T201 -- this is the command line


def mention(line: str) -> None:
    """Print what somebody should know, and no machine needs, to the error output, if there is one."""
    with suppress(OSError):
        print(shown(line), file=sys.stderr, flush=True)  # noqa: T201 -- as above


def leave(code: int) -> None:
    """Exit with a code, and with 1 for 0 when standard output failed in another way than a reader's leaving.

    What is still buffered for an output that is gone would fail once more at the very end, aloud.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if stream is sys.stdout and not GONE:
                GONE.append(error)
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if GONE and GONE[0].errno != errno.EPIPE:
        complain(f"standard output: {GONE[0].strerror}")
        code = code or 1
    sys.exit(code)
