"""A backup is one file that verifies; a copy is taken of a journal whoever has it open."""

import stat
from pathlib import Path

import pytest

from domain.errors import BadInput, JournalFault
from domain.ports import Journal
from journal.copying import copy
from journal.reader import open_reader
from journal.sql import open_journal
from journal.verify import verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.tamper import written


def test_a_backup_of_a_journal_in_use_is_one_whole_private_file(tmp_path: Path) -> None:
    target = tmp_path / "backups" / "b.db"
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        journal.append(session(), *cycle(1))
        head = journal.head()
        journal.backup(target)
        journal.append(*cycle(2))
        assert journal.head()[0] == 5
    assert [file.name for file in target.parent.iterdir()] == ["b.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with open_reader(target) as reader:
        assert reader.head() == head
    assert verify(target) == (head[0], head[1])


def test_a_restored_backup_goes_on(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        journal.append(session())
        journal.backup(tmp_path / "b.db")
    with open_journal(tmp_path / "b.db", "ffffffffffff") as restored:
        assert restored.journal_id == JOURNAL_ID
        restored.append(*cycle(1))
        assert restored.head()[0] == 3


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        (tmp_path / "b.db").write_text("precious")
        with pytest.raises(BadInput, match="exists already"):
            journal.backup(tmp_path / "b.db")
    assert (tmp_path / "b.db").read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing_and_the_journal_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        with pytest.raises(JournalFault, match="backup failed"):
            journal.backup(tmp_path / "file" / "b.db")
        journal.append(session())
        assert journal.head()[0] == 1


def test_what_a_crashed_backup_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "b.db.partial").write_text("half")
    with open_journal(tmp_path / "j.db", JOURNAL_ID) as journal:
        journal.append(session())
        journal.backup(tmp_path / "b.db")
        assert verify(tmp_path / "b.db") == journal.head()


def test_a_journal_open_in_this_process_is_not_copied_since_that_would_drop_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with open_journal(path, JOURNAL_ID) as journal:
        journal.append(session())
        (tmp_path / "link.db").symlink_to(path)
        for name in (path, tmp_path / "link.db"):
            with pytest.raises(JournalFault, match="is open in this process"):
                open_reader(name)
        assert verify(journal) == journal.head()
    with open_reader(path) as reader:
        assert reader.head()[0] == 1


def test_reading_leaves_the_file_and_its_folder_as_they_were(tmp_path: Path) -> None:
    path = written(tmp_path / "j.db")
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    verify(path)
    with open_reader(path) as reader:
        list(reader.rows())
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


def test_a_reader_cleans_up_after_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    path = written(tmp_path / "j.db")
    with open_reader(path) as reader:
        assert len(list(scratch.iterdir())) == 1
        reader.head()
    (tmp_path / "text.db").write_text("dear diary " * 200)
    with pytest.raises(JournalFault):
        open_reader(tmp_path / "text.db")
    assert list(scratch.iterdir()) == []
    with pytest.raises(JournalFault, match="closed"):
        reader.page(0, 1)


def test_a_reader_is_a_journal_that_refuses_to_append(tmp_path: Path) -> None:
    path = written(tmp_path / "j.db")
    with open_reader(path) as reader:
        port: Journal = reader
        with pytest.raises(JournalFault, match="open for reading; 2 events were not appended"):
            port.append(*cycle(6))


def test_a_wal_that_starts_over_while_copied_gives_no_copy_at_all(tmp_path: Path) -> None:
    ever_new = Path("/proc/sys/kernel/random/uuid")  # a file that is another one each time it is read
    if not ever_new.exists():
        pytest.skip(f"{ever_new} is Linux's alone")
    path, wal, folder = tmp_path / "j.db", tmp_path / "j.db-wal", tmp_path / "copy"
    folder.mkdir()
    path.write_bytes(bytes(4096))
    wal.symlink_to(ever_new)
    with pytest.raises(JournalFault, match="is being written too fast to copy"):
        copy(path, folder)
    wal.unlink()
    wal.write_bytes(bytes(4096))
    assert copy(path, folder) == folder / "journal.db"
    assert (folder / "journal.db-wal").read_bytes() == bytes(4096)
