"""The limits of the go/no-go gate."""

from agent.settings.upkeep.section import Section


class GateSettings(Section):
    """The limits of the go/no-go gate."""
