"""The settings of backups."""

from agent.settings.upkeep.section import Section


class BackupSettings(Section):
    """Backups of the home: where they go, how they are encrypted, how many are kept."""
