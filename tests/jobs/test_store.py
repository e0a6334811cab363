"""Jobs as they are kept: one run a slot, one at a time, due over restarts, missed ones made up for once."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.answers.jobs import RunOutcome
from agent.jobs.database import JobsDatabase, JobsFault, JobsFile, JobsServer
from agent.jobs.kept import Definition
from agent.jobs.store import KEPT_RUNS, JobStore
from agent.settings.schedule import Schedule
from domain.errors import BadInput
from tests.jobs.simulated import Memory
from tests.journal.postgres_server import postgres_server, url

__all__ = ["postgres_server", "url"]
NOON = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
HOURLY = Definition("tidy", Schedule("0 * * * *"), timedelta(hours=12), on=True)


@pytest.fixture(params=["file", "server"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JobsDatabase]:
    made: JobsDatabase = JobsFile(tmp_path / "jobs.db") if request.param == "file" else _server(request)
    with closing(made):
        yield made


def _server(request: pytest.FixtureRequest) -> JobsServer:
    made = JobsServer(request.getfixturevalue("url"))
    made.do("DELETE FROM jobs")
    made.do("DELETE FROM runs")
    return made


def test_a_run_is_claimed_once_renewed_and_finished_by_its_owner_alone(database: JobsDatabase) -> None:
    one, two = JobStore(database, "here"), JobStore(database, "there")
    one.define([HOURLY], NOON)
    assert one.claim(["tidy"], NOON, "one", LEASE).claimed == []
    due = NOON + timedelta(minutes=31)
    (mine,) = one.claim(["tidy"], due, "one", LEASE).claimed
    assert mine.slot == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert two.claim(["tidy"], due, "two", LEASE).claimed == []
    assert one.renew(mine, due + 2 * LEASE)
    assert two.claim(["tidy"], due + LEASE, "two", LEASE).claimed == []
    (theirs,) = two.claim(["tidy"], due + 2 * LEASE, "two", LEASE).claimed
    assert (theirs.slot, theirs.attempt) == (mine.slot, 2)
    assert not one.renew(mine, due + 3 * LEASE)
    assert not one.finish(mine, RunOutcome.DONE, "late", due + 2 * LEASE)
    assert two.finish(theirs, RunOutcome.DONE, "in time", due + 2 * LEASE)
    (run,) = two.runs(two.kept()[0])
    assert (run.outcome, run.said, run.attempt, run.owner) == (RunOutcome.DONE, "in time", 2, "two")
    assert one.claim(["tidy"], due + 3 * LEASE, "one", LEASE).claimed == []


def test_a_definition_that_says_nothing_new_leaves_what_is_due(database: JobsDatabase) -> None:
    store = JobStore(database, "here")
    store.define([HOURLY], NOON)
    later = NOON + 5 * HOUR
    store.define([HOURLY], later)
    (run,) = store.claim(["tidy"], later, "one", LEASE).claimed
    assert run.slot == datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    assert run.since == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert store.finish(run, RunOutcome.DONE, "", later)
    store.define([HOURLY._replace(schedule=Schedule("15 * * * *"))], later)
    assert store.kept()[0].due == datetime(2026, 11, 20, 18, 15, tzinfo=UTC)


def test_a_local_job_is_done_in_each_home_that_shares_a_server_and_another_once(
    database: JobsDatabase,
) -> None:
    here, there = JobStore(database, "here"), JobStore(database, "there")
    local = HOURLY._replace(name="files", local=True)
    for store in (here, there):
        store.define([HOURLY, local], NOON)
    names = ("tidy", "files")
    claimed = [
        [run.name for run in store.claim(names, NOON + HOUR, "x", LEASE).claimed] for store in (here, there)
    ]
    assert claimed == [["files", "tidy"], ["files"]]


@pytest.fixture
def store() -> JobStore:
    result = JobStore(Memory(), "here")
    result.define([HOURLY], NOON)
    return result


def test_what_is_missed_for_longer_than_its_grace_is_told_and_not_made_up_for(store: JobStore) -> None:
    daily = Definition("daily", Schedule("0 23 * * *"), timedelta(minutes=30), on=True)
    store.define([daily], NOON)
    late = datetime(2026, 11, 22, 9, tzinfo=UTC)
    claims = store.claim(["daily"], late, "one", LEASE)
    assert claims.claimed == []
    assert [(each.name, each.slot, each.outcome) for each in claims.lost] == [
        ("daily", datetime(2026, 11, 21, 23, tzinfo=UTC), RunOutcome.MISSED)
    ]
    assert store.claim(["daily"], late, "one", LEASE).lost == []


def test_a_run_that_was_cut_off_longer_ago_than_its_grace_is_over_and_the_next_one_is_due(
    store: JobStore,
) -> None:
    store.claim(["tidy"], NOON + HOUR, "one", LEASE)
    late = NOON + 15 * HOUR
    claims = store.claim(["tidy"], late, "two", LEASE)
    assert [each.outcome for each in claims.lost] == [RunOutcome.CUT_OFF]
    assert [each.slot for each in claims.claimed] == [late - timedelta(minutes=30)]


def test_a_pause_lasts_and_what_falls_into_it_is_not_made_up_for(store: JobStore) -> None:
    store.pause("tidy", "alice", "disk is being changed", NOON)
    store.define([HOURLY], NOON + HOUR)
    assert store.claim(["tidy"], NOON + 3 * HOUR, "one", LEASE).claimed == []
    kept = store.kept()[0]
    assert (kept.paused_by, kept.paused_why) == ("alice", "disk is being changed")
    store.resume("tidy", NOON + 3 * HOUR)
    assert store.claim(["tidy"], NOON + 3 * HOUR, "one", LEASE).claimed == []
    assert store.claim(["tidy"], NOON + 4 * HOUR, "one", LEASE).claimed


def test_a_run_by_hand_is_beside_the_schedule_also_of_a_job_that_is_off_or_paused(store: JobStore) -> None:
    store.define([HOURLY._replace(on=False)], NOON)
    store.pause("tidy", "alice", "", NOON)
    assert store.claim(["tidy"], NOON + HOUR, "one", LEASE).claimed == []
    store.ask("tidy", "bob", NOON + HOUR)
    (run,) = store.claim(["tidy"], NOON + HOUR, "one", LEASE).claimed
    assert (run.by, run.slot) == ("bob", NOON + HOUR)
    assert store.claim_now("tidy", "carol", NOON + HOUR, "two", LEASE) is None
    assert store.finish(run, RunOutcome.FAILED, "", NOON + HOUR)
    again = store.claim_now("tidy", "carol", NOON + HOUR, "two", LEASE)
    assert again is not None
    assert again.slot == NOON + HOUR + timedelta(milliseconds=1), "a slot of its own"


def test_a_job_switched_on_again_begins_with_its_next_slot(store: JobStore) -> None:
    store.define([HOURLY._replace(on=False)], NOON)
    store.define([HOURLY], NOON + 5 * HOUR)
    assert store.claim(["tidy"], NOON + 5 * HOUR, "one", LEASE).claimed == []


@pytest.mark.parametrize("what", ["ask", "pause", "resume", "claim_now"])
def test_a_job_that_is_none_is_told(store: JobStore, what: str) -> None:
    asked: dict[str, Callable[[], object]] = {
        "ask": lambda: store.ask("nosuch", "bob", NOON),
        "pause": lambda: store.pause("nosuch", "bob", "", NOON),
        "resume": lambda: store.resume("nosuch", NOON),
        "claim_now": lambda: store.claim_now("nosuch", "bob", NOON, "one", LEASE),
    }
    with pytest.raises(BadInput, match="job nosuch: there is none of that name"):
        asked[what]()


def test_runs_are_bounded_and_a_clock_set_back_repeats_none(store: JobStore) -> None:
    at = NOON
    for _ in range(KEPT_RUNS + 5):
        at += HOUR
        (run,) = store.claim(["tidy"], at, "one", LEASE).claimed
        assert store.finish(run, RunOutcome.DONE, "", at)
    assert len(store.runs(store.kept()[0], 1_000)) == KEPT_RUNS
    assert store.claim(["tidy"], at - 3 * HOUR, "one", LEASE).claimed == []
    for on in (False, True):
        store.define([HOURLY._replace(on=on)], at - 3 * HOUR)
    assert store.kept()[0].due == run.slot - 2 * HOUR, "it is due again by the clock"
    assert store.claim(["tidy"], run.slot - 2 * HOUR, "one", LEASE).claimed == []


def test_a_file_of_a_newer_program_or_none_at_all_is_told(tmp_path: Path) -> None:
    with closing(JobsFile(tmp_path / "jobs.db")) as file:
        file.do("PRAGMA user_version = 9")
    with pytest.raises(JobsFault, match="of format 9, this program knows 1"):
        JobsFile(tmp_path / "jobs.db")
    (tmp_path / "text.db").write_text("no database at all, but some text of a length" * 100)
    with pytest.raises(JobsFault, match="not a database"):
        JobsFile(tmp_path / "text.db")
