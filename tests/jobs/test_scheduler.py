"""The scheduler on a clock moved by hand: weeks with kills, two at once, what fails, what takes long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.answers.jobs import RunOutcome
from agent.jobs.catalogue import BY_NAME, Occasion, journals
from agent.jobs.scheduler import LEASE
from agent.settings.home import Home
from agent.settings.upkeep.jobs import JobsSettings
from tests.jobs.simulated import Worlds, ruled

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
JOBS = (
    ruled("hourly", "0 * * * *"),
    ruled("summary", "0 23 * * *"),
    ruled("weekly", "0 23 * * 0"),
    ruled("berlin", "30 2 * * *", "Europe/Berlin"),
    ruled("often", "*/20 * * * *", grace=15),
)


@pytest.mark.parametrize(
    ("start", "seed"),
    [(datetime(2026, 3, 25, tzinfo=UTC), 3), (datetime(2026, 10, 21, tzinfo=UTC), 4)],
)
def test_in_a_week_of_kills_no_run_is_lost_doubled_or_beside_another(start: datetime, seed: int) -> None:
    world = Worlds(JOBS, start, seconds=(1, 120))
    world.random.seed(seed)
    alive = {name: world.scheduler(f"{name} 0") for name in ("one", "two")}
    down: dict[str, datetime] = {}
    kills = 0
    while world.clock.now() < start + WEEK:
        for name, scheduler in list(alive.items()):
            scheduler.step()
            if world.random.random() < 0.02:
                world.kill(scheduler)
                kills += 1
                del alive[name]
                down[name] = world.clock.now() + timedelta(minutes=world.random.expovariate(1 / 40))
        for name, until in list(down.items()):
            if world.clock.now() >= until:
                alive[name] = world.scheduler(f"{name} {kills}")
                del down[name]
        world.clock.advance(min(world.until_next(), 600.0))
    assert kills > 10
    assert world.overlaps == []
    finished = [(run.name, run.slot) for run in world.done]
    assert len(finished) == len(set(finished)), "a run was done twice"
    lost = {(name, slot) for name, slot, _ in world.told}
    for job in world.store.kept():
        covered = {slot for name, slot in finished if name == job.name}
        runs = [run for run in world.done if run.name == job.name]
        for slot in world.slots(job.name, start, world.clock.now() - timedelta(hours=3)):
            made_up = any((run.since or run.slot) <= slot <= run.slot for run in runs)
            assert (
                slot in covered or made_up or any(name == job.name and slot <= each for name, each in lost)
            ), (job.name, slot)


def test_two_schedulers_on_one_store_do_each_run_once() -> None:
    world = Worlds(JOBS, START)
    both = [world.scheduler("one"), world.scheduler("two")]
    while world.clock.now() < START + timedelta(days=2):
        for scheduler in both:
            scheduler.step()
        world.clock.advance(world.until_next())
    until = START + timedelta(days=2) - timedelta(minutes=5)
    slots = [(run.name, run.slot) for run in world.done if run.slot <= until]
    assert sorted(slots) == sorted(
        (name, slot) for name in world.jobs for slot in world.slots(name, START, until)
    )


def test_a_run_that_takes_longer_than_its_period_is_alone_and_then_made_up_for_once() -> None:
    world = Worlds([ruled("often", "*/20 * * * *")], START, seconds=(3_900, 3_900))
    scheduler = world.scheduler()
    while world.clock.now() < START + timedelta(hours=4):
        scheduler.step()
        world.clock.advance(10)
    assert world.overlaps == []
    slots = [f"{run.slot:%H:%M}" for run in world.done]
    assert slots == ["12:20", "13:20", "14:20"]
    assert [run.since and f"{run.since:%H:%M}" for run in world.done] == [None, "12:40", "13:40"]


def test_a_long_run_keeps_its_lease_and_no_other_job_waiting() -> None:
    world = Worlds([ruled("long", "1 12 * * *"), ruled("often", "*/20 * * * *")], START)
    world.seconds = (7_000, 7_000)
    one, two = world.scheduler("one"), world.scheduler("two")
    while world.clock.now() < START + timedelta(hours=2):
        one.step()
        two.step()
        if one.running or two.running:
            world.seconds = (1, 1)
        world.clock.advance(10)
    assert [run.name for run in world.done] == ["often"] * 5 + ["long"]
    assert {run.attempt for run in world.done} == {1}
    assert world.overlaps == []


def test_a_job_that_fails_is_told_once_and_done_again_at_its_next_slot() -> None:
    world = Worlds([ruled("hourly", "0 * * * *")], START)
    world.failing = {"hourly"}
    scheduler = world.scheduler()
    while world.clock.now() < START + timedelta(hours=2, minutes=30):
        scheduler.step()
        world.clock.advance(10)
    assert [f"{run.slot:%H:%M}" for run in world.done] == ["13:00", "14:00"]
    assert [(name, title) for name, _, title in world.told] == [("hourly", "job hourly failed")] * 2
    assert [run.outcome for run in world.store.runs(world.store.kept()[0])] == [RunOutcome.FAILED] * 2


def test_an_end_in_order_leaves_its_runs_to_the_next_at_once() -> None:
    world = Worlds([ruled("hourly", "0 * * * *")], START + timedelta(minutes=59), seconds=(500, 500))
    first = world.scheduler("one")
    for _ in range(12):
        first.step()
        world.clock.advance(10)
    assert first.running == ["hourly"]
    first.close()
    second = world.scheduler("two")
    second.step()
    assert second.running == ["hourly"]
    assert LEASE.total_seconds() > 10, "no lease had to be waited for"
    assert world.overlaps == []


def test_no_job_is_about_a_journal_that_was_put_aside(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    for name in ("paper", "paper.20261129T050541", "other"):
        home.journal(name).touch()
    assert journals(home) == ["other", "paper"]
    words = [word for job in BY_NAME.values() for each in job.commands(_occasion(home)) for word in each]
    assert "paper" in words
    assert not any("20261129T" in word for word in words)


def _occasion(home: Home) -> Occasion:
    return Occasion(home, JobsSettings(), START)


def test_a_clock_that_was_ahead_for_a_while_costs_no_run_once_it_is_right() -> None:
    """What was due, leased or begun in a year that never came waits for nobody."""
    world = Worlds([ruled("hourly", "0 * * * *"), ruled("summary", "0 23 * * *")], START)
    wrong = world.scheduler("one")
    world.clock.step(400 * 86_400)
    wrong.step()
    world.clock.advance(4_000)
    wrong.step()
    assert wrong.running == ["hourly"]
    world.kill(wrong)
    world.clock.step(-400 * 86_400)
    right = world.scheduler("two")
    while world.clock.now() < START + timedelta(days=1):
        right.step()
        world.clock.advance(10)
    slots = {(run.name, f"{run.slot:%d %H}") for run in world.done if run.slot.year == START.year}
    assert ("summary", "22 23") in slots
    assert {("hourly", f"22 {hour}") for hour in range(14, 24)} <= slots
    assert world.overlaps == []


def test_a_run_under_way_while_the_clock_is_set_back_keeps_its_lease() -> None:
    world = Worlds([ruled("hourly", "0 * * * *")], START + timedelta(minutes=59), seconds=(900, 900))
    one, two = world.scheduler("one"), world.scheduler("two")
    for passed in range(0, 1_200, 10):
        if passed == 300:
            world.clock.step(-86_400)
        one.step()
        two.step()
        world.clock.advance(10)
    assert [(run.name, run.attempt) for run in world.done] == [("hourly", 1)]
    assert world.overlaps == []
