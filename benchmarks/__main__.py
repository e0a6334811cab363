"""The command: `python -m benchmarks [--only NAME] [--cycles N] [--json] [--out FILE]`."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.archive import archive
from benchmarks.backup import backups
from benchmarks.candles import candles
from benchmarks.figures import Section
from benchmarks.loop.memory import memory
from benchmarks.loop.paper import paper
from benchmarks.loop.safety import safety
from benchmarks.loop.stages import stages
from benchmarks.loop.startup import startup
from benchmarks.loop.throughput import loop
from benchmarks.machine import machine
from benchmarks.plan import Plan
from benchmarks.processes import Failed, scratch
from benchmarks.report import Report

MOST_CYCLES = 60_000
SECTIONS: dict[str, Callable[[Plan], Section]] = {
    "loop": loop,
    "stages": stages,
    "memory": memory,
    "paper": paper,
    "startup": startup,
    "safety": safety,
    "archive": archive,
    "backup": backups,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for and print the report."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    disk: Path | None = asked.disk
    for folder in (disk, asked.out and asked.out.absolute().parent):
        if folder is not None and not folder.is_dir():
            parser.error(f"{folder} is no folder")
    before = machine(disk or Path(tempfile.gettempdir()))
    with scratch(disk) as folder:
        plan = Plan(asked.cycles, asked.long_cycles, asked.passes, candles(folder, asked.cycles), disk)
        try:
            sections = [SECTIONS[name](plan) for name in (asked.only or SECTIONS)]
        except Failed as failure:
            sys.exit(str(failure))
    report = Report(before, round(os.getloadavg()[0], 2), sections)
    as_json = json.dumps(report.plain(), indent=2)
    if asked.out is not None:
        asked.out.write_text(f"{as_json}\n")
    print(as_json if asked.json else "\n".join(report.lines()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the loop beside the floors of this machine."
    )
    parser.add_argument("--cycles", type=_cycles, default=10_000, help="cycles a pass (default 10000)")
    parser.add_argument("--passes", type=_count, default=5, help="passes of each figure (default 5)")
    parser.add_argument(
        "--long-cycles", type=_count, default=100_000, help="cycles of the memory run (default 100000)"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(SECTIONS),
        metavar="NAME",
        help=f"one of {', '.join(SECTIONS)}",
    )
    parser.add_argument("--disk", type=Path, help="folder whose disk holds the journals (default: temporary)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", type=Path, help="also write the JSON report to this file")
    return parser


def _cycles(text: str) -> int:
    number = _count(text)
    if number > MOST_CYCLES:
        raise argparse.ArgumentTypeError(f"{number} exceeds {MOST_CYCLES}, about what the recording holds")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


if __name__ == "__main__":
    main()
