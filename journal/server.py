"""Everything that is PostgreSQL's alone: its URL, connecting, settings, errors, what it finds damaged.

Laws: `synchronous_commit` on, and a server with `fsync` on (a commit survives power loss); settings are
read back; triggers are in force; nothing waits longer than `LOCK_WAIT` for another session. A password
appears in no message: of the URL only host, port and database are shown.
"""

import re
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from domain.errors import BadInput, JournalFault
from journal.codec import SESSION_STARTED
from journal.deadline import SECONDS, Bounded

Error: tuple[type[BaseException], ...] = (psycopg.Error, sa.exc.SQLAlchemyError, UnicodeError, OSError)
"""What a failing database raises, through the driver or through Core."""

LOCK_WAIT = "1s"
"""How long a statement waits for another session to let go; a second agent must give up within 2 s."""

CONNECT_SECONDS = 3

_SETTINGS = {
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",  # the lease is read as it is after waiting for its row
    "lock_timeout": LOCK_WAIT,
    "idle_in_transaction_session_timeout": "10s",  # a frozen agent must not keep the lease's row locked
    "TimeZone": "UTC",
    "client_min_messages": "warning",
}
# What only the server's operator can set, and what it is good for.
_REQUIRED = {
    "fsync": ("on", "a commit would not survive power loss"),
    "full_page_writes": ("on", "a page torn by power loss could not be repaired"),
    "server_encoding": ("UTF8", "create the database with encoding UTF8"),
    "session_replication_role": ("origin", "the triggers would not be in force"),
    "transaction_read_only": ("off", "this is a standby, or the database is read-only"),
}
_PARAMETERS = (
    "channel_binding", "gssencmode", "host", "passfile", "port", "require_auth", "sslcert", "sslcrl",
    "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
)  # fmt: skip
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?|/[^@:?#]*")
_DATABASE = re.compile(r"[^@/:?#]+")

_FORM = "use postgresql://user@host:port/database (the password may lie in ~/.pgpass)"

_SESSIONS = f"kind = '{SESSION_STARTED}'"
_SCAN = f"SELECT count(*), count(cycle_id), count(*) FILTER (WHERE {_SESSIONS}) FROM rows"  # noqa: S608
_BY_INDEX = {
    "rows_pkey": "SELECT count(*) FROM rows WHERE seq > -9223372036854775808",
    "rows_by_cycle": "SELECT count(*) FROM rows WHERE cycle_id IS NOT NULL",
    "rows_of_sessions": f"SELECT count(*) FROM rows WHERE {_SESSIONS}",  # noqa: S608
}

_MEANINGS = {
    "08": "lost its connection to the server: start again once it answers",
    "57P": "lost its connection to the server, which was stopped or restarted: start again once it answers",
    "25P03": "lost its connection: the agent stood still in the middle of a transaction",
    "53100": "cannot grow: the server's disk is full",
    "53": "is refused by the server, which lacks memory, disk or connections",
    "58": "failed at the server's disk: check disk and quota, then start again",
    "XX": "is damaged, or the server is: verify it, then restore it from a backup",
    "55P03": f"is locked by another session for more than {LOCK_WAIT}: stop it, then start again",
    "25006": "cannot be written: the server or the role is read-only",
    "42501": "is not open to this role: it needs CREATE on the database, and the tables must be its own",
}


def checked_url(text: str) -> sa.URL:
    """Return a URL's parts. Raises BadInput, never showing the URL: it may hold a password."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise BadInput(f"journal URL {_scheme(text)}://... cannot be read; {_FORM}") from None
    if not set(url.query).issubset(_PARAMETERS):
        # not even the name is shown: after an unescaped '@' or '?' it may be a piece of the password
        raise BadInput(f"journal URL: a parameter is not supported; known are {', '.join(_PARAMETERS)}")
    if not all(_HOST.fullmatch(host) for host in _hosts(url)):
        raise BadInput(
            "journal URL: the host is none; write '@', '/' or ':' inside a password as %40, %2F or %3A"
        )
    if not url.database or not _DATABASE.fullmatch(url.database):
        raise BadInput(f"journal URL {_scheme(text)}://... names no database; {_FORM}")
    return url.set(drivername="postgresql+psycopg")


def place(url: sa.URL) -> str:
    """Return what a URL names, for messages: host, port and database, nothing else."""
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{','.join(_hosts(url))}{port}/{url.database}"


def connect(url: sa.URL, namespace: str, *, writable: bool) -> sa.Connection:
    """Open one connection in which unqualified names mean `namespace`, its settings read back.

    Raises BadInput when the server cannot be reached or does not let us in, JournalFault when a
    setting is not in force.
    """
    engine = sa.create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        use_native_hstore=False,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "boyd",
            # a server that fell silent must not hold an agent up for the hours TCP would
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
    sa.event.listen(engine, "do_connect", _bounded)
    try:
        connection = engine.connect()
    except Error as error:
        raise BadInput(_refusal(error, url)) from None
    try:
        _set(connection, namespace, place(url), writable=writable)
    except BaseException:
        disconnect(connection)
        raise
    return connection


def _bounded(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Bounded:
    """Connect with a deadline for every answer."""
    return Bounded.connect(*arguments, **named)


def _set(connection: sa.Connection, namespace: str, where: str, *, writable: bool) -> None:
    """Set what a session can set, in one round trip, and read everything back in another."""
    quoted = '"' + namespace.replace('"', '""') + '"'
    ours = {**_SETTINGS, "search_path": quoted, "default_transaction_read_only": "off" if writable else "on"}
    calls = ", ".join(["set_config(%s, %s, false)"] * len(ours))
    pairs = tuple(part for pair in ours.items() for part in pair)
    connection.exec_driver_sql(f"SELECT {calls}", pairs).close()
    wanted = {name: (value, "is a pooler in between?") for name, value in ours.items()}
    if writable:
        wanted |= _REQUIRED
    calls = ", ".join(["current_setting(%s)"] * len(wanted))
    result = connection.exec_driver_sql(f"SELECT {calls}", tuple(wanted)).one()
    for (name, (value, why)), known in zip(wanted.items(), result, strict=True):
        if known != value:
            raise JournalFault(f"{where}: PostgreSQL's {name} is {known}, must be {value}: {why}")


def disconnect(connection: sa.Connection) -> None:
    """Close a connection, even a lost one: nothing is asked of it, the server rolls back what is open."""
    if not connection.closed:
        connection.invalidate()
        connection.close()


def explain(error: BaseException, where: object) -> str:
    """Say in words what went wrong and what to do; never shows values of rows or a password."""
    cause = getattr(error, "orig", None) or error
    if isinstance(error, sa.exc.PendingRollbackError):  # Core's word for a connection it saw lost before
        cause = psycopg.OperationalError(str(error))
    if not isinstance(cause, psycopg.Error):
        return str(cause) if isinstance(cause, JournalFault) else f"{where}: {cause} ({type(cause).__name__})"
    state = cause.sqlstate or ("08" if isinstance(cause, psycopg.OperationalError) else "")
    name = f"{cause.sqlstate} {type(cause).__name__}" if cause.sqlstate else type(cause).__name__
    for length in (5, 3, 2):
        meaning = _MEANINGS.get(state[:length])
        if meaning:
            return f"{where} {meaning} ({name})"
    return f"{where}: {cause.diag.message_primary or _line(cause)} ({name})"


def integrity(connection: sa.Connection) -> str | None:
    """Return which index does not hold what its table holds, or None; checksums are the server's to check."""
    driver: Any = connection.connection.driver_connection
    driver.seconds = None  # it reads every row there is
    cursor = connection.connection.cursor()
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(_SCAN)
        expected = cursor.fetchone() or ()
        cursor.execute("SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL enable_indexonlyscan TO DEFAULT")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for (index, query), count in zip(_BY_INDEX.items(), expected, strict=True):
            cursor.execute(query)
            result = cursor.fetchone()
            if result != (count,):
                return f"index {index} gives {result[0] if result else 'none'} of {count} rows"
    finally:
        cursor.execute("ROLLBACK")
        cursor.close()
        driver.seconds = SECONDS
    return None


def _refusal(error: BaseException, url: sa.URL) -> str:
    """Say why there is no connection; a password libpq might repeat is blotted out."""
    cause = getattr(error, "orig", None) or error
    detail = " ".join(str(cause).split())
    if url.password:
        detail = detail.replace(str(url.password), "***")
    fatal = detail.partition("FATAL: ")[2].strip()
    if "database system is" in fatal:  # starting up, shutting down, in recovery
        return f"{place(url)} is not ready: {fatal}; try again in a moment"
    if fatal:
        return f"{place(url)} does not let us in: {fatal}; correct the URL, or ask the server's operator"
    return f"{place(url)} cannot be reached: {detail}; start the server or correct the URL"


def _hosts(url: sa.URL) -> list[str]:
    """Return where the server is: of the host itself, else of the parameter, else the local socket."""
    named = url.query.get("host", "localhost")
    result = url.host or (named if isinstance(named, str) else ",".join(named))
    return result.split(",")


def _scheme(text: str) -> str:
    return text.partition("://")[0]


def _line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
