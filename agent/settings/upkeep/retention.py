"""The bounds of what grows in the home: by age, by size, or both; what has no bound is kept for ever."""

from pydantic import Field

from agent.settings.upkeep.section import Section

DAYS = "older than so many days goes"
MEGABYTES = "the oldest goes until what is left takes so many megabytes"


class FolderBound(Section):
    """The bound of one folder."""

    days: float | None = Field(default=None, gt=0, le=36_525, description=DAYS)
    megabytes: float | None = Field(default=None, ge=1, le=1e9, description=MEGABYTES)


class LogBound(Section):
    """The log of a process: a file that is full begins anew, and so many old ones are kept."""

    megabytes: float = Field(default=10, ge=0.1, le=10_000, description="of one file")
    files: int = Field(default=3, ge=1, le=1_000, description="old files that are kept")


class RetentionSettings(Section):
    """The bounds of what grows in the home, beside the journals themselves (`agent retain`)."""

    journal_days: float = Field(
        default=90, gt=0, le=36_525, description="rows older than this leave a journal's file for its archive"
    )
    notices_days: float = Field(
        default=365,
        ge=31,
        le=36_525,
        description="notices and incidents that are over, and older than this, are forgotten",
    )
    logs: LogBound = LogBound()
    put_aside: FolderBound = Field(
        default=FolderBound(), description="journals put aside by --fresh or a restore"
    )
    checkpoints: FolderBound = Field(
        default=FolderBound(megabytes=2_000), description="caches of the fold; the latest stay"
    )
    mirrors: FolderBound = Field(
        default=FolderBound(days=30), description="the server's copies of journals that are gone"
    )
    anchors: FolderBound = Field(
        default=FolderBound(days=730), description="anchors; the latest of a journal stays"
    )
    work: FolderBound = Field(
        default=FolderBound(days=180), description="finished work of the page, with its reports"
    )
    reports: FolderBound = Field(default=FolderBound(), description="reports of weeks and months")
    studies: FolderBound = Field(default=FolderBound(), description="studies of `agent optimize`")
    complaints: FolderBound = Field(
        default=FolderBound(megabytes=50), description="the last words of processes that failed"
    )
