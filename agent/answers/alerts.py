"""The words of alerts, and the answers on them: kinds, severities, channels, what waits and what was lost."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """The severities, mildest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    def reaches(self, least: "Severity") -> bool:
        """Say whether this is as grave as `least`, or graver."""
        return GRAVITY[self] >= GRAVITY[least]


GRAVITY = {each: place for place, each in enumerate(Severity)}


class AlertKind(StrEnum):
    """The kinds of what is told, gravest first. agent/alerts/table.py says of each where it comes from."""

    AGENT_DEAD = "agent_dead"
    HALTED = "halted"
    KILL_SWITCH = "kill_switch"
    NAKED_POSITION = "naked_position"
    ORDER_NEEDS_OPERATOR = "order_needs_operator"
    ORDER_UNKNOWN = "order_unknown"
    RECONCILE_DIFFERENCE = "reconcile_difference"
    NO_CYCLE = "no_cycle"
    DISK = "disk"
    CLOCK = "clock"
    BACKUP_FAILED = "backup_failed"
    CHANNEL_DEAD = "channel_dead"
    ESCALATION = "escalation"
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    UNJUDGED = "unjudged"
    BREAKER_OPEN = "breaker_open"
    STREAM_SILENT = "stream_silent"
    SIMULATED = "simulated"
    STALE = "stale"
    BLOCKED = "blocked"
    PAIR_LIST = "pair_list"
    CYCLES_FAIL = "cycles_fail"
    NO_TRADE = "no_trade"
    ADVICE_BUDGET = "advice_budget"
    DECAY = "decay"
    JOB_FAILED = "job_failed"
    GATE = "gate"
    SETTINGS_CHANGED = "settings_changed"
    SESSION = "session"
    FILL = "fill"
    SUMMARY = "summary"
    NOTICE = "notice"
    DIGEST = "digest"
    TEST = "test"


class IncidentRow(Struct, frozen=True, kw_only=True):
    """A state of things that lasts; `ended` is None while it does. `id` is the message that told of it."""

    id: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    began: datetime
    ended: datetime | None
    runbook: str


class ConcernRow(Struct, frozen=True, kw_only=True):
    """Something that nobody has acknowledged yet; `reminders` were told of it since."""

    id: str
    kind: AlertKind
    agent: str | None
    title: str
    at: datetime
    reminders: int
    runbook: str


class ChannelRow(Struct, frozen=True, kw_only=True):
    """A channel's health: `dead` and `failing_since` are None where it works; `error` is the last one."""

    name: str
    sent: int
    sent_at: datetime | None
    attempts: int
    failing_since: datetime | None
    next_try: datetime | None
    dead: datetime | None
    error: str


class DeadLetterRow(Struct, frozen=True, kw_only=True):
    """A message that a channel could not send and never will."""

    channel: str
    id: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    why: str
    at: datetime


class NoticeLine(Struct, frozen=True, kw_only=True):
    """One of the home's own notices."""

    id: str
    kind: AlertKind
    severity: Severity
    agent: str | None
    title: str
    at: datetime


class AlertsAnswer(Struct, frozen=True, kw_only=True):
    """The alerts of a home: what lasts, what nobody acknowledged, the channels, what was never sent."""

    incidents: list[IncidentRow]
    unacknowledged: list[ConcernRow]
    channels: list[ChannelRow]
    dead_letters: list[DeadLetterRow]
    notices: list[NoticeLine]


class AcknowledgedRow(Struct, frozen=True, kw_only=True):
    """A message that somebody will see to: who said so first, and when."""

    id: str
    by: str
    at: datetime


class TestedRow(Struct, frozen=True, kw_only=True):
    """A test of a channel: `error` is why the message did not arrive, None where it did."""

    channel: str
    ok: bool
    error: str | None
