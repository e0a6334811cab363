"""The jobs of a home and their schedules."""

from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from agent.settings.upkeep.section import Section
from domain.times import utc

FIELDS = "five fields: minute, hour, day of the month, month, day of the week"
NO_SCHEDULE = f'is no schedule such as "30 2 * * *": {FIELDS}'


class JobSettings(Section):
    """One job: on or off, when, and how late it may still be."""

    on: bool = Field(default=False, description="done by itself")
    schedule: str = Field(default="0 0 * * *", description=f"when, as cron has it; {FIELDS}")
    zone: str = Field(default="UTC", description="time zone of the schedule, such as Europe/Berlin")
    grace_minutes: int = Field(
        default=720, ge=1, le=527_040, description="a run that was missed is made up for within this time"
    )

    @field_validator("schedule")
    @classmethod
    def _schedule(cls, value: str) -> str:
        try:
            next(CronSim(value, utc(0)))
        except (CronSimError, StopIteration):
            raise ValueError(NO_SCHEDULE) from None
        if len(value.split()) != 5:
            raise ValueError(NO_SCHEDULE)
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("is no time zone such as UTC or Europe/Berlin") from None
        return value


class VerifyJob(JobSettings):
    """Every journal's chain is checked, row by row."""

    on: bool = Field(default=True, description="done by itself")
    schedule: str = Field(default="20 3 * * *", description=f"when, as cron has it; {FIELDS}")


class AnchorJob(JobSettings):
    """The head of every journal's chain is written down in HOME/anchors."""

    on: bool = Field(default=True, description="done by itself")
    schedule: str = Field(default="40 3 * * *", description=f"when, as cron has it; {FIELDS}")


class JobsSettings(Section):
    """The jobs that `agent serve` does by itself, each with its schedule."""

    verify: VerifyJob = VerifyJob()
    anchor: AnchorJob = AnchorJob()
