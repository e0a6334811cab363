"""Machine code is kept on disk, and never used for other sources than its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain import kernel
from research import compiler

SCRIPT = """
import numpy as np
from reasoning.features import PLAN
from research.compiler import compiled
fill = compiled().fill_series
ints = np.full(9, 7, dtype=np.int64)
fill(np.zeros(27), np.zeros(3), PLAN, ints, ints, ints, np.ones(9))
print(sum(fill.stats.cache_hits.values()), sum(fill.stats.cache_misses.values()))
"""


def run(folder: Path) -> str:
    env = {**os.environ, compiler.CACHE_VARIABLE: str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_second_process_finds_the_machine_code_of_the_first(tmp_path: Path) -> None:
    assert run(tmp_path) == "0 1"
    assert run(tmp_path) == "1 0"


def test_a_changed_kernel_source_means_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compiler.digest()
    mine = tmp_path / "mine.py"
    mine.write_text("def twice(x: int) -> int:\n    return 2 * x\n")
    found: dict[str, object] = {}
    exec(compile(mine.read_text(), str(mine), "exec"), found)  # noqa: S102  # a user's kernel from a file
    monkeypatch.setattr(compiler, "KERNELS", [*kernel.KERNELS, found["twice"]])
    with_mine = compiler.digest()
    mine.write_text("def twice(x: int) -> int:\n    return 3 * x\n")
    assert len({before, with_mine, compiler.digest()}) == 3
