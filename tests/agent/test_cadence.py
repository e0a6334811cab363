"""Cycles by a schedule instead of a pace: at its instants, over pauses, long cycles and changes of the clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.loop.pacer import LASTING_SECONDS, SchedulePacer
from agent.settings.load import BadSettings, load
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from agent.wiring import pause_seconds
from tests.perception.manual_clock import ManualClock

START = datetime(2026, 11, 20, 12, 10, tzinfo=UTC)
HOURLY = Schedule("0 * * * *")


class Waited:
    """Waits on a clock moved by hand; `ends` says from when on the loop is to end."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.ends: datetime | None = None

    def __call__(self, seconds: float) -> bool:
        self.clock.advance(seconds)
        return self.ends is None or self.clock.now() < self.ends


def paced(start: datetime = START, schedule: Schedule = HOURLY) -> tuple[ManualClock, SchedulePacer, Waited]:
    clock = ManualClock(start)
    wait = Waited(clock)
    return clock, SchedulePacer(clock, schedule, wait), wait


def test_cycles_come_at_the_instants_of_the_schedule() -> None:
    clock, pacer, _ = paced()
    assert [f"{pacer.next():%H:%M:%S}" for _ in range(3)] == ["13:00:00", "14:00:00", "15:00:00"]


def test_a_long_cycle_leaves_out_what_passed_meanwhile() -> None:
    clock, pacer, _ = paced()
    pacer.next()
    clock.advance(2.5 * 3600)
    assert f"{pacer.next():%H:%M}" == "16:00"


def test_a_stop_ends_the_wait_for_a_far_instant() -> None:
    clock, pacer, wait = paced(schedule=Schedule("0 0 1 1 *"))
    wait.ends = datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert pacer.next() is None
    assert clock.now() == wait.ends


def test_a_clock_that_is_set_is_followed_once_that_lasts() -> None:
    clock, pacer, _ = paced()
    pacer.next()
    clock.step(6 * 3600)
    assert LASTING_SECONDS < 3600
    assert f"{pacer.next():%H}" in ("19", "20")
    clock.step(-24 * 3600)
    before = clock.now()
    instant = pacer.next()
    assert instant is not None
    assert (clock.now() - before).total_seconds() < 2 * 3600, "it waits for no day that was yesterday"


def test_where_clocks_are_set_a_daily_cycle_comes_once() -> None:
    berlin = Schedule("30 2 * * *", "Europe/Berlin")
    _, pacer, _ = paced(datetime(2026, 10, 24, 12, tzinfo=UTC), berlin)
    assert [f"{pacer.next():%d %H:%M}" for _ in range(2)] == ["25 00:30", "26 01:30"]


def test_the_pause_that_alarms_measure_by_is_the_schedule_s_longest() -> None:
    options = Options(schedule="0 9-17 * * *", timeframe="1h")
    assert pause_seconds(options) == 16 * 3600
    assert pause_seconds(Options(schedule="*/5 * * * *")) == 300


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"schedule": "hourly"}, 'schedule = hourly: is no schedule such as "30 2 * * *"'),
        ({"schedule_zone": "Berlin"}, "schedule_zone = Berlin: is no time zone such as UTC"),
        ({"schedule": "0 * * * *", "provider": "simulated"}, "schedule goes by the clock; simulated candles"),
        (
            {"schedule": "0 0 * * *", "timeframe": "1m"},
            "schedule 0 0 * * * pauses for 24 h, and a cycle looks",
        ),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_told(given: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        load({"home": tmp_path, **given})
    assert said in str(caught.value)


def test_settings_recorded_before_there_were_schedules_are_read_as_a_pace() -> None:
    plain = Options().model_dump(mode="json", exclude={"schedule", "schedule_zone"})
    assert Options.model_validate(plain).schedule is None
