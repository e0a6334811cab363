"""The promise: a process that trades many symbols in parts grows by its bound, not by its candles."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.times import MINUTE_MS
from research.data.candles import COLUMNS, Candles
from research.data.mapped import columns_file, read_columns, write_columns
from research.engine.backtest import backtest
from research.engine.compiler import compiled
from tests.research.made import walk

SYMBOLS, COUNT, BOUND = 24, 150_000, 40 * 2**20
LOOKS = Path("/proc/self/clear_refs")


def grown(folder: str) -> None:
    """Trade the mapped candles of a folder and write by how much this process grew at most."""
    series = [mapped(file) for file in sorted(Path(folder).glob("*.fingerprint"))]
    setup = setup_of(options_for(Settings(reasoning={"strategies": ("rsi",)}), series))
    backtest([each[:3_000] for each in series], setup, compiled())
    LOOKS.write_text("5", encoding="utf-8")  # peaks count from here
    before = peak()
    result = backtest(series, setup, compiled(), BOUND)
    tables = 3 * (result.equity.nbytes + result.trades.nbytes + result.vetoes.nbytes)
    sys.stdout.write(json.dumps({"grown": peak() - before, "result": tables, "cycles": result.cycles}))


def peak() -> int:
    """Return the most bytes that were resident."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def mapped(file: Path) -> Candles:
    fingerprint = file.read_text(encoding="utf-8")
    at = columns_file(file.with_suffix(".parquet"), fingerprint)
    candles = read_columns(at, file.stem, MINUTE_MS, fingerprint)
    assert candles is not None
    return candles


@pytest.mark.skipif(not LOOKS.exists(), reason="what is resident is told by Linux alone")
def test_a_process_grows_by_its_bound(tmp_path: Path) -> None:
    one = walk("C0-USDT", COUNT)
    for place in range(SYMBOLS):
        moved = (np.roll(getattr(one, name), 97 * place) for name in COLUMNS[1:])
        candles = Candles(f"C{place:02}-USDT", MINUTE_MS, one.time, *moved)
        path = tmp_path / f"{candles.symbol}.parquet"
        write_columns(path, candles)
        path.with_suffix(".fingerprint").write_text(candles.fingerprint, encoding="utf-8")
    code = f"from tests.research.test_memory_of_processes import grown; grown({str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    said = json.loads(done.stdout)
    assert said["cycles"] > COUNT - 1_000
    assert SYMBOLS * COUNT * 48 > 4 * BOUND, "the candles alone are far more"
    assert said["grown"] < BOUND + said["result"]
