"""The status a session left behind, for who asks at rest: nothing heavy is imported and nothing is folded.

It counts as long as the journal ends where it ended then. With any row more, another journal, in another
program's words or with a bit that fell over it is passed over: then the journal says it.
"""

from contextlib import suppress
from hashlib import sha256

import msgspec

from agent.answers.account import Status
from agent.settings.home import Busy, Home
from domain.errors import BadInput, JournalFault
from edge.files import write_whole
from journal.at_rest import RestingFile

NAME = "at-rest.status"
"""A SHA-256, and behind it the status as JSON."""

DIGEST = 32


class _Left(msgspec.Struct, frozen=True):
    journal_id: str
    seq: int
    hash: str
    status: Status


def remember(home: Home, journal_id: str, head: tuple[int, str], status: Status) -> None:
    """Leave a status behind; where it cannot be written nobody misses it."""
    left = msgspec.json.encode(_Left(journal_id, *head, status))
    with suppress(OSError):
        write_whole(home.checkpoints(status.journal) / NAME, sha256(left).digest() + left, durable=False)


def remembered(home: Home, name: str) -> Status | None:
    """Return the status that was left behind, None where the journal is not what it was or is in use."""
    if home.server:
        return None
    with suppress(OSError, msgspec.MsgspecError, Busy, BadInput, JournalFault):
        content = (home.checkpoints(name) / NAME).read_bytes()
        digest, status_bytes = content[:DIGEST], content[DIGEST:]
        if sha256(status_bytes).digest() != digest:
            return None
        left = msgspec.json.decode(status_bytes, type=_Left)
        with home.lock(name), RestingFile(home.journal(name)) as opened:
            if (opened.journal_id, *opened.head()) == (left.journal_id, left.seq, left.hash):
                return left.status if left.status.journal == name else None
    return None
