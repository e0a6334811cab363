"""A journal opened for reading where it lies, its account's lock held: nothing is copied unless it must be.

A file is read by the standard library alone, which is there in no time; where that cannot, and on a server,
SQLAlchemy reads it, and says what is wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from agent.account.at_hand import copied
from agent.settings.home import Busy, Home
from domain.errors import BadInput, JournalFault
from journal.at_rest import RestingFile
from journal.history import History


@contextmanager
def where_it_lies(home: Home, name: str, *, copy: bool = False) -> Iterator[History]:
    """Open a journal no agent has, else its `copy` if that will do. Raises Busy, BadInput, JournalFault."""
    try:
        lock = home.lock(name)
    except (Busy, BadInput, OSError):
        if not copy:
            raise
        with copied(home.journal_location(name), name) as opened:
            yield opened
        return
    try:
        with _opened(home, name) as opened:
            yield opened
    finally:
        lock.release()


def _opened(home: Home, name: str) -> History:
    if not home.server:
        with suppress(JournalFault):
            return RestingFile(home.journal(name))
    from journal.reader import open_held  # noqa: PLC0415  # SQLAlchemy, which is needed for nothing else

    return open_held(home.journal_location(name), account=name)
