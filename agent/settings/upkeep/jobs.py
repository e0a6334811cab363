"""The jobs of a home and their schedules."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from agent.settings.schedule import FIELDS, checked_rule, checked_zone
from agent.settings.upkeep.section import Section
from domain.symbols import is_symbol, spelled_all
from domain.times import TIMEFRAMES

WHEN = f"the schedule, as cron has it; {FIELDS}"
ON = "done by itself"

Rule = Annotated[str, AfterValidator(checked_rule)]
Zone = Annotated[str, AfterValidator(checked_zone)]


class JobSettings(Section):
    """One job: on or off, when, and how late it may still be."""

    on: bool = Field(default=False, description=ON)
    schedule: Rule = Field(default="0 0 * * *", description=WHEN)
    zone: Zone = Field(default="UTC", description="time zone of the schedule, such as Europe/Berlin")
    grace_minutes: int = Field(
        default=720, ge=1, le=527_040, description="a run that was missed is made up for within this time"
    )
    most_minutes: float = Field(
        default=360, ge=1, le=10_080, description="a run that takes longer is ended, and has failed"
    )


class VerifyJob(JobSettings):
    """Every journal's chain is checked, row by row."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="20 3 * * *", description=WHEN)


class AnchorJob(JobSettings):
    """The head of every journal's chain is written down in HOME/anchors."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="40 3 * * *", description=WHEN)


class SummaryJob(JobSettings):
    """Each agent's day is summed up and told."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="0 23 * * *", description=WHEN)


class WeekJob(JobSettings):
    """Each agent's week is reported and kept in HOME/reports."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="5 23 * * 0", description=WHEN)


class MonthJob(JobSettings):
    """Each agent's last 30 days are reported and kept in HOME/reports."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="10 23 1 * *", description=WHEN)


class GateJob(JobSettings):
    """Each agent is judged by the gate; people are told where the verdict changed."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="0 4 * * *", description=WHEN)


class DecayJob(JobSettings):
    """Each agent's trades are tested for decay; people are told, and entries paused if gate.decay_pauses."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="20 4 * * *", description=WHEN)


class DriftJob(JobSettings):
    """Models in force are held against their training; one that drifts is told, and only lowers entries."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="30 4 * * *", description=WHEN)


class ReoptimizeJob(JobSettings):
    """Better parameters are searched for each agent's strategies; those on trial are held against the old."""

    schedule: Rule = Field(default="40 4 1,15 * *", description=WHEN)


class ParametersJob(JobSettings):
    """A running agent takes the studies named here, each once and on its evidence."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="50 4 * * *", description=WHEN)
    studies: tuple[str, ...] = Field(
        default=(), description="studies of HOME/studies whose parameters are wanted; without any, nothing"
    )

    @field_validator("studies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(each.strip() for each in value.split(",")) if isinstance(value, str) else value


class BackupJob(JobSettings):
    """The home is backed up into the folder of `[backup]`, where that names one."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="5 * * * *", description=WHEN)


class ArchiveJob(JobSettings):
    """Rows older than `retention.journal_days` leave each journal's file for its archive."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="30 4 * * *", description=WHEN)


class RetainJob(JobSettings):
    """The bounds of `[retention]` are kept, and the home's size is measured."""

    on: bool = Field(default=True, description=ON)
    schedule: Rule = Field(default="50 3 * * *", description=WHEN)


class DownloadJob(JobSettings):
    """Candles of the exchange are downloaded into the catalogue: only what is missing is asked for."""

    schedule: Rule = Field(default="10 2 * * *", description=WHEN)
    symbols: tuple[str, ...] = Field(default=(), description="pairs such as BTC-USDT; without any, nothing")
    timeframe: str = Field(default="1m", description=f"candle length: {', '.join(TIMEFRAMES)}")
    days: int = Field(default=30, ge=1, le=3_660, description="days of candles up to the slot")

    @field_validator("symbols", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return spelled_all(value)

    @field_validator("symbols")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        bad = [each for each in value if "-" not in each or not is_symbol(each)]
        if bad:
            raise ValueError(f"{', '.join(bad)} is no pair such as BTC-USDT")
        return value

    @field_validator("timeframe")
    @classmethod
    def _timeframe(cls, value: str) -> str:
        if value not in TIMEFRAMES:
            raise ValueError(f"must be one of {', '.join(TIMEFRAMES)}")
        return value


class JobsSettings(Section):
    """The jobs that `agent serve` does by itself, each with its schedule."""

    verify: VerifyJob = VerifyJob()
    anchor: AnchorJob = AnchorJob()
    summary: SummaryJob = SummaryJob()
    week: WeekJob = WeekJob()
    month: MonthJob = MonthJob()
    gate: GateJob = GateJob()
    decay: DecayJob = DecayJob()
    drift: DriftJob = DriftJob()
    reoptimize: ReoptimizeJob = ReoptimizeJob()
    parameters: ParametersJob = ParametersJob()
    backup: BackupJob = BackupJob()
    archive: ArchiveJob = ArchiveJob()
    retain: RetainJob = RetainJob()
    download: DownloadJob = DownloadJob()
