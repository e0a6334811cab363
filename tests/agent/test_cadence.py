"""Cycles by a schedule instead of a pace: at its instants, over pauses, long cycles and set clocks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from agent import wiring
from agent.account.opened import OpenedAccount
from agent.answers.account import Vitals
from agent.loop.pacer import LASTING_SECONDS, MarketPacer, SchedulePacer
from agent.reports.uptime import Uptime, cycles_due
from agent.serve.fleet.asked import checked
from agent.serve.fleet.recorded import last_settings
from agent.serve.mirror.account import Beside, row
from agent.settings.home import Home
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from agent.wiring import pause_seconds
from domain.commands import ChangeSettings
from domain.errors import BadInput
from domain.times import millis
from journal.memory import MemoryJournal
from tests.agent.test_orders import first_entry, reopened
from tests.agent.test_recovery import CLOSES
from tests.agent.venue import Venue, always, venue_of
from tests.agent.world import ID, World, ask, lively, wave
from tests.agent.world import START as WORLD_START
from tests.perception.manual_clock import ManualClock
from tests.serve.mirrored import mirror_of

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
    _, pacer, _ = paced()
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
            "schedule 0 0 * * * pauses for 24 h, and a cycle looks back over 4.17 h of BTC-USDT",
        ),
        (
            {"schedule": "0 * * * *", "interval_seconds": 5},
            "interval_seconds = 5: cycles come by the schedule",
        ),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_told(given: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        load({"home": tmp_path, **given})
    assert said in str(caught.value)


def test_a_week_has_its_nights_and_days_off_even_where_cycles_are_many() -> None:
    assert Schedule("* 9-16 * * 1-5").longest_gap() == timedelta(hours=64, minutes=1)


def test_a_share_s_market_is_closed_over_the_weekend_and_a_pair_s_is_not(tmp_path: Path) -> None:
    given = {"home": tmp_path, "schedule": "0 9-16 * * 1-5", "timeframe": "1m"}
    assert load({**given, "symbols": ("MSFT",)}).schedule is not None
    with pytest.raises(BadSettings, match="of BTC-USDT: candles would be left out"):
        load(given)


def test_an_empty_schedule_is_none_so_that_a_flag_undoes_the_file_s(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('schedule = "0 * * * *"\n')
    assert load({"home": tmp_path}).schedule == "0 * * * *"
    paced_again = load({"home": tmp_path, "schedule": "", "interval_seconds": 5})
    assert pause_seconds(paced_again) == 5


def test_a_market_that_says_itself_what_time_it_is_is_followed_whatever_the_schedule() -> None:
    played = Options(schedule="0 * * * *").model_copy(update={"provider": "simulated"})
    assert pause_seconds(played) == 1.0


def test_a_pause_is_not_changed_where_a_schedule_is_set() -> None:
    world = World(wave(5))
    world.session.begin()
    object.__setattr__(world.parts, "options", Options(schedule="0 * * * *"))
    with pytest.raises(BadInput, match=r'this session cycles by the schedule "0 \* \* \* \*"'):
        ask(world, ChangeSettings(given={"interval_seconds": 5}, reason="faster"))


class Passing:
    """Stands for the event a loop waits with: time passes at once; a stop vanishes after ten minutes."""

    def __init__(self, clock: ManualClock, venue: Venue) -> None:
        self.clock = clock
        self.venue = venue
        self.gone_at: datetime | None = None
        self.back_at: datetime | None = None

    def wait(self, seconds: float) -> None:
        self.clock.advance(max(seconds, 1.0))
        self.venue.pass_seconds(max(seconds, 1.0))
        if self.gone_at is None and self.clock.now() >= START + timedelta(minutes=10):
            self.gone_at = self.clock.now()
            for each in self.venue.open_orders():
                self.venue.cancel(each.symbol, each.client_id)
        elif self.gone_at and not self.back_at and self.venue.open_orders():
            self.back_at = self.clock.now()

    def set(self) -> None:
        pass

    def clear(self) -> None:
        pass


class Once(NamedTuple):
    """One wait, and no cycle after it."""

    pacer: SchedulePacer

    def next(self) -> None:
        self.pacer.next()


def test_a_stop_that_vanishes_at_the_venue_between_two_cycles_is_put_again_long_before_the_next() -> None:
    at = venue_of(wiring.parts(lively(), MemoryJournal(ID)))
    before = World(CLOSES[: first_entry()], platform=always(at))
    before.run()
    made = World([], platform=always(at), journal=reopened(before))
    assert made.state.ledger.positions
    assert at.open_orders()
    clock = ManualClock(START)
    passing = Passing(clock, at)
    made.inbox._wake = passing  # type: ignore[assignment]
    made.session.run(Once(SchedulePacer(clock, HOURLY, made.inbox.wait)))
    assert f"{clock.now():%H:%M}" == "13:00"
    assert passing.gone_at is not None
    assert passing.back_at is not None
    assert passing.back_at - passing.gone_at < timedelta(minutes=2)


def test_who_has_just_begun_again_and_waits_for_the_first_instant_is_not_stale(tmp_path: Path) -> None:
    journal = MemoryJournal(ID)
    options = lively(provider="binance", speed=None, schedule="0 * * * *")
    lived = World(wave(3), options=options, journal=journal)
    lived.session.run(MarketPacer(lived.market, 0.0, lived.inbox.wait))
    journal.reopen()
    again = datetime.fromtimestamp(WORLD_START / 1000, UTC) + timedelta(hours=10)
    World([], options=options, journal=journal, start=millis(again)).session.begin()
    mirror = mirror_of(journal, tmp_path)

    def stale(now: datetime) -> bool:
        beside = Beside(True, None, Vitals(), None, None, now)
        return any(each.text.startswith("no cycle") for each in row(mirror, beside).alarms)

    assert not stale(again + timedelta(minutes=30))
    assert stale(again + timedelta(hours=4))
    mirror.close()


def test_an_agent_begun_again_from_its_journal_keeps_its_pace_whatever_the_file_says(tmp_path: Path) -> None:
    for name, schedule in (("hourly", "0 * * * *"), ("paced", None)):
        more = (
            {"schedule": schedule, "schedule_zone": "Europe/Berlin"} if schedule else {"interval_seconds": 30}
        )
        options = Options(home=tmp_path, journal=name, **more)
        with OpenedAccount(options) as opened:
            opened.session.begin()
            opened.session._finish("stopped")
    (tmp_path / "config.toml").write_text('schedule = "30 * * * *"\n')
    hourly, pace = (
        checked(last_settings(Home(tmp_path), each), Home(tmp_path), each) for each in ("hourly", "paced")
    )
    assert (hourly.schedule, hourly.schedule_zone) == ("0 * * * *", "Europe/Berlin")
    assert (pace.schedule, pause_seconds(pace)) == (None, 30)


def test_days_are_summed_up_by_the_instants_that_were_due() -> None:
    uptime = Uptime(None)
    uptime.begin(Options(schedule="0 9-17 * * *", timeframe="1h"), {})
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    uptime.first = midnight
    for hour in range(9, 18):
        uptime.cycle(midnight + timedelta(hours=hour))
    period = (midnight, midnight + timedelta(days=1))
    assert cycles_due(uptime.told(*period), uptime, *period) == 9


def test_settings_recorded_before_there_were_schedules_are_read_as_a_pace() -> None:
    plain = Options().model_dump(mode="json", exclude={"schedule", "schedule_zone"})
    assert Options.model_validate(plain).schedule is None
