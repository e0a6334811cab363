"""A backup, the next one and a restore of a journal of years, beside a plain copy of its file.

Each pass does all of them in turn, in this process: a first backup into an empty folder, another one that
finds nothing new, every file read and checked, and a restore into an empty home. Floor is reading the
journal's file and writing it elsewhere, synced.
"""

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent.backup.check import check
from agent.backup.restore import restore
from agent.backup.take import Keep, backup
from agent.backup.vault import begun, opened
from agent.backup.wanted import Restoration
from agent.settings.home import Home
from agent.settings.settings import Options
from benchmarks.figures import Figure, Section
from benchmarks.loop.long_journals import NAME, SYMBOL, write
from benchmarks.plan import Plan
from benchmarks.processes import scratch

AT = datetime(2026, 1, 1, tzinfo=UTC)
KEEP = Keep(30, 24)
TRADES_EVERY = 20


def backups(plan: Plan) -> Section:
    """Make a journal of the long run's cycles, and back it up and restore it."""
    with scratch(plan.disk) as folder:
        home = Home(folder / "home")
        home.make()
        options = Options(
            mode="paper", home=home.root, symbols=(SYMBOL,), provider="simulated", speed="max", journal=NAME
        )
        write(options, plan.long_cycles, TRADES_EVERY)
        file, out, to = home.journal(NAME), folder / "out", folder / "to"
        work: dict[str, Callable[[], object]] = {
            "floor: the file copied": lambda: copied(file, folder / "copy"),
            "first backup": lambda: backup(home, begun(out, None), [NAME], AT, KEEP),
            "backup with nothing new": lambda: backup(home, opened(out, None), [NAME], AT, KEEP),
            "every file checked": lambda: check(opened(out, None)),
            "restore": lambda: restore(opened(out, None), Home(to), Restoration(), AT),
        }
        spent: dict[str, list[float]] = {name: [] for name in work}
        size = 0
        for number in range(plan.passes):
            plan.say(f"backup, pass {number + 1} of {plan.passes}")
            for name, each in work.items():
                began = time.perf_counter()
                each()
                spent[name].append(time.perf_counter() - began)
            size = opened(out, None).size()
            shutil.rmtree(out)
            shutil.rmtree(to)
        figures = [Figure(name, "s", tuple(values)) for name, values in spent.items()]
        figures.append(Figure("journal on disk", "MB", (file.stat().st_size / 1e6,)))
        figures.append(Figure("backup on disk", "MB", (size / 1e6,)))
    title = f"a journal of {plan.long_cycles:,} cycles, one trade in {TRADES_EVERY}, {plan.passes} passes"
    return Section("backup", title, tuple(figures))


def copied(source: Path, target: Path) -> None:
    """Copy a file, durably."""
    shutil.copyfile(source, target)
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
