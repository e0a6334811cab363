"""Backups: what is shipped once comes back to the byte, to any row and any time, or it is told what not."""

import json
import sqlite3
import stat
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from agent.answers.backups import BackupAnswer, RestoreAnswer
from agent.backup import points, shipping
from agent.backup import restore as restoring
from agent.backup.check import check
from agent.backup.lines import Cut, SegmentLine, lines_of
from agent.backup.restore import restore
from agent.backup.take import Keep, backup
from agent.backup.thinning import merge, thin
from agent.backup.vault import DamagedFile, Vault, begun, opened
from agent.backup.wanted import Restoration
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from domain.events import Event, JournalRestored, SessionStarted
from journal.anchor import write_anchor
from journal.chain import genesis
from journal.reader import open_reader
from journal.segment import packed, path_through, unpacked
from journal.sql import open_journal
from journal.stored import Stored, chained
from journal.verify import verify
from tests.journal.cycles import JOURNAL_ID, START, at, cycle, session
from tests.journal.events import events, patient

KEY = "canary-key-of-the-backup"
KEEP = Keep(30, 24)
NOW = START + timedelta(days=1)


class Rig:
    """A home with one journal, and the folder of its backup."""

    def __init__(self, folder: Path, key: str | None = None) -> None:
        self.home = Home(folder / "home")
        self.home.make()
        self.out = folder / "out"
        self.key = key
        self.cycles = 0

    def write(self, cycles: int, name: str = "j") -> None:
        with open_journal(self.home.journal(name), JOURNAL_ID) as journal:
            if not journal.head()[0]:
                journal.append(session())
            for _ in range(cycles):
                self.cycles += 1
                journal.append(*cycle(self.cycles))

    def backup(self, days: float = 0.0) -> BackupAnswer:
        vault = begun(self.out, self.key)
        return backup(self.home, vault, sorted(self.home.all_names()), NOW + timedelta(days=days), KEEP)

    def vault(self) -> Vault:
        return opened(self.out, self.key)

    def line(self) -> SegmentLine:
        return lines_of(self.vault(), "j", JOURNAL_ID)[-1]

    def restore(self, to: Path, **wanted: object) -> RestoreAnswer:
        return restore(self.vault(), Home(to), Restoration(**wanted), NOW)  # type: ignore[arg-type]  # as given

    def rows(self, home: Home | None = None) -> list[Stored]:
        with open_reader((home or self.home).journal("j")) as journal:
            return list(journal.page(0, 10_000))


@pytest.fixture(params=[None, KEY], ids=["plain", "sealed"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return Rig(tmp_path, request.param)


@pytest.fixture
def plain(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@patient
@given(st.lists(events, min_size=1, max_size=20), st.data())
def test_any_split_into_segments_gives_the_same_rows_back(written: list[Event], data: st.DataObject) -> None:
    rows = chained(0, genesis(JOURNAL_ID), written)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows)), max_size=4)) | {len(rows)})
    back, begin, previous = [], 0, genesis(JOURNAL_ID)
    for end in cuts:
        header, part = unpacked(packed(JOURNAL_ID, previous, rows[begin:end]))
        assert (header.first, header.last, header.previous) == (begin + 1, end, previous.hex())
        back += part
        begin, previous = end, part[-1].hash
    assert back == rows


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12)), max_size=12))
def test_a_path_through_segments_has_no_gap_and_goes_as_far_as_any(parts: list[tuple[int, int]]) -> None:
    spans = [(first, first + length) for first, length in parts]
    path = path_through(spans)
    at = 0
    for first, last in path:
        assert first <= at + 1 <= last
        at = last
    assert not any(first <= at + 1 <= last for first, last in spans)


def test_a_home_deleted_comes_back_to_the_byte_and_says_that_it_was_restored(
    rig: Rig, tmp_path: Path
) -> None:
    rig.write(5)
    (rig.home.root / "config.toml").write_text('mode = "paper"\n[exchange]\napi_key = "canary"\n')
    answer = rig.backup()
    assert [(each.journal, each.rows, each.problem) for each in answer.journals] == [("j", 11, None)]
    rows = rig.rows()
    told = rig.restore(tmp_path / "new")
    new = rig.rows(Home(tmp_path / "new"))
    assert new[:-1] == rows
    assert new[-1].kind == "journal_restored"
    assert told.journals[0].rows == 11
    assert "canary" not in (tmp_path / "new" / "config.toml").read_text()
    assert 'mode = "paper"' in (tmp_path / "new" / "config.toml").read_text()
    with open_journal(Home(tmp_path / "new").journal("j"), "ffffffffffff") as journal:  # and it goes on
        journal.append(*cycle(6))
        assert isinstance(next(iter(journal.rows(11))).event, JournalRestored)


def test_a_backup_ships_only_what_is_new_and_any_of_them_restores_its_own_rows(
    rig: Rig, tmp_path: Path
) -> None:
    for number in range(4):
        rig.write(2)
        answer = rig.backup(number)
        assert answer.journals[0].new_rows == (5 if number == 0 else 4)
    assert len(rig.line().spans()) == 4
    rows = rig.rows()
    for number, listed in enumerate(points.listed(rig.vault())):
        point = points.read(rig.vault(), listed.name)
        to = tmp_path / f"to{number}"
        rig.restore(to, seq=point.journals[0].seq)
        assert rig.rows(Home(to))[:-1] == rows[: point.journals[0].seq]
    assert rig.backup(5).journals[0].new_rows == 0
    assert len(rig.line().spans()) == 4


def test_a_restore_goes_to_a_row_or_to_a_time(plain: Rig, tmp_path: Path) -> None:
    plain.write(9)
    plain.backup()
    told = plain.restore(tmp_path / "a", at=at(4))
    assert told.journals[0].until == at(4)
    assert [row.seq for row in plain.rows(Home(tmp_path / "a"))] == list(range(1, 11))
    assert plain.restore(tmp_path / "b", seq=3).journals[0].rows == 3
    with pytest.raises(BadInput, match="no row is as old as that; its first is of 2023-03-16"):
        plain.restore(tmp_path / "c", at=START - timedelta(days=1))
    with pytest.raises(BadInput, match="--seq 20: this point has rows 1 to 19"):
        plain.restore(tmp_path / "c", seq=20)
    assert not Home(tmp_path / "c").journal("j").exists()


def played(number: int, began: datetime) -> SessionStarted:
    """Return the start of a session on a market that says itself what time it is."""
    started = session(number)
    return structs.replace(started, at=began, settings={**started.settings, "provider": "recorded"})


def test_a_time_is_of_the_market_that_has_seen_it_or_else_of_the_machine(plain: Rig, tmp_path: Path) -> None:
    ours = NOW + timedelta(days=900)  # years after what the market plays
    for number in (1, 2):
        with open_journal(plain.home.journal("j"), JOURNAL_ID) as journal:
            journal.append(played(number, ours + timedelta(hours=number)))
            for each in range(3 * number - 2, 3 * number + 1):
                journal.append(*cycle(each))
        plain.backup(900 + number)
    of_market = plain.restore(tmp_path / "market", at=at(4)).journals[0]
    assert (of_market.rows, of_market.of_market, of_market.as_of) == (10, True, None)
    assert plain.restore(tmp_path / "first", at=at(1)).journals[0].rows == 3
    of_ours = plain.restore(tmp_path / "ours", at=ours + timedelta(days=1, hours=7)).journals[0]
    assert (of_ours.rows, of_ours.of_market, of_ours.as_of) == (7, False, NOW + timedelta(days=901))
    for neither in (START - timedelta(days=9), ours, ours + timedelta(hours=2)):
        with pytest.raises(
            BadInput, match=r"its market's time goes from 2023-03-16 00:01 to 2023-03-16 00:06"
        ):
            plain.restore(tmp_path / "none", at=neither)
    # What a restore left in it by the machine's clock ends no later one.
    with open_journal(Home(tmp_path / "first").journal("j"), JOURNAL_ID) as journal:
        for each in (2, 3):
            journal.append(*cycle(each))
    vault = begun(tmp_path / "again", None)
    backup(Home(tmp_path / "first"), vault, ["j"], NOW + timedelta(days=910), KEEP)
    told = restore(vault, Home(tmp_path / "second"), Restoration(at=at(2)), NOW)
    assert told.journals[0].rows == 6


def test_what_was_not_there_yet_keeps_nothing_else_from_being_restored(plain: Rig, tmp_path: Path) -> None:
    plain.write(2)
    plain.cycles = 2_000
    with open_journal(plain.home.journal("later"), "ba9876543210") as journal:
        journal.append(structs.replace(session(), at=at(2_000)))
    plain.backup(2)
    told = plain.restore(tmp_path / "a", at=at(2))
    assert [each.journal for each in told.journals] == ["j"]
    assert told.not_yet == [
        "journal later: no row is as old as that; its first is of 2023-03-17T09:20:00+00:00"
    ]
    with pytest.raises(BadInput, match="journal later: no row is as old"):
        plain.restore(tmp_path / "b", at=at(2), journals=("later",))


def test_a_clock_that_was_ahead_for_one_backup_hides_no_later_one(plain: Rig, tmp_path: Path) -> None:
    for days in (0, 900, 1):
        plain.write(2)
        plain.backup(days)
    assert plain.restore(tmp_path / "to", at=NOW + timedelta(hours=1)).journals[0].rows == 13


def test_what_lies_among_the_points_and_is_none_stops_nothing(plain: Rig, tmp_path: Path) -> None:
    plain.write(1)
    plain.backup()
    name = points.listed(plain.vault())[0].name
    for odd in ("2-99999999999999999999.json", "³-1.json", "00000009-1.json.part", "99999999999999-1.json"):
        (plain.out / name).with_name(odd).write_bytes(b"of a tool that copies")
    assert plain.backup(1).point == 2
    assert check(plain.vault()).intact
    assert plain.restore(tmp_path / "to").journals[0].rows == 3


def test_a_journal_in_the_way_is_refused_or_put_aside_and_never_lost(plain: Rig) -> None:
    plain.write(2)
    plain.backup()
    plain.write(1)
    before = plain.rows()
    with pytest.raises(BadInput, match="already: nothing was restored"):
        plain.restore(plain.home.root)
    assert plain.rows() == before
    told = plain.restore(plain.home.root, put_aside=True)
    kept = Path(told.journals[0].put_aside or "")
    with open_reader(kept) as journal:
        assert list(journal.page(0, 100)) == before
    assert plain.rows()[:-1] == before[:5]


def test_after_a_restore_of_an_older_state_a_new_line_begins_and_the_old_rows_stay(
    plain: Rig, tmp_path: Path
) -> None:
    plain.write(4)
    plain.backup()
    old = plain.rows()
    plain.restore(plain.home.root, put_aside=True, seq=5)
    plain.write(1)
    answer = plain.backup(1)
    one = next(each for each in answer.journals if each.journal == "j")
    assert "a new line begins" in (one.note or "")
    assert [line.name for line in lines_of(plain.vault(), "j", JOURNAL_ID)] == [JOURNAL_ID, f"{JOURNAL_ID}.2"]
    plain.restore(tmp_path / "now", journals=("j",))
    assert plain.rows(Home(tmp_path / "now"))[:-1] == plain.rows()
    plain.restore(tmp_path / "then", journals=("j",), at=NOW)
    assert plain.rows(Home(tmp_path / "then"))[:-1] == old


def test_rows_before_a_broken_one_are_in_the_first_backup_and_in_that_of_a_new_line(
    plain: Rig, tmp_path: Path
) -> None:
    plain.write(3)
    good, path = plain.rows(), plain.home.journal("j")
    for number in (1, 2):
        with closing(sqlite3.connect(path)) as database:
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                database.execute(f"DROP TRIGGER {name}")
            database.execute("UPDATE rows SET payload = x'00' WHERE seq = 5")
            database.commit()
        (told,) = plain.backup(number).journals
        assert (told.rows, told.new_rows) == (4, 4)
        assert "breaks at row 5" in str(told.problem)
        assert plain.restore(tmp_path / str(number)).journals[0].rows == 4
        assert plain.rows(Home(tmp_path / str(number)))[:-1] == good[:4]
        assert check(plain.vault()).intact
        path.unlink()
        plain.cycles = 40  # another account's rows under the same name and id
        plain.write(3)
        good = plain.rows()


def test_nothing_is_restored_into_the_backup_itself(plain: Rig) -> None:
    plain.write(1)
    plain.backup()
    before = sorted(plain.out.rglob("*"))
    for home in (plain.out, plain.out / "journals", plain.out / "new" / "home"):
        with pytest.raises(BadInput, match=r"lies in the backup .*; name a folder of its own"):
            plain.restore(home)
    assert sorted(plain.out.rglob("*")) == before


@pytest.mark.parametrize("spoil", ["flip", "cut", "swap", "gone"])
def test_a_damaged_segment_is_named_and_what_lies_before_it_can_be_restored(
    rig: Rig, tmp_path: Path, spoil: str
) -> None:
    for number in range(3):
        rig.write(2)
        rig.backup(number)
    files = sorted((rig.out / rig.line().folder).glob("*.seg"))
    content = files[1].read_bytes()
    if spoil == "flip":
        files[1].write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif spoil == "cut":
        files[1].write_bytes(content[: len(content) // 2])
    elif spoil == "swap":
        files[1].write_bytes(files[2].read_bytes())
    else:
        files[1].unlink()
    with pytest.raises(Cut, match=r"rows 1 to 5 of journal j can be restored: --seq 5") as cut:
        rig.restore(tmp_path / "to")
    assert "000000000006" in str(cut.value) or "row 6 is missing" in str(cut.value)
    assert not list((tmp_path / "to" / "journals").glob("*.db*"))
    assert rig.restore(tmp_path / "to", seq=5).journals[0].rows == 5
    report = check(rig.vault())
    assert not report.intact
    assert "--seq 5" in " ".join(report.problems)


def test_what_was_damaged_at_the_end_is_shipped_again(plain: Rig, tmp_path: Path) -> None:
    plain.write(2)
    plain.backup()
    plain.write(2)
    plain.backup(1)
    last = max((plain.out / plain.line().folder).glob("*.seg"))
    last.write_bytes(b"noise")
    assert plain.backup(2).journals[0].new_rows == 4
    plain.restore(tmp_path / "to")
    assert plain.rows(Home(tmp_path / "to"))[:-1] == plain.rows()
    assert check(plain.vault()).intact


def test_the_key_decides(tmp_path: Path) -> None:
    sealed = Rig(tmp_path / "s", KEY)
    sealed.write(2)
    sealed.backup()
    for path in sealed.out.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert b"cycle_decided" not in path.read_bytes()
            assert KEY.encode() not in path.read_bytes()
    with pytest.raises(BadInput, match="encrypted: give its key"):
        opened(sealed.out, None)
    with pytest.raises(BadInput, match="not the one it was begun with"):
        opened(sealed.out, KEY + "x")
    with pytest.raises(BadInput, match="at least 16"):
        begun(tmp_path / "short", "short")
    unsealed = Rig(tmp_path / "p")
    unsealed.write(1)
    unsealed.backup()
    with pytest.raises(BadInput, match="begun without a key"):
        begun(unsealed.out, KEY)


def test_a_sealed_file_under_another_name_does_not_open(tmp_path: Path) -> None:
    vault = begun(tmp_path / "v", KEY)
    vault.write("files/a", b"first")
    vault.write("files/b", b"second")
    (tmp_path / "v" / "files" / "b").replace(tmp_path / "v" / "files" / "a")
    with pytest.raises(DamagedFile, match="another file under this name"):
        vault.read("files/a")


def test_no_token_key_or_lock_is_ever_in_a_backup(plain: Rig, tmp_path: Path) -> None:
    plain.write(1)
    root = plain.home.root
    config = (
        '# api_key = "canary-comment"\nprovider = "recorded"\n[exchange]\napi_secret = "canary"\n'
        'api_secret_file = "/run/secret"\nbase_url = "http://127.0.0.1:1"\n[telegram]\ntoken = "canary"\n'
        '[alerts.webhooks.ops]\nurl = "https://canary@example"\n[[alerts.channels]]\nurls = ["canary"]\n'
    )
    (root / "config.toml").write_text(config)
    for name in ("api.token", "journals/j.lock", "backup.key", "journals/j.sock", "anchors/x.lock"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("canary")
    (root / "strategies").mkdir()
    (root / "strategies" / "token_momentum.py").write_text("# mine\n")
    answer = plain.backup()
    told = plain.restore(tmp_path / "to")
    assert sorted(told.files) == ["config.toml", "strategies/token_momentum.py"]
    for path in (*plain.out.rglob("*"), *(tmp_path / "to").rglob("*.toml")):
        assert not path.is_file() or b"canary" not in path.read_bytes()
    text = (tmp_path / "to" / "config.toml").read_text()
    assert 'api_secret_file = "/run/secret"' in text
    assert "127.0.0.1:1" in text
    assert 'provider = "recorded"' in text
    assert answer.left_out == []
    (root / "config.toml").write_text("api_key = canary")
    assert "no valid TOML" in plain.backup(1).left_out[0]


def test_a_database_of_the_home_is_kept_whole_while_it_is_written(plain: Rig, tmp_path: Path) -> None:
    plain.write(1)
    connection = sqlite3.connect(plain.home.root / "notices.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n)")
    connection.execute("INSERT INTO t VALUES (7)")
    connection.commit()
    connection.execute("INSERT INTO t VALUES (8)")  # not committed
    plain.backup()
    connection.close()
    plain.restore(tmp_path / "to")
    copy = sqlite3.connect(tmp_path / "to" / "notices.db")
    assert copy.execute("SELECT n FROM t").fetchall() == [(7,)]
    copy.close()


def test_a_database_on_a_disk_that_takes_no_writing_is_kept_with_its_log(
    plain: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(plain.home.root / "jobs.db")) as written:
        for statement in (
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE jobs (name)",
            "INSERT INTO jobs VALUES (7)",
        ):
            written.execute(statement).close()
        written.commit()
        with monkeypatch.context() as disk:
            disk.setattr(
                "agent.backup.files.os.access", lambda _path, _mode: False
            )  # root may write anywhere
            assert plain.backup().left_out == []
    plain.restore(tmp_path / "to")
    with closing(sqlite3.connect(tmp_path / "to" / "jobs.db")) as back:
        assert back.execute("SELECT name FROM jobs").fetchall() == [(7,)]


def test_a_file_that_cannot_be_read_any_more_stays_as_the_backup_before_has_it(
    plain: Rig, tmp_path: Path
) -> None:
    file = plain.home.root / "jobs.db"
    with closing(sqlite3.connect(file)) as written, written:
        written.execute("CREATE TABLE jobs (name TEXT)").close()
    plain.backup()
    file.write_bytes(b"noise of a bad disk, and no database")
    for days in (1, 90):  # the point that had it is gone by then
        left_out = plain.backup(days).left_out
        assert left_out == [
            "jobs.db: it cannot be read: file is not a database; what the backup before has of it stays"
        ]
    with plain.vault().held():
        thin(plain.vault(), NOW + timedelta(days=91), 1, 1)
    assert plain.restore(tmp_path / "to").files == ["jobs.db"]
    with closing(sqlite3.connect(tmp_path / "to" / "jobs.db")) as back:
        assert back.execute("SELECT * FROM jobs").fetchall() == []


def test_an_anchor_tells_a_backup_that_was_rewritten(plain: Rig, tmp_path: Path) -> None:
    plain.write(3)
    with open_reader(plain.home.journal("j")) as journal:
        write_anchor(tmp_path / "anchor.json", journal)
    plain.home.journal("j").unlink()
    plain.write(3)  # other cycles: the same journal id, another chain
    plain.backup()
    with pytest.raises(JournalFault, match="row 7 is not the one that was anchored"):
        plain.restore(tmp_path / "to", anchors=(tmp_path / "anchor.json",))
    assert plain.restore(tmp_path / "to", anchors=(tmp_path / "anchor.json",), seq=6).journals[0].rows == 6


def anchored(rig: Rig, name: str = "j") -> Path:
    file = rig.home.root / "anchors" / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    with open_reader(rig.home.journal("j")) as journal:
        write_anchor(file, journal)
    return file


def test_an_anchor_of_rows_that_a_restore_gives_up_is_put_aside_told_and_refuses_no_later_one(
    plain: Rig,
) -> None:
    plain.write(3)
    old = anchored(plain, "old")
    plain.backup()
    plain.write(1)
    late = anchored(plain, "late")
    content = late.read_bytes()
    for day in range(1, 4):  # restored, traded on and backed up, again and again
        told = plain.restore(plain.home.root, put_aside=True)
        if day == 1:
            [kept] = told.anchors_aside
            assert Path(kept).read_bytes() == content
        assert told.journals[0].anchors
        plain.write(3)
        anchored(plain, "late")
        plain.backup(day)
    assert sorted(path.name for path in old.parent.glob("*.json")) == ["late.json", "old.json"]
    plain.write(2)
    anchored(plain, "late")
    told = plain.restore(plain.home.root, put_aside=True)
    assert len(told.anchors_aside) == 1
    assert late.exists(), "the one of the backup is put back in its place"
    told = plain.restore(plain.home.root, put_aside=True, journals=("j",), seq=4)
    assert len(told.anchors_aside) == 2, "those that were put back are of rows behind that one"
    assert len(list(old.parent.iterdir())) == 4, "none is ever removed"


def test_a_database_that_is_put_back_is_not_given_the_log_of_the_one_it_replaces(plain: Rig) -> None:
    plain.write(1)
    place = plain.home.root / "notices.db"
    with closing(sqlite3.connect(place)) as made, made:
        made.execute("PRAGMA journal_mode = WAL")
        made.executescript("CREATE TABLE t (n); INSERT INTO t VALUES (1)")
    plain.backup()
    lost = sqlite3.connect(place)
    for number in range(500):  # and the process dies: its log stays
        lost.execute("INSERT INTO t VALUES (?)", (number,))
        lost.commit()
    logs = {suffix: Path(f"{place}{suffix}").read_bytes() for suffix in ("-wal", "-shm")}
    lost.close()
    for suffix, content in logs.items():
        Path(f"{place}{suffix}").write_bytes(content)
    told = plain.restore(plain.home.root, put_aside=True)
    assert "notices.db" in told.files
    with closing(sqlite3.connect(place)) as back:
        assert back.execute("SELECT n FROM t").fetchall() == [(1,)]
        assert back.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(place.parent.glob("notices.db.*-wal")), "it is kept"


def test_a_database_that_a_server_has_open_stays_and_says_what_to_do(plain: Rig) -> None:
    plain.write(1)
    place = plain.home.root / "notices.db"
    sqlite3.connect(place).close()
    place.write_bytes(b"")
    plain.backup()
    place.write_bytes(b"other")
    lock = plain.home.root / "serve" / "lock"
    lock.parent.mkdir()
    with FileLock(lock):
        told = plain.restore(plain.home.root, put_aside=True)
    assert place.read_bytes() == b"other"
    [failed] = told.left_out
    assert "stop `agent serve`" in failed


def test_long_work_tells_how_far_it_is(plain: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipping, "MOST", 3)
    monkeypatch.setattr(restoring, "MOST", 3)
    told: list[tuple[str, int, int]] = []
    plain.write(4)
    backup(plain.home, begun(plain.out, None), ["j"], NOW, KEEP, lambda *far: told.append(far))
    assert told == [("j", 0, 9), ("j", 3, 9), ("j", 6, 9), ("j", 9, 9)]
    restore(plain.vault(), Home(tmp_path / "to"), Restoration(), NOW, lambda *far: told.append(far))
    assert told[4:] == [("j", 3, 9), ("j", 6, 9), ("j", 9, 9)]


def test_what_is_put_aside_twice_in_a_second_is_kept_twice(plain: Rig) -> None:
    kept = []
    for _ in range(3):
        plain.write(1)
        kept.append(plain.home.archive("j", "20261129T235959"))
    assert [str(path)[-18:] for path in kept] == [
        "20261129T235959.db", "20261130T000000.db", "20261130T000001.db"
    ]  # fmt: skip
    assert all(isinstance(path, Path) and path.is_file() for path in kept)


def test_a_broken_journal_is_backed_up_as_far_as_it_is_sound_and_said_to_be_broken(
    plain: Rig, tmp_path: Path
) -> None:
    plain.write(4)
    connection = sqlite3.connect(plain.home.journal("j"))
    connection.execute("DROP TRIGGER rows_never_updated")
    connection.execute("UPDATE rows SET payload = x'7b7d' WHERE seq = 6")
    connection.commit()
    connection.close()
    plain.write(0, "k")
    answer = plain.backup()
    told = {each.journal: each for each in answer.journals}
    assert "breaks at row 6" in (told["j"].problem or "")
    assert told["k"].problem is None
    plain.home.archive("j", "20261129T235959")
    [aside] = [each for each in plain.backup().journals if each.journal.startswith("j")]
    assert aside.problem is None, "a restore put it aside for that: no backup fails of it any more"
    assert "put aside, and the journal breaks at row 6" in (aside.note or "")
    with pytest.raises(BadInput):
        plain.restore(tmp_path / "to", journals=("nobody",))


def test_points_age_and_small_segments_become_large_ones(plain: Rig, tmp_path: Path) -> None:
    for number in range(26):
        plain.write(1)
        plain.backup(number)
    assert len(points.listed(plain.vault())) == 26
    assert len(plain.line().spans()) == 3  # 24 became one, and two are new
    rows = plain.rows()
    plain.backup(60)
    assert [each.number for each in points.listed(plain.vault())] == list(range(4, 28))
    plain.restore(tmp_path / "to")
    assert plain.rows(Home(tmp_path / "to"))[:-1] == rows
    merge(plain.line())
    assert check(plain.vault()).intact


def test_a_merge_that_was_cut_off_leaves_rows_twice_and_no_harm(plain: Rig, tmp_path: Path) -> None:
    for number in range(3):
        plain.write(1)
        plain.backup(number)
    line = plain.line()
    rows = plain.rows()
    plain.vault().write(line.file((1, 5)), packed(JOURNAL_ID, genesis(JOURNAL_ID), rows[:5]))
    assert line.path() == [(1, 5), (6, 7)]
    plain.restore(tmp_path / "to")
    assert plain.rows(Home(tmp_path / "to"))[:-1] == rows
    merge(line)
    assert line.spans() == [(1, 5), (6, 7)]


def test_a_stale_log_beside_a_lost_journal_does_not_get_into_the_restored_one(plain: Rig) -> None:
    plain.write(3)
    plain.backup()
    rows = plain.rows()
    journal = plain.home.journal("j")
    journal.unlink()
    log = journal.with_name("j.db-wal")
    log.write_bytes(b"old frames")
    plain.restore(plain.home.root)
    assert plain.rows()[:-1] == rows
    assert log.with_name("j.db-wal.stale").read_bytes() == b"old frames"
    assert verify(journal) == (8, plain.rows()[-1].hash.hex())


def test_two_backups_into_one_folder_do_not_meet(plain: Rig) -> None:
    plain.write(1)
    plain.backup()
    with plain.vault().held(), pytest.raises(Exception, match="being written by another process"):
        plain.backup(1)


def test_a_point_that_cannot_be_read_is_passed_over(plain: Rig, tmp_path: Path) -> None:
    plain.write(1)
    plain.backup()
    plain.write(1)
    plain.backup(1)
    last = plain.out / points.listed(plain.vault())[-1].name
    last.write_bytes(b"noise")
    assert plain.restore(tmp_path / "to").journals[0].rows == 3
    assert json.loads((plain.out / "backup.json").read_text())["format"] == 1
    (plain.out / "backup.json").write_text("noise")
    assert plain.restore(tmp_path / "to2").journals[0].rows == 3
