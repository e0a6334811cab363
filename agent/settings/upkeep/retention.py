"""The bounds of each folder of the home."""

from agent.settings.upkeep.section import Section


class RetentionSettings(Section):
    """The bounds of what grows in the home."""
