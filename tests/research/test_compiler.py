"""Machine code is kept on disk, and never used for other sources than its own."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from domain import kernel
from reasoning.strategies.rsi import RSI
from research.engine import code_cache, loops
from research.engine.signals import find_events

SCRIPT = """
import numpy as np
from reasoning.kernels.features import PLAN
from research.engine.compiler import compiled
fill = compiled().fill_series
ints = np.full(9, 7, dtype=np.int64)
fill(np.zeros(27), np.zeros(3), PLAN, ints, ints, ints, np.ones(9))
stats = fill.args[0].dispatcher.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def start(folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, code_cache.CACHE_VARIABLE: str(folder)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT], env=env, stdout=subprocess.PIPE, text=True)


def test_processes_that_want_the_same_code_compile_it_once(tmp_path: Path) -> None:
    both = [start(tmp_path) for _ in range(2)]
    assert sorted(each.communicate(timeout=120)[0].strip() for each in both) == ["0 1", "1 0"]
    later = start(tmp_path)
    assert later.communicate(timeout=120)[0].strip() == "1 0"


def _with(monkeypatch: pytest.MonkeyPatch, file: Path, text: str, module: str) -> Any:
    """Put a function of a made file on the list of kernels."""
    file.write_text(text)
    found: dict[str, Any] = {"__name__": module}
    exec(compile(text, str(file), "exec"), found)  # noqa: S102  # as a module is made of its file
    monkeypatch.setattr(code_cache, "KERNELS", [*kernel.KERNELS, found["twice"]])
    return found["twice"]


def test_a_changed_kernel_of_the_house_means_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = {code_cache.digest()}
    for factor in (2, 3):
        text = f"def twice(x: int) -> int:\n    return {factor} * x\n"
        _with(monkeypatch, tmp_path / "mine.py", text, "risk.mine")
        digests.add(code_cache.digest())
    assert len(digests) == 3


def test_a_user_s_changed_kernel_means_another_loop_in_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests, files = {code_cache.digest()}, set()
    for factor in (2, 3):
        text = f"def twice(x: int) -> int:\n    return {factor} * x\n"
        step = _with(monkeypatch, tmp_path / "mine.py", text, "my_strategy")
        strategy, kernels = dataclasses.replace(RSI, step=step), {"step": step, "signal": RSI.signal}
        loops.loop_of(find_events, strategy, kernels, tmp_path)
        digests.add(code_cache.digest())
        files = set(tmp_path.glob("find_events_*.py"))
    assert len(digests) == 1
    assert len(files) == 2


def test_linear_algebra_is_loaded_for_who_multiplies_matrices_and_for_no_kernel() -> None:
    code = (
        "import sys\n"
        "from research.engine.compiler import compiled\n"
        "compiled()\n"
        "from numba.np import arraymath, linalg\n"
        "assert arraymath._HAVE_BLAS and arraymath.ensure_blas is linalg.ensure_blas\n"
        "assert 'scipy.linalg' not in sys.modules\n"
        "linalg.ensure_blas()  # as np.dot does\n"
        "assert 'scipy.linalg' in sys.modules\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert started.returncode == 0, started.stderr
