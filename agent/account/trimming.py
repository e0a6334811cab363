"""Archived rows leave the file of a running agent's journal, between its own appends."""

import time

from domain.errors import BadInput
from journal.sql import SqliteJournal, SqlJournal

SECONDS = 10.0
"""For how long at a time: whoever asked asks again."""

PAUSE_SECONDS = 0.02
"""Between two steps; an append comes in first."""


def trimmed(journal: SqlJournal | None, upto: int) -> int:
    """Take archived rows out of the file for a while; return the first row that is left in it.

    Raises BadInput for a journal on a server, JournalFault.
    """
    if not isinstance(journal, SqliteJournal):
        raise BadInput("rows on a server stay there: it has no file of its own to shrink")
    until = time.monotonic() + SECONDS

    def go_on() -> bool:
        time.sleep(PAUSE_SECONDS)
        return time.monotonic() < until

    return journal.trim(upto, go_on)
