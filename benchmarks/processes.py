"""Processes of their own: tasks of `benchmarks.loop.child`, and the real command watched from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from benchmarks.candles import ROOT

AGENT = (sys.executable, "-c", "from agent.cli import main; main()")
"""What the script `.venv/bin/agent` does, for whichever interpreter runs the benchmarks."""
DEAD = "http://127.0.0.1:9"
"""Discard port on this machine: a provider that is there and never serves, at once and without a network."""
POLL_SECONDS = 0.01


class Failed(Exception):
    """A measured process did not end well; the text holds its own words."""


class Watched(NamedTuple):
    """A command that has ended well: seconds it took, until its first output, and the largest RSS seen."""

    seconds: float
    first_output: float
    rss: int


@contextmanager
def scratch(disk: Path | None) -> Iterator[Path]:
    """Give a folder on the disk to be measured, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="boyd-bench-", dir=disk) as folder:
        yield Path(folder)


def child(task: str, disk: Path | None, **request: Any) -> dict[str, Any]:
    """Do a task in a fresh process with a fresh folder and return what it came to.

    Raises Failed with the process's own words when it fails.
    """
    with scratch(disk) as folder:
        wish = json.dumps({"task": task, "folder": str(folder), **request})
        command = [sys.executable, "-m", "benchmarks.loop.child", wish]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise Failed(f"benchmark {task} failed with exit code {done.returncode}:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def environment(home: Path) -> dict[str, str]:
    """Return an environment without anyone's settings or keys, and without any network provider.

    Modules are kept compiled, as in any installation that is used twice.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AGENT_", "ALPHA_VANTAGE_", "PYTHONPROFILE", "PYTHONDONTWRITE"))
    }
    return kept | {"AGENT_HOME": str(home), "AGENT_BINANCE__BASE_URL": DEAD, "PYTHONPATH": str(ROOT)}


def seconds_of(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Return the seconds a command takes, start to exit. Raises CalledProcessError when it fails."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=dict(env), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def watched(arguments: Sequence[str], disk: Path | None) -> Watched:
    """Run `agent` in a fresh home, time its first byte of output and sample its resident size.

    Raises Failed with the command's own words when it fails or says nothing.
    """
    with scratch(disk) as folder, (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        begun = time.perf_counter()
        process = psutil.Popen(
            [*AGENT, *arguments], cwd=ROOT, env=environment(folder), stdout=out, stderr=err
        )
        rss = 0
        first = 0.0
        while process.poll() is None:
            rss = max(rss, _rss(process))
            if not first and os.fstat(out.fileno()).st_size:
                first = time.perf_counter() - begun
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - begun
        out.seek(0, os.SEEK_END)
        if process.returncode or not out.tell():
            err.seek(0)
            raise Failed(f"agent {' '.join(arguments)} failed, exit code {process.returncode}:\n{err.read()}")
    return Watched(seconds, first or seconds, rss)


def _rss(process: psutil.Popen) -> int:
    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0  # it has just ended
