"""Opening the jobs of a home: where they are kept, who this is, and who is told of a failure."""

import hashlib
import os
import socket
from contextlib import closing
from datetime import datetime
from pathlib import Path

from agent.answers.alerts import Severity
from agent.host import log
from agent.jobs.catalogue import JobEntry
from agent.jobs.database import JobsDatabase, JobsFile, JobsServer
from agent.jobs.scheduler import Tell
from agent.jobs.store import JobStore
from agent.notices import FILE as NOTICES
from agent.notices import Notices, NoticesFault
from agent.settings.home import Home
from agent.settings.load import CONFIG_NAME
from agent.settings.problems import BadSettings
from agent.settings.upkeep.jobs import JobsSettings
from agent.settings.upkeep.reading import upkeep
from domain.ports import Clock

FILE = "jobs.db"


def open_store(home: Home) -> JobStore:
    """Open the jobs of a home, in its file or on the server of its journals. Raises JobsFault, BadInput."""
    database: JobsDatabase = JobsServer(home.server) if home.server else JobsFile(home.root / FILE)
    return JobStore(database, scope_of(home))


def scope_of(home: Home) -> str:
    """Return the name of this home among those that share a server."""
    text = f"{socket.gethostname()}:{home.root.absolute()}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def owner() -> str:
    """Return the name of this process among those that do jobs."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Changing:
    """The settings of the jobs, read anew when the file was written; what cannot be read changes nothing."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.settings = upkeep(home).jobs
        self._mark = _mark(home.root / CONFIG_NAME)

    def __call__(self) -> JobsSettings:
        """Return the settings as they are now."""
        mark = _mark(self.home.root / CONFIG_NAME)
        if mark != self._mark:
            self._mark = mark
            try:
                self.settings = upkeep(self.home).jobs
            except BadSettings as error:
                log.say("warning", "the jobs keep the settings they have", why=str(error)[:500])
        return self.settings


def _mark(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def telling(home: Home, clock: Clock) -> Tell:
    """Return what puts a failure among the home's notices."""

    def tell(job: JobEntry, slot: datetime, title: str, text: str) -> None:
        try:
            with closing(Notices(home.root / NOTICES)) as notices:
                key = f"job/{job.name}/{slot:%Y-%m-%dT%H:%M:%S}"
                notices.put(key, job.alert, Severity.WARNING, None, title, text, clock.now())
        except NoticesFault as fault:
            log.say("warning", "no notice", why=str(fault))

    return tell
