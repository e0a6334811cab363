"""Whatever is done to the file, verify says where it stops being what was written."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput, JournalFault
from journal.anchor import Anchor, read_anchor, write_anchor
from journal.chain import genesis, link
from journal.memory import MemoryJournal
from journal.reader import open_reader
from journal.sql import open_journal
from journal.stored import Broken
from journal.verify import Verified, verify
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.events import patient
from tests.journal.tamper import by_hand, flip, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "j.db")


def test_an_untouched_file_verifies(path: Path) -> None:
    with open_reader(path) as reader:
        assert verify(path) == verify(str(path)) == Verified(11, reader.head()[1])


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        (
            "UPDATE rows SET payload = cast(replace(payload, 'IDLE', 'BUSY') AS BLOB) WHERE seq = 5",
            5,
            "its payload was changed",
        ),
        (
            "UPDATE rows SET payload = zeroblob(length(payload)) WHERE seq = 1",
            1,
            "its payload, or the journal",
        ),
        ("UPDATE rows SET payload = payload || x'20' WHERE seq = 4", 4, "not binary"),
        ("UPDATE rows SET payload = 7 WHERE seq = 4", 4, "not binary"),
        ("UPDATE rows SET hash = zeroblob(32) WHERE seq = 6", 6, "its hash was changed"),
        ("UPDATE rows SET hash = 'x' WHERE seq = 11", 11, "not binary"),
        ("UPDATE rows SET hash = zeroblob(32) WHERE seq = 11", 11, "its hash does not fit"),
        ("UPDATE rows SET cycle_id = 9 WHERE seq = 3", 3, "its columns .* differ from its payload"),
        ("UPDATE rows SET kind = 'cycle_ended' WHERE seq = 2", 2, "its columns"),
        ("UPDATE rows SET at = at + 1 WHERE seq = 2", 2, "its columns"),
        ("UPDATE rows SET kind = cast(x'ff' AS TEXT) WHERE seq = 9", 9, "it cannot be read: .*UTF-8"),
        ("DELETE FROM rows WHERE seq = 1", 1, "row 1 is missing; row 2 follows"),
        ("DELETE FROM rows WHERE seq = 7", 7, "row 7 is missing; row 8 follows"),
        ("DELETE FROM rows WHERE seq BETWEEN 4 AND 6", 4, "rows 4 to 6 are missing; row 7 follows"),
        (
            "INSERT INTO rows SELECT 0, at, kind, cycle_id, payload, hash FROM rows WHERE seq = 1",
            1,
            "row 0 stands",
        ),
        (
            "INSERT INTO rows SELECT 12, at, kind, cycle_id, payload, hash FROM rows WHERE seq = 11",
            12,
            "does not fit",
        ),
        (
            "UPDATE meta SET value = 'ba9876543210' WHERE name = 'journal_id'",
            1,
            "or the journal's id, was changed",
        ),
    ],
)
def test_fault_20_what_was_done_by_hand_is_found_and_named(
    path: Path, statement: str, seq: int, what: str
) -> None:
    by_hand(path, statement)
    found = verify(path)
    assert isinstance(found, Broken)
    assert found.seq == seq
    assert re.search(what, found.what)


def test_fault_20_two_rows_changed_places(path: Path) -> None:
    by_hand(
        path,
        "UPDATE rows SET seq = 100 WHERE seq = 4",
        "UPDATE rows SET seq = 4 WHERE seq = 5",
        "UPDATE rows SET seq = 5 WHERE seq = 100",
    )
    assert verify(path) == Broken(4, "its hash does not fit its payload and the row before")


def test_rows_are_not_given_past_the_break(path: Path) -> None:
    by_hand(path, "UPDATE rows SET hash = zeroblob(32) WHERE seq = 6")
    with open_reader(path) as reader:
        rows = reader.rows()
        assert [next(rows).seq for _ in range(5)] == [1, 2, 3, 4, 5]
        with pytest.raises(JournalFault, match="the journal breaks at row 6: its hash"):
            next(rows)
        with pytest.raises(JournalFault, match="row 6"):
            reader.find_cycle(3)
        with pytest.raises(JournalFault, match="row 6"):
            list(reader.rows(without=(b'{"type":"cycle_decided",',)))
        assert [row.seq for row in reader.find_cycle(1)] == [2, 3]


def test_a_row_that_chains_but_is_no_event_is_undecodable(path: Path) -> None:
    with open_reader(path) as reader:
        payload = b'{"type":"bribe_taken","at":"2023-03-16T00:00:00Z"}'
        digest = link(bytes.fromhex(reader.head()[1]), 12, payload)
    values = f"(12, 0, 'bribe_taken', NULL, x'{payload.hex()}', x'{digest.hex()}')"
    by_hand(path, "INSERT INTO rows VALUES " + values)  # noqa: S608 - hex digits only
    found = verify(path)
    assert isinstance(found, Broken)
    assert found.seq == 12
    assert found.what.startswith("undecodable: ")


def test_an_index_that_hides_a_row_is_damage(path: Path) -> None:
    by_hand(
        path,
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET sql = sql || ' WHERE cycle_id > 3' WHERE name = 'rows_by_cycle'",
    )
    by_hand(path, "REINDEX rows_by_cycle", "PRAGMA writable_schema = 1")
    by_hand(
        path,
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET sql = replace(sql, ' WHERE cycle_id > 3', '') WHERE name = 'rows_by_cycle'",
    )
    found = verify(path)
    assert isinstance(found, Broken)
    assert found.seq == 0
    assert "missing from index rows_by_cycle" in found.what


def test_fault_20_without_an_anchor_a_cut_tail_cannot_be_seen_with_one_it_is(
    path: Path, tmp_path: Path
) -> None:
    with open_reader(path) as reader:
        write_anchor(tmp_path / "anchor.json", reader)
    anchor = read_anchor(tmp_path / "anchor.json")
    assert verify(path, anchor) == Verified(11, anchor.hash)
    by_hand(path, "DELETE FROM rows WHERE seq > 8")
    assert isinstance(verify(path), Verified)
    assert verify(path, anchor) == Broken(9, "the tail is cut: the anchor has seen row 11, the last row is 8")


def test_fault_20_a_chain_rewritten_from_some_row_on_shows_at_the_anchor(path: Path, tmp_path: Path) -> None:
    with open_reader(path) as reader:
        anchor = write_anchor(tmp_path / "anchor.json", reader)
    rechain(path, 3)
    assert isinstance(verify(path), Verified)
    assert verify(path, anchor) == Broken(11, "the chain was rewritten: this row's hash is not the anchor's")


def test_an_anchor_stays_good_while_the_journal_grows(path: Path, tmp_path: Path) -> None:
    with open_journal(path, JOURNAL_ID) as journal:
        anchor = write_anchor(tmp_path / "anchor.json", journal)
        journal.append(*cycle(6))
        assert verify(journal, anchor) == Verified(13, journal.head()[1])


def test_an_anchor_of_another_journal_is_said_to_be(path: Path) -> None:
    other = Anchor("ffffffffffff", 0, genesis("ffffffffffff").hex())
    assert verify(path, other) == Broken(0, f"this is journal {JOURNAL_ID}, the anchor is of ffffffffffff")


def test_an_anchor_of_an_empty_journal_holds_for_what_follows(tmp_path: Path) -> None:
    journal = MemoryJournal(JOURNAL_ID)
    anchor = write_anchor(tmp_path / "anchor.json", journal)
    journal.append(session())
    assert isinstance(verify(journal, anchor), Verified)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is none"),
        ('{"journal_id":"0123456789ab","seq":-1,"hash":"' + "0" * 64 + '"}', "seq"),
        ('{"journal_id":"0123456789ab","seq":1,"hash":"00"}', "hash"),
        ('{"journal_id":"zz","seq":1,"hash":"' + "0" * 64 + '"}', "journal_id"),
        ('{"seq":1}', "journal_id"),
        ("\udcff", "is none"),
    ],
)
def test_a_file_that_is_no_anchor_is_refused_by_field(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "a.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(BadInput, match=what):
        read_anchor(tmp_path / "a.json")
    with pytest.raises(BadInput, match="cannot be read"):
        read_anchor(tmp_path / "absent.json")


def test_an_anchor_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(JournalFault, match="cannot be written: No such file"):
        write_anchor(tmp_path / "absent" / "a.json", MemoryJournal(JOURNAL_ID))


def test_a_missing_file_and_one_that_is_no_journal_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        verify(tmp_path / "absent.db")
    (tmp_path / "text.db").write_text("not a database, but long enough to look for a header" * 20)
    with pytest.raises(JournalFault, match="is no SQLite database"):
        verify(tmp_path / "text.db")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("pristine") / "j.db", cycles=12)


@given(where=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
@settings(patient, max_examples=80)
def test_fault_20_a_flipped_byte_anywhere_is_found_or_changes_nothing_that_is_read(
    pristine: Path, tmp_path: Path, where: float, mask: int
) -> None:
    copy = tmp_path / "flipped.db"
    copy.write_bytes(pristine.read_bytes())
    flip(copy, int(where * copy.stat().st_size), mask)
    assert not passes(copy) or contents(copy) == contents(pristine)


def passes(journal: Path) -> bool:
    try:
        return isinstance(verify(journal), Verified)
    except JournalFault:
        return False


def contents(journal: Path) -> tuple[Any, ...]:
    with open_reader(journal) as reader:
        return list(reader.rows()), reader.head(), reader.journal_id


@given(seq=st.integers(1, 25), where=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
@settings(patient, max_examples=40)
def test_fault_20_a_flipped_byte_of_a_payload_is_found_at_its_row(
    pristine: Path, tmp_path: Path, seq: int, where: float, mask: int
) -> None:
    copy = tmp_path / "flipped.db"
    data = pristine.read_bytes()
    with open_reader(pristine) as reader:
        payload = reader.page(seq - 1, 1)[0].payload
    assert data.count(payload) == 1  # in one piece: it does not spill over pages
    copy.write_bytes(data)
    flip(copy, data.index(payload) + int(where * len(payload)), mask)
    found = verify(copy)
    assert isinstance(found, Broken)
    assert found.seq == seq
    assert re.search("payload.* was changed" if seq < 25 else "its hash does not fit its payload", found.what)


def rechain(path: Path, seq: int) -> None:
    """Change row `seq` and chain it and every later row anew, as a careful forger would."""
    with open_reader(path) as reader:
        stored = list(reader.page(seq - 1, 100))
        previous = reader.page(seq - 2, 1)[0].hash
    forged = []
    for row in stored:
        payload = row.payload.replace(b'"IDLE"', b'"BUSY"')
        previous = link(previous, row.seq, payload)
        forged.append((payload, previous, row.seq))
    by_hand(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("UPDATE rows SET payload = ?, hash = ? WHERE seq = ?", forged)
    assert msgspec.json.decode(forged[0][0])["path"][-1] == "BUSY"
