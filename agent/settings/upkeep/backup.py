"""The place of backups, their key, and how many are kept."""

from pathlib import Path

from pydantic import Field, SecretStr

from agent.settings.upkeep.section import Section, secret_of


class BackupSettings(Section):
    """Backups of the home: where they go, how they are encrypted, how many are kept."""

    folder: Path | None = Field(
        default=None, description="folder of `agent backup` where --out names none; best on another disk"
    )
    key: SecretStr | None = Field(
        default=None,
        description="encrypts a new backup: 16 characters or more, such as openssl rand -hex 32 makes",
    )
    key_file: Path | None = Field(default=None, description="file that holds the key, in its place")
    keep_days: float = Field(
        default=30, gt=0, le=36_525, description="points in time older than this are dropped; no row is"
    )
    keep_points: int = Field(
        default=24, ge=1, le=100_000, description="so many of the latest points are kept, however old"
    )

    def secret(self) -> str | None:
        """Return the key, None where there is none. Raises BadInput for a file that cannot be read."""
        return secret_of("backup.key", self.key, self.key_file)
