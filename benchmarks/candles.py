"""The candles every measurement runs on: the shared recording, or a seeded series in its place."""

import gzip
import os
from pathlib import Path
from typing import NamedTuple

from agent.settings.instruments import instruments
from domain.candle import Candle
from domain.times import MINUTE_MS
from perception.driven.simulated import SimulatedMarket, SimulatedSettings
from perception.files.candles import HEADER

ROOT = Path(__file__).resolve().parent.parent
SYMBOL = "BTC-USDT"
RECORDING = Path("crypto/1m/BTC-USDT_1m_20230316-20230501.csv.gz")
WARMUP = 250


class Candles(NamedTuple):
    """A candle file and what to call it in a report."""

    path: Path
    label: str


def shared_folder() -> Path:
    """Return where shared data lies: BOYD_SHARED_DATA, default ../shared/data beside the repository."""
    return Path(os.environ.get("BOYD_SHARED_DATA") or ROOT.parent / "shared" / "data").absolute()


def candles(scratch: Path, count: int) -> Candles:
    """Return the recording, or, where it is absent, a series of enough candles for `count` cycles."""
    recording = shared_folder() / RECORDING
    if recording.is_file():
        return Candles(recording, f"recorded candles {recording.name}")
    settings = SimulatedSettings()
    path = scratch / f"{SYMBOL}_1m_seed{settings.seed}.csv.gz"
    write_series(path, settings, count + WARMUP + 2)
    return Candles(path, f"simulated candles (seed {settings.seed}); no recording at {recording}")


def write_series(path: Path, settings: SimulatedSettings, count: int) -> None:
    """Write `count` candles of the simulated market to a gzipped CSV in the shared data's format."""
    grid = instruments((SYMBOL,), {})
    market = SimulatedMarket(settings, grid, MINUTE_MS, warmup=1)
    last: Candle | None = None
    left = count
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        file.write(f"{HEADER}\n")
        while left > 0:
            now = market.next_time()
            if now is None:
                break
            for candle in market.observe(SYMBOL, last, now).candles[:left]:
                prices = ",".join(str(grid[SYMBOL].price(ticks)) for ticks in candle[1:5])
                file.write(f"{candle.opened_at:%Y-%m-%dT%H:%M:%SZ},{prices},{candle.volume}\n")
                last, left = candle, left - 1
    market.close()
