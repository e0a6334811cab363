"""A journal put back into a PostgreSQL database from its rows, in one transaction: whole or not at all."""

from collections.abc import Iterable
from itertools import islice

from domain.errors import BadInput, JournalFault
from journal import lease, schema, server, server_guards
from journal.accounts import accounts, connect, make, place
from journal.chain import checked_id
from journal.stored import Stored

_AT_A_TIME = 500
_INSERT = "INSERT INTO rows (seq, at, kind, cycle_id, payload, hash) VALUES (%s, %s, %s, %s, %s, %s)"


def rebuild(url: str, account: str, journal_id: str, rows: Iterable[Stored]) -> int:
    """Write rows as they are into a new journal of an account; nobody holds its lease afterwards.

    Returns the last row's number. Raises BadInput where the account has a journal, or for a bad name or
    URL, JournalFault when it cannot be written. Whatever `rows` raises passes; then nothing was written.
    """
    checked_id(journal_id)
    lease.checked_account(account)
    parts = server.checked_url(url)
    where = place(account, parts)
    if account in accounts(url):
        raise BadInput(f"{where} exists already")
    connection, last = connect(parts, account, where, writable=True), 0
    try:
        connection.exec_driver_sql("BEGIN").close()
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (account,)).close()
        make(connection, account)
        if not schema.is_empty(connection):
            raise BadInput(f"{where} exists already")
        schema.create(connection, journal_id)
        connection.exec_driver_sql(lease.TABLE).close()
        connection.exec_driver_sql(lease.FIRST, (account,)).close()
        left = iter(rows)
        while page := list(islice(left, _AT_A_TIME)):
            connection.exec_driver_sql(_INSERT, [tuple(row) for row in page]).close()
            last = page[-1].seq
        server_guards.guard(connection)
        connection.exec_driver_sql("COMMIT").close()
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error
    finally:
        server.disconnect(connection)
    return last
