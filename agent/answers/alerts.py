"""The words of alerts, and the answers on them: kinds, severities, channels, what waits and what was lost."""

from enum import StrEnum


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
    BREAKER_OPEN = "breaker_open"
    STREAM_SILENT = "stream_silent"
    SIMULATED = "simulated"
    BLOCKED = "blocked"
    CYCLES_FAIL = "cycles_fail"
    NO_TRADE = "no_trade"
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
