"""The room a home takes: bounds are kept, what is in use or the latest stays, and the doctor tells."""

import logging
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent.doctor.space import findings
from agent.drill import processes
from agent.host import log
from agent.host.clock import StoppedClock, SystemClock
from agent.host.turnover import Turnover
from agent.settings.home import Home
from agent.settings.upkeep.retention import FolderBound, RetentionSettings
from agent.space.growth import growth, measure, measures
from agent.space.last import LastBackup, remember
from agent.space.parts import PARTS, sizes
from agent.space.retain import retain
from edge.files import DRAFT, write_whole
from journal.sql import open_journal
from tests.journal.cycles import JOURNAL_ID, session

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
MINE = "journals/paper.20260101T000000.db"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with something of every part, each file as many days old as its name ends with."""
    home = Home(tmp_path / "home")
    home.make()
    with open_journal(home.journal("paper"), JOURNAL_ID) as journal:
        journal.append(session())
    for name in (
        MINE,
        "checkpoints/paper/0123456789ab.000000000001.0123456789ab",
        "checkpoints/paper/0123456789ab.000000000002.0123456789ab",
        "checkpoints/paper/0123456789ab.000000000003.0123456789ab",
        "checkpoints/gone/000000000001", "serve/mirrors/paper.db",
        "serve/mirrors/gone.db", "serve/mirrors/gone.db-wal", "anchors/paper-000000000001.json",
        "anchors/paper-000000000002.json", "work/one/answer.json", "studies/rsi.db", "serve/paper.err",
        "agent.log", "agent.log.1", "data/spot/BTC.parquet", "config.toml", "config.toml.20260101T000000",
    ):  # fmt: skip
        path = home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1_000_000)
        old = (NOW - timedelta(days=100)).timestamp()
        os.utime(path, (old, old))
    return home


def everything(bound: FolderBound) -> RetentionSettings:
    usual = RetentionSettings()
    names = [part.name for part in PARTS if isinstance(getattr(usual, part.name, None), FolderBound)]
    return RetentionSettings.model_validate(dict.fromkeys(names, bound))


def paths(home: Home) -> set[str]:
    return {str(path.relative_to(home.root)) for path in home.root.rglob("*") if path.is_file()}


def test_bounds_of_age_take_what_is_old_and_never_what_is_used(home: Home) -> None:
    before = paths(home)
    dry = retain(home, everything(FolderBound(days=99)), NOW, dry_run=True)
    assert paths(home) == before
    gone = retain(home, everything(FolderBound(days=99)), NOW, dry_run=False)
    assert gone == dry
    assert before - paths(home) == {
        MINE, "config.toml.20260101T000000",
        "checkpoints/paper/0123456789ab.000000000001.0123456789ab",
        "checkpoints/gone/000000000001",
        "serve/mirrors/gone.db", "serve/mirrors/gone.db-wal", "anchors/paper-000000000001.json",
        "work/one/answer.json", "studies/rsi.db", "serve/paper.err",
    }  # fmt: skip
    assert retain(home, everything(FolderBound(days=99)), NOW, dry_run=False) == []


def test_nothing_goes_without_a_bound_or_within_it(home: Home) -> None:
    assert retain(home, everything(FolderBound()), NOW, dry_run=True) == []
    assert retain(home, everything(FolderBound(days=101, megabytes=100)), NOW, dry_run=True) == []


def test_what_is_just_at_its_bound_stays_and_the_latest_stay_whatever_it_is(home: Home) -> None:
    at = FolderBound(days=100)
    assert retain(home, everything(at), NOW, dry_run=True) == []
    one, usual = FolderBound(megabytes=1), FolderBound()
    settings = RetentionSettings(anchors=one, checkpoints=one, mirrors=usual)
    gone = [each.path for each in retain(home, settings, NOW, dry_run=False)]
    assert gone == ["checkpoints/gone"], "one anchor and one checkpoint may go, which is the bound"
    later = NOW + timedelta(days=36_525)
    retain(home, everything(FolderBound(days=0.001, megabytes=1)), later, dry_run=False)
    left = paths(home)
    assert len([each for each in left if each.startswith("checkpoints/paper/")]) == 2
    assert "anchors/paper-000000000002.json" in left
    assert "journals/paper.db" in left
    for wrong in ({"days": 0}, {"megabytes": 0}, {"days": -1}):
        with pytest.raises(ValidationError, match="greater than"):
            FolderBound.model_validate(wrong)


def test_drafts_that_killed_processes_left_go_after_a_day(home: Home) -> None:
    names = ("checkpoints/paper/.0123.00aa11bb", "journals/paper.segments/a/.1-8.seg.0011aabb", ".x.ffffffff")
    old, segment, new = (home.root / name for name in names)
    for path, age in ((old, 2.0), (segment, 1.1), (new, 0.9)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        time = (NOW - timedelta(days=age)).timestamp()
        os.utime(path, (time, time))
    usual = RetentionSettings(mirrors=FolderBound())
    assert [each.path for each in retain(home, usual, NOW, dry_run=False)] == list(names[:2])
    assert new.exists()


def test_a_process_killed_while_it_writes_leaves_the_old_file_and_a_draft(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint"
    write_whole(file, b"old")

    def dies() -> None:
        os.fsync = lambda _file: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]  # of the child
        write_whole(file, b"new" * 1_000)

    assert processes.wait(processes.forked(dies, tmp_path / "log"), 60) == -signal.SIGKILL
    assert file.read_bytes() == b"old"
    [draft] = [path for path in tmp_path.iterdir() if path.name not in ("checkpoint", "log")]
    assert DRAFT.fullmatch(draft.name)


def test_a_bound_of_size_takes_the_oldest_first(home: Home) -> None:
    for number in range(4):
        path = home.root / "work" / f"new{number}" / "answer.json"
        path.parent.mkdir()
        path.write_bytes(b"x" * 1_000_000)
        time = (NOW - timedelta(days=10 - number)).timestamp()
        os.utime(path, (time, time))
    settings = RetentionSettings(work=FolderBound(megabytes=3))
    gone = [each.path for each in retain(home, settings, NOW, dry_run=False) if each.part == "work"]
    assert gone == ["work/one", "work/new0"]


def test_a_journal_put_aside_that_an_agent_runs_on_stays(home: Home) -> None:
    lock = home.lock("paper.20260101T000000")
    gone = retain(home, everything(FolderBound(days=1)), NOW, dry_run=False)
    assert MINE not in [each.path for each in gone]
    lock.release()


def test_what_cannot_be_removed_says_why_and_the_rest_goes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.unlink

    def refuse(self: Path, *, missing_ok: bool = False) -> None:
        if self.name == "rsi.db":
            raise PermissionError(13, "Permission denied")
        real(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    gone = retain(home, everything(FolderBound(days=99)), NOW, dry_run=False)
    assert [each.path for each in gone if each.problem] == ["studies/rsi.db"]
    assert not (home.root / MINE).exists()


def test_every_byte_of_the_home_is_in_one_part(home: Home) -> None:
    total = sum(path.stat().st_size for path in home.root.rglob("*") if path.is_file())
    rows = {row.part: row for row in sizes(home, RetentionSettings())}
    assert sum(row.bytes for row in rows.values()) == total
    assert rows["put_aside"].bytes == 2_000_000
    assert rows["candles"].bound == "yours"


def test_the_doctor_tells_sizes_growth_days_left_and_the_last_backup(home: Home) -> None:
    clock = _at(NOW - timedelta(days=2))
    first = {each.subject: each for each in findings(home, clock)}
    assert "not known yet" in first["growth"].what
    assert first["backup"].level == "warn"
    (home.root / "agent.log.2").write_bytes(b"x" * 4_000_000)
    remember(home.root, LastBackup("/mnt/b", 7, NOW - timedelta(hours=1), {"paper": 1}, 12_000_000))
    second = {each.subject: each for each in findings(home, _at(NOW))}
    assert second["growth"].what.startswith("2.0 MB a day over 2.0 days: the disk lasts")
    assert "logs" in second["space"].what
    assert second["backup"].level == "ok"
    assert "point 7" in second["backup"].what
    old = {each.subject: each for each in findings(home, _at(NOW + timedelta(days=3)))}
    assert old["backup"].level == "warn"


def test_days_left_follow_from_growth_and_a_shrinking_home_has_no_end(tmp_path: Path) -> None:
    measure(tmp_path, 1_000_000, NOW)
    measure(tmp_path, 1_500_000, NOW + timedelta(hours=1))  # too soon: it is not written down
    assert len(measures(tmp_path)) == 1
    report = growth(tmp_path, 3_000_000, 10_000_000, NOW + timedelta(days=2))
    assert report is not None
    assert (report.bytes_a_day, report.days_left) == (1_000_000, 10)
    shrunk = growth(tmp_path, 500_000, 10_000_000, NOW + timedelta(days=2))
    assert shrunk is not None
    assert shrunk.days_left is None
    (tmp_path / "sizes.jsonl").write_bytes(b"noise\n\xff")
    assert growth(tmp_path, 1, 1, NOW) is None


def test_logs_turn_over_at_their_bound_also_where_two_processes_share_one(tmp_path: Path) -> None:
    turnover = Turnover(2_000, 2)
    assert log.start(tmp_path, (), turnover=turnover) is None
    ours = logging.getLogger(log.NAME).handlers[0]
    other = type(ours)(tmp_path / "agent.log", maxBytes=2_000, backupCount=2)  # type: ignore[call-arg, arg-type]  # as log does
    try:
        for number in range(400):
            log.say("info", "from one", number=number)
            other.emit(logging.LogRecord("o", logging.INFO, "", 0, f"from the other {number}", None, None))
            assert sum(path.stat().st_size for path in tmp_path.glob("agent.log*")) < 7_000
        lines = "".join((tmp_path / name).read_text() for name in ("agent.log.1", "agent.log"))
        assert "from one" in lines
        assert "from the other 399" in lines
        assert '"number": 399' in lines
        assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.log", "agent.log.1", "agent.log.2"]
    finally:
        other.close()
        log.start(tmp_path, ())


def _at(now: datetime) -> StoppedClock:
    clock = StoppedClock(SystemClock())
    clock.now = lambda: now  # type: ignore[method-assign]  # the clock that is given
    return clock
