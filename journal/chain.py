"""The hash chain: each row's hash covers its place, its predecessor's hash and its payload.

Layout under SHA-256, big-endian, fixed head of 49 bytes, then the payload:

    version   1 byte    VERSION
    sequence  8 bytes   1 for the first row; 0 is the genesis
    length    8 bytes   of the payload
    previous  32 bytes  hash of the row before; for the genesis, zeros
    payload   `length` bytes

The head has a fixed size and states the payload's length, so no two different rows have the same
bytes and none is a prefix of another. The genesis is the row of sequence 0 whose payload is the
journal's id: rows of one journal never fit into another.
"""

import re
from hashlib import sha256
from struct import Struct

from domain.errors import BadInput

VERSION = 1
_HEAD = Struct(">BQQ32s")
_ID = re.compile(r"[0-9a-f]{12}")


def link(previous: bytes, seq: int, payload: bytes) -> bytes:
    """Return the 32-byte hash of the row `seq` that follows the row with hash `previous`."""
    return sha256(_HEAD.pack(VERSION, seq, len(payload), previous) + payload).digest()


def genesis(journal_id: str) -> bytes:
    """Return the 32-byte hash an empty journal starts from."""
    return link(bytes(32), 0, journal_id.encode())


def checked_id(journal_id: str) -> str:
    """Return a journal id as it is. Raises BadInput unless it is twelve lower-case hex digits."""
    if not _ID.fullmatch(journal_id):
        raise BadInput(f"journal id {journal_id!r} is not twelve hex digits (0-9, a-f)")
    return journal_id
