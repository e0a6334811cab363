"""The same strategies on the same candles in every engine, in one run: `python -m benchmarks.peers`.

Each peer runs in an environment of its own that is thrown away afterwards. Before and after every
measurement the bare kernel runs two hundred times: a ratio to a cold one, or to one of another minute,
is off by two.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.host.clock import SystemClock
from benchmarks.machine import machine
from benchmarks.peers.engines import BARE, OURS, PEERS, Engine, environment, figures
from benchmarks.peers.market import read, write, write_basket
from benchmarks.peers.table import lines
from benchmarks.peers.verdict import References, judged, wanted_of
from research.engine.code_cache import CACHE_VARIABLE

ALL = (OURS, *PEERS)
KINDS = ("rsi", "sma", "basket", "trend")
DAY, LEAST_YEAR = 1_440, 8_640
KEPT_COSTS = (
    "rsi", "sma", "trend", "basket", "rsi-prepared", "sma-prepared", "basket-prepared", "trend-prepared",
    "rsi-equity", "sma-equity", "rsi-plain", "sma-plain",
)  # fmt: skip
"""Runs whose trades are to be the reference's; with default limits fewer and smaller ones are right."""
Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="boyd-peers-") as name:
        folder = (asked.keep or Path(name)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        bench = TrialRunner(folder, asked.bars, asked.sweep_bars)
        before = machine(folder)
        rows = list(bench.rows([each for each in ALL if not asked.only or each.name in asked.only]))
    found = {
        "date": SystemClock().now().date().isoformat(),
        "machine": before | {"load_after": round(os.getloadavg()[0], 2)},
        "bars": asked.bars,
        "sweep_bars": asked.sweep_bars,
        "does": {each.name: each.does for each in (BARE, *ALL)},
        "rows": rows,
    }
    print(json.dumps(found, indent=2) if asked.json else "\n".join(lines(found)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    names = [each.name for each in ALL]
    parser.add_argument(
        "--only", action="extend", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}"
    )
    parser.add_argument("--bars", type=_candles_of_year, default=525_600, help="candles of the year")
    parser.add_argument("--sweep-bars", type=_candles, default=50_000, help="candles of the sweep")
    parser.add_argument("--keep", type=Path, help="folder for environments that are to stay")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _candles_of_year(text: str) -> int:
    number = int(text)
    if number < LEAST_YEAR:
        raise argparse.ArgumentTypeError(
            f"{number} is below {LEAST_YEAR}: the mean of twenty times four hours counts from 6,000 on"
        )
    return number


def _candles(text: str) -> int:
    number = int(text)
    if number < 2_000:
        raise argparse.ArgumentTypeError(f"{number} is below 2000: nothing is traded in the first thousand")
    return number


class TrialRunner:
    """One run of the comparison: its folder, its markets and what should come out of them."""

    def __init__(self, folder: Path, bars: int, sweep_bars: int) -> None:
        self.folder = folder
        self.year, self.short = write(folder, bars), write(folder, sweep_bars)
        # Whole days, so that all symbols together have no more candles than the year.
        self.several = write_basket(folder, max(bars // 4 // DAY, 2) * DAY)
        self.data = {"sweep": self.short, "basket": self.several}
        self.wanted = {kind: wanted_of(kind, read(self.of(kind))) for kind in KINDS}

    def of(self, kind: str) -> Path:
        """Return the market of a kind."""
        return self.data.get(kind, self.year)

    def rows(self, engines: Sequence[Engine]) -> Iterator[Row]:
        """Measure engines one by one; one that does not install or run says why."""
        for engine in engines:
            print(f"installing {engine.name}" if engine.packages else engine.name, file=sys.stderr)
            python = environment(engine, self.folder)
            if isinstance(python, str):
                yield {"engine": engine.name, "run": "-", "failed": python}
                continue
            for run in engine.runs:
                print(f"  {engine.name} {run}", file=sys.stderr)
                yield from (
                    self.compiled(engine, python) if run == "compile" else [self.row(engine, python, run)]
                )

    def row(self, engine: Engine, python: Path, run: str) -> Row:
        """Measure one run between two measurements of the bare kernel."""
        kind = run.partition("-")[0]
        data = self.of(kind)
        bare = [self.bare(kind, data)] if kind in BARE.runs else []
        told = figures(engine, python, data, run, self.variables)
        bare += [self.bare(kind, data)] if kind in BARE.runs else []
        return row_of(engine.name, run, told, bare, self.wanted.get(kind))

    def compiled(self, engine: Engine, python: Path) -> Iterator[Row]:
        """Measure the first backtest of a process without and with machine code on disk."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            for run in ("compile cold", "compile cached"):
                told = figures(engine, python, self.short, "compile", {CACHE_VARIABLE: name})
                yield {"engine": engine.name, "run": run, **told}

    def bare(self, kind: str, data: Path) -> Row:
        """Time the bare kernel."""
        passes = 5 if kind == "sweep" else BARE.passes
        return figures(BARE._replace(passes=passes), Path(sys.executable), data, kind, self.variables)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that says where machine code is kept during this run."""
        return {CACHE_VARIABLE: str(self.folder / "kernels"), "NUMBA_CACHE_DIR": str(self.folder / "numba")}


def row_of(
    engine: str,
    run: str,
    told: Mapping[str, Any],
    bare: Sequence[Row],
    wanted: Sequence[tuple[References, ...]] | None,
) -> Row:
    """Return a row of the table: what an engine told, its ratio to the bare kernel, and the verdict."""
    row = {"engine": engine, "run": run, **told}
    floors = [each for each in bare if "seconds" in each]
    if "failed" in told or not floors:
        return row
    floor = min(floors, key=lambda each: each["seconds"])
    row["bare"] = floor
    row["ratio"] = told["seconds"] / told.get("pairs", 1) / floor["seconds"] * floor["pairs"]
    if wanted is not None and run in KEPT_COSTS:
        row["verdict"] = judged(told, wanted)
    elif wanted is not None:
        row["verdict"] = f"fewer and smaller trades by design: {told['vetoes']:,} vetoes of the gate"
    elif "trades_in_all" in told and told["pairs"] == floor["pairs"]:
        mine, other = told["trades_in_all"], floor["trades"]
        row["verdict"] = "same trades" if mine == other else f"DIFFERS: {mine:,} trades, not {other:,}"
    return row


if __name__ == "__main__":
    main()
