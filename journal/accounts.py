"""Accounts in one PostgreSQL database: each has a namespace of its own, with a file's tables and the lease.

A namespace (`boyd_NAME`) rather than a column: so statements and triggers are those of a file, an account
can be granted, dumped or moved aside alone, and a fault in one reaches no other.
"""

import hashlib

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from journal import lease, schema, server
from journal.lease import GRACE_MS, LEASE_MS, Claim

_PREFIX = "boyd_"
_LONGEST = 63  # bytes PostgreSQL keeps of a name
_NOTE = "journal of boyd account "


def accounts(url: str) -> list[str]:
    """Return the accounts that have a journal in a database, by name. Raises BadInput, JournalFault."""
    parts = server.checked_url(url)
    connection = connect(parts, "", server.place(parts), writable=False)
    try:
        return _listed(connection)
    except server.Error as error:
        raise JournalFault(server.explain(error, server.place(parts))) from error
    finally:
        server.disconnect(connection)


def holder(url: str, account: str) -> str | None:
    """Return who has an account's lease now, on whichever host; None where nobody does.

    Raises BadInput, JournalFault.
    """
    parts = server.checked_url(url)
    where = place(account, parts)
    connection = connect(parts, account, where, writable=False)
    try:
        refuse_absent(connection, where)
        rows = list(connection.exec_driver_sql(lease.HELD, (account,)))
        return str(rows[0][0]) if rows else None
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error
    finally:
        server.disconnect(connection)


def archive(url: str, account: str, kept: str, *, holder: str, grace_ms: int = GRACE_MS) -> None:
    """Give an account's journal the name `kept`, so that the account can begin anew; nothing is deleted.

    Raises BadInput for a bad name or URL, an account that is not there or a `kept` that is, JournalFault
    when another agent has the account.
    """
    lease.checked_account(kept)
    claim = lease.checked(Claim(account, holder, grace_ms, LEASE_MS))
    parts = server.checked_url(url)
    where = place(account, parts)
    connection = connect(parts, account, where, writable=True)
    try:
        refuse_absent(connection, where)
        if kept in _listed(connection):
            raise BadInput(f"{place(kept, parts)} exists already; choose another name")
        schema.journal_id(connection, where)
        _rename(connection, claim, where, kept)
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error
    finally:
        server.disconnect(connection)


def _rename(connection: sa.Connection, claim: Claim, where: str, kept: str) -> None:
    cursor = connection.connection.cursor()
    held = lease.take(cursor, claim, where)
    cursor.execute("BEGIN")
    held.give_to(cursor, kept)
    cursor.execute(f'ALTER SCHEMA "{namespace(claim.account)}" RENAME TO "{namespace(kept)}"')
    cursor.execute(_comment(kept))
    cursor.execute("COMMIT")
    cursor.close()


def namespace(account: str) -> str:
    """Return an account's namespace; a name too long for PostgreSQL is cut and told apart by a digest."""
    name = _PREFIX + account
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 13]}-{hashlib.sha256(account.encode()).hexdigest()[:12]}"


def make(connection: sa.Connection, account: str) -> None:
    """Make an account's namespace where there is none; the caller commits."""
    connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{namespace(account)}"').close()
    connection.exec_driver_sql(_comment(account)).close()


def place(account: str, parts: sa.URL) -> str:
    """Return what a journal is called in messages."""
    return f"account {account} at {server.place(parts)}"


def connect(parts: sa.URL, account: str, where: str, *, writable: bool) -> sa.Connection:
    """Open a connection to an account's namespace. Raises BadInput, JournalFault."""
    try:
        return server.connect(parts, namespace(account), writable=writable)
    except server.Error as error:
        raise JournalFault(server.explain(error, where)) from error


def refuse_absent(connection: sa.Connection, where: str) -> None:
    """Raise BadInput, naming the accounts there are, unless the account has a journal."""
    if schema.is_empty(connection):
        known = ", ".join(_listed(connection)) or "none"
        raise BadInput(f"{where}: there is no such journal; the database has: {known}")


def _listed(connection: sa.Connection) -> list[str]:
    query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE starts_with(nspname, %s)"
    notes = [str(row[0]) for row in connection.exec_driver_sql(query, (_PREFIX,))]
    return sorted(note.removeprefix(_NOTE) for note in notes if note.startswith(_NOTE))


def _comment(account: str) -> str:
    return f"COMMENT ON SCHEMA \"{namespace(account)}\" IS '{_NOTE}{account}'"
