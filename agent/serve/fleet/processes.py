"""Processes of `agent run` that live by themselves: begun, told from others, looked at, asked to end."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agent.serve.fleet.asked import LISTS
from agent.settings.home import Home

AGENT = (sys.executable, "-c", "from agent.cli import main; main()")
"""The command `agent` of this very installation."""

LAST_BYTES = 4_000


_children: "list[subprocess.Popen[bytes]]" = []
"""Those begun here: they outlive whoever watches them, and are not let go before they have ended."""


class Life(NamedTuple):
    """A process: its number, when it began as the system counts, and the handle where it is our child."""

    pid: int
    born: str
    child: "subprocess.Popen[bytes] | None" = None


def command_line(home: Home, name: str | None, settings: Mapping[str, str]) -> list[str]:
    """Return the words that start an agent: those of `agent run`, each with its value in one word."""
    words = [*AGENT, "run", "--plain", f"--home={home.root}"]
    if name is not None:
        words.append(f"--journal={name}")
    for setting, value in settings.items():
        if setting in LISTS:
            flag = FLAGS[setting]
            words += [f"{flag}={each.strip()}" for each in value.split(",")]
        elif setting in ("mode", "account"):
            words.append(f"--{setting}={value}")
        else:
            words.append(f"--set={setting}={value}")
    return words


FLAGS = {"symbols": "--symbol", "data": "--data", "reasoning.strategies": "--strategy"}


def begin(words: Sequence[str], errors: Path, environment: Mapping[str, str]) -> Life:
    """Start a process in a session of its own, so that nothing that ends us ends it. Raises OSError.

    Its log is the agent's own file; what it prints goes nowhere, and its error output to a file: no pipe
    fills. It inherits the niceness of the thread that calls this.
    """
    descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(  # noqa: S603 -- our own command, each value in a word of its own
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=descriptor,
            env=dict(environment),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    _children[:] = [each for each in _children if each.poll() is None] + [child]
    return Life(child.pid, born(child.pid), child)


def born(pid: int) -> str:
    """Return when a process began, as the system counts; "" where it is gone or the system does not tell."""
    with suppress(OSError, IndexError):
        text = Path("/proc", str(pid), "stat").read_text()
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""


def lives(life: Life) -> bool:
    """Say whether a process still lives; a number that was given to another process is not it."""
    if life.child is not None:
        return life.child.poll() is None
    if Path("/proc/self/stat").exists():
        return bool(life.born) and born(life.pid) == life.born
    try:
        os.kill(life.pid, 0)
    except OSError:
        return False
    return True


def code_of(life: Life) -> int | None:
    """Return a child's exit code, negative for a signal; None for one that was adopted."""
    return None if life.child is None else life.child.poll()


def ask_to_end(life: Life) -> None:
    """Send SIGTERM: the agent ends after the cycle under way."""
    if lives(life):
        with suppress(OSError):
            os.kill(life.pid, signal.SIGTERM)


def last_words(errors: Path) -> str:
    """Return the last line of an error output, "" where there is none."""
    with suppress(OSError):
        with errors.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()
        complaints = [re.sub(r"^error: ", "", line) for line in lines if line.startswith("error: ")]
        return "; ".join(complaints[-3:]) or (lines[-1] if lines else "")
    return ""
