"""A journal of years: what starting, asking and a checkpoint cost at a million cycles and 100,000 orders.

The first start finds no checkpoint and folds every row, as each start did before sessions began at them: it
is what the others are held against, on the same journal in the same run. `--home FOLDER` keeps the journal
for the next run.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

from agent.account.opened import OpenedAccount
from agent.account.remembered import WHY
from agent.settings.home import Home
from agent.settings.settings import Options
from agent.state.checkpoint import FORMAT, Header, taken
from agent.state.key import fold_key
from benchmarks.candles import ROOT
from benchmarks.figures import Figure, Section, ratio
from benchmarks.loop.long_journals import NAME, SYMBOL, write
from benchmarks.machine import machine
from benchmarks.processes import AGENT, environment
from benchmarks.report import Report

CYCLES, TRADES_EVERY, PASSES = 1_000_000, 20, 5
LAST_ROW = (
    "import sqlite3; sqlite3.connect('{}').execute('SELECT * FROM rows ORDER BY seq DESC LIMIT 1').fetchall()"
)
LONG = (
    ("report --days 7", ["report", "--days", "7", "--text"]),
    ("gate", ["gate"]),
    ("trades", ["trades", "--last", "10"]),
)
VERDICTS = (0, 1, 3, 4)
"""Exit codes of commands that did what they were asked: those of the gate say its verdict."""

FOLDED = "why, the last cycle, folded"
"""As after a session that was killed: nothing was left but checkpoints."""

READY = "boyd paper"
"""How the first line of a session's output begins."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop.years", description=__doc__)
    parser.add_argument("--cycles", type=int, default=CYCLES)
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--home", type=Path, help="where the journal is made and kept (default: temporary)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="boyd-years-") as folder:
        home = asked.home or Path(folder)
        before = machine(home.parent)
        section = years(home, asked.cycles, asked.passes)
    print("\n".join(Report(before, round(os.getloadavg()[0], 2), [section]).lines()))


def years(home: Path, cycles: int, passes: int) -> Section:
    """Make the journal where there is none, and measure on it."""
    figures: list[Figure] = []
    path = Home(home).journal(NAME)
    if not path.is_file():
        Home(home).make()
        began = time.monotonic()
        write(_options(home), cycles, TRADES_EVERY)
        figures.append(Figure("making the journal", "s", (time.monotonic() - began,)))
    figures.append(Figure("journal on disk", "MB", (path.stat().st_size / 1e6,)))
    first = _started(home)
    figures += [
        Figure("first start, every row folded: until it runs", "s", (first.seconds,)),
        Figure("first start: processor", "s", (first.processor,)),
    ]
    again = [_started(home) for _ in range(passes)]
    figures += [
        Figure("start at a checkpoint: until it runs", "s", tuple(each.seconds for each in again), "< 1"),
        Figure("start at a checkpoint: processor", "s", tuple(each.processor for each in again)),
        Figure("resident, largest", "MB", tuple(each.megabytes for each in again), "< 120"),
        *_commands(home, cycles, passes),
        *_opened(home),
    ]
    kept = sum(each.stat().st_size for each in Home(home).checkpoints(NAME).iterdir())
    figures.append(Figure("checkpoints on disk", "MB", (kept / 1e6,)))
    return Section("years", f"a journal of {cycles:,} cycles, one trade in {TRADES_EVERY}", tuple(figures))


def _options(home: Path) -> Options:
    return Options(
        mode="paper", home=home, symbols=(SYMBOL,), provider="simulated", speed="max", journal=NAME
    )


class _Start:
    """One run of a cycle: seconds to the first line, processor's seconds, the largest size of the process."""

    def __init__(self, seconds: float, processor: float, megabytes: float) -> None:
        self.seconds = seconds
        self.processor = processor
        self.megabytes = megabytes


def _started(home: Path) -> _Start:
    words = ["run", "--mode", "paper", "--provider", "simulated", "--symbol", SYMBOL, "--speed", "max"]
    spent, began = _children(), time.perf_counter()
    with subprocess.Popen(
        [*AGENT, *words, "--journal", NAME, "--cycles", "1", "--plain"],
        env=environment(home), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as run:  # fmt: skip
        sizes = [0.0]
        threading.Thread(target=_sizes, args=(run.pid, sizes), daemon=True).start()
        ready, said = 0.0, []
        for line in run.stdout or ():
            said.append(line)
            ready = ready or (time.perf_counter() - began if line.startswith(READY) else 0.0)
    if run.returncode or not ready:
        raise SystemExit(f"the agent ended with {run.returncode}: {''.join(said)}")
    return _Start(ready, _children() - spent, max(sizes))


def _sizes(pid: int, sizes: list[float]) -> None:
    try:
        while True:
            sizes.append(psutil.Process(pid).memory_info().rss / 1e6)
            time.sleep(0.01)
    except psutil.Error:
        return


def _commands(home: Path, cycles: int, passes: int) -> list[Figure]:
    """Take the processor's time of commands as they are typed, at rest, beside what a process costs anyway.

    The commands of a period, and those that read every trade or row, are looked at once.
    """
    agent, alone = [*AGENT], [sys.executable, "-c"]
    asked = {
        "floor: python -c pass": [*alone, "pass"],
        "floor: the last row by sqlite3": [*alone, LAST_ROW.format(Home(home).journal(NAME))],
        "agent --help": [*agent, "--help"],
        "status": [*agent, "status"],
        "positions": [*agent, "positions"],
        "why, the last cycle": [*agent, "why"],
        FOLDED: [*agent, "why"],
        "why, a cycle in the middle": [*agent, "why", str(cycles // 2 + 7)],
        "journal tail": [*agent, "journal", "tail"],
    }
    spent: dict[str, tuple[float, ...]] = dict.fromkeys(asked, ())
    for _ in range(passes):  # in turn: what else the machine does shows in all of them
        for name, words in asked.items():
            if name == FOLDED:
                (Home(home).checkpoints(NAME) / WHY).unlink(missing_ok=True)
            spent[name] += (_processor(home, words),)
    floor = spent["floor: the last row by sqlite3"]
    aimed = [name for name in asked if not name.startswith("floor")]
    return [
        *(Figure(name, "ms", each, "< 300" if name in aimed else "") for name, each in spent.items()),
        *(ratio(f"{name} / the last row by sqlite3", spent[name], floor) for name in aimed[1:]),
        *(Figure(f"{name}, once", "s", (_processor(home, [*agent, *words]) / 1000,)) for name, words in LONG),
    ]


def _processor(home: Path, words: Sequence[str]) -> float:
    """Return the milliseconds of the processor, user and system, that a command takes."""
    spent = _children()
    left = subprocess.run(words, env=environment(home), cwd=home, stdout=subprocess.DEVNULL, check=False)
    if left.returncode not in VERDICTS:
        raise SystemExit(f"{' '.join(words)} ended with {left.returncode}")
    return 1000 * (_children() - spent)


def _opened(home: Path) -> list[Figure]:
    """Time what is left without imports, and what a checkpoint costs the loop."""
    began = time.process_time()
    with OpenedAccount(_options(home)) as launch:
        opening = time.process_time() - began
        parts, journal = launch.parts, launch.journal
        header = Header(
            FORMAT, journal.journal_id, *journal.head(), fold_key(launch.options), launch.session.started
        )
        costs = []
        for _ in range(50):
            began = time.perf_counter()
            kept = taken(header, parts.state, parts.mind)
            costs.append(1000 * (time.perf_counter() - began))
        why = []
        for number in (7, 250_003, 500_011, 999_983):
            began = time.perf_counter()
            launch.why(min(number, parts.state.cycle_id))
            why.append(1000 * (time.perf_counter() - began))
    return [
        Figure("open, fold and be ready, without imports", "ms", (1000 * opening,), "< 1000"),
        Figure("why of any cycle, without imports", "ms", tuple(why), "< 300"),
        Figure("a checkpoint: the loop waits", "ms", (median(costs),)),
        Figure("a checkpoint: its file", "kB", (len(kept.packed()) / 1e3,)),
        Figure("a checkpoint: its log of orders", "kB", (len(kept.log) / 1e3,)),
    ]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
