"""The tables, and which of their versions this program understands."""

from collections.abc import Callable

import sqlalchemy as sa

from domain.errors import BadInput, JournalFault
from journal.codec import SESSION_STARTED

VERSION = 1
"""Of the tables. Raise it with every change of them, and write the step from the version before."""

STEPS: dict[int, Callable[[sa.Connection], None]] = {}
"""By version, what makes tables of that version those of the next, inside one transaction with the rest."""

METADATA = sa.MetaData()

META = sa.Table(
    "meta",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER is SQLite's own row id

ROWS = sa.Table(
    "rows",
    METADATA,
    sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("cycle_id", sa.BigInteger),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)
sa.Index("rows_by_cycle", ROWS.c.cycle_id)

_STARTS: sa.ColumnClause[bool] = sa.literal_column(
    f"kind = '{SESSION_STARTED}'"
)  # literal: a bound value never matches an index
STARTS = sa.Index("rows_of_sessions", ROWS.c.kind, sqlite_where=_STARTS)


def on_postgres() -> None:
    """Restrict the index of sessions there too: naming that dialect imports it, which no file needs."""
    STARTS.dialect_kwargs["postgresql_where"] = _STARTS


# Plain text, so that rows someone has tampered with arrive as they are, unconverted.
PAGE = sa.text(
    "SELECT seq, at, kind, cycle_id, payload, hash FROM rows WHERE seq > :after ORDER BY seq LIMIT :limit"
)
CYCLE = sa.select(ROWS.c.seq).where(ROWS.c.cycle_id == sa.bindparam("cycle_id")).order_by(ROWS.c.seq)
SESSIONS = sa.select(ROWS.c.seq).where(_STARTS).order_by(ROWS.c.seq)
LAST_CYCLE = sa.select(sa.func.max(ROWS.c.cycle_id))
SEARCH = sa.text(
    "SELECT seq, payload FROM rows "
    "WHERE seq > :after AND seq <= :until AND instr(payload, :text) > 0 ORDER BY seq"
)
FIRST_ROW = sa.text("SELECT min(seq) FROM rows")
LAST_ROW = sa.text("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1")


class NewerSchema(JournalFault, BadInput):
    """A journal written by a newer program: it cannot be understood here, and a person can help that."""


def is_empty(connection: sa.Connection) -> bool:
    """Say whether the database, or on a server the connection's namespace, holds no table at all."""
    return not _tables(connection)


def create(connection: sa.Connection, journal_id: str) -> None:
    """Create the tables and write the journal's id; the caller commits."""
    METADATA.create_all(connection, checkfirst=False)
    values = {"schema": str(VERSION), "journal_id": journal_id}
    connection.execute(META.insert(), [{"name": name, "value": value} for name, value in values.items()])


def is_behind(connection: sa.Connection, where: object) -> bool:
    """Say whether the tables are of an older version that `upgrade` understands. Raises JournalFault."""
    return _steps(_meta(connection, where).get("schema", "none")) is not None


def upgrade(connection: sa.Connection, where: object) -> None:
    """Bring older tables to this program's version; the caller takes the guards away and commits."""
    for step in _steps(_meta(connection, where)["schema"]) or ():
        step(connection)
    connection.execute(META.update().where(META.c.name == "schema").values(value=str(VERSION)))


def journal_id(connection: sa.Connection, where: object) -> str:
    """Return the id of the journal in a database.

    Raises JournalFault when the tables are not a journal's or of a version this program does not
    know; NewerSchema when a newer program wrote them.
    """
    meta = _meta(connection, where)
    result = meta.get("schema", "none")
    if result != str(VERSION):
        text = f"{where} has schema version {result}, this program knows {VERSION}"
        if result.isdecimal() and int(result) > VERSION:
            raise NewerSchema(f"{text}; use the newer program that wrote it")
        older = _steps(result) is not None
        raise JournalFault(f"{text}; {'start the agent once' if older else 'restore it from a backup'}")
    if "journal_id" not in meta:
        raise JournalFault(f"{where} does not say its journal id; restore it from a backup")
    return meta["journal_id"]


def _meta(connection: sa.Connection, where: object) -> dict[str, str]:
    missing = {META.name, ROWS.name} - _tables(connection)
    if missing:
        raise JournalFault(f"{where} is a database but no journal: no table {', '.join(sorted(missing))}")
    return {str(name): str(value) for name, value in connection.execute(sa.select(META))}


def _tables(connection: sa.Connection) -> set[str]:
    if connection.dialect.name != "postgresql":
        return set(sa.inspect(connection).get_table_names())
    namespace = connection.execute(sa.select(sa.func.current_schema())).scalar()
    return set(sa.inspect(connection).get_table_names(schema=namespace)) if namespace else set()


def _steps(result: str) -> list[Callable[[sa.Connection], None]] | None:
    """Return the steps from a version to this program's, or None when there are none to take."""
    if not result.isdecimal() or not 0 < int(result) < VERSION:
        return None
    wanted = range(int(result), VERSION)
    return [STEPS[version] for version in wanted] if all(version in STEPS for version in wanted) else None
