"""Reading routes on a long journal: how long an answer takes, and how long until the server knows it all."""

import json
import random
import shutil
import time
from pathlib import Path

from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB
from benchmarks.serve.processes import Served, asked, run, server, spread

CYCLES = 100_000
ASKED = 200
JOURNAL: Path | None = None
"""A home with a long journal that was made before."""

PATHS = (
    "", "/account", "/positions", "/risk", "/providers", "/equity?points=500", "/orders", "/fills", "/trades",
    "/lessons", "/beliefs", "/performance", "/cycles?limit=50", "/cycles?limit=50&outcome=executed",
    "/cycles/{cycle}", "/candles?symbol={symbol}&limit=300",
)  # fmt: skip


def routes(folder: Path) -> Section:
    """Ask every reading route of an agent over one connection."""
    home = long_home(folder)
    figures: list[Figure] = []
    shutil.rmtree(home / "serve", ignore_errors=True)
    for what in ("first start", "start with its cache"):
        began = time.perf_counter()
        with server(home) as served:
            served.ready()
            figures.append(Figure(f"{what}: until all is read", "s", (time.perf_counter() - began,)))
            figures.append(Figure(f"{what}: processor", "s", (served.processor,)))
            figures.append(Figure(f"{what}: resident", "MB", (served.resident / MB,), "< 150"))
            if what != "first start":
                figures += _asked(served)
                figures.append(Figure("after these: resident", "MB", (served.resident / MB,), "< 150"))
    return Section("routes", f"reading routes, {ASKED} calls each, {CYCLES:,} cycles", tuple(figures))


def long_home(folder: Path) -> Path:
    """Return the home named, or make one with one long journal."""
    if JOURNAL is not None:
        return JOURNAL
    home = folder / "long"
    if home.exists():
        return home
    home.mkdir()
    run(home, "--provider", "simulated", "--speed", "max", "--cycles", str(CYCLES))
    return home


def _asked(served: Served) -> list[Figure]:
    (row,) = json.loads(served.get("/api/v1/agents"))
    chance = random.Random(1)
    agent = f"/api/v1/agents/{row['agent']}"

    def filled(path: str) -> str:
        return agent + path.format(cycle=chance.randint(1, row["cycle"]), symbol=row["symbols"][0])

    figures = [
        each for path in PATHS for each in _of(served, path or "/", [filled(path) for _ in range(ASKED)])
    ]
    return [*figures, *_of(served, "/metrics", ["/metrics"] * ASKED)]


def _of(served: Served, name: str, paths: list[str]) -> list[Figure]:
    """Ask one path after another over one connection; the processor time is the server's."""
    connection, took, before = served.connection(), [], served.processor
    for path in paths:
        began = time.perf_counter()
        asked(connection, path, served.token)
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    spent = (served.processor - before) / len(paths) * 1000
    return [
        Figure(f"{name}: p50", "ms", (spread(took, 0.5),)),
        Figure(f"{name}: p99", "ms", (spread(took, 0.99),), "< 25"),
        Figure(f"{name}: processor", "ms", (spent,)),
    ]
