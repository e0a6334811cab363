"""Candles in the catalogue of a home, and work that was done with them."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from domain.times import HOUR_MS
from tests.dashboard.rig import Rig
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


def worked(rig: Rig, kind: str, options: dict[str, Any]) -> str:
    """Have work done and return its id."""
    asked = rig.served.trade("POST", "/api/v1/work", body={"kind": kind, "options": options})
    assert asked.status == 200, asked.content
    work = str(asked.json["id"])
    end = time.monotonic() + WORK_SECONDS
    while (row := rig.ask(f"work/{work}"))["state"] in {"waiting", "running"}:
        assert time.monotonic() < end, row
        time.sleep(0.2)
    assert row["state"] == "done", row
    return work
