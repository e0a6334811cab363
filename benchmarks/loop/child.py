"""Runs in a process of its own: `python -m benchmarks.loop.child REQUEST`, JSON in, one JSON line out."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.loop import floors
from benchmarks.loop.sessions import Marked, Ran, Ready, journal_of, options_of, ready, run
from benchmarks.loop.stopwatch import Stopwatch, switch_us, timed

Request = dict[str, Any]
SAMPLES = 10


def loop(request: Request) -> dict[str, Any]:
    """Run the loop once; floors are taken before and after it, so that they saw the same machine."""
    folder = Path(request["folder"])
    before = floors.floors(folder)
    ran = run(_session(request))
    after = floors.floors(folder)
    mean = {name: (before[name] + after[name]) / 2 for name in before}
    return _told(ran) | mean


def stages(request: Request) -> dict[str, Any]:
    """Run the loop under the stopwatch; return microseconds a cycle by stage and what the watch cost."""
    each = _session(request)
    watch = Stopwatch()
    ran = run(timed(each, watch))
    spent = {stage: nanoseconds / 1000 / ran.cycles for stage, nanoseconds in watch.spent.items()}
    overhead = watch.switches / ran.cycles * switch_us()
    return _told(ran) | {"stages": spent, "overhead_us": overhead}


def memory(request: Request) -> dict[str, Any]:
    """Run the loop and take the resident size before the first cycle, at each tenth, and at the end."""
    process = psutil.Process()
    every = max(1, int(request["cycles"]) // SAMPLES)
    samples: list[tuple[int, int]] = []
    each = _session(request)
    marked = Marked(each.pacer, every, lambda done: samples.append((done, process.memory_info().rss)))
    ran = run(Ready(each.session, marked))
    if samples[-1][0] < ran.cycles:
        samples.append((ran.cycles, process.memory_info().rss))
    return _told(ran) | {"samples": samples, "file_bytes": _journal_bytes(request)}


def _session(request: Request) -> Ready:
    folder = Path(request["folder"])
    data = Path(request["data"]) if request["data"] else None
    options = options_of(data, int(request["cycles"]), folder)
    return ready(options, journal_of(folder if request["durable"] else None))


def _told(ran: Ran) -> dict[str, Any]:
    return {
        "cycles": ran.cycles,
        "cycle_us": ran.wall / ran.cycles * 1e6,
        "processor_us": ran.processor / ran.cycles * 1e6,
        "outcomes": ran.outcomes,
    }


def _journal_bytes(request: Request) -> int:
    return sum(path.stat().st_size for path in Path(request["folder"]).glob("bench.db*"))


TASKS: dict[str, Callable[[Request], dict[str, Any]]] = {"loop": loop, "stages": stages, "memory": memory}


def main() -> None:
    """Do the task named in the request and print what came of it."""
    request: Request = json.loads(sys.argv[1])
    print(json.dumps(TASKS[request["task"]](request)))


if __name__ == "__main__":
    main()
