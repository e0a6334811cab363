"""The journal on a server: what is in force, what can never be changed, what is refused."""

import io
from pathlib import Path

import psycopg
import pytest

from domain.errors import BadInput, JournalFault
from journal.accounts import namespace
from journal.anchor import write_anchor
from journal.memory import MemoryJournal
from journal.reader import open_reader
from journal.sql import open_journal
from journal.stored import Broken
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.on_server import OTHER_ID, both_ways, by_hand, execute, opened, written
from tests.journal.postgres_server import PASSWORD, USER, Server


def test_an_existing_journal_keeps_its_id_and_goes_on(url: str, account: str) -> None:
    written(url, account)
    with opened(url, account, OTHER_ID) as journal:
        assert journal.journal_id == JOURNAL_ID
        journal.append(*cycle(6))
        assert journal.head()[0] == 13
    assert verify(url, account=account) == Verified(13, journal.head()[1])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET payload = '\\x00' WHERE seq = 2",
        "UPDATE rows SET cycle_id = cycle_id",
        "DELETE FROM rows WHERE seq = 11",
        "DELETE FROM rows",
        "TRUNCATE rows",
        "TRUNCATE rows, meta, lease",
        "INSERT INTO rows SELECT 13, at, kind, cycle_id, payload, hash FROM rows WHERE seq = 11",
        "INSERT INTO rows SELECT * FROM rows WHERE seq = 11 ON CONFLICT (seq) DO UPDATE SET kind = 'x'",
        "UPDATE meta SET value = '2' WHERE name = 'schema'",
        "DELETE FROM meta",
        "INSERT INTO meta VALUES ('more', '2')",
        "UPDATE lease SET epoch = epoch - 1",
        "DELETE FROM lease",
        "INSERT INTO lease SELECT 'x', holder, 1, held, expires, 0 FROM lease",
        "SET session_replication_role = replica; DELETE FROM rows",
    ],
)
def test_what_is_written_cannot_be_changed_by_anyone_s_sql(
    url: str, journal_account: str, statement: str
) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match=r"never|only"):
        execute(url, journal_account, statement)
    assert isinstance(verify(url, account=journal_account), Verified)


@pytest.fixture(scope="module")
def journal_account(postgres_server: Server) -> str:
    """An account with a journal that tests leave as it is."""
    account = postgres_server.new_account()
    written(postgres_server.shared, account)
    return account


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER rows_never_deleted ON rows",
        "ALTER TABLE rows DISABLE TRIGGER rows_never_deleted",
        "ALTER TABLE rows ENABLE REPLICA TRIGGER rows_never_deleted",
        (
            "DROP TRIGGER rows_never_deleted ON rows; CREATE TRIGGER rows_never_deleted BEFORE DELETE ON "
            "rows FOR EACH ROW WHEN (OLD.seq < 0) EXECUTE FUNCTION refuse('rows are never deleted'); "
            "ALTER TABLE rows ENABLE ALWAYS TRIGGER rows_never_deleted"
        ),
    ],
)
def test_a_missing_or_toothless_guard_is_refused_and_named(url: str, account: str, statement: str) -> None:
    written(url, account, cycles=1)
    execute(url, account, *statement.split("; "))
    with pytest.raises(JournalFault, match="lacks its trigger rows_never_deleted"):
        opened(url, account)
    assert isinstance(verify(url, account=account), Verified)


def test_a_guard_s_function_with_its_teeth_drawn_is_refused(url: str, account: str) -> None:
    written(url, account, cycles=1)
    body = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
    execute(url, account, body)
    with pytest.raises(JournalFault, match="lacks its trigger rows_never_updated"):
        opened(url, account)


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        ("UPDATE rows SET payload = overlay(payload placing '\\x21' from 9) WHERE seq = 5", 5, "its payload"),
        ("UPDATE rows SET hash = decode(repeat('00', 32), 'hex') WHERE seq = 6", 6, "its hash was changed"),
        ("UPDATE rows SET cycle_id = 9 WHERE seq = 3", 3, "its columns .* differ from its payload"),
        ("DELETE FROM rows WHERE seq = 7", 7, "row 7 is missing; row 8 follows"),
        ("UPDATE meta SET value = 'ba9876543210' WHERE name = 'journal_id'", 1, "or the journal's id, was"),
    ],
)  # fmt: skip
def test_fault_20_what_was_done_by_hand_on_the_server_is_found_and_named(
    url: str, account: str, statement: str, seq: int, what: str
) -> None:
    written(url, account)
    by_hand(url, account, statement)
    found = verify(url, account=account)
    assert isinstance(found, Broken)
    assert found.seq == seq
    assert what.partition(" .* ")[0] in found.what


def test_fault_20_a_tail_cut_on_the_server_shows_at_the_anchor(
    url: str, account: str, tmp_path: Path
) -> None:
    written(url, account)
    with open_reader(url, account=account) as reader:
        anchor = write_anchor(tmp_path / "anchor.json", reader)
    assert verify(url, anchor, account=account) == Verified(11, anchor.hash)
    by_hand(url, account, "DELETE FROM rows WHERE seq > 8")
    assert isinstance(verify(url, account=account), Verified)
    found = verify(url, anchor, account=account)
    assert found == Broken(9, "the tail is cut: the anchor has seen row 11, the last row is 8")


def test_a_broken_last_row_is_not_built_upon(url: str, account: str) -> None:
    written(url, account, cycles=1)
    by_hand(url, account, "UPDATE rows SET hash = decode(repeat('00', 32), 'hex') WHERE seq = 3")
    with pytest.raises(JournalFault, match="the journal breaks at row 3"):
        opened(url, account)
    with pytest.raises(JournalFault, match="the journal breaks at row 3"):
        opened(url, account)  # not "in use": the account was given back


def test_an_index_that_hides_a_row_is_damage(url: str, account: str) -> None:
    written(url, account)
    execute(
        url,
        account,
        "DROP INDEX rows_by_cycle",
        "CREATE INDEX rows_by_cycle ON rows (cycle_id) WHERE cycle_id > 3",
        "UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'rows_by_cycle'::regclass",
    )
    found = verify(url, account=account)
    assert found == Broken(0, "the store is damaged: index rows_by_cycle gives 4 of 10 rows")


def test_another_program_s_tables_are_refused_untouched(url: str, account: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f'CREATE SCHEMA "{namespace(account)}"'.encode())
        connection.execute(f'CREATE TABLE "{namespace(account)}".rows (a int)'.encode())
    for way in both_ways(url, account):
        with pytest.raises(JournalFault, match="is a database but no journal: no table meta"):
            way()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("session_replication_role = replica", "session_replication_role is replica, must be origin"),
        ("synchronous_commit = off", ""),
        ("default_transaction_read_only = on", ""),
        ("default_transaction_isolation = 'serializable'", ""),
    ],
)  # fmt: skip
def test_settings_of_the_database_that_would_weaken_the_journal_are_overruled_or_refused(
    postgres_server: Server, setting: str, message: str
) -> None:
    url = postgres_server.new_database()
    name = url.rpartition("/")[2]
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET {setting}".encode())
    if message:
        with pytest.raises(JournalFault, match=message):
            opened(url, "a")
        return
    with opened(url, "a") as journal:
        journal.append(session())
        wanted = "SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation')"
        found = journal._connection.exec_driver_sql(wanted).one()
        assert tuple(found) == ("on", "read committed")


def test_a_server_that_does_not_sync_is_refused(postgres_server: Server, account: str) -> None:
    with psycopg.connect(postgres_server.shared, autocommit=True) as connection:
        try:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute("SHOW fsync").fetchone() != ("off",):
                pass
            with pytest.raises(JournalFault, match="fsync is off, must be on: a commit would not survive"):
                opened(postgres_server.shared, account)
        finally:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")
            while connection.execute("SHOW fsync").fetchone() != ("on",):
                pass


def test_a_role_that_may_only_read_can_read_and_nothing_else(postgres_server: Server, account: str) -> None:
    url = postgres_server.shared
    written(url, account, cycles=1)
    role = account.replace("-", "_")
    execute(
        url,
        account,
        f"CREATE ROLE {role} LOGIN PASSWORD 'r'",
        f'GRANT USAGE ON SCHEMA "{namespace(account)}" TO {role}',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA "{namespace(account)}" TO {role}',
    )
    weak = url.replace(f"{USER}:{PASSWORD}", f"{role}:r")
    assert verify(weak, account=account) == verify(url, account=account)
    with pytest.raises(JournalFault, match="is not open to this role"):
        opened(weak, account)
    with pytest.raises(JournalFault, match="is not open to this role: it needs CREATE"):
        opened(weak, account + "-new")


def test_a_backup_is_a_file_that_goes_on_as_the_same_journal(url: str, account: str, tmp_path: Path) -> None:
    with opened(url, account) as journal:
        journal.append(session(), *(each for number in range(1, 700) for each in cycle(number)))
        journal.backup(tmp_path / "b.db")
        assert verify(tmp_path / "b.db") == verify(journal)
        with open_reader(tmp_path / "b.db") as copy:
            exports = io.BytesIO(), io.BytesIO()
            assert copy.export(exports[0]) == journal.export(exports[1]) == 1399
            assert exports[0].getvalue() == exports[1].getvalue()
        with pytest.raises(BadInput, match="exists already"):
            journal.backup(tmp_path / "b.db")
        with pytest.raises(JournalFault, match="backup failed"):
            journal.backup(tmp_path / "b.db" / "c.db")
        journal.append(*cycle(700))
    with open_journal(tmp_path / "b.db", OTHER_ID) as restored:
        restored.append(*cycle(700))
        assert restored.head() == journal.head()


def test_a_server_s_journal_is_the_file_s_to_the_byte(url: str, account: str, tmp_path: Path) -> None:
    memory = MemoryJournal(JOURNAL_ID)
    with opened(url, account) as there, open_journal(tmp_path / "j.db", JOURNAL_ID) as here:
        for journal in (memory, there, here):
            journal.append(session(), *cycle(1))
            journal.append(*cycle(2))
        assert list(there.page(0, 99)) == list(here.page(0, 99)) == list(memory.page(0, 99))
        assert there.head() == here.head() == memory.head()
