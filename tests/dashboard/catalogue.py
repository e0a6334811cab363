"""Candles in the catalogue of a home."""

import subprocess
import sys
from pathlib import Path

from domain.times import HOUR_MS
from tests.research.made import walk

WORK_SECONDS = 240.0
"""The first run of a version compiles the rules."""


def imported(home: Path, symbol: str, hours: int, seed: int = 1) -> None:
    """Take in so many made-up hours of a symbol."""
    series = walk(symbol, hours, HOUR_MS, seed=seed)
    columns = (series.time, series.open, series.high, series.low, series.close, series.volume)
    rows = (",".join(map(str, row)) for row in zip(*(each.tolist() for each in columns), strict=True))
    file = home / f"{symbol}_1h.csv"
    file.write_text("\n".join(["time,open,high,low,close,volume", *rows]) + "\n")
    agent = str(Path(sys.executable).with_name("agent"))
    subprocess.run([agent, "data", "import", str(file), "--home", str(home)], check=True, capture_output=True)
