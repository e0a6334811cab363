"""The jobs in a server: a thread that does what is due, and what is asked of them meanwhile."""

import threading
from datetime import datetime

from agent.answers.jobs import JobAnswer, JobOutput, JobRow
from agent.host import log
from agent.jobs import listing
from agent.jobs.catalogue import JOBS
from agent.jobs.opening import Changing, open_store, owner, telling
from agent.jobs.scheduler import Scheduler
from agent.jobs.store import JobStore
from agent.settings.home import Home
from domain.ports import Clock

AGAIN_SECONDS = 30.0
"""How soon a database that could not be opened or written is tried again."""

END_SECONDS = 15.0


class Scheduling:
    """The jobs of a home, done in a thread of their own. Raises BadSettings for bad `[jobs]`."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.home = home
        self.clock = clock
        self.settings = Changing(home)
        self._store: JobStore | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._fault = ""
        self._thread = threading.Thread(target=self._work, name="boyd-jobs", daemon=True)

    def start(self) -> None:
        """Begin to do what is due."""
        self._thread.start()

    def close(self) -> None:
        """End what runs; the next server begins it anew."""
        self._ending = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(END_SECONDS)
        with self._lock:
            if self._store is not None:
                self._store.database.close()

    def _work(self) -> None:
        scheduler: Scheduler | None = None
        while not self._ending:
            try:
                scheduler = scheduler or self._scheduler()
                seconds = scheduler.step()
                self._fault = ""
            except Exception as fault:  # noqa: BLE001 -- whatever it is, the jobs go on after a while
                seconds = self._stumbled(fault)
            self._wake.wait(seconds)
            self._wake.clear()
        if scheduler is not None:
            scheduler.close()

    def _scheduler(self) -> Scheduler:
        tell = telling(self.home, self.clock)
        return Scheduler(self.home, self.clock, self.store(), self.settings, owner(), tell)

    def _stumbled(self, fault: Exception) -> float:
        if str(fault) != self._fault:
            log.say("error", "jobs", why=repr(fault))
        self._fault = str(fault)
        return AGAIN_SECONDS

    def store(self) -> JobStore:
        """Return the store, opened when it is first needed. Raises JobsFault, BadInput."""
        with self._lock:
            if self._store is None:
                self._store = open_store(self.home)
            return self._store

    def rows(self) -> list[JobRow]:
        """Return every job."""
        return listing.rows(self.store(), self.settings(), self.clock.now())

    def answer(self, name: str, count: int = 50) -> JobAnswer:
        """Return a job with its latest runs."""
        return listing.answer(self.store(), name, self.settings(), self.clock.now(), count)

    def output(self, name: str, slot: datetime) -> JobOutput:
        """Return the output of a run."""
        return listing.output(self.home, name, slot)

    def ask(self, name: str, by: str) -> JobAnswer:
        """Ask for a run now."""
        self._defined().ask(listing.named_job(name).name, by, self.clock.now())
        self._wake.set()
        return self.answer(name)

    def pause(self, name: str, by: str, why: str) -> JobAnswer:
        """Hold a job."""
        self._defined().pause(listing.named_job(name).name, by, why, self.clock.now())
        return self.answer(name)

    def resume(self, name: str) -> JobAnswer:
        """Let a job go on."""
        self._defined().resume(listing.named_job(name).name, self.clock.now())
        self._wake.set()
        return self.answer(name)

    def _defined(self) -> JobStore:
        """Return the store once every job is in it."""
        store = self.store()
        if not store.kept():
            settings = self.settings()
            jobs = [job.definition(settings) for job in JOBS]
            store.define(jobs, self.clock.now())
        return store
