"""The scheduler: claims what is due, has it done, keeps its lease, and notes how it ended.

It is stepped by whoever has a thread for it, on a given clock; each step is short and waits for nobody. It
may be killed between any two lines: what was claimed is taken up when its lease is over, by whichever
scheduler looks.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from agent.answers.jobs import RunOutcome
from agent.host import log
from agent.jobs.catalogue import BY_NAME, JobEntry, Occasion
from agent.jobs.database import JobsFault
from agent.jobs.kept import Claimed, LostRun
from agent.jobs.run import Ended, ProcessRun
from agent.jobs.store import JobStore
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from domain.errors import BoydError
from domain.ports import Clock

LEASE = timedelta(seconds=30)
AT_ONCE = 2
"""Runs at once: a long one keeps no short one waiting."""

LOOK_SECONDS = 5.0
"""How soon what others wrote (a pause, a wish, a lease that ended) is seen."""

BUSY_SECONDS = 0.5


class Run(Protocol):
    """A run under way."""

    def poll(self, now: float) -> Ended | None:
        """Return how it ended, None while it is at work; `now` is of the clock nobody sets."""
        ...

    def end(self) -> None:
        """End it."""
        ...


Begin = Callable[[Home, JobEntry, Claimed, Occasion, float], Run]
Tell = Callable[[JobEntry, datetime, str, str], None]
"""Tells people of a run that failed or was lost: the job, the slot, a title and what was said."""


class _Active(NamedTuple):
    claimed: Claimed
    job: JobEntry
    run: Run
    until: datetime


def begin_process(home: Home, job: JobEntry, claimed: Claimed, occasion: Occasion, began: float) -> Run:
    """Begin a run in a process of its own."""
    most = job.settings(occasion.jobs).most_minutes
    return ProcessRun(home, job, claimed, job.commands(occasion), began, most_minutes=most)


class Scheduler:
    """The jobs of a home, done by this process; `owner` names it in the store."""

    def __init__(
        self,
        home: Home,
        clock: Clock,
        store: JobStore,
        settings: Callable[[], JobsSettings],
        owner: str,
        tell: Tell,
        *,
        jobs: dict[str, JobEntry] = BY_NAME,
        begin: Begin = begin_process,
    ) -> None:
        self.home = home
        self.clock = clock
        self.store = store
        self.settings = settings
        self.owner = owner
        self.tell = tell
        self.jobs = jobs
        self.begin = begin
        self._defined: JobsSettings | None = None
        self._last: datetime | None = None
        self._active: list[_Active] = []

    @property
    def running(self) -> list[str]:
        """The jobs at work here."""
        return [each.claimed.name for each in self._active]

    def step(self) -> float:
        """Do what is due and return the seconds until the next look. Raises JobsFault."""
        now = self.clock.now()
        self._define(now)
        self._active = [each for each in map(self._looked, self._active) if each is not None]
        self._claim(now)
        if self._active:
            return BUSY_SECONDS
        due = [job.due for job in self.store.kept() if job.on and not job.paused and job.name in self.jobs]
        left = (min(due, default=now + LEASE) - now).total_seconds()
        return min(LOOK_SECONDS, max(0.0, left))

    def _define(self, now: datetime) -> None:
        """Keep the jobs as the settings have them, anew where the clock was set back."""
        settings, back = self.settings(), self._last is not None and now < self._last
        if settings != self._defined or back:
            self.store.define([job.definition(settings) for job in self.jobs.values()], now)
            self._defined = settings
        self._last = now

    def _claim(self, now: datetime) -> None:
        room = AT_ONCE - len(self._active)
        if room <= 0:
            return
        claims = self.store.claim(self.jobs, now, self.owner, LEASE, room)
        for lost in claims.lost:
            self._lost(lost)
        for claimed in claims.claimed:
            self.take(claimed, self.jobs[claimed.name])

    def take(self, claimed: Claimed, job: JobEntry) -> None:
        """Begin a run that was claimed; one that cannot begin has failed."""
        settings = self._defined or self.settings()
        until = self.clock.now() + LEASE
        try:
            occasion = Occasion(self.home, settings, claimed.slot)
            run = self.begin(self.home, job, claimed, occasion, self.clock.monotonic())
        except (OSError, BoydError) as error:
            self._over(claimed, job, Ended(RunOutcome.FAILED, f"it cannot begin: {error}"))
            return
        log.say("info", "job", job=job.name, slot=str(claimed.slot), attempt=claimed.attempt)
        self._active.append(_Active(claimed, job, run, until))

    def _looked(self, active: _Active) -> _Active | None:
        """Look after one run; None when it is over, or another's."""
        ended = active.run.poll(self.clock.monotonic())
        now = self.clock.now()
        if ended is None:
            return self._renewed(active, now)
        if ended.outcome is None:
            self.store.renew(active.claimed, now + LEASE)  # taken up again when that is over
        else:
            self._over(active.claimed, active.job, ended)
        return None

    def _renewed(self, active: _Active, now: datetime) -> _Active | None:
        if LEASE / 2 < active.until - now <= LEASE:
            return active
        if self.store.renew(active.claimed, now + LEASE):
            return active._replace(until=now + LEASE)
        log.say("warning", "job taken over", job=active.job.name, slot=str(active.claimed.slot))
        active.run.end()
        return None

    def _over(self, claimed: Claimed, job: JobEntry, ended: Ended) -> None:
        outcome = ended.outcome or RunOutcome.FAILED
        mine = self.store.finish(claimed, outcome, ended.said, self.clock.now())
        level = "info" if outcome is RunOutcome.DONE else "warning"
        log.say(level, f"job {outcome}", job=job.name, slot=str(claimed.slot), said=ended.said)
        if mine and outcome is RunOutcome.FAILED:
            self.tell(job, claimed.slot, f"job {job.name} failed", ended.said)

    def _lost(self, lost: LostRun) -> None:
        words = {RunOutcome.MISSED: "was missed", RunOutcome.CUT_OFF: "was cut off"}
        title = f"job {lost.name} {words[lost.outcome]}"
        log.say("warning", title, slot=str(lost.slot))
        text = "nobody was there in time; it goes on by its schedule"
        self.tell(self.jobs[lost.name], lost.slot, title, text)

    def close(self) -> None:
        """End what runs here; the next scheduler begins it anew."""
        for active in self._active:
            active.run.end()
            with suppress(JobsFault):
                self.store.renew(active.claimed, self.clock.now())
        self._active = []
