"""This process as others know it: its host, its number, and where that number means something."""

import hashlib
import os
import re
import socket
from pathlib import Path

_HOLDER = re.compile(r"\S+ process (\d+) in ([0-9a-f]{12})")


def place() -> str:
    """Return a digest of this boot and this namespace of process numbers, "" where the system tells neither.

    Two containers can share a host's name and its boot, and have different processes of one number.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:12]


def holder() -> str:
    """Return what this process calls itself where it holds an account."""
    here = place()
    return f"{socket.gethostname()} process {os.getpid()}{f' in {here}' if here else ''}"


def may_live(named: str) -> bool:
    """Say whether a holder may still live: only one of this boot and namespace is known to be gone."""
    match = _HOLDER.fullmatch(named)
    if match is None or match[2] != place():
        return True
    return Path("/proc", match[1]).exists()


def memory(process: int | str = "self") -> int:
    """Return the bytes of memory this process or another holds, 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
