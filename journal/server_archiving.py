"""Archiving on a server: the oldest rows of an account go into segments beside them, whoever is writing it.

The agent is asked for nothing and waits for nothing: its appends and these deletions touch different rows,
no table of its is locked, and the functions behind the triggers are replaced, not the triggers. It notices
that rows have left when it reads some, as any other reader does (`journal.server_archive`).
"""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from domain.errors import JournalFault
from journal import schema, server, server_guards
from journal.accounts import connect, place, refuse_absent
from journal.archiving import Reach, between, ignore
from journal.history import History
from journal.segment import MOST, packed, unpacked
from journal.server_archive import PLAIN, TABLE, THERE

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor

_LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
_REACH = "SELECT coalesce(max(last_row), 0) FROM segments"
_ADD = "INSERT INTO segments (first_row, last_row, hash, content) VALUES (%s, %s, %s, %s)"
_BACK = "SELECT content FROM segments WHERE first_row = %s"
_LEAVE = "DELETE FROM rows WHERE seq BETWEEN %s AND %s"
_AT_A_TIME = 1_000
"""Rows that leave in one statement: each asks the trigger, and a server's answer has a deadline."""

_SIZE = "SELECT pg_total_relation_size('rows')"
_SIZES = f"{_SIZE}, coalesce(sum(octet_length(content)), 0), count(*) FROM segments"


def archive_rows(
    url: str, account: str, journal: History, upto: int, reach: Reach = ignore, size: int = MOST
) -> int:
    """Move rows up to `upto` into segments as far as they fill whole ones; return the last that is archived.

    `journal` is the account's, open for reading. Raises BadInput for a bad URL or an account that is not
    there, JournalFault when it cannot be done; what is archived by then stays so.
    """
    parts = server.checked_url(url)
    where = place(account, parts)
    connection = connect(parts, account, where, writable=True)
    try:
        refuse_absent(connection, where)
        if schema.journal_id(connection, where) != journal.journal_id:
            raise JournalFault(f"{where} was put aside meanwhile, and another journal begun")
        _prepare(connection, account)
        cursor = connection.connection.cursor()
        at = _reach(cursor)
        while at + size <= upto:
            _move(cursor, account, journal, at, at + size, reach)
            at = _reach(cursor)
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error
    finally:
        server.disconnect(connection)
    return at


def sizes(url: str, account: str) -> tuple[int, int, int]:
    """Return the bytes of an account's rows, those of its segments, and how many segments there are.

    Raises BadInput, JournalFault.
    """
    parts = server.checked_url(url)
    where = place(account, parts)
    connection = connect(parts, account, where, writable=False)
    try:
        refuse_absent(connection, where)
        if not connection.execute(THERE).scalar():
            return (
                int(connection.exec_driver_sql("SELECT pg_total_relation_size('rows')").scalar() or 0),
                0,
                0,
            )
        rows, segments, count = connection.exec_driver_sql(_SIZES).one()
        return int(rows), int(segments), int(count)
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error
    finally:
        server.disconnect(connection)


def _prepare(connection: sa.Connection, account: str) -> None:
    """Make the table of segments and its guards, and let archived rows leave, in one transaction."""
    connection.exec_driver_sql("BEGIN").close()
    connection.exec_driver_sql(_LOCK, (account,)).close()
    if not connection.execute(THERE).scalar():
        connection.exec_driver_sql(TABLE).close()
        connection.exec_driver_sql(PLAIN).close()
        server_guards.guard_archive(connection)
    connection.exec_driver_sql("COMMIT").close()


def _reach(cursor: "DBAPICursor") -> int:
    cursor.execute(_REACH)
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _move(cursor: "DBAPICursor", account: str, journal: History, after: int, last: int, reach: Reach) -> None:
    """Move rows in one transaction; nothing is done where another process archived some meanwhile."""
    rows = list(between(journal, after, last))
    content = packed(journal.journal_id, bytes.fromhex(journal.hash_at(after)), rows)
    cursor.execute("BEGIN")
    cursor.execute(_LOCK, (account,))
    if _reach(cursor) != after:
        cursor.execute("ROLLBACK")
        return
    cursor.execute(_ADD, (after + 1, last, rows[-1].hash, content))
    cursor.execute(_BACK, (after + 1,))
    back = cursor.fetchone()
    if back is None or unpacked(bytes(back[0]))[1] != rows:
        raise JournalFault(
            f"rows {after + 1} to {last} do not come back from the server as they were written"
        )
    reach("segment written")
    left = 0
    for first in range(after + 1, last + 1, _AT_A_TIME):
        cursor.execute(_LEAVE, (first, min(first + _AT_A_TIME - 1, last)))
        left += cursor.rowcount
    if left != len(rows):
        raise JournalFault(f"{left} rows of {len(rows)} would have left; nothing was archived")
    reach("rows left")
    cursor.execute("COMMIT")
    if getattr(cursor, "statusmessage", "") != "COMMIT":
        raise JournalFault(f"the server answered {getattr(cursor, 'statusmessage', '')} to COMMIT")
    reach("segment committed")
