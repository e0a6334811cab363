"""Folders that are for their owner alone."""

from pathlib import Path


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, with mode 0700 whatever the umask. Raises OSError.

    `mkdir(parents=True)` would leave the mode of those above to the umask.
    """
    for each in (*reversed(path.parents), path):
        each.mkdir(mode=0o700, exist_ok=True)
