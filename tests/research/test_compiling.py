"""Compiling is told of, once, with how far it is: no terminal is blank for half a minute."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from agent.cli.output.compile_bar import compiling_told
from reasoning.strategies.rsi import RSI
from research.engine import account_pass, compiling, ranges, signals
from research.engine.code_cache import CACHE_VARIABLE
from research.engine.compiling import Compiling
from research.engine.loops import loop_of
from tests.shared import ROOT

SCRIPT = """
import sys
import numpy as np
from agent.cli.output.compile_bar import compiling_told
from agent.cli.output.progress import progress_bar
from reasoning.kernels.features import PLAN
from research.engine.compiler import compiled
from research.engine.compiling import listening
steps = []
ints = np.full(9, 7, dtype=np.int64)
with compiling_told(), listening(steps.append):
    with progress_bar("work", 10, 1) as advance:
        advance(1)
        compiled().fill_series(np.zeros(27), np.zeros(3), PLAN, ints, ints, ints, np.ones(9))
print("waited", any(each.waiting for each in steps))
print("steps", *[f"{each.done}/{each.total}" for each in steps if not each.waiting])
"""


def script(folder: Path, terminal: int | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env={**os.environ, CACHE_VARIABLE: str(folder)}, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE if terminal is None else terminal,
    )  # fmt: skip


def test_what_is_compiled_is_told_of_with_a_bar_on_a_terminal_and_once(tmp_path: Path) -> None:
    master, slave = os.openpty()
    first = script(tmp_path, slave)
    os.close(slave)
    shown = b""
    while chunk := _read(master):
        shown += chunk
    os.close(master)
    out = first.communicate()[0]
    assert first.returncode == 0
    steps = [tuple(map(int, pair)) for pair in re.findall(r"(\d+)/(\d+)", out)]
    assert steps[0][0] == 0 < steps[-1][0] <= steps[-1][1]
    assert steps == sorted(steps)
    assert b"compiling the rules, once for this version" in shown
    assert f"/{steps[-1][1]}".encode() in shown
    assert shown.count(b"the next run needs none of it") == 1
    (folder,) = (tmp_path / "kernels").iterdir()
    with FileLock(folder / "compiling.lock"):
        again = script(tmp_path)
        assert again.stderr is not None
        assert again.stderr.readline() == "another process compiles the rules: waiting for it ...\n"
    assert again.communicate() == ("waited True\nsteps\n", "")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:  # the other end is closed
        return b""


def test_a_log_has_two_lines_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    with compiling_told():
        for done in range(3):
            compiling._tell(Compiling(done, 86))
    assert re.fullmatch(
        r"compiling the rules, once for this version: 86 functions or so \.\.\.\n"
        r"compiled in \d+ s; the next run needs none of it\n",
        capsys.readouterr().err,
    )


def test_what_a_function_comes_to_is_counted_before(tmp_path: Path) -> None:
    whole = compiling.reached(account_pass.replay)
    assert account_pass.replay in whole
    assert 60 < len(whole) < 200
    kernels: dict[str, Any] = {"step": RSI.step, "signal": RSI.signal}
    assert RSI.step in compiling.reached(loop_of(signals.find_events, RSI, kernels, tmp_path))
    assert compiling.reached(ranges.step_lanes) > {ranges.step_lanes}


def test_nobody_is_told_when_nothing_is_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    with compiling_told():
        pass
    compiling._tell(Compiling(1, 2))  # and no listener is left behind
    assert capsys.readouterr() == ("", "")
