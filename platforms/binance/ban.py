"""The silence an exchange asked for, kept over restarts: a ban that is ignored grows (minutes to days)."""

from pathlib import Path

import structlog

from domain.private import private_folder
from edge.files import write_whole

LONGEST_MS = 3 * 24 * 3_600_000
"""The longest ban the exchange gives; what a file says beyond that is not believed."""
LARGEST_FILE = 32


class Ban:
    """Keeps the end of a silence, ms since 1970 (UTC), in a small file, or nowhere.

    Never raises: a ban that cannot be kept is logged, and one that cannot be read is no ban.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def left_ms(self, now_ms: int) -> int:
        """Return how much of the silence is left, 0 when none is."""
        if self.path is None:
            return 0
        try:
            with self.path.open("rb") as file:
                text = file.read(LARGEST_FILE + 1).strip()
        except OSError:
            return 0
        if not text.isdigit() or len(text) > LARGEST_FILE:
            return 0
        left = int(text) - now_ms
        return left if 0 < left <= LONGEST_MS else 0

    def keep(self, now_ms: int, seconds: float) -> None:
        """Remember a silence of `seconds` from now on, unless a longer one is kept."""
        wanted = int(seconds * 1000)
        if self.path is None or self.left_ms(now_ms) >= wanted:
            return
        try:
            private_folder(self.path.parent)
            write_whole(self.path, f"{now_ms + wanted}\n".encode())
        except OSError as error:
            structlog.get_logger().warning("ban cannot be kept", file=self.path.name, error=error.strerror)
