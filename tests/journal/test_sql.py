"""The journal's file: who may open it, what is in force, what can never be changed, what is refused."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput, JournalFault
from domain.events import Event
from journal import sqlite
from journal.reader import open_reader
from journal.sql import open_journal
from journal.stored import Stored
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.events import events, patient
from tests.journal.tamper import by_hand, written

OTHER_ID = "ba9876543210"


def both_ways(path: Path) -> list[Callable[[], object]]:
    return [lambda: open_journal(path, JOURNAL_ID), lambda: open_reader(path)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "j.db", cycles=3)


def test_a_new_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_journal(tmp_path / "home" / "j.db", JOURNAL_ID) as journal:
            journal.append(session())
            files = list((tmp_path / "home").iterdir())
            assert {file.name for file in files} == {"j.db", "j.db-wal"}
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700


def test_closing_leaves_one_file(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_closed_journal_lets_go_of_its_file_at_once(path: Path) -> None:
    first = open_journal(path, JOURNAL_ID)
    first.append(*cycle(4))
    first.close()
    with open_journal(path, JOURNAL_ID) as second:
        assert second.head() == first.head()


def test_an_existing_journal_keeps_its_id_and_goes_on(path: Path) -> None:
    with open_reader(path) as reader:
        head = reader.head()
    with open_journal(f"sqlite:///{path}", OTHER_ID) as journal:
        assert journal.journal_id == JOURNAL_ID
        assert journal.head() == head
        journal.append(*cycle(4))
        assert journal.head()[0] == 9
    assert isinstance(verify(path), Verified)


@given(batches=st.lists(st.lists(events, min_size=1, max_size=3), max_size=4))
@settings(patient, max_examples=15)
def test_closing_and_opening_between_any_batches_changes_nothing(
    tmp_path: Path, batches: list[list[Event]]
) -> None:
    file = tmp_path / "reopened.db"
    file.unlink(missing_ok=True)
    for batch in batches:
        with open_journal(file, JOURNAL_ID) as journal:
            journal.append(*batch)
    with open_journal(file, JOURNAL_ID) as journal:
        assert [row.event for row in journal.rows()] == [event for batch in batches for event in batch]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rows SET payload = x'00' WHERE seq = 2",
        "UPDATE rows SET cycle_id = cycle_id",
        "DELETE FROM rows WHERE seq = 7",
        "DELETE FROM rows",
        "INSERT OR REPLACE INTO rows SELECT * FROM rows WHERE seq = 3",
        "INSERT INTO rows SELECT 9, at, kind, cycle_id, payload, hash FROM rows WHERE seq = 7",
        "UPDATE meta SET value = '2' WHERE name = 'schema'",
        "DELETE FROM meta",
        "INSERT OR REPLACE INTO meta VALUES ('schema', '2')",
    ],
)
def test_what_is_written_cannot_be_changed_by_anyone_s_sql(path: Path, statement: str) -> None:
    with (
        closing(sqlite3.connect(path)) as database,
        pytest.raises(sqlite3.IntegrityError, match=r"never|only"),
    ):
        database.execute(statement)
    assert isinstance(verify(path), Verified)


def test_a_missing_guard_is_refused_and_named(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TRIGGER rows_never_deleted")
    with pytest.raises(JournalFault, match="lacks its trigger rows_never_deleted"):
        open_journal(path, JOURNAL_ID)


def test_a_guard_with_its_teeth_drawn_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TRIGGER rows_never_updated")
        database.execute("CREATE TRIGGER rows_never_updated BEFORE UPDATE ON rows BEGIN SELECT 1; END")
    with pytest.raises(JournalFault, match="lacks its trigger rows_never_updated"):
        open_journal(path, JOURNAL_ID)


@pytest.mark.parametrize(
    ("found", "advice"),
    [("2", "use the newer program"), ("0", "restore it"), ("x", "restore it"), ("-1", "restore it")],
)
def test_a_schema_of_another_version_is_refused_with_both_versions(
    path: Path, found: str, advice: str
) -> None:
    by_hand(path, f"UPDATE meta SET value = '{found}' WHERE name = 'schema'")  # noqa: S608 - from the list above
    before = path.read_bytes()
    for opened in both_ways(path):
        with pytest.raises(JournalFault, match=f"has schema version {found}, this program knows 1; {advice}"):
            opened()
    assert path.read_bytes() == before


def test_a_journal_without_version_or_id_is_refused(path: Path) -> None:
    by_hand(path, "DELETE FROM meta WHERE name = 'journal_id'")
    with pytest.raises(JournalFault, match="does not say its journal id"):
        open_journal(path, JOURNAL_ID)
    by_hand(path, "DELETE FROM meta")
    with pytest.raises(JournalFault, match="schema version none"):
        open_journal(path, JOURNAL_ID)


def test_another_program_s_database_is_refused_untouched(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE rows (a)")
    for opened in both_ways(file):
        with pytest.raises(JournalFault, match="is a database but no journal: no table meta"):
            opened()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("rows",)]


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("dear diary " * 200)
    with pytest.raises(JournalFault, match=r"text\.db is no SQLite database"):
        open_journal(file, JOURNAL_ID)
    assert file.read_text() == "dear diary " * 200


def test_an_empty_file_left_by_a_crash_while_creating_becomes_a_journal(tmp_path: Path) -> None:
    (tmp_path / "j.db").touch()
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        assert journal.head()[0] == 0


def test_a_broken_last_row_is_not_built_upon(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        text = database.execute("SELECT sql FROM sqlite_master WHERE name = 'rows_never_updated'").fetchone()[
            0
        ]
        database.execute("DROP TRIGGER rows_never_updated")
        database.execute("UPDATE rows SET hash = zeroblob(32) WHERE seq = 7")
        database.execute(text)
    with pytest.raises(JournalFault, match="the journal breaks at row 7"):
        open_journal(path, JOURNAL_ID)


@pytest.mark.parametrize("target", ["mysql://u:hunter2@h/db", "sqlite://", "sqlite:///", "sqlite://x"])
def test_a_url_of_another_database_is_refused_without_its_password(target: str) -> None:
    with pytest.raises(BadInput, match="is not supported; use a path or sqlite:///path") as caught:
        open_journal(target, JOURNAL_ID)
    assert "hunter2" not in str(caught.value)


def test_targets_that_cannot_be_a_journal_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a directory"):
        open_journal(tmp_path, JOURNAL_ID)
    with pytest.raises(BadInput, match="twelve hex digits"):
        open_journal(tmp_path / "j.db", "id")
    (tmp_path / "file").touch()
    with pytest.raises(JournalFault, match=r"Not a directory|File exists"):
        open_journal(tmp_path / "file" / "j.db", JOURNAL_ID)
    with pytest.raises(BadInput, match="does not exist"):
        open_reader(tmp_path / "absent.db")


# Root may write anything, so the child becomes another user; it has imported all it needs by then.
_OPEN_AS_NOBODY = f"""
import os, sys
from pathlib import Path
from domain.errors import JournalFault
from journal.sql import open_journal
from journal.stored import Stored

folder = Path(sys.argv[1])
open_journal(folder / "warm.db", "{JOURNAL_ID}").close()
if os.geteuid() == 0:
    os.setuid(65534)
try:
    open_journal(folder / "j.db", "{JOURNAL_ID}")
except JournalFault as fault:
    print(fault)
"""


def test_a_read_only_file_is_refused_with_what_to_do(path: Path) -> None:
    with TemporaryDirectory() as name:  # not tmp_path, which is closed to other users
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "j.db").write_bytes(path.read_bytes())
        (folder / "j.db").chmod(0o444)
        command = [sys.executable, "-c", _OPEN_AS_NOBODY, name]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert "is not writable by this user" in answer.stdout, answer.stderr


def test_every_pragma_is_in_force(tmp_path: Path) -> None:
    with closing(sqlite.connect(tmp_path / "j.db")) as connection:
        sqlite.lock(connection)
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "locking_mode", "recursive_triggers")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "locking_mode": "exclusive",
        "recursive_triggers": 1,
    }


def test_a_pragma_that_does_not_take_is_refused() -> None:
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")  # memory has no WAL
    with (
        engine.connect() as connection,
        pytest.raises(JournalFault, match="journal_mode is memory, must be wal"),
    ):
        sqlite.lock(connection)
    engine.dispose()


def test_whoever_follows_is_told_of_each_commit_once_it_is_there(path: Path) -> None:
    told: list[Stored] = []
    with open_journal(path, JOURNAL_ID) as journal:
        journal.append(*cycle(4))
        before, _ = journal.head()
        journal.committed = told.extend
        journal.append(*cycle(5))
        journal.append()
        journal.append(*cycle(6))
        journal.committed = None
        journal.append(*cycle(7))
        assert told == journal.page(before, 4)


def test_one_that_raises_is_told_no_more_and_the_append_stands(path: Path) -> None:
    calls: list[int] = []

    def failing(rows: Sequence[Stored]) -> None:
        calls.append(rows[-1].seq)
        raise OSError

    with open_journal(path, JOURNAL_ID) as journal:
        journal.committed = failing
        journal.append(*cycle(4))
        journal.append(*cycle(5))
        assert journal.head()[0] == calls[0] + 2
        assert journal.committed is None
        assert len(calls) == 1


def test_nobody_is_told_of_what_was_not_written(path: Path) -> None:
    told: list[Sequence[Stored]] = []
    journal = open_journal(path, JOURNAL_ID)
    journal.committed = told.append
    journal.close()
    with pytest.raises(JournalFault):
        journal.append(*cycle(4))
    assert told == []
