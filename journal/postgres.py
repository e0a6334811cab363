"""The journal on a PostgreSQL server: the same rows, the same chain, and a lease instead of a file's lock."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from domain.errors import JournalFault
from journal import lease, schema, server, server_guards, sqlite
from journal.accounts import connect, make, place, refuse_absent
from journal.chain import checked_id
from journal.history import PAGE
from journal.lease import GRACE_MS, LEASE_MS, Claim, Heartbeat, Lease
from journal.server_archive import ServerReader
from journal.sql import SqlJournal
from journal.stored import Stored

schema.on_postgres()

_INSERT = "INSERT INTO rows (seq, at, kind, cycle_id, payload, hash) VALUES (%s, %s, %s, %s, %s, %s)"


class PostgresJournal(ServerReader, SqlJournal):
    """The journal of a running agent, written under a lease that a thread prolongs while it is idle."""

    def __init__(self, connection: sa.Connection, where: str, held: Lease) -> None:
        super().__init__(connection, where, server)
        self._held = held
        self._heartbeat = Heartbeat(self._beat, held.claim.lease_ms / 3000)

    @property
    def epoch(self) -> int:
        """Number of the lease under which this journal appends; rises with every take-over."""
        return self._held.epoch

    def renew(self) -> None:
        """Prolong the lease; the heartbeat does, and each append. Raises JournalFault when it is lost.

        A lease that cannot be prolonged is a failure as final as an append that fails.
        """
        with self._lock:
            self._refuse_failed()
            self._attempt(self._write, ())

    def _beat(self) -> bool:
        """Prolong the lease and say whether to go on; the next append tells what is wrong."""
        try:
            self.renew()
        except JournalFault:
            return False
        return True

    def _write(self, rows: Sequence[Stored]) -> None:
        cursor = self._cursor
        cursor.execute("BEGIN")
        self._held.renew(cursor)
        if rows:
            cursor.executemany(_INSERT, rows)
        cursor.execute("COMMIT")
        if cursor.statusmessage != "COMMIT":  # what a server answers to the commit of a failed transaction
            raise JournalFault(f"{self._where}: the server answered {cursor.statusmessage} to COMMIT")

    def _copy(self, path: Path) -> None:
        """Write the rows there are now into an SQLite file: the same journal, to be opened by its path."""
        last, _ = self.head()
        connection = sqlite.connect(path)
        try:
            connection.exec_driver_sql(sqlite.BEGIN).close()
            schema.create(connection, self.journal_id)
            after = 0
            while after < last:
                page = self.page(after, min(PAGE, last - after))
                connection.execute(schema.ROWS.insert(), [row._asdict() for row in page])
                after = page[-1].seq
            sqlite.guard(connection)
            connection.connection.commit()
        finally:
            connection.close()
        sqlite.sync(path)

    def close(self) -> None:
        """Give the account back and close; calling it again does nothing."""
        self._heartbeat.stop()
        with self._lock, contextlib.suppress(*server.Error):
            if not self._closed:
                self._held.release(self._cursor)
        super().close()


def open_journal(
    url: str,
    new_id: str,
    *,
    account: str,
    holder: str,
    grace_ms: int = GRACE_MS,
    lease_ms: int = LEASE_MS,
    lives: Callable[[str], bool] = lease.alive,
) -> PostgresJournal:
    """Take an account's lease and open its journal to write it, or create it with the id `new_id`.

    `holder` is shown to whoever else wants the account: host and process. `lease_ms` is how long the
    lease lasts without being prolonged, `grace_ms` (recvWindow and margin) what a successor waits
    beyond, unless `lives` says of the former holder that it does not.
    Raises BadInput for a bad URL, an unreachable server, or tables of a newer program;
    JournalFault when another agent has the account, or the journal cannot be understood or believed.
    """
    checked_id(new_id)
    claim = lease.checked(Claim(account, holder, grace_ms, lease_ms))
    parts = server.checked_url(url)
    where = place(account, parts)
    connection = connect(parts, account, where, writable=True)
    try:
        return _opened(connection, claim, where, new_id, lives)
    except BaseException as error:
        server.disconnect(connection)
        if isinstance(error, server.Error):
            raise JournalFault(server.explain(error, where)) from error
        raise


def open_reader(url: str, *, account: str) -> ServerReader:
    """Open an account's journal to read it, whoever is writing it, without its lease.

    Raises BadInput for a bad URL, an unreachable server or an account that is not there, JournalFault
    when the journal cannot be read or understood.
    """
    parts = server.checked_url(url)
    where = place(lease.checked_account(account), parts)
    connection = connect(parts, account, where, writable=False)
    try:
        refuse_absent(connection, where)
        return ServerReader(connection, where, server)
    except BaseException as error:
        server.disconnect(connection)
        if isinstance(error, server.Error):
            raise JournalFault(server.explain(error, where)) from error
        raise


def _opened(
    connection: sa.Connection, claim: Claim, where: str, new_id: str, lives: Callable[[str], bool]
) -> PostgresJournal:
    if schema.is_empty(connection):
        _create(connection, claim.account, new_id)
    behind = schema.is_behind(connection, where)
    if not behind:
        checked_id(schema.journal_id(connection, where))  # a newer program's journal is not even locked
    cursor = connection.connection.cursor()
    held = lease.take(cursor, claim, where, lives)
    # From here on no other agent writes, and what the former holder was committing is decided.
    try:
        if behind:
            _upgrade(connection, where)
        server_guards.check_guards(connection, where)
        journal = PostgresJournal(connection, where, held)
    except BaseException:
        with contextlib.suppress(*server.Error):
            connection.connection.rollback()
            held.release(cursor)
        raise
    finally:
        with contextlib.suppress(*server.Error):
            cursor.close()
    try:
        journal.tail(1)
    except BaseException:
        journal.close()
        raise
    return journal


def _create(connection: sa.Connection, account: str, new_id: str) -> None:
    """Create an account's namespace and tables in one transaction, unless another agent just did."""
    connection.exec_driver_sql("BEGIN").close()
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (account,)).close()
    make(connection, account)  # also lets this session see what another made while it waited
    if schema.is_empty(connection):
        schema.create(connection, new_id)
        connection.exec_driver_sql(lease.TABLE).close()
        connection.exec_driver_sql(lease.FIRST, (account,)).close()
        server_guards.guard(connection)
    connection.exec_driver_sql("COMMIT").close()


def _upgrade(connection: sa.Connection, where: str) -> None:
    connection.exec_driver_sql("BEGIN").close()
    server_guards.unguard(connection)
    schema.upgrade(connection, where)
    server_guards.guard(connection)
    connection.exec_driver_sql("COMMIT").close()
