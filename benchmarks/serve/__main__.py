"""The command `python -m benchmarks.serve`: the server beside an agent, in one run.

What being watched costs the loop, how old an event is when it comes to a client, how long reading takes on a
long journal, what the server holds, when the page is painted. With `--freqtrade PYTHON` the same of
freqtrade's API server; with `--only memory --minutes 60` an hour of stream.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.processes import Failed
from benchmarks.report import Report
from benchmarks.serve import cycles, latency, memory, paint, peer, queries, routes, startup

SECTIONS = {
    "startup": startup.startup,
    "cycles": cycles.cycles,
    "latency": latency.latency,
    "routes": routes.routes,
    "queries": queries.queries,
    "memory": memory.memory,
    "paint": paint.paint,
}
ASKED_FOR = {"freqtrade": peer.peer}


def main() -> None:
    """Measure what was asked for and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    known = SECTIONS | ASKED_FOR
    parser.add_argument(
        "--only", nargs="+", choices=list(known), help="what to measure; without: all but freqtrade"
    )
    parser.add_argument(
        "--minutes", type=float, default=memory.MINUTES, help="of the section memory (%(default)g)"
    )
    parser.add_argument(
        "--passes", type=int, default=cycles.PASSES, help="of the section cycles (%(default)d)"
    )
    parser.add_argument("--home", type=Path, help="a home with one long journal, in place of a made one")
    parser.add_argument(
        "--freqtrade", type=Path, metavar="PYTHON", help="a Python with freqtrade, to measure it too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    memory.MINUTES, cycles.PASSES = asked.minutes, asked.passes
    routes.JOURNAL, peer.PYTHON = asked.home, asked.freqtrade
    wanted = asked.only or [*SECTIONS, *(ASKED_FOR if asked.freqtrade else ())]
    before = machine(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix="boyd-bench-") as name:
        try:
            sections = [known[each](Path(name)) for each in wanted]
        except Failed as failure:
            sys.exit(str(failure))
    report = Report(before, round(os.getloadavg()[0], 2), sections)
    print(json.dumps(report.plain(), indent=2) if asked.json else "\n".join(report.lines()))


if __name__ == "__main__":
    main()
