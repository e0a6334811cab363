"""One agent for each exchange account, whatever its home, its key, or the folder its locks lie in.

The lock is a name in the kernel: an abstract socket (Linux), which no file, variable or other home undoes
and which ends with its process, however that ends. Elsewhere it is a file below the system's temporary
folder. It is a host's: agents on two hosts see each other by what they do to the account (see `reconciler`).
"""

import hashlib
import socket
import struct
import sys
import tempfile
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from filelock import FileLock, Timeout

from agent.settings.home import Busy

CREDENTIALS = struct.Struct("3i")
"""Process, user and group, as the kernel tells them of who listens."""


class AccountLock:
    """The lock of the account `number` at the exchange `host`; held from being made until released.

    Raises Busy at once when another process has it.
    """

    def __init__(self, host: str, number: str) -> None:
        name = hashlib.sha256(f"{realm(host)} {number}".encode()).hexdigest()[:32]
        self._held: socket.socket | FileLock
        if sys.platform == "linux":
            self._held = _named(f"\0boyd-account-{name}", number)
        else:
            self._held = _filed(Path(tempfile.gettempdir()) / f"boyd-account-{name}.lock", number)

    def release(self) -> None:
        """Let go of the account."""
        if isinstance(self._held, FileLock):
            self._held.release()
        else:
            self._held.close()


def realm(host: str) -> str:
    """Return what an account's number is unique in: an exchange with all its hosts, or a loopback port."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    with suppress(ValueError):
        ip_address(name.strip("[]"))
        return host
    return ".".join(name.split(".")[-2:]) if "." in name else host


def _named(name: str, number: str) -> socket.socket:
    built = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        built.bind(name)
        built.listen(1)
    except OSError:
        built.close()
        raise _busy(number, _holder(name)) from None
    return built


def _holder(name: str) -> str:
    """Return which process has a name, as far as the kernel tells."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(0.5)
        asked.connect(name)
        report = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        process, user, _ = CREDENTIALS.unpack(report)
        return f" (process {process} of user {user})"
    return ""


def _filed(path: Path, number: str) -> FileLock:
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        raise _busy(number, "") from None
    return lock


def _busy(number: str, holder: str) -> Busy:
    return Busy(f"another agent{holder} trades account {number}; one account, one agent: stop it first")
