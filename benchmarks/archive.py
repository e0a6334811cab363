"""Importing a year of minutes from a Binance archive, beside Polars' own CSV reader on the same bytes.

Each pass does all of them in turn: Polars on the text in memory, Polars on the archive that Python unpacks,
Boyd on the CSV file and on the archive. Boyd's part is all of `agent data import` but starting a process:
recognising, reading, checking every value, the fingerprint, the catalogue's file on the disk.
"""

import random
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks.figures import Figure, Section, ratio
from benchmarks.plan import Plan
from benchmarks.processes import scratch
from research.data.catalogue import Catalogue
from research.data.load import read

MINUTES = 366 * 1440
NAME = "BTCUSDT-1m-2024"
BEGIN = 1_704_067_200_000
AT = datetime(2025, 1, 1, tzinfo=UTC)
AIM = "<= 3"


def archive(plan: Plan) -> Section:
    """Read and import the year in turn; one round before counting fills caches."""
    with scratch(plan.disk) as folder:
        text = year(MINUTES).encode()
        csv, packed = folder / f"{NAME}.csv", folder / f"{NAME}.zip"
        csv.write_bytes(text)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(csv.name, text)
        work = (
            lambda: pl.read_csv(text, has_header=False).height,
            lambda: pl.read_csv(unpacked(packed), has_header=False).height,
            lambda: imported(csv, folder / "csv"),
            lambda: imported(packed, folder / "zip"),
        )
        spent: list[list[float]] = [[] for _ in work]
        for number in range(plan.passes + 1):
            plan.say(f"import, pass {number} of {plan.passes}")
            for values, each in zip(spent, work, strict=True):
                values.append(milliseconds(each))
    bare, polars, from_csv, from_zip = (tuple(values[1:]) for values in spent)
    return Section(
        "archive",
        f"a year of one-minute candles ({MINUTES} rows, {len(text) // 2**20} MiB), {plan.passes} passes",
        (
            Figure("floor: Polars reads the text", "ms", bare),
            Figure("floor: Polars reads the archive", "ms", polars),
            Figure("import of the CSV file", "ms", from_csv),
            Figure("import of the archive", "ms", from_zip),
            aimed(ratio("import of the CSV file / Polars, the text", from_csv, bare)),
            aimed(ratio("import of the archive / Polars, the archive", from_zip, polars)),
        ),
    )


def aimed(figure: Figure) -> Figure:
    """Return a ratio with what is wanted of it."""
    return Figure(figure.name, figure.unit, figure.values, AIM)


def unpacked(path: Path) -> bytes:
    """Return the one file of an archive, as whoever reads it with Polars would."""
    with zipfile.ZipFile(path) as file:
        return file.read(file.namelist()[0])


def imported(path: Path, home: Path) -> int:
    """Import a file into an empty catalogue and return its candles."""
    loaded = read(path)
    catalogue = Catalogue(home)
    catalogue.path(loaded.candles.symbol, loaded.candles.timeframe_ms).unlink(missing_ok=True)
    return catalogue.add(loaded.candles, path.name, AT).new


def milliseconds(work: Callable[[], int]) -> float:
    """Return how long a piece of work takes that comes to the year's candles."""
    began = time.perf_counter()
    rows = work()
    took = 1000 * (time.perf_counter() - began)
    if rows != MINUTES:
        raise RuntimeError(f"{rows} candles instead of {MINUTES}")
    return took


def year(minutes: int) -> str:
    """Return one-minute candles as Binance's archive writes them: twelve columns and no header."""
    chance = random.Random(7)
    lines, price = [], 42_283.58
    for time_ms in range(BEGIN, BEGIN + minutes * 60_000, 60_000):
        opened, price = price, round(price * (1 + chance.gauss(0, 0.0004)), 2)
        high = max(opened, price) + round(chance.uniform(0, 9), 2)
        low = min(opened, price) - round(chance.uniform(0, 9), 2)
        volume = round(chance.uniform(1, 90), 5)
        lines.append(
            f"{time_ms},{opened:.8f},{high:.8f},{low:.8f},{price:.8f},{volume:.8f},{time_ms + 59_999},"
            f"{volume * price:.8f},{int(volume * 30)},{volume / 2:.8f},{volume * price / 2:.8f},0\n"
        )
    return "".join(lines)
