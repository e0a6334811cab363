"""The catalogue as a server sees it: asked of the command in a process of its own; none of it stays here.

Made-up candles are for trying things: a seeded walk under a symbol of its own, which no venue has.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from agent.answers.data import EntryRow
from agent.host.child import PROGRAM
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from domain.times import HOUR_MS
from edge.typed_json import typed

PATIENCE_SECONDS = 60.0
MOST_MEMORY = 2_000_000_000
FOLDER = "candles"
MADE_UP = "MADEUP-USDT"
HOURS = 8_760
"""A year: what a walk-forward fits on and tests on by itself, several times over."""
FIRST_MS = 1_672_531_200_000
"""2023-01-01T00:00Z."""

SPREAD = 0.006
"""Standard deviation of an hour's return, about that of a large coin."""


def held(home: Home) -> list[EntryRow]:
    """Return the series of the catalogue. Raises BadInput, JournalFault."""
    files = sorted((home.root / FOLDER).glob("*/*.parquet"))
    return _listed(home, tuple((file, file.stat().st_mtime_ns) for file in files)) if files else []


@lru_cache(maxsize=4)
def _listed(home: Home, _files: tuple[tuple[Path, int], ...]) -> list[EntryRow]:
    """Return what the command lists; asked again only when a file has changed."""
    return typed(_told(home, ["data", "list", "--json"]), list[EntryRow])


def made_up(home: Home) -> list[EntryRow]:
    """Take made-up candles into the catalogue, the same ones each time, and return what it holds."""
    if any((home.root / FOLDER / MADE_UP).glob("*.parquet")):
        return held(home)
    with tempfile.TemporaryDirectory(prefix="boyd-made-up") as folder:
        file = Path(folder) / f"{MADE_UP}_1h.csv"
        file.write_text("".join(walk()))
        _told(home, ["data", "import", str(file), "--json"])
    return held(home)


def walk(hours: int = HOURS, seed: int = 1) -> Iterator[str]:
    """Yield lines of a candle file: a random walk by the hour, which leaves nothing to be found in it."""
    chance = random.Random(seed)  # noqa: S311 -- prices that are made up, no secret
    yield "time,open,high,low,close,volume\n"
    close = 20_000.0
    for number in range(hours):
        opened, close = close, close * (1 + chance.gauss(0.0, SPREAD))
        above, below = (1 + abs(chance.gauss(0.0, SPREAD / 2)) for _ in range(2))
        prices = (opened, max(opened, close) * above, min(opened, close) / below, close)
        text = ",".join(f"{price:.2f}" for price in prices)
        yield f"{FIRST_MS + number * HOUR_MS},{text},{chance.gammavariate(2.0, 5.0):.3f}\n"


def _told(home: Home, words: list[str]) -> bytes:
    """Return what a command of this home prints. Raises BadInput, JournalFault."""
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        str(os.getpid()),
        str(MOST_MEMORY),
        *words,
        f"--home={home.root}",
    ]
    try:
        done = subprocess.run(  # noqa: S603 -- words of our own
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise JournalFault(f"agent {words[0]} {words[1]} does not end; ask again later") from None
    if done.returncode:
        raise BadInput(done.stderr.decode(errors="replace").strip()[-500:] or f"exit {done.returncode}")
    return done.stdout
