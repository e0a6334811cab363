"""A process that has done the command's imports and forks a child for each run of it.

Two thirds of a short command's time is importing, and the tests run the command some three hundred times.
A child is a process of its own, with its own environment, folder, files and exit, and ends as the command
ends; only what was imported before it began is shared. What a test starts and leaves running
(`command.start`) is the real executable.

A function can be run in such a child too (`call`): it has one thread, and a fork of the test's own process
copies whatever its other threads hold locked at that moment.
"""

import atexit
import base64
import contextlib
import gc
import json
import os
import pickle
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.shared import ROOT

# Nothing that starts threads which a fork would lose: neither Polars nor Arrow.
IMPORTED = (
    "agent.wiring", "agent.cli.handlers.run", "agent.cli.handlers.status",
    "rich.console", "rich.progress", "numba", "optuna",
)  # fmt: skip


Imports = tuple[str, ...]


class Done(NamedTuple):
    """What a run came to."""

    returncode: int
    stdout: str
    stderr: str


class Started:
    """A run under way, which writes into two files; it is killed when this is closed."""

    def __init__(self, asked: Mapping[str, Any], out: IO[bytes], err: IO[bytes], imported: Imports) -> None:
        words = json.dumps({"cwd": str(ROOT), "umask": _umask(), **asked}).encode()
        self._wire = socket.socket(socket.AF_UNIX)
        self._wire.settimeout(60)
        self._wire.connect(_parent(imported))
        socket.send_fds(self._wire, [len(words).to_bytes(4, "big") + words], [out.fileno(), err.fileno()])

    def code(self, seconds: float) -> int | None:
        """Return how it ended, a signal as its negative number, or None when it has not in `seconds`."""
        self._wire.settimeout(seconds)
        try:
            code = self._wire.recv(64)
        except TimeoutError:
            return None
        if not code:
            raise RuntimeError("the parent of the run is gone")
        return int(code)

    def close(self) -> None:
        """End it, if it has not ended."""
        self._wire.close()


def run(argv: Sequence[str], env: Mapping[str, str], *, seconds: float) -> Done:
    """Run the command to its end; a `TimeoutError` after `seconds`, and then it is killed."""
    asked = {"argv": list(argv), "env": dict(env)}
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        contextlib.closing(Started(asked, out, err, IMPORTED)) as started,
    ):
        code = started.code(seconds)
        if code is None:
            raise TimeoutError(f"{argv} has not ended after {seconds:g} s")
        return Done(code, _text(out), _text(err))


def call(function: Callable[..., object], *given: Any, log: IO[bytes], imported: Imports) -> Started:
    """Start a function of a module in a child with one thread; where it raises it ends with 1 and why."""
    work = base64.b64encode(pickle.dumps((function, given))).decode()
    return Started({"call": work, "env": dict(os.environ)}, log, log, imported)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@cache
def _parent(imported: Imports) -> str:
    """Return the address of this process's own parent of runs, started once and ended with it."""
    folder = tempfile.mkdtemp(prefix="boyd-warm-")
    address = str(Path(folder) / "socket")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENT_")}
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        parent = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listening.fileno()), *imported],
            pass_fds=[listening.fileno()], cwd=ROOT, env=kept, stdin=subprocess.PIPE,
        )  # fmt: skip
    atexit.register(_end, parent, folder)
    return address


def _end(parent: subprocess.Popen[bytes], folder: str) -> None:
    parent.communicate()
    shutil.rmtree(folder)


def _wait_for_work(listening: socket.socket) -> dict[str, Any]:
    """Return in each child with what it is to run; the parent ends when its standard input does."""
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


def _child(wire: socket.socket) -> dict[str, Any]:
    """Return in a process set up as the request says; the one between waits and tells how it ended."""
    head, files, _, _ = socket.recv_fds(wire, 1 << 20, 2)
    length = int.from_bytes(head[:4], "big")
    while len(head) < 4 + length:
        head += wire.recv(1 << 20)
    if child := os.fork():
        _tell(wire, child)
    wire.close()
    asked: dict[str, Any] = json.loads(head[4:])
    for ours, standard in zip((os.open(os.devnull, os.O_RDONLY), *files), (0, 1, 2), strict=True):
        os.dup2(ours, standard)
        os.close(ours)
    os.chdir(asked["cwd"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    return asked


def _tell(wire: socket.socket, child: int) -> None:
    """Wait for the child, kill it when nobody waits for it any more, and end."""
    ended = os.pidfd_open(child)
    if wire.fileno() in select.select([wire.fileno(), ended], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    wire.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def _called(asked: dict[str, Any]) -> None:
    function, given = pickle.loads(base64.b64decode(asked["call"]))  # noqa: S301 -- from the test that forked us
    function(*given)


def main() -> None:
    """Import, wait, and in each child run the command, or the function."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        import_module(name)
    gc.freeze()  # or each child searches, and so copies, all of it
    asked = _wait_for_work(listening)
    if "call" in asked:
        _called(asked)
        return
    sys.argv = asked["argv"]
    # As the executable would be: what `multiprocessing` starts imports the main module anew.
    this = sys.modules["__main__"]
    this.__spec__, this.__file__ = None, sys.argv[0]
    from agent.cli import main as command  # noqa: PLC0415  # after the fork, with the child's own environment

    command()


if __name__ == "__main__":
    main()
