"""The command `python -m benchmarks.live`: the live path on loopback, beside its floors.

Decision to wire (a real intent in a durable journal, then the adapter, until the first byte arrives),
the market stream at rising rates, and what a restart costs after many orders; with `--only memory`
the resident size over an hour.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks.live import memory
from benchmarks.live.recovery import recovery
from benchmarks.live.stream import stream
from benchmarks.live.wire import wire
from benchmarks.machine import machine
from benchmarks.report import Report

SECTIONS = {"wire": wire, "stream": stream, "recovery": recovery}
LONG = {"memory": memory.memory}
"""Takes an hour, so only when asked for."""


def main() -> None:
    """Measure what was asked for and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    known = SECTIONS | LONG
    parser.add_argument(
        "--only", nargs="+", choices=list(known), help=f"what to measure; without: {', '.join(SECTIONS)}"
    )
    parser.add_argument(
        "--minutes", type=float, default=memory.MINUTES, help="of the section memory (%(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    memory.MINUTES = asked.minutes
    before = machine(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix="boyd-bench-") as name:
        sections = [known[each](Path(name)) for each in (asked.only or SECTIONS)]
    report = Report(before, round(os.getloadavg()[0], 2), sections)
    print(json.dumps(report.plain(), indent=2) if asked.json else "\n".join(report.lines()))


if __name__ == "__main__":
    main()
