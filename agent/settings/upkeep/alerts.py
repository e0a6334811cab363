"""The rules and the channels of alerts: who is told, of which events, when."""

import re
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.answers.alerts import AlertKind, Severity
from agent.settings.upkeep.section import Section

NAME = r"^[a-z0-9][a-z0-9_-]{0,30}$"
RESERVED = frozenset({"watcher", "telegram"})
QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
ADDRESS = r"^[^@\s<>,;]+@[^@\s<>,;]+$"

Name = Annotated[str, Field(pattern=NAME)]
Address = Annotated[str, Field(pattern=ADDRESS, max_length=254)]


class AlertRule(Section):
    """One rule: which messages it is about (what is empty means all), and where and when they go."""

    kinds: tuple[AlertKind, ...] = Field(default=(), description="kinds of messages; all where empty")
    least: Severity = Field(default=Severity.INFO, description="from this severity on")
    agents: tuple[str, ...] = Field(default=(), description="of these agents; of all where empty")
    channels: tuple[str, ...] = Field(default=(), description="over these channels; over all where empty")
    send: Literal["now", "digest", "never"] = Field(
        default="now", description="now, with the next digest, or never"
    )


class WebhookSettings(Section):
    """A webhook: each message is posted as JSON, signed as Standard Webhooks."""

    url: SecretStr = Field(description="address to post to: https, or http on this machine")
    secret: SecretStr | None = Field(default=None, description="secret of the signature")
    secret_file: Path | None = Field(default=None, description="file that holds it")
    former_secret: SecretStr | None = Field(default=None, description="the secret before, valid beside it")
    former_secret_file: Path | None = Field(default=None, description="file that holds it")
    private: bool = Field(default=False, description="the address may be one of a private network")
    seconds: float = Field(default=10.0, ge=1, le=60, description="until a post must be answered")


class MailSettings(Section):
    """E-mail: where it is handed in, from whom and to whom."""

    host: str = Field(min_length=1, max_length=253, description="mail server")
    port: int = Field(default=587, ge=1, le=65_535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="encryption; none only on this machine"
    )
    user: str = Field(default="", description="user, where the server wants one")
    password: SecretStr | None = Field(default=None, description="password")
    password_file: Path | None = Field(default=None, description="file that holds it")
    sender: Address = Field(description="address in From")
    to: tuple[Address, ...] = Field(min_length=1, max_length=20, description="addresses that are told")
    seconds: float = Field(default=20.0, ge=1, le=120, description="until the server must have answered")


class AppriseSettings(Section):
    """Discord, Slack, ntfy and whatever else apprise knows: one URL a channel."""

    url: SecretStr | None = Field(default=None, description="URL, such as ntfy://ntfy.example.org/topic")
    url_file: Path | None = Field(default=None, description="file that holds it")
    seconds: float = Field(default=10.0, ge=1, le=60, description="until the service must have answered")


class AlertSettings(Section):
    """Alerts: the events a person is told of, over which channels and when."""

    zone: str = Field(default="UTC", description="time zone of the quiet hours, such as Europe/Berlin")
    quiet: str = Field(
        default="", description="hours without messages, such as 22:00-07:00; none where empty"
    )
    quiet_passes: Severity = Field(
        default=Severity.CRITICAL,
        description="what is sent in quiet hours all the same, from this severity on",
    )
    digest_minutes: int = Field(default=60, ge=1, le=1_440, description="minutes from one digest to the next")
    repeat_minutes: float = Field(
        default=10.0, ge=0, le=1_440, description="the same is not said again within so many minutes"
    )
    collapse: int = Field(default=20, ge=2, le=500, description="more waiting messages become one digest")
    escalate_minutes: float = Field(
        default=15.0, ge=0, le=1_440, description="what nobody acknowledges is told again after; 0: never"
    )
    escalate_times: int = Field(default=3, ge=0, le=20, description="how often it is told again")
    escalate_channels: tuple[Name, ...] = Field(
        default=(), description="over which channels; all where empty"
    )
    dead_minutes: float = Field(
        default=60.0, ge=1, le=10_080, description="a channel that fails for so long counts as dead"
    )
    no_trade_hours: int = Field(default=72, ge=0, le=8_760, description="hours without a fill; 0: not told")
    limit_share: float = Field(
        default=0.8, gt=0, le=1, description="share of the day's loss, the drawdown, a budget that is told"
    )
    breaker_minutes: float = Field(
        default=10.0, ge=0, le=1_440, description="a breaker open for so long is told"
    )
    silent_minutes: float = Field(
        default=2.0, ge=0, le=1_440, description="a stream silent for so long is told"
    )
    disk_free_mb: int = Field(default=200, ge=0, description="MiB free on the disk of the home, at least")
    rules: tuple[AlertRule, ...] = Field(default=(), description="rules; of those that fit the first decides")
    webhooks: dict[Name, WebhookSettings] = Field(default={}, description="webhooks by name")
    mail: dict[Name, MailSettings] = Field(default={}, description="e-mail channels by name")
    apprise: dict[Name, AppriseSettings] = Field(default={}, description="channels of apprise by name")

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError, ValueError):
            raise ValueError("is no time zone such as UTC or Europe/Berlin") from None
        return value

    @field_validator("quiet")
    @classmethod
    def _quiet(cls, value: str) -> str:
        if value and not QUIET.fullmatch(value):
            raise ValueError("are no hours such as 22:00-07:00")
        if value and value[:5] == value[6:]:
            raise ValueError("begin when they end: name two different hours")
        return value

    @model_validator(mode="after")
    def _names(self) -> Self:
        """Refuse names that two channels have, and rules that name a channel there is none of."""
        names = list(self.channel_names())
        for name in names:
            if names.count(name) > 1 or name in RESERVED:
                why = "is a name of the program's own" if name in RESERVED else "is the name of two channels"
                raise ValueError(f"channel {name}: {why}; name it otherwise")
        known = {*names, "telegram"}
        for each in (*self.escalate_channels, *(name for rule in self.rules for name in rule.channels)):
            if each not in known:
                there = ", ".join(sorted(known))
                raise ValueError(f"channel {each[:40]}: no such channel; there are: {there}")
        return self

    def channel_names(self) -> Iterator[str]:
        """Yield the names of all channels of this section."""
        for table in (self.webhooks, self.mail, self.apprise):
            yield from table

    def quiet_hours(self) -> tuple[time, time] | None:
        """Return begin and end of the quiet hours, None where there are none."""
        if not self.quiet:
            return None
        return time.fromisoformat(self.quiet[:5]), time.fromisoformat(self.quiet[6:])
