"""The tables, and which of their versions this program understands."""

import sqlalchemy as sa

from domain.errors import JournalFault
from journal.codec import SESSION_STARTED

VERSION = 1
"""Of the tables. Raise it with every change of them, and write the step from the version before."""

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
sa.Index("rows_of_sessions", ROWS.c.kind, sqlite_where=_STARTS, postgresql_where=_STARTS)

# Plain text, so that rows someone has tampered with arrive as they are, unconverted.
PAGE = sa.text(
    "SELECT seq, at, kind, cycle_id, payload, hash FROM rows WHERE seq > :after ORDER BY seq LIMIT :limit"
)
CYCLE = sa.select(ROWS.c.seq).where(ROWS.c.cycle_id == sa.bindparam("cycle_id")).order_by(ROWS.c.seq)
SESSIONS = sa.select(ROWS.c.seq).where(_STARTS).order_by(ROWS.c.seq)
LAST_CYCLE = sa.select(sa.func.max(ROWS.c.cycle_id))
LAST_ROW = sa.text("SELECT seq, hash FROM rows ORDER BY seq DESC LIMIT 1")


def is_empty(connection: sa.Connection) -> bool:
    """Say whether the database holds no table at all."""
    return not sa.inspect(connection).get_table_names()


def create(connection: sa.Connection, journal_id: str) -> None:
    """Create the tables and write the journal's id; the caller commits."""
    METADATA.create_all(connection, checkfirst=False)
    values = {"schema": str(VERSION), "journal_id": journal_id}
    connection.execute(META.insert(), [{"name": name, "value": value} for name, value in values.items()])


def journal_id(connection: sa.Connection, where: object) -> str:
    """Return the id of the journal in a database.

    Raises JournalFault when the tables are not a journal's or of a version this program does not
    know.
    """
    missing = {META.name, ROWS.name} - set(sa.inspect(connection).get_table_names())
    if missing:
        raise JournalFault(f"{where} is a database but no journal: no table {', '.join(sorted(missing))}")
    meta = {str(name): str(value) for name, value in connection.execute(sa.select(META))}
    found = meta.get("schema", "none")
    if found != str(VERSION):
        raise JournalFault(
            f"{where} has schema version {found}, this program knows {VERSION}{_advice(found)}"
        )
    if "journal_id" not in meta:
        raise JournalFault(f"{where} does not say its journal id; restore it from a backup")
    return meta["journal_id"]


def _advice(found: str) -> str:
    newer = found.isdecimal() and int(found) > VERSION
    return "; use the newer program that wrote it" if newer else "; restore it from a backup"
