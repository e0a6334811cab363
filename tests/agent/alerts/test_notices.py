"""The notices of a home: written once, by whichever process, whatever restarts between."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answers.alerts import AlertKind, Severity
from agent.notices import ChannelState, Concern, DeadLetter, Held, Notices, NoticesFault
from agent.notices.channels import KEPT_LETTERS
from agent.settings.home import Home
from agent.space.notices import trim_notices

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
BACKUP = (AlertKind.BACKUP_FAILED, Severity.CRITICAL, None, "no backup was made", "the folder is full", NOW)
SILENT = (AlertKind.STREAM_SILENT, Severity.WARNING, "paper", "the stream is silent", "", NOW)


def concern(identity: str) -> Concern:
    return Concern(id=identity, agent=None, kind=AlertKind.BACKUP_FAILED, title="t", about="notice/1", at=NOW)


@pytest.fixture
def notices(tmp_path: Path) -> Iterator[Notices]:
    made = Notices(tmp_path / "notices.db")
    yield made
    made.close()


def test_a_notice_is_written_once_whoever_puts_it(notices: Notices) -> None:
    other = Notices(notices.path)
    assert notices.put("backup/1", *BACKUP) == other.put("backup/1", *BACKUP) == 1
    assert other.put("backup/2", *BACKUP) == 2
    other.close()
    first, second = notices.after(0)
    assert (first.key, second.key) == ("backup/1", "backup/2")
    assert (first.kind, first.severity, first.agent, first.title, first.body, first.at) == BACKUP
    assert [each.seq for each in notices.after(1)] == [2]
    assert [each.seq for each in notices.latest(5)] == [2, 1]
    assert notices.last() == 2


def test_an_incident_is_told_at_its_begin_and_its_end_and_not_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "notices.db"
    for expected in (1, None, None):
        notices = Notices(path)
        assert notices.open("silent/paper", *SILENT) == expected
        notices.close()
    notices = Notices(path)
    assert [each.key for each in notices.incidents()] == ["silent/paper"]
    assert notices.end("silent/paper", "it speaks again", NOW + timedelta(minutes=5)) == 2
    assert notices.end("silent/paper", "it speaks again", NOW) is None
    assert notices.incidents() == []
    assert notices.incidents(ended=1)[0].ended == NOW + timedelta(minutes=5)
    assert notices.open("silent/paper", *SILENT) == 3
    assert [(each.incident, each.over) for each in notices.after(0)] == [
        ("silent/paper", False), ("silent/paper", True), ("silent/paper", False),
    ]  # fmt: skip
    notices.close()


def test_two_that_open_the_same_incident_at_once_tell_of_it_once(tmp_path: Path) -> None:
    made = [Notices(tmp_path / "notices.db") for _ in range(4)]
    results: list[int | None] = []
    threads = [
        threading.Thread(target=lambda each=each: results.append(each.open("k", *SILENT))) for each in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [1, None, None, None]
    for each in made:
        each.close()


def test_who_acknowledged_first_stays(notices: Notices) -> None:
    assert notices.acknowledged("notice-1") is None
    assert notices.acknowledge("notice-1", "anna", NOW).by == "anna"
    assert notices.acknowledge("notice-1", "bert", NOW).by == "anna"


@given(st.lists(st.integers(0, 50), max_size=20))
@settings(max_examples=20)
def test_a_cursor_never_goes_back(moves: list[int]) -> None:
    notices = Notices(_memory())
    for seq in moves:
        notices.channels.move("mail", "abc", seq)
    assert notices.channels.cursors("mail") == ({"abc": max(moves)} if moves else {})
    assert notices.channels.cursors("other") == {}
    notices.close()


def _memory() -> Path:
    import tempfile  # noqa: PLC0415

    return Path(tempfile.mkdtemp()) / "notices.db"


def test_what_is_done_together_is_kept_whole_or_not_at_all(notices: Notices) -> None:
    def work() -> None:
        with notices.together():
            notices.channels.move("mail", "abc", 7)
            notices.channels.set_state(ChannelState(name="mail", sent=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert notices.channels.cursors("mail") == {}
    assert notices.channels.state("mail") == ChannelState(name="mail")


def test_a_channel_keeps_what_it_holds_back_and_what_it_said(notices: Notices) -> None:
    held = Held(source="abc", seq=4, part=0, due=NOW)
    notices.channels.hold("mail", held)
    assert notices.channels.held("mail") == [held]
    notices.channels.release("mail", held)
    assert notices.channels.held("mail") == []
    assert notices.channels.told("mail", "k") is None
    notices.channels.tell("mail", "k", NOW)
    notices.channels.again("mail", "k")
    assert notices.channels.told("mail", "k") == (NOW, 1)


def test_dead_letters_are_shown_and_bounded(notices: Notices) -> None:
    with notices.together():
        for number in range(KEPT_LETTERS + 3):
            notices.channels.bury(
                DeadLetter(
                    number=0,
                    channel="mail",
                    id=f"notice-{number}",
                    kind=AlertKind.TEST,
                    severity=Severity.INFO,
                    agent=None,
                    title="t",
                    why="refused",
                    at=NOW,
                )
            )
    letters = notices.channels.dead_letters(1_000)
    assert len(letters) == KEPT_LETTERS
    assert letters[0].id == f"notice-{KEPT_LETTERS + 2}"


def test_the_file_is_its_owners_and_one_of_a_newer_program_is_refused(notices: Notices) -> None:
    assert notices.path.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(notices.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NoticesFault, match="format 99"):
        Notices(notices.path)


def test_a_file_that_is_none_is_told_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notices.db"
    path.write_text("no database at all, only a text that is long enough to be looked at")
    with pytest.raises(NoticesFault, match=r"notices\.db: file is not a database"):
        Notices(path)


def test_a_kind_of_a_newer_program_is_a_notice(notices: Notices) -> None:
    notices.put("k", *BACKUP)
    with sqlite3.connect(notices.path) as connection:
        connection.execute("UPDATE notices SET kind = 'of_tomorrow'")
    connection.close()
    assert notices.after(0)[0].kind is AlertKind.NOTICE


def test_what_is_over_and_old_is_forgotten_and_what_lasts_and_the_numbers_stay(tmp_path: Path) -> None:
    home, years = Home(tmp_path), timedelta(days=800)
    assert trim_notices(home, 365, NOW, dry_run=False) == []
    with closing(Notices(home.notices)) as notices:
        notices.put("backup/1", *BACKUP)
        notices.open("silent/paper", *SILENT)
        notices.open("lasts", *SILENT)
        notices.end("silent/paper", "over", NOW)
        notices.concern(concern("notice-1"))
        notices.acknowledge("notice-2", "me", NOW)
        [would] = trim_notices(home, 365, NOW + years, dry_run=True)
        [gone] = trim_notices(home, 365, NOW + years, dry_run=False)
        assert (would.why, gone.why) == ("3 rows are older, the bound is 365 days",) * 2
        assert [each.seq for each in notices.after(0)] == [1, 3, 4]
        notices.resolve("notice-1", NOW + timedelta(days=1))
        assert trim_notices(home, 365, NOW + years, dry_run=False)
        assert [each.seq for each in notices.after(0)] == [3, 4]
        assert notices.end("lasts", "over", NOW) == 5
        assert notices.open("silent/paper", *SILENT) == 6
        assert trim_notices(home, 365, NOW + timedelta(days=300), dry_run=False) == []
