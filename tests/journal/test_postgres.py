"""The journal on a server: what is in force, what can never be changed, what is refused."""

import io
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from domain.errors import BadInput, JournalFault
from journal import server
from journal.accounts import accounts, archive, namespace
from journal.anchor import write_anchor
from journal.memory import MemoryJournal
from journal.reader import open_reader
from journal.sql import SqlJournal, open_journal
from journal.stored import Broken
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.postgres_server import PASSWORD, USER, Server
from tests.shared import ROOT

OTHER_ID = "ba9876543210"


def opened(url: str, account: str, new_id: str = JOURNAL_ID) -> SqlJournal:
    return open_journal(url, new_id, account=account, holder="me", grace_ms=0)


def written(url: str, account: str, cycles: int = 5) -> None:
    with opened(url, account) as journal:
        journal.append(session())
        for number in range(1, cycles + 1):
            journal.append(*cycle(number))


def execute(url: str, account: str, *statements: str) -> None:
    """Run statements as whoever owns the tables can, in the account's namespace."""
    with psycopg.connect(url) as connection:
        connection.execute(f'SET search_path = "{namespace(account)}"'.encode())
        for statement in statements:
            connection.execute(statement.encode())


def by_hand(url: str, account: str, *statements: str) -> None:
    """Run statements with the triggers out of force, and put them in force again."""
    off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("rows", "meta")]
    on = [
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{what}"
        for table, added in (("rows", "only_appended"), ("meta", "never_added"))
        for what in ("never_updated", "never_deleted", "never_emptied", added)
    ]
    execute(url, account, *off, *statements, *on)


def both_ways(url: str, account: str) -> list[Callable[[], object]]:
    return [lambda: opened(url, account), lambda: open_reader(url, account=account)]


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
            "DROP TRIGGER rows_never_deleted ON rows; CREATE TRIGGER rows_never_deleted BEFORE DELETE ON rows "
            "FOR EACH ROW WHEN (OLD.seq < 0) EXECUTE FUNCTION refuse('rows are never deleted'); "
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


def test_accounts_are_listed_and_one_that_is_not_there_is_said_to_be(postgres_server: Server) -> None:
    url = postgres_server.new_database()
    assert accounts(url) == []
    long = "simulated-" + "BTC-USDT-" * 9
    for name in ("paper", long):
        with opened(url, name) as journal:
            journal.append(session())
    assert accounts(url) == ["paper", long]
    assert len(namespace(long)) <= 63
    with pytest.raises(BadInput, match=f"there is no such journal; the database has: paper, {long}"):
        open_reader(url, account="papre")
    assert accounts(url) == ["paper", long]


def test_an_archived_journal_keeps_its_rows_and_the_account_begins_anew(postgres_server: Server) -> None:
    url = postgres_server.new_database()
    written(url, "paper")
    kept = verify(url, account="paper")
    with opened(url, "paper"), pytest.raises(JournalFault, match="is in use by another agent, me"):
        archive(url, "paper", "paper.1", holder="you")
    archive(url, "paper", "paper.1", holder="me")
    assert accounts(url) == ["paper.1"]
    assert verify(url, account="paper.1") == kept
    with opened(url, "paper", OTHER_ID) as journal:
        assert (journal.journal_id, journal.head()[0]) == (OTHER_ID, 0)
    with pytest.raises(BadInput, match=r"paper\.1 at .* exists already"):
        archive(url, "paper", "paper.1", holder="me")
    with pytest.raises(BadInput, match="there is no such journal"):
        archive(url, "absent", "paper.2", holder="me")
    with opened(url, "paper.1") as journal:
        journal.append(*cycle(6))
        assert journal.head()[0] == 13


CANARY = "hunter2-c4nary"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://u:{CANARY}@h", "names no database"),
        (f"postgresql://u:{CANARY}@h/", "names no database"),
        (f"postgresql://u:{CANARY}@h:port/db", "cannot be read; use postgresql://user@host:port/database"),
        (f"postgresql://u:x@{CANARY}@h/db", "the host is none; write '@'"),
        (f"postgresql://u:x@h/x/{CANARY}@h/db", "names no database"),
        (f"postgresql://u@h/db?password={CANARY}", "a parameter is not supported"),
        (f"postgresql://u:x@h/db?{CANARY}=1@h/db", "a parameter is not supported"),
        (f"postgresql://u@h/db?options=-c%20fsync=off{CANARY}", "a parameter is not supported"),
        (f"postgresql+asyncpg://u:{CANARY}@h/db", "is not supported; use a path or"),
        (f"postgresql+psycopg2://u:{CANARY}@h/db", "is not supported; use a path or"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_what_may_be_its_password(
    url: str, message: str
) -> None:
    for way in both_ways(url, "a"):
        with pytest.raises(BadInput, match=message) as caught:
            way()
        assert "c4nary" not in shown(caught.value)


def shown(error: BaseException) -> str:
    """Return everything a log or a traceback shows of an error, causes and all."""
    return repr(error) + "".join(traceback.format_exception(error))


def test_an_unreachable_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = taken.getsockname()[1]
        urls = [
            f"postgresql://u:{CANARY}@127.0.0.1:{port}/db",
            f"postgresql://u:{CANARY}@/db?host={tmp_path}",
        ]
        for url in urls:
            for way in both_ways(url, "a"):
                with pytest.raises(BadInput, match=r"cannot be reached: .*; start the server or") as caught:
                    way()
                assert "c4nary" not in shown(caught.value)


def test_whom_the_server_does_not_let_in_is_told_why_without_the_password(postgres_server: Server) -> None:
    wrong = postgres_server.shared.replace(PASSWORD, CANARY)
    for url, why in (
        (wrong, "does not let us in: password authentication failed"),
        (postgres_server.url("absent"), 'does not let us in: database "absent" does not exist'),
    ):
        for way in both_ways(url, "a"):
            with pytest.raises(BadInput, match=why) as caught:
                way()
            assert "c4nary" not in shown(caught.value)


def test_the_password_is_in_no_repr_message_or_row(
    postgres_server: Server, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres_server.shared
    assert PASSWORD in url
    journal = opened(url, account)
    journal.append(session())
    texts = [repr(journal), repr(journal._connection), repr(journal._connection.engine), str(journal._where)]
    with pytest.raises(JournalFault) as refused:
        opened(url, account)
    texts.append(shown(refused.value))
    journal._connection.exec_driver_sql("SELECT set_config('search_path', 'absent', false)")
    with pytest.raises(JournalFault) as failed:
        journal.append(*cycle(1))
    texts.append(shown(failed.value))
    with pytest.raises(JournalFault) as again:
        journal.append(*cycle(1))
    texts.append(shown(again.value))
    journal.close()
    dump = subprocess.run(
        [postgres_server.programs / "pg_dump", "-Fp", url], capture_output=True, text=True, check=True
    ).stdout
    assert account in dump
    assert all(PASSWORD not in text for text in (*texts, dump, caplog.text))


def test_without_psycopg_a_file_works_and_a_server_is_refused_with_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['psycopg'] = None\n"  # what an import finds where it is not installed
        "from domain.errors import BadInput\n"
        "from journal.sql import open_journal\n"
        f"open_journal({str(tmp_path / 'j.db')!r}, '{JOURNAL_ID}').close()\n"
        "try:\n"
        f"    open_journal('postgresql://u:{CANARY}@h/db', '{JOURNAL_ID}', account='a', holder='h')\n"
        "except BadInput as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "needs psycopg: pip install 'boyd[postgres]'" in done.stdout
    assert "c4nary" not in done.stdout + done.stderr


def test_only_a_server_s_url_imports_psycopg(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from journal.sql import open_journal\n"
        f"open_journal({str(tmp_path / 'j.db')!r}, '{JOURNAL_ID}').close()\n"
        "print('psycopg' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_places_a_url_may_name_are_shown_without_user_and_password() -> None:
    shown_as = {
        f"postgresql://u:{CANARY}@h:5433/db": "postgresql://h:5433/db",
        f"postgres://u:{CANARY}@[::1]/db?sslmode=require": "postgresql://::1/db",
        "postgresql+psycopg:///db": "postgresql://localhost/db",
        "postgresql:///db?host=/run/postgresql": "postgresql:///run/postgresql/db",
        f"postgresql://u:%40{CANARY}%2F@h/db": "postgresql://h/db",
    }
    for url, place in shown_as.items():
        assert server.place(server.checked_url(url)) == place


def test_a_server_s_journal_is_the_file_s_to_the_byte(url: str, account: str, tmp_path: Path) -> None:
    memory = MemoryJournal(JOURNAL_ID)
    with opened(url, account) as there, open_journal(tmp_path / "j.db", JOURNAL_ID) as here:
        for journal in (memory, there, here):
            journal.append(session(), *cycle(1))
            journal.append(*cycle(2))
        assert list(there.page(0, 99)) == list(here.page(0, 99)) == list(memory.page(0, 99))
        assert there.head() == here.head() == memory.head()
