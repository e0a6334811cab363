"""A process that has done the command's imports and forks a child for each run of it.

Two thirds of a short command's time is importing, and the tests run the command some three hundred times.
A child is a process of its own, with its own environment, folder, files and exit, and ends as the command
ends; only what was imported before it began is shared. What a test starts and leaves running
(`command.start`) is the real executable.
"""

import atexit
import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

from tests.shared import ROOT

# Nothing that starts threads which a fork would lose: neither Polars nor Arrow.
IMPORTED = (
    "agent.wiring", "agent.cli.handlers.run", "agent.cli.handlers.status",
    "rich.console", "rich.progress", "numba", "optuna",
)  # fmt: skip


class Done(NamedTuple):
    """What a run came to."""

    returncode: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], env: Mapping[str, str], *, seconds: float) -> Done:
    """Run the command to its end; a `TimeoutError` after `seconds`, and then it is killed."""
    words = json.dumps({"argv": list(argv), "env": dict(env), "cwd": str(ROOT), "umask": _umask()}).encode()
    asked = len(words).to_bytes(4, "big") + words
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as wire,
    ):
        wire.settimeout(seconds)
        wire.connect(_parent())
        socket.send_fds(wire, [asked], [out.fileno(), err.fileno()])
        code = wire.recv(64)
        if not code:
            raise RuntimeError(f"the parent of {argv} is gone")
        return Done(int(code), _text(out), _text(err))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _parent() -> str:
    """Return the address of this process's own parent of runs, started once and ended with it."""
    folder = tempfile.mkdtemp(prefix="boyd-warm-")
    address = str(Path(folder) / "socket")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENT_")}
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        parent = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listening.fileno())],
            pass_fds=[listening.fileno()], cwd=ROOT, env=kept, stdin=subprocess.PIPE,
        )  # fmt: skip
    atexit.register(_end, parent, folder)
    return address


def _end(parent: subprocess.Popen[bytes], folder: str) -> None:
    parent.communicate()
    shutil.rmtree(folder)


def _wait_for_work(listening: socket.socket) -> list[str]:
    """Return in each child with the words it is to run; the parent ends when its standard input does."""
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [], 1.0)
        if sys.stdin in ready:
            os._exit(0)
        if listening in ready:
            wire, _ = listening.accept()
            if not os.fork():
                listening.close()
                return _child(wire)
            wire.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def _child(wire: socket.socket) -> list[str]:
    """Return in a process set up as the request says; the one between waits and tells how it ended."""
    head, files, _, _ = socket.recv_fds(wire, 1 << 20, 2)
    length = int.from_bytes(head[:4], "big")
    while len(head) < 4 + length:
        head += wire.recv(1 << 20)
    if child := os.fork():
        _tell(wire, child)
    wire.close()
    asked = json.loads(head[4:])
    for ours, standard in zip((os.open(os.devnull, os.O_RDONLY), *files), (0, 1, 2), strict=True):
        os.dup2(ours, standard)
        os.close(ours)
    os.chdir(asked["cwd"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    return list(asked["argv"])


def _tell(wire: socket.socket, child: int) -> None:
    """Wait for the child, kill it when nobody waits for it any more, and end."""
    ended = os.pidfd_open(child)
    if wire.fileno() in select.select([wire.fileno(), ended], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    wire.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def main() -> None:
    """Import, wait, and in each child run the command."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # or each child searches, and so copies, all of it
    sys.argv = _wait_for_work(listening)
    # As the executable would be: what `multiprocessing` starts imports the main module anew.
    this = sys.modules["__main__"]
    this.__spec__, this.__file__ = None, sys.argv[0]
    from agent.cli import main as command  # noqa: PLC0415  # after the fork, with the child's own environment

    command()


if __name__ == "__main__":
    main()
