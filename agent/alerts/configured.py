"""The rules as the settings have them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from agent.alerts.channel import AlertKind
from agent.alerts.rules import Quiet, SendRule, SendRules
from agent.settings.upkeep.alerts import AlertSettings


def rules_of(settings: AlertSettings) -> SendRules:
    """Return the rules in force: the settings' own, and behind them those of escalation."""
    hours = settings.quiet_hours()
    quiet = None if hours is None else Quiet(*hours, ZoneInfo(settings.zone), settings.quiet_passes)
    own = tuple(
        SendRule(
            frozenset(each.kinds), each.least, frozenset(each.agents), frozenset(each.channels), each.send
        )
        for each in settings.rules
    )
    onward = SendRule(frozenset({AlertKind.ESCALATION}), channels=frozenset(settings.escalate_channels))
    return SendRules(
        rules=(onward, *own),
        quiet=quiet,
        digest=timedelta(minutes=settings.digest_minutes),
        repeat=timedelta(minutes=settings.repeat_minutes),
        collapse=settings.collapse,
        dead=timedelta(minutes=settings.dead_minutes),
    )
