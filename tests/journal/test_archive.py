"""Rows that were archived are read as ever: every reader, every split, and whatever is missing is named."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import JournalFault
from journal.archive import Archive
from journal.archiving import drafted, pack, swapped
from journal.at_rest import RestingFile
from journal.history import History
from journal.reader import open_held, open_reader
from journal.sql import SqliteJournal, open_journal
from journal.stored import Broken
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.tamper import written

SIZE = 8
READERS: dict[str, Callable[[Path], History]] = {
    "copy": open_reader, "held": open_held, "resting": RestingFile,
    "writer": lambda path: open_journal(path, JOURNAL_ID),
}  # fmt: skip


def archived(path: Path, upto: int, size: int = SIZE) -> int:
    """Archive a file at rest."""
    with open_held(path) as journal:
        row = pack(journal, Archive(path, journal.journal_id), upto, size=size)
        draft = drafted(journal, path, row)
        swapped(journal, draft, path)
    return row


def told(journal: History) -> list[object]:
    """Return all that a reader can be asked."""
    last = journal.head()[0]
    return [
        journal.journal_id, journal.head(), journal.last_cycle(), list(journal.session_rows()),
        [row.hash for row in journal.rows()], [row.seq for row in journal.rows(5)],
        [list(journal.cycle_rows(number)) for number in range(1, 22)],
        [[row.seq for row in journal.find_cycle(number)] for number in (1, 4, 12, 20)],
        [row.seq for row in journal.mentions(0, {b'"cycle_id":4,'})],
        [row.seq for row in journal.mentions(3, {b'"cycle_ended"'}, 30)],
        journal.last_session(), journal.session_of(30), journal.tail(3),
        [journal.hash_at(seq) for seq in range(last + 1)],
    ]  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of 42 rows, two sessions and twenty cycles."""
    path = tmp_path / "j.db"
    with open_journal(path, JOURNAL_ID) as opened:
        opened.append(session())
        for number in range(1, 11):
            opened.append(*cycle(number))
        opened.append(session(2))
        for number in range(11, 21):
            opened.append(*cycle(number))
    return path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("upto", "size"), [(16, 8), (40, 8), (40, 5), (9, 9), (41, 41), (25, 1)])
def test_every_reader_tells_the_same_of_a_journal_that_was_archived(
    journal: Path, reader: str, upto: int, size: int
) -> None:
    with open_reader(journal) as whole:
        before = told(whole)
    row = archived(journal, min(upto, 40), size)
    with closing(sqlite3.connect(journal)) as file:
        assert file.execute("SELECT min(seq), count(*) FROM rows").fetchone() == (row + 1, 42 - row)
    with READERS[reader](journal) as opened:
        assert told(opened) == before
    assert isinstance(verify(journal), Verified)


def test_it_is_archived_again_and_goes_on(journal: Path) -> None:
    assert archived(journal, 20) == 16
    with open_journal(journal, JOURNAL_ID) as opened:
        for number in range(21, 30):
            opened.append(*cycle(number))
    assert archived(journal, 55) == 48
    assert verify(journal) == (60, open_reader(journal).head()[1])


def test_rows_leave_a_file_in_use_between_appends_and_it_gives_room_back(tmp_path: Path) -> None:
    path = written(tmp_path / "j.db", 3_000)
    size = path.stat().st_size
    with open_journal(path, JOURNAL_ID) as opened:
        assert isinstance(opened, SqliteJournal)
        archive = Archive(path, JOURNAL_ID)
        assert pack(opened, archive, 5_000, size=1_000) == 5_000
        steps = []

        def go_on() -> bool:
            steps.append(opened.head()[0])
            opened.append(*cycle(10_000 + len(steps)))
            assert next(opened.rows(17)).seq == 18  # whoever reads meanwhile misses nothing
            return True

        assert opened.trim(9_999_999, go_on) == 5_001
        assert len(steps) == 40
        before = told(opened)
    with open_reader(path) as again:
        assert told(again) == before
        assert again.first == 5_001
    assert isinstance(verify(path), Verified)
    assert path.stat().st_size < size / 3


def test_nothing_leaves_a_file_that_is_not_archived_or_is_of_another_journal(journal: Path) -> None:
    with open_journal(journal, JOURNAL_ID) as opened:
        assert isinstance(opened, SqliteJournal)
        assert opened.trim(30, lambda: True) == 1
        archive = Archive(journal, JOURNAL_ID)
        pack(opened, archive, 16, size=8)
        archive.file((1, 8)).write_bytes(b"noise")
        with pytest.raises(JournalFault, match=r"000000000001-000000000008\.seg.*restore it from a backup"):
            opened.trim(16, lambda: True)
        opened.append(*cycle(21))  # and the journal goes on
    with open_reader(journal) as again:
        assert again.first == 1


@pytest.mark.parametrize("reader", READERS)
def test_where_a_segment_is_missing_no_session_and_no_cycle_is_left_out_in_silence(
    journal: Path, reader: str
) -> None:
    with READERS[reader](journal) as opened:
        sessions, cycles = list(opened.session_rows()), [list(opened.cycle_rows(n)) for n in range(1, 21)]
    archived(journal, 40)
    archive, second = Archive(journal, JOURNAL_ID), sessions[1]
    [holds] = [span for span in archive.spans() if span[0] <= second <= span[1]]
    lost = range(holds[0], holds[1] + 1)
    archive.file(holds).unlink()
    with READERS[reader](journal) as opened:
        for number, rows in enumerate(cycles, start=1):
            left = [seq for seq in rows if seq not in lost]
            if left:
                assert list(opened.cycle_rows(number)) == left
            else:
                with pytest.raises(JournalFault, match=f"row {lost[0]} is archived, and no segment in"):
                    opened.cycle_rows(number)
        with pytest.raises(JournalFault, match="restore it from a backup"):
            opened.last_session()  # the first one's settings are not those of the last
    with open_journal(journal, JOURNAL_ID) as opened:
        opened.append(session())
        last = opened.head()[0]
    with READERS[reader](journal) as opened:
        assert list(opened.session_rows()) == [sessions[0], last], "which is the last is known again"


@pytest.mark.parametrize("spoil", ["flip", "gone", "folder"])
def test_a_segment_that_is_damaged_or_missing_is_named_and_the_file_is_read_all_the_same(
    journal: Path, spoil: str
) -> None:
    archived(journal, 20)
    archive = Archive(journal, JOURNAL_ID)
    second = archive.file((9, 16))
    if spoil == "flip":
        content = second.read_bytes()
        second.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    elif spoil == "gone":
        second.unlink()
    else:
        for each in archive.folder.iterdir():
            each.unlink()
        archive.folder.rmdir()
    result = verify(journal)
    assert isinstance(result, Broken)
    assert result.seq == (1 if spoil == "folder" else 9)
    with open_journal(journal, JOURNAL_ID) as opened:  # a start that begins behind it needs none of that
        assert [row.seq for row in opened.rows(20)][:2] == [21, 22]
        opened.append(*cycle(21))


def test_segments_of_another_time_line_are_put_aside(journal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with open_journal(other, JOURNAL_ID) as opened:
        opened.append(session(), *cycle(7), *cycle(8), *cycle(9), *cycle(10))
        pack(opened, Archive(journal, JOURNAL_ID), 8, size=8)
    assert archived(journal, 20) == 16
    assert isinstance(verify(journal), Verified)
    folder = Archive(journal, JOURNAL_ID).folder
    assert [path.name for path in folder.glob("*.stale")] == ["000000000001-000000000008.seg.stale"]


def test_a_row_deleted_behind_the_archive_shows(journal: Path) -> None:
    archived(journal, 20)
    with closing(sqlite3.connect(journal)) as file, file:
        file.execute("DROP TRIGGER rows_never_deleted")
        file.execute("DELETE FROM rows WHERE seq = 17")
    result = verify(journal)
    assert isinstance(result, Broken)
    assert result.seq == 17


def _swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _folder_in_place(one: Path, _other: Path) -> None:
    one.unlink()
    one.mkdir()


HARM: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "a bit": (lambda it, _: it.write_bytes(it.read_bytes()[:-9] + b"~" + it.read_bytes()[-8:]), "digest"),
    "a bit of its head": (
        lambda it, _: it.write_bytes(it.read_bytes().replace(b'"last":16', b'"last":17')),
        "another one under this name, of rows 9 to 17",
    ),
    "cut": (lambda it, _: it.write_bytes(it.read_bytes()[:-30]), "digest"),
    "empty": (lambda it, _: it.write_bytes(b""), "its header cannot be read"),
    "a folder": (_folder_in_place, "Is a directory"),
    "missing": (lambda it, _: it.unlink(), "no segment in"),
    "swapped": (_swap, "another one under this name, of rows 17 to 24"),
    "beside a longer one": (
        lambda it, _: shutil.copy(it, it.with_name("000000000009-000000000020.seg")),
        "another one under this name, of rows 9 to 16",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_harmed_segment_is_named_and_all_behind_it_is_read(journal: Path, harm: str) -> None:
    archived(journal, 40)
    archive, (hurt, says) = Archive(journal, JOURNAL_ID), HARM[harm]
    hurt(archive.file((9, 16)), archive.file((17, 24)))
    result = verify(journal)
    assert isinstance(result, Broken)
    assert result.seq == 9
    assert says in result.what
    assert "restore it from a backup" in result.what
    with open_reader(journal) as opened:
        assert [row.seq for row in opened.page(24, 8)] == list(range(25, 33))
    with open_journal(journal, JOURNAL_ID) as writer:
        writer.append(*cycle(21))


def test_two_segments_of_the_same_rows_are_one(journal: Path) -> None:
    archived(journal, 40)
    archive = Archive(journal, JOURNAL_ID)
    shutil.copy(archive.file((9, 16)), archive.folder / "9-16.seg")
    assert isinstance(verify(journal), Verified)
