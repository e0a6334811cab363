"""The project's own seeded market, as arrays and as candle files, for tests that need a market.

A market has a name: `seeded/1m/BTC-USDT` is made here, any other is a file of the shared data. A test runs on
seeded ones wherever it is; `present(...)` adds recorded ones, as an extra, where they are.
"""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from agent.settings.instruments import instrument
from domain.candle import Candle
from domain.times import DAY_MS, TIMEFRAMES, millis, slot, utc
from perception.driven.simulated import SimulatedSettings
from perception.files.candles import HEADER
from research.data.candles import Candles
from research.data.load import load
from tests.shared import data_folder, shared_data

SEEDED = "seeded/"
START_MS = millis(datetime(2020, 1, 1, tzinfo=UTC))
BEHAVIOUR = SimulatedSettings(missing_chance=0.004, gap_chance=0.02, jump_chance=0.004)
"""Rougher than the default, so that little data holds holes, gaps and jumps."""


def here(name: str) -> bool:
    """Tell whether a market is made here or its file is there; `{}` stands for any symbol."""
    return name.startswith(SEEDED) or any(data_folder().glob(name.replace("{}", "*")))


def present(*sizes: tuple[str, int]) -> list[tuple[str, int]]:
    """Return those of several (market, number of candles) whose market is here."""
    return [(name, count) for name, count in sizes if here(name)]


def market(name: str, count: int) -> Candles:
    """Return the first `count` candles of a market by its name."""
    if name.startswith(SEEDED):
        _, timeframe, symbol = name.split("/")
        return seeded(symbol, timeframe, count)
    return _recorded(name)[:count]


@cache
def _recorded(name: str) -> Candles:
    return load(shared_data(*name.split("/")))


@cache
def seeded(symbol: str, timeframe: str, count: int, seed: int = 7) -> Candles:
    """Return `count` candles of the simulated market on the symbol's own grid; a share rests at weekends."""
    grid, length = instrument(symbol, {}), TIMEFRAMES[timeframe]
    share = grid.asset_class == "equity"
    calm = {"volatility": 0.25} if share else {}
    scene = BEHAVIOUR.model_copy(update={"seed": seed, **calm}).scene(grid, length)
    number, close = slot(START_MS, length), scene.home
    walk = scene.walk(number)
    rows: list[Candle] = []
    while len(rows) < count:
        shape = walk.step()
        candle = scene.candle(shape, number, close)
        number, close = number + 1, candle.close
        if not shape.missing and not (share and _weekend(candle.time)):
            rows.append(candle)
    table = np.array(rows, dtype=np.float64).T
    # Ticks divided by a whole number are the doubles that a file's decimals are read as.
    opened, high, low, closed = table[1:5] / round(1 / scene.tick)
    return Candles(symbol, length, table[0].astype(np.int64), opened, high, low, closed, table[5])


def halted(candles: Candles, at: int, still: int = 72, missing: int = 80) -> Candles:
    """Return candles of which `still` from a place on stand still without volume and the next are missing."""
    columns = {name: getattr(candles, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for name, column in columns.items():
        column[at : at + still] = 0.0 if name == "volume" else candles.close[at - 1]
    return without(replace(candles, **columns), at + still, at + still + missing)


def without(candles: Candles, start: int, end: int) -> Candles:
    """Return candles without those from one place up to another."""
    keep = np.r_[0:start, end : len(candles)]
    names = ("time", "open", "high", "low", "close", "volume")
    return replace(candles, **{name: getattr(candles, name)[keep] for name in names})


def _weekend(time_ms: int) -> bool:
    return utc(time_ms - time_ms % DAY_MS).isoweekday() > 5


def file_of(folder: Path, name: str, count: int) -> Path:
    """Return a market's file: the shared one, or `count` seeded candles written into a folder."""
    if name.startswith(SEEDED):
        return _saved(folder, market(name, count))
    return shared_data(*name.split("/"))


def saved(folder: Path, *parts: Candles) -> list[str]:
    """Write each series as the candle file its names tell, in our own format; return their paths."""
    return [str(_saved(folder, candles)) for candles in parts]


def _saved(folder: Path, candles: Candles) -> Path:
    timeframe = next(name for name, length in TIMEFRAMES.items() if length == candles.timeframe_ms)
    path = folder / f"{candles.symbol}_{timeframe}_seeded.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write("\n".join([HEADER, *(_line(row) for row in candles.rows()), ""]))
    return path


def _line(row: Sequence[float]) -> str:
    time, *numbers = row
    return ",".join([f"{utc(int(time)):%Y-%m-%dT%H:%M:%SZ}", *map(repr, numbers)])
