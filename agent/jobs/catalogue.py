"""The table of jobs: the commands that each is, and the settings that say when."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.answers.alerts import AlertKind
from agent.jobs.kept import Definition
from agent.settings.home import PUT_ASIDE, Home
from agent.settings.schedule import Schedule
from agent.settings.upkeep.jobs import JobSettings, JobsSettings
from agent.settings.upkeep.reading import upkeep
from domain.private import private_folder

Words = list[str]


class Occasion(NamedTuple):
    """One run of a job: the home, the settings of its jobs, and the instant it is about."""

    home: Home
    jobs: JobsSettings
    slot: datetime


class JobEntry(NamedTuple):
    """A job: its name, which is that of its settings, and the commands it is, each `agent ...`.

    A `local` one is done in every home that shares a server. `fine` are the exit codes that are no failure,
    `alert` is the kind of notice that one is told by.
    """

    name: str
    what: str
    commands: Callable[[Occasion], list[Words]]
    local: bool = False
    fine: frozenset[int] = frozenset({0})
    alert: AlertKind = AlertKind.JOB_FAILED

    def settings(self, jobs: JobsSettings) -> JobSettings:
        """Return the settings of this job."""
        result: JobSettings = getattr(jobs, self.name)
        return result

    def definition(self, jobs: JobsSettings) -> Definition:
        """Return the job as it is to be kept."""
        given = self.settings(jobs)
        grace = timedelta(minutes=given.grace_minutes)
        return Definition(self.name, Schedule(given.schedule, given.zone), grace, given.on, self.local)


def _verify(run: Occasion) -> list[Words]:
    return [["journal", "verify", "--journal", name] for name in journals(run.home)]


def _anchor(run: Occasion) -> list[Words]:
    folder = run.home.root / "anchors"
    private_folder(folder)
    return [
        ["journal", "anchor", str(folder / f"{name}-{run.slot:%Y%m%d}.json"), "--journal", name]
        for name in journals(run.home)
    ]


def _summary(run: Occasion) -> list[Words]:
    return [["summary", "--journal", name, "--send"] for name in journals(run.home)]


def _each(*words: str) -> Callable[[Occasion], list[Words]]:
    """Return a job that is one command for each journal."""
    return lambda run: [[*words, "--journal", name] for name in journals(run.home)]


def _drift(run: Occasion) -> list[Words]:
    return [["meta", "drift", "--journal", name, "--demote", "--notify"] for name in journals(run.home)]


def _period(days: int) -> Callable[[Occasion], list[Words]]:
    return _each("report", "--days", f"{days}", "--text", "--keep")


def _backup(run: Occasion) -> list[Words]:
    """Return the backup into the folder of the settings; without one there is nothing to do."""
    return [["backup"]] if upkeep(run.home).backup.folder is not None else []


def _archive(run: Occasion) -> list[Words]:
    return [["journal", "archive", "--journal", name] for name in journals(run.home)]


def _retain(_run: Occasion) -> list[Words]:
    return [["retain"]]


def _parameters(run: Occasion) -> list[Words]:
    """Return a reload for each journal; without a study in the settings there is nothing to do."""
    return _each("params", "reload", "--notify")(run) if run.jobs.parameters.studies else []


def _download(run: Occasion) -> list[Words]:
    """Return a download for each pair; the commands ask only for what the catalogue lacks."""
    given = run.jobs.download
    since = run.slot - timedelta(days=given.days)
    words = ("--timeframe", given.timeframe, "--timerange", f"{since:%Y%m%d}-")
    return [["data", "download", symbol, *words] for symbol in given.symbols]


def journals(home: Home) -> list[str]:
    """Return the journals of a home, in its files or on its server, but for those that were put aside.

    An anchor of a journal's end that a restore gave up would refuse the next restore of what took its place.
    """
    return [name for name in sorted(home.all_names()) if not PUT_ASIDE.search(name)]


JOBS = (
    JobEntry("verify", "check every row of every journal, and the chain that ties them", _verify),
    JobEntry("summary", "sum up each agent's day, and have it told", _summary),
    JobEntry("anchor", "write down where each journal's chain stands, in HOME/anchors", _anchor, local=True),
    JobEntry("week", "report each agent's week, in HOME/reports", _period(7)),
    JobEntry("month", "report each agent's last 30 days", _period(30)),
    JobEntry("gate", "judge whether each agent deserves more money", _each("gate", "--notify")),
    JobEntry("decay", "test whether each agent earns less than it did", _each("decay", "--notify")),
    JobEntry("drift", "hold each agent's models against their training", _drift),
    JobEntry("reoptimize", "search better parameters for each strategy", _each("reoptimize", "--notify")),
    JobEntry(
        "parameters", "have each running agent take the studies of the settings", _parameters, local=True
    ),
    JobEntry(
        "backup",
        "back the home up into the folder of [backup]",
        _backup,
        local=True,
        alert=AlertKind.BACKUP_FAILED,
    ),
    JobEntry("archive", "pack the oldest rows of each journal beside the others", _archive, local=True),
    JobEntry("retain", "keep the bounds of what grows in the home, and measure it", _retain, local=True),
    JobEntry("download", "download candles into the catalogue", _download, local=True),
)

BY_NAME = {job.name: job for job in JOBS}
