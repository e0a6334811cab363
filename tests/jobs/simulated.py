"""Jobs on a clock moved by hand: a store in memory, schedulers that can be killed, runs that take time."""

import random
import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from agent.answers.jobs import RunOutcome
from agent.jobs.catalogue import JobEntry, Occasion
from agent.jobs.database import JobsFile
from agent.jobs.kept import Claimed, Definition
from agent.jobs.run import Ended
from agent.jobs.scheduler import LEASE, Scheduler
from agent.jobs.store import JobStore
from agent.settings.home import Home
from agent.settings.schedule import Schedule
from agent.settings.upkeep.jobs import JobsSettings
from tests.perception.manual_clock import ManualClock


class Memory(JobsFile):
    """A database in memory that several stores may share."""

    def __init__(self) -> None:
        self.where = "memory"
        self._guard = threading.RLock()
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._fit()


class Ruled(JobEntry):
    """A job with a schedule of its own, that no settings name."""

    __slots__ = ()

    def definition(self, _jobs: JobsSettings) -> Definition:
        rule, zone, grace = self.what.split("|")
        return Definition(self.name, Schedule(rule, zone), timedelta(minutes=int(grace)), on=True)


def ruled(name: str, rule: str, zone: str = "UTC", grace: int = 720) -> Ruled:
    return Ruled(name, f"{rule}|{zone}|{grace}", lambda _run: [["nothing"]])


class FakeRun:
    """A run that takes its time on the clock, and leaves its mark when it is done."""

    def __init__(self, world: "Worlds", claimed: Claimed, until: float) -> None:
        self.world = world
        self.claimed = claimed
        self.until = until
        self.alive = True

    def poll(self, now: float) -> Ended | None:
        if now < self.until:
            return None
        self.alive = False
        self.world.done.append(self.claimed)
        failed = self.claimed.name in self.world.failing
        return Ended(RunOutcome.FAILED if failed else RunOutcome.DONE, "said")

    def end(self) -> None:
        self.alive = False


class Worlds:
    """Schedulers on one store and one clock."""

    def __init__(
        self, jobs: Iterable[JobEntry], start: datetime, *, seconds: tuple[float, float] = (1, 1)
    ) -> None:
        self.clock = ManualClock(start)
        self.jobs = {job.name: job for job in jobs}
        self.store = JobStore(Memory(), "here")
        self.random = random.Random(7)
        self.seconds = seconds
        self.runs: list[FakeRun] = []
        self.done: list[Claimed] = []
        self.failing: set[str] = set()
        self.told: list[tuple[str, datetime, str]] = []
        self.overlaps: list[str] = []

    def scheduler(self, owner: str = "one") -> Scheduler:
        return Scheduler(
            Home(Path("/nowhere")), self.clock, self.store, JobsSettings, owner,
            lambda job, slot, title, _said: self.told.append((job.name, slot, title)),
            jobs=self.jobs, begin=self._begin,
        )  # fmt: skip

    def _begin(
        self, _home: Home, job: JobEntry, claimed: Claimed, _occasion: Occasion, now: float
    ) -> FakeRun:
        self.overlaps += [job.name for run in self.runs if run.alive and run.claimed.name == job.name]
        run = FakeRun(self, claimed, now + self.random.uniform(*self.seconds))
        self.runs = [each for each in self.runs if each.alive] + [run]
        return run

    def kill(self, scheduler: Scheduler) -> None:
        """Let a scheduler be gone from one line to the next, with all it runs."""
        for run in self.runs:
            if run.claimed.owner == scheduler.owner:
                run.alive = False

    def until_next(self) -> float:
        """Return the seconds until something may happen: a job is due, a run ends, a lease is renewed."""
        now = self.clock.now()
        if any(run.alive for run in self.runs):
            return LEASE.total_seconds() / 3
        open_ = [run for job in self.store.kept() for run in self.store.runs(job, 1) if run.ended is None]
        if open_:
            return LEASE.total_seconds() / 3
        due = min((job.due for job in self.store.kept()), default=now + LEASE)
        return max(1.0, (due - now).total_seconds())

    def slots(self, name: str, start: datetime, end: datetime) -> list[datetime]:
        rule = self.jobs[name].definition(JobsSettings()).schedule
        result: list[datetime] = []
        for instant in rule.after(start):
            if instant > end:
                return result
            result.append(instant)
        return result
