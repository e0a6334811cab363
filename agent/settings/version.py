"""The identity of the running code: version and a digest of the project's own sources."""

import hashlib
from functools import cache
from pathlib import Path

VERSION = "0.1.0"
ROOMS = ("agent", "domain", "journal", "learning", "perception", "platforms", "reasoning", "risk")


@cache
def code_version() -> str:
    """Return `version+digest`; the digest changes with any source file of the rooms."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return f"{VERSION}+{digest.hexdigest()[:12]}"
