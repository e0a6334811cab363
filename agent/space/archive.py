"""Archiving a journal of the home, whether its agent runs or not, behind a checkpoint that a start begins at.

Rows after that checkpoint stay in the file, so that neither a start nor a stop needs an archived row. A
running agent takes archived rows out of its file itself, a few at a time between its appends; at rest the
file is made anew without them, which also gives room back that an old file cannot give back by itself.
On a server they move from one table to another, and no agent is asked (`journal.server_archiving`).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from agent.host.failpoints import armed
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from agent.state.checkpoints import Checkpoints
from agent.state.key import fold_key
from domain.errors import BadInput, JournalFault
from domain.times import millis
from journal.archive import Archive
from journal.archiving import drafted, pack, swapped
from journal.history import History
from journal.reader import open_held
from journal.segment import MOST
from journal.sql import LEAST_LEFT

MOST_DAYS, MOST_ROWS = 36_525, 10**12
"""A hundred years, as `[retention] journal_days` has it; more rows than any journal."""


class KeptRows(NamedTuple):
    """The rows that stay in the file at least: those younger than so many days, or so many of the latest."""

    days: float | None = None
    rows: int | None = None


class Limit(NamedTuple):
    """The last row that may be archived, and what keeps the next one."""

    row: int
    why: str


def checked_keep(text: str) -> KeptRows:
    """Return what a person wants to keep: `30d` for days, a number for rows. Raises BadInput."""
    number, days = text.removesuffix("d"), text.endswith("d")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    most = MOST_DAYS if days else MOST_ROWS
    if not 0 < value <= most or (not days and value != int(value)):
        what = f"days such as 90d (at most {MOST_DAYS}d), or a number of rows such as 100000"
        raise BadInput(f"--keep {text[:40]}: {what}")
    return KeptRows(days=value) if days else KeptRows(rows=int(value))


def limit(home: Home, name: str, opened: History, keep: KeptRows, now: datetime) -> Limit:
    """Return up to which row a journal may be archived. Raises JournalFault."""
    last, _ = opened.head()
    if keep.rows is not None:
        wanted = Limit(last - keep.rows, f"the latest {keep.rows:,} rows stay")
    else:
        until = millis(now - timedelta(days=keep.days or 0))
        wanted = Limit(_older(opened, last, until), f"what is younger than {keep.days:g} days stays")
    checkpoint = Checkpoints(home.checkpoints(name)).nearest(opened, fold_key(recorded_options(opened)))
    behind = checkpoint.header.seq - 1 if checkpoint is not None else 0
    if behind < wanted.row:
        why = (
            "a start begins at the checkpoint there"
            if checkpoint
            else "no checkpoint fits: start the agent once"
        )
        wanted = Limit(behind, why)
    return Limit(max(0, wanted.row), wanted.why)


def _older(opened: History, last: int, until: int) -> int:
    """Return the last row before the first that is as young as `until`, supposing that time goes on."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if opened.page(middle - 1, 1)[0].at < until:
            low = middle
        else:
            high = middle - 1
    return low


def reach(step: str) -> None:
    """Die here where a test wants it."""
    if FUSE is not None:
        FUSE.reach(step)


FUSE = armed()


def packed(home: Home, name: str, opened: History, row: int, size: int = MOST) -> int:
    """Write segments of a journal's rows up to `row`; return the last row that is archived.

    On a server the rows leave in the same breath, and come to lie beside the others there.
    """
    if home.server:
        from journal.server_archiving import archive_rows  # noqa: PLC0415 -- psycopg is an extra

        return archive_rows(home.server, name, opened, row, reach, size)
    return pack(opened, Archive(home.journal(name), opened.journal_id), row, reach, size)


def made_anew(home: Home, name: str, opened: History, archived: int) -> int:
    """Make a journal's file anew without its archived rows; return the first row that is in it then.

    The account is held for the last step alone, so that whoever stops it waits for nothing. Raises Busy where
    an agent has begun meanwhile, JournalFault.
    """
    path = home.journal(name)
    with home.lock(name), open_held(path) as there:
        if there.first > archived or there.head()[0] - archived < LEAST_LEFT:
            return there.first
    draft = drafted(opened, path, archived, reach)
    try:
        with home.lock(name), open_held(path) as there:
            if there.journal_id != opened.journal_id:
                raise JournalFault(f"journal {name} was put aside meanwhile, and another one begun")
            swapped(there, draft, path, reach)
    finally:
        draft.unlink(missing_ok=True)
    return archived + 1
