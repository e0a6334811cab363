"""The lock of the account that a key belongs to: one agent of this user trades it, whatever the home."""

import os
from pathlib import Path

from filelock import FileLock, Timeout

from agent.host.lock import Unlocked, taken
from agent.settings.home import Busy, digest
from domain.errors import BadInput
from domain.private import private_folder


def lock_key(key: str, *, needed: bool = True) -> FileLock | Unlocked:
    """Take the lock of the account a key belongs to, whatever the home: one agent per account.

    Raises Busy at once when another process of this user has it, BadInput as `taken`.
    """
    path = _state_folder() / "accounts" / f"{digest(key)}.lock"
    try:
        private_folder(path.parent)
    except OSError as error:
        if needed:
            raise BadInput(f"{path.parent}: cannot be made: {error.strerror}") from None
        return Unlocked()
    try:
        return taken(path, 0, needed=needed)
    except Timeout:
        raise Busy("another agent trades this account with the same key; stop it first") from None


def _state_folder() -> Path:
    """Return where this user's locks lie, whatever the home; who has no home folder may still sell."""
    import platformdirs  # noqa: PLC0415  # whoever names a home needs neither

    try:
        return Path(platformdirs.user_state_dir("boyd", appauthor=False))
    except RuntimeError:
        import tempfile  # noqa: PLC0415

        return Path(tempfile.gettempdir()) / f"boyd-{os.getuid()}"
