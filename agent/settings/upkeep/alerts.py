"""The settings of alerts."""

from agent.settings.upkeep.section import Section


class AlertSettings(Section):
    """Alerts: channels, and the rules of what is told where and when."""
