"""The triggers that refuse to change what is written, on PostgreSQL; in force for everyone and in any role.

They are `ENABLE ALWAYS`, so that a session posing as a replica meets them too, and there is one against
TRUNCATE, which row triggers never see. Whoever owns the tables can take them away; then the journal
refuses to open, and the chain still shows what was changed.
"""

from typing import NamedTuple

import sqlalchemy as sa

from domain.errors import JournalFault

_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32  # bits of pg_trigger.tgtype
_EVENTS = {_INSERT: "INSERT", _DELETE: "DELETE", _UPDATE: "UPDATE", _TRUNCATE: "TRUNCATE"}

_FUNCTIONS = {
    "refuse": "BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END",
    # By the names of the table that is written to, whatever the session's search path says.
    "only_append": (
        "DECLARE last bigint; BEGIN "
        "EXECUTE format('SELECT coalesce(max(seq), 0) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) "
        "INTO last; "
        "IF NEW.seq IS DISTINCT FROM last + 1 THEN RAISE EXCEPTION '%', TG_ARGV[0]; END IF; "
        "RETURN NEW; END"
    ),
    "only_rise": (
        "BEGIN IF NEW.epoch < OLD.epoch THEN RAISE EXCEPTION '%', TG_ARGV[0]; END IF; RETURN NEW; END"
    ),
}

# Once rows may be archived (`journal.server_archiving`): a row leaves that a segment holds, and no other. A
# function is replaced without a lock on the tables whose triggers call it, so that no append waits.
_ARCHIVE_FUNCTIONS = {
    "refuse": (
        "DECLARE archived boolean; BEGIN "
        "IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'rows' THEN "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.segments WHERE first_row <= $1 AND last_row >= $1)',"
        " TG_TABLE_SCHEMA) INTO archived USING OLD.seq; "
        "IF archived THEN RETURN OLD; END IF; END IF; "
        "RAISE EXCEPTION '%', TG_ARGV[0]; END"
    ),
    "only_archive": (
        "DECLARE fits boolean; BEGIN "
        "EXECUTE format('SELECT $1 = (SELECT coalesce(max(last_row), 0) + 1 FROM %I.segments) AND EXISTS "
        "(SELECT 1 FROM %I.rows WHERE seq = $2 AND hash = $3)', TG_TABLE_SCHEMA, TG_TABLE_SCHEMA) "
        "INTO fits USING NEW.first_row, NEW.last_row, NEW.hash; "
        "IF fits IS NOT TRUE THEN RAISE EXCEPTION '%', TG_ARGV[0]; END IF; "
        "RETURN NEW; END"
    ),
}


class _Guard(NamedTuple):
    table: str
    event: int
    function: str
    message: str

    @property
    def bits(self) -> int:
        return _BEFORE | self.event | (0 if self.event == _TRUNCATE else _ROW)

    def statement(self, name: str) -> str:
        each = "STATEMENT" if self.event == _TRUNCATE else "ROW"
        return (
            f"CREATE TRIGGER {name} BEFORE {_EVENTS[self.event]} ON {self.table} "
            f"FOR EACH {each} EXECUTE FUNCTION {self.function}('{self.message}')"
        )


_GUARDS = {
    "rows_never_updated": _Guard("rows", _UPDATE, "refuse", "rows are never changed"),
    "rows_never_deleted": _Guard("rows", _DELETE, "refuse", "rows are never deleted"),
    "rows_never_emptied": _Guard("rows", _TRUNCATE, "refuse", "rows are never deleted"),
    "rows_only_appended": _Guard("rows", _INSERT, "only_append", "rows are only appended"),
    "meta_never_updated": _Guard("meta", _UPDATE, "refuse", "meta is never changed"),
    "meta_never_deleted": _Guard("meta", _DELETE, "refuse", "meta is never deleted"),
    "meta_never_emptied": _Guard("meta", _TRUNCATE, "refuse", "meta is never deleted"),
    "meta_never_added": _Guard("meta", _INSERT, "refuse", "meta is never added to"),
    "lease_only_rises": _Guard("lease", _UPDATE, "only_rise", "a lease never goes back to an earlier epoch"),
    "lease_never_deleted": _Guard("lease", _DELETE, "refuse", "a lease is never deleted"),
    "lease_never_emptied": _Guard("lease", _TRUNCATE, "refuse", "a lease is never deleted"),
    "lease_never_added": _Guard("lease", _INSERT, "refuse", "a lease is never added to"),
}

_ARCHIVE_GUARDS = {
    "segments_never_updated": _Guard("segments", _UPDATE, "refuse", "segments are never changed"),
    "segments_never_deleted": _Guard("segments", _DELETE, "refuse", "segments are never deleted"),
    "segments_never_emptied": _Guard("segments", _TRUNCATE, "refuse", "segments are never deleted"),
    "segments_only_added": _Guard(
        "segments", _INSERT, "only_archive", "a segment follows the last one, of the rows there are"
    ),
}

_FOUND = (
    "SELECT t.tgname, c.relname, t.tgtype, p.prosrc, encode(t.tgargs, 'escape'), t.tgenabled, "
    "t.tgqual IS NULL FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT t.tgisinternal AND n.nspname = current_schema()"
)


def guard(connection: sa.Connection) -> None:
    """Create the triggers and what they call; the caller commits."""
    _create(connection, _FUNCTIONS, _GUARDS)
    if connection.exec_driver_sql("SELECT to_regclass('segments') IS NOT NULL").scalar():
        guard_archive(connection)


def guard_archive(connection: sa.Connection) -> None:
    """Guard the table of segments, and let rows leave that are in it; the caller commits."""
    _create(connection, _ARCHIVE_FUNCTIONS, _ARCHIVE_GUARDS)


def _create(connection: sa.Connection, functions: dict[str, str], guards: dict[str, _Guard]) -> None:
    for name, body in functions.items():
        statement = (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body${body}$body$"
        )
        connection.execute(sa.text(statement.replace(":", r"\:"))).close()
    for name, wanted in guards.items():
        connection.exec_driver_sql(wanted.statement(name)).close()
        connection.exec_driver_sql(f"ALTER TABLE {wanted.table} ENABLE ALWAYS TRIGGER {name}").close()


def unguard(connection: sa.Connection) -> None:
    """Take the triggers away inside a migration, which puts them back; the caller commits."""
    for name in _FUNCTIONS | _ARCHIVE_FUNCTIONS:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}() CASCADE").close()


def check_guards(connection: sa.Connection, where: object) -> None:
    """Raise JournalFault unless every trigger is there, does what it did, and is in force."""
    result = {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(_FOUND)}
    guards, functions = _GUARDS, _FUNCTIONS
    if any(row[0] == "segments" for row in result.values()):
        guards, functions = _GUARDS | _ARCHIVE_GUARDS, _FUNCTIONS | _ARCHIVE_FUNCTIONS
    for name, wanted in guards.items():
        body = functions[wanted.function]
        if result.get(name) != (wanted.table, wanted.bits, body, wanted.message + "\\000", "A", True):
            raise JournalFault(f"{where} lacks its trigger {name}: verify it and restore it from a backup")
