"""The wall clock may be set: a day never begins twice, periods run on, and limits err on the safe side."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.loop.pacer import LASTING_SECONDS, WallPacer
from agent.state.ledger import Ledger
from tests.agent.test_orders import venue, world
from tests.perception.manual_clock import ManualClock

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ledger() -> Ledger:
    made = Ledger()
    made.cash = made.equity = 1_000
    made.roll(NOON)
    made.entries_today, made.loss_streak = 3, 2
    return made


def test_a_day_out_and_back_gives_no_entries_and_forgets_no_loss() -> None:
    made = ledger()
    made.equity = 900
    made.roll(NOON + DAY)
    made.entries_today += 1
    made.roll(NOON)
    assert (made.entries_today, made.day_start_equity, made.loss_streak) == (4, 1_000, 2)
    made.roll(NOON + DAY)  # the true next day began already, wrongly: it goes on with what was used up
    assert (made.entries_today, made.day_start_equity) == (4, 1_000)
    made.roll(NOON + 2 * DAY)
    assert (made.entries_today, made.day_start_equity, made.loss_streak) == (0, 900, 0)


@given(st.lists(st.integers(-3, 3), max_size=12))
def test_whatever_days_are_told_a_true_days_entries_stay_within_its_limit(days: list[int]) -> None:
    """An agent that enters whenever fewer than 5 are counted enters 5 times a day the clock ever reached."""
    made, entries, reached = Ledger(), 0, 0
    for day in (0, *days):
        made.roll(NOON + day * DAY)
        reached = max(reached, day)
        while made.entries_today < 5:
            made.entries_today += 1
            entries += 1
    assert entries <= 5 * (reached + 1)


def pacer(clock: ManualClock) -> WallPacer:
    def wait(seconds: float) -> bool:
        clock.advance(seconds)
        return True

    return WallPacer(clock, 1.0, wait)


@pytest.mark.parametrize("leap", [86_400.0, -86_400.0, 3_600.0])
def test_a_leap_of_the_wall_clock_for_6_s_reaches_no_cycle(leap: float) -> None:
    clock = ManualClock(NOON)
    cycles = pacer(clock)
    told = []
    for second in range(30):
        if second in (10, 16):
            clock.step(leap if second == 10 else -leap)
        told.append(cycles.next())
    assert told == [NOON + timedelta(seconds=second) for second in range(30)]


def test_a_clock_that_stays_where_it_was_set_is_followed() -> None:
    clock = ManualClock(NOON)
    cycles = pacer(clock)
    cycles.next()
    clock.step(-3_600.0)
    told = [cycles.next() for _ in range(int(LASTING_SECONDS) + 5)]
    assert told[0] == NOON + timedelta(seconds=1)
    assert told[-1] == clock.now()


def test_slewing_is_followed_and_never_runs_backwards() -> None:
    clock = ManualClock(NOON)
    cycles = WallPacer(clock, 0.0, lambda _seconds: True)
    told = []
    for _ in range(20):
        clock.advance(0.1)
        clock.step(-0.15)
        told.append(cycles.next())
    assert told == sorted(told, key=str)


@pytest.mark.parametrize("leap", [DAY, -DAY])
def test_comparing_with_the_exchange_goes_on_whatever_the_wall_clock_says(leap: timedelta) -> None:
    at = venue()
    made = world(at, [])
    clock = made.session.reconciler.clock = ManualClock(NOON)
    made.session.begin()
    compared, compare = [], made.session.reconciler.compare

    def counted() -> None:
        compared.append(clock.monotonic())
        compare()

    made.session.reconciler.compare = counted  # type: ignore[method-assign]
    for wall in (NOON, NOON + leap, NOON, NOON):
        clock.advance(made.options.orders.reconcile_seconds)
        made.session.reconciler.tick(wall)
        made.session.reconciler.tick(wall)
    assert len(compared) == 4
