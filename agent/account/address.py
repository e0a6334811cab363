"""The address of an account's control socket, for binding and connecting, and the peer at its other end.

The system allows about 107 bytes of a socket's path, and a home may be longer: then it is reached through
its open folder, or (where the system has no /proc) lies in a folder of this user among the temporary files.
"""

import hashlib
import os
import socket
import stat
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

LONGEST = 100
"""Bytes of a path every system takes."""

OPEN_FILES = Path("/proc/self/fd")


class Peer(NamedTuple):
    """The process at the other end of a socket; None where the system does not tell."""

    pid: int | None
    uid: int | None

    @property
    def trusted(self) -> bool:
        """True for a process of this user or of the system, which can do anything anyway."""
        return self.uid in (None, os.geteuid(), 0)


def peer_of(connection: socket.socket) -> Peer:
    """Return who connected, or who listens."""
    if not hasattr(socket, "SO_PEERCRED"):
        return Peer(None, None)
    report = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", report)
    return Peer(pid or None, uid)  # 0: of another container, so not to be named here


def stopped(pid: int | None) -> bool:
    """Say whether a process is stopped (SIGSTOP, a debugger), where the system tells."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    return False


@contextmanager
def address(path: Path) -> Iterator[str]:
    """Yield what a socket at a path is bound or connected by. Raises OSError."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    if not OPEN_FILES.is_dir():
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:24]
        yield str(_own_folder() / f"{name}.sock")
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(OPEN_FILES / str(folder) / path.name)
    finally:
        os.close(folder)


def _own_folder() -> Path:
    """Return a folder nobody else can write. Raises OSError where somebody made it before us."""
    folder = Path(tempfile.gettempdir()) / f"boyd-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    result = folder.lstat()
    if not stat.S_ISDIR(result.st_mode) or result.st_uid != os.geteuid() or result.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder
