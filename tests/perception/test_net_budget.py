"""The budget: one a second, twenty-five in any day, silence when asked, all of it over restarts."""

import multiprocessing
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.times import DAY_MS, millis
from perception.guard.budget import Budget
from perception.guard.faults import Spent
from tests.perception.manual_clock import START, ManualClock, RunningClock

DAY = 86_400.0


def budget(clock: ManualClock, path: Path | None = None, *, per_day: int | None = 25) -> Budget:
    return Budget("venue", clock, per_second=1.0, per_day=per_day, path=path)


def test_requests_are_a_second_apart() -> None:
    clock = ManualClock()
    spending = budget(clock)
    for _ in range(3):
        spending.take(10)
    assert clock.slept == [1.0, 1.0]


def test_a_turn_that_comes_after_the_deadline_is_refused_and_not_charged() -> None:
    clock = ManualClock()
    spending = budget(clock)
    spending.take(10)
    with pytest.raises(Spent, match=r"venue takes 1 requests a second, next turn in 1\.0 s"):
        spending.take(0.5)
    assert spending.used_today == 1


def test_the_day_is_spent_after_its_last_request_whatever_restarts_in_between(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "home" / "venue.json"
    for number in range(25):
        assert budget(clock, path).used_today == number
        budget(clock, path).take(10)
    with pytest.raises(Spent, match="all 25 requests a day are used, next after 2026-11-21 12:00 UTC"):
        budget(clock, path).take(10)
    assert "all 25" in budget(clock, path).closed()
    clock.advance(DAY)
    budget(clock, path).take(10)


def test_a_restart_does_not_shorten_the_second(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "venue.json"
    budget(clock, path).take(10)
    clock.advance(0.25)
    budget(clock, path).take(10)
    assert clock.slept == [pytest.approx(0.75)]


@settings(deadline=None)
@given(st.lists(st.floats(0, DAY / 3), min_size=1, max_size=40))
def test_no_span_of_a_day_ever_holds_more_than_the_limit(pauses: list[float]) -> None:
    clock = ManualClock()
    spending = budget(clock, per_day=5)
    sent: list[int] = []
    for pause in pauses:
        clock.advance(pause)
        try:
            sent.append(spending.take(10))
        except Spent:
            assert len([stamp for stamp in sent if stamp > millis(clock.now()) - DAY_MS]) >= 5
    assert all(later - earlier >= DAY_MS for earlier, later in zip(sent, sent[5:], strict=False))


def test_a_request_that_never_left_is_given_back(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "venue.json"
    spending = budget(clock, path)
    spending.take(10)
    spending.refund(spending.take(10))
    assert spending.used_today == budget(clock, path).used_today == 1


def test_the_file_is_private_and_holds_no_more_than_it_must(tmp_path: Path) -> None:
    path = tmp_path / "home" / "venue.json"
    clock = ManualClock()
    budget(clock, path).take(10)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text() == f'{{"sent":[{millis(START)}],"silent_until":0}}'
    assert {entry.name for entry in path.parent.iterdir()} == {"venue.json", "venue.json.lock"}


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"sent": "x"}', b'{"sent": [1.5]}', b"\xff\xfe", b'{"sent": [null]}']
)
def test_a_file_that_cannot_be_read_counts_as_a_day_used_up_and_mends_itself(
    tmp_path: Path, damage: bytes
) -> None:
    clock, path = ManualClock(), tmp_path / "venue.json"
    path.write_bytes(damage)
    with pytest.raises(Spent, match="all 25 requests a day are used"):
        budget(clock, path).take(10)
    clock.advance(DAY - 1)
    assert budget(clock, path).closed() != ""
    clock.advance(1)
    budget(clock, path).take(10)


def test_a_file_that_cannot_be_written_closes_the_budget_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    spending = budget(ManualClock(), tmp_path / "home" / "venue.json")
    with pytest.raises(Spent, match=r"budget file venue\.json: (file exists|not a directory)"):
        spending.take(10)


def test_a_clock_set_back_neither_opens_the_day_nor_closes_it_for_ever(tmp_path: Path) -> None:
    clock, path = ManualClock(START + timedelta(days=5000)), tmp_path / "venue.json"
    spending = budget(clock, path)
    for _ in range(25):
        spending.take(60)
    clock.step(-5000 * DAY)
    assert "all 25" in spending.closed()
    assert "all 25" in budget(clock, path).closed()
    clock.advance(DAY)
    budget(clock, path).take(10)


def test_silence_is_kept_over_a_restart_and_ends_in_time(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "venue.json"
    budget(clock, path, per_day=None).silence(120)
    clock.advance(100)
    again = budget(clock, path, per_day=None)
    with pytest.raises(Spent, match="venue asked for silence, 20 s left"):
        again.take(10)
    clock.step(-3600)
    clock.advance(20)
    again.take(10)


def test_a_silence_is_never_longer_than_the_longest_ban(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "venue.json"
    path.write_text('{"sent":[],"silent_until":99999999999999}')
    spending = budget(clock, path)
    assert "asked for silence" in spending.closed()
    clock.advance(3 * DAY)
    assert spending.closed() == ""


def test_threads_share_one_second() -> None:
    spending = Budget("venue", RunningClock(), per_second=100.0, per_day=50)
    taken: list[int] = []
    threads = [threading.Thread(target=lambda: taken.append(spending.take(5))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == spending.used_today == 20


def _spend(path: str, limit: int, won: "multiprocessing.Queue[int]") -> None:
    clock = ManualClock()
    spending = Budget("venue", clock, per_second=1000.0, per_day=limit, path=Path(path))
    count = 0
    for _ in range(limit):
        try:
            spending.take(10)
        except Spent:
            break
        count += 1
    won.put(count)


def test_processes_share_one_day(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    won: multiprocessing.Queue[int] = spawn.Queue()
    workers = [spawn.Process(target=_spend, args=(str(tmp_path / "venue.json"), 30, won)) for _ in range(2)]
    for worker in workers:
        worker.start()
    total = sum(won.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join()
    assert total == 30
