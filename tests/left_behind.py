"""What tests started and left running: a test's own commands end with it, everything else with the session.

A test that fails in the midst ends nothing, and an agent at full speed would take a processor from every test
after it. Processes are known by a variable they inherit, also those that have left their parent.
"""

import os
import subprocess
from typing import Any

import psutil

VARIABLE = "BOYD_TESTS"
MARK = f"{os.getpid()}-{os.urandom(8).hex()}"
PATIENCE_SECONDS = 10.0
"""How long those that end by themselves, once their parent has, may take."""

_started: list["subprocess.Popen[Any]"] = []


def begin() -> None:
    """Mark this session, and so all it will start; one within another keeps the other's mark too."""
    os.environ[VARIABLE] = f"{os.environ.get(VARIABLE, '')}:{MARK}"


def started(process: "subprocess.Popen[Any]") -> None:
    """Have a process end with the test that is under way; what a fixture starts is the fixture's."""
    if os.environ.get("PYTEST_CURRENT_TEST", "").endswith("(call)"):
        _started.append(process)


def end_with_test() -> None:
    """End what the test started and left."""
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    _started.clear()


def end_with_session(seconds: float = PATIENCE_SECONDS) -> list[str]:
    """End what is still there after a moment; return what it was."""
    left = [each for each in psutil.process_iter() if _is_ours(each)]
    _, left = psutil.wait_procs(left, timeout=seconds)
    told = []
    for each in left:
        try:
            told.append(f"{each.pid} {' '.join(each.cmdline())[:200]}")
            each.kill()
        except psutil.Error:
            continue  # it has just ended
    psutil.wait_procs(left, timeout=seconds)
    return told


def _is_ours(process: psutil.Process) -> bool:
    try:
        return process.pid != os.getpid() and MARK in process.environ().get(VARIABLE, "").split(":")
    except (psutil.Error, OSError):
        return False
