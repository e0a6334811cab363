"""The command: `python -m benchmarks [--only NAME] [--cycles N] [--json] [--out FILE]`."""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.candles import candles
from benchmarks.figures import Section
from benchmarks.loop import loop
from benchmarks.machine import machine
from benchmarks.memory import memory
from benchmarks.paper import paper
from benchmarks.plan import Plan
from benchmarks.processes import scratch
from benchmarks.report import Report
from benchmarks.stages import stages
from benchmarks.startup import startup

SECTIONS: dict[str, Callable[[Plan], Section]] = {
    "loop": loop,
    "stages": stages,
    "memory": memory,
    "paper": paper,
    "startup": startup,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for and print the report."""
    asked = _parser().parse_args(arguments)
    disk: Path | None = asked.disk
    before = machine(disk or Path(tempfile.gettempdir()))
    with scratch(disk) as folder:
        series = candles(folder, asked.cycles)
        plan = Plan(asked.cycles, asked.long_cycles, asked.passes, series, disk)
        sections = [SECTIONS[name](plan) for name in (asked.only or SECTIONS)]
    report = Report(before, round(os.getloadavg()[0], 2), sections)
    as_json = json.dumps(report.plain(), indent=2)
    if asked.out is not None:
        asked.out.write_text(f"{as_json}\n")
    print(as_json if asked.json else "\n".join(report.lines()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the loop beside the floors of this machine."
    )
    parser.add_argument("--cycles", type=_count, default=10_000, help="cycles a pass (default 10000)")
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


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


if __name__ == "__main__":
    main()
