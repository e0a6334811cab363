"""The events that speak of other rows of the journal: journaled afterwards, put back from a backup."""

from datetime import datetime

import msgspec


class JournaledAfterwards(msgspec.Struct, frozen=True, tag="journaled_afterwards"):
    """The `count` rows after this one happened while the journal could not be written, and `why` that was.

    They were kept in a file, whose id is `file`, and are journaled once, in one transaction with this row.
    """

    at: datetime
    file: str
    count: int
    why: str


class JournalRestored(msgspec.Struct, frozen=True, tag="journal_restored"):
    """The rows before this one were put back from a backup, up to row `seq` with the hash `hash`.

    What happened after that row may be missing. `source` names the backup and its point.
    """

    at: datetime
    seq: int
    hash: str
    source: str
