"""The words a session left behind, for who asks at rest: nothing heavy is imported and nothing is folded.

The status, and the explanation of the last cycle. Each counts as long as the journal ends where it ended
then. With any row more, another journal, in another program's words or with a bit that fell over it is passed
over: then the journal says it.
"""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from agent.answers.account import Status
from agent.settings.home import Busy, Home
from domain.errors import BadInput, JournalFault
from edge.files import write_whole
from edge.typed_json import typed
from journal.at_rest import RestingFile

if TYPE_CHECKING:  # as long to import as all the rest, and a status needs none of it
    from agent.answers.cycle import Explanation

NAME = "at-rest.status"
"""A SHA-256, and behind it the status as JSON."""

WHY = "last-cycle.why"
"""The same of the explanation of the last cycle."""

DIGEST = 32

T = TypeVar("T")


class _Left(msgspec.Struct, Generic[T], frozen=True, omit_defaults=True):
    journal_id: str
    seq: int
    hash: str
    status: T
    code: str = ""
    """The program that left it, where that is asked."""


def remember(home: Home, journal_id: str, head: tuple[int, str], status: Status) -> None:
    """Leave a status behind; where it cannot be written nobody misses it."""
    _leave(home.checkpoints(status.journal) / NAME, _Left(journal_id, *head, status))


def remembered(home: Home, name: str) -> Status | None:
    """Return the status that was left behind, None where the journal is not what it was or is in use."""
    left = _found(home, name, NAME, _Left[Status])
    return left.status if left is not None and left.status.journal == name else None


def remember_why(
    home: Home, name: str, journal_id: str, head: tuple[int, str], explanation: "Explanation"
) -> None:
    """Leave the explanation of the last cycle behind, in the words of this very program."""
    from agent.settings.version import program_stamp  # noqa: PLC0415  # a status needs none of it

    _leave(home.checkpoints(name) / WHY, _Left(journal_id, *head, explanation, program_stamp()))


def remembered_why(home: Home, name: str, cycle: int | None) -> "Explanation | None":
    """Return the explanation of the last cycle, or of that one where it is the last, as it was left."""
    if not (home.checkpoints(name) / WHY).exists():
        return None
    from agent.answers.cycle import Explanation  # noqa: PLC0415  # a status needs neither
    from agent.settings.version import program_stamp  # noqa: PLC0415

    left = _found(home, name, WHY, _Left[Explanation])
    if left is None or cycle not in (None, left.status.cycle) or left.code != program_stamp():
        return None
    return left.status


def _leave(path: Path, left: "_Left[T]") -> None:
    content = msgspec.json.encode(left)
    with suppress(OSError):
        write_whole(path, sha256(content).digest() + content, durable=False)


def _found(home: Home, name: str, file: str, kind: "type[_Left[T]]") -> "_Left[T] | None":
    if home.server:
        return None
    with suppress(OSError, msgspec.MsgspecError, Busy, BadInput, JournalFault):
        whole = (home.checkpoints(name) / file).read_bytes()
        digest, content = whole[:DIGEST], whole[DIGEST:]
        if sha256(content).digest() != digest:
            return None
        left = typed(content, kind)
        with home.lock(name), RestingFile(home.journal(name)) as opened:
            if (opened.journal_id, *opened.head()) == (left.journal_id, left.seq, left.hash):
                return left
    return None
