"""Pacers: what decides when the next cycle is due."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from agent.host import log
from agent.settings.schedule import Schedule
from domain.ports import Clock

KEPT_SECONDS = 1.0
"""How far the wall clock may be from where it should be: a time service slews it, and sets it for more."""

LASTING_SECONDS = 60.0
"""How long a leap of the wall clock must last to be believed."""

LOOK_SECONDS = 30.0
"""How long a schedule is waited for at most before the clock is looked at again."""


class Timeline(Protocol):
    """A market that says itself what time it is (a recording, or the simulated market)."""

    def next_time(self) -> datetime | None:
        """Move on to the market's next instant; None when it is over."""
        ...


class SteadyTime:
    """The machine's wall clock without its leaps: out and back again is as if it had not been.

    It goes on with the clock nobody sets, and follows the wall clock as long as that keeps pace to
    `KEPT_SECONDS`. A leap is followed only when it has lasted for `LASTING_SECONDS`: days, cool-downs and the
    age of candles hang on it. Below a leap it never runs backwards.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._told = clock.now()
        self._at = clock.monotonic()
        self._leapt: float | None = None

    def now(self) -> datetime:
        """Return the present instant."""
        wall, here = self.clock.now(), self.clock.monotonic()
        expected = self._told + timedelta(seconds=here - self._at)
        off = (wall - expected).total_seconds()
        if abs(off) > KEPT_SECONDS and not self._lasts(here):
            return expected.replace(microsecond=expected.microsecond // 1000 * 1000)  # the journal's measure
        if abs(off) > KEPT_SECONDS:
            log.say("warning", "the clock was set", seconds=round(off, 3))
            self._told = wall
        self._leapt = None
        self._told, self._at = max(wall, self._told), here
        return self._told

    def _lasts(self, here: float) -> bool:
        """Say whether a leap has lasted so long that it is no mistake."""
        self._leapt = here if self._leapt is None else self._leapt
        return here - self._leapt >= LASTING_SECONDS


Pause = float | Callable[[], float]
"""Seconds between two cycles, or who knows them now: they may change while the loop runs."""


Wait = Callable[[float], bool]


def _asked(pause: Pause) -> Callable[[], float]:
    return pause if callable(pause) else lambda: pause


def _waited(pause: Callable[[], float], left: Callable[[float], float], wait: Wait) -> bool:
    """Wait for what is left of a pause, anew where it was changed meanwhile; False when it is to end."""
    while True:
        seconds = pause()
        if not wait(left(seconds)):
            return False
        if pause() == seconds:
            return True


class WallPacer:
    """Cycles at an interval of the machine's clock, the first at once.

    `wait(seconds)` sleeps, wakes early for commands and returns False when the session should end.
    """

    def __init__(self, clock: Clock, interval_seconds: Pause, wait: Wait) -> None:
        self.clock = clock
        self.interval = _asked(interval_seconds)
        self.wait = wait
        self.time = SteadyTime(clock)
        self.last: float | None = None

    def next(self) -> datetime | None:
        """Wait for the next cycle and return its instant."""
        if not _waited(self.interval, self._left, self.wait):
            return None
        # Not from the due time: after a long cycle the agent does not hurry to catch up.
        self.last = self.clock.monotonic()
        return self.time.now()

    def _left(self, interval: float) -> float:
        return 0.0 if self.last is None else max(0.0, self.last + interval - self.clock.monotonic())


class SchedulePacer:
    """Cycles at the instants of a schedule by the machine's clock; what passed during a cycle is left out.

    `wait` is as for the wall's pacer. Whoever changes the clock is followed as `SteadyTime` follows.
    """

    def __init__(self, clock: Clock, schedule: Schedule, wait: Wait) -> None:
        self.schedule = schedule
        self.wait = wait
        self.time = SteadyTime(clock)

    def next(self) -> datetime | None:
        """Wait for the schedule's next instant and return the present one."""
        due = self.schedule.next(self.time.now())
        while (left := (due - self.time.now()).total_seconds()) > 0:
            # In parts: a machine that slept, or a clock that was set, is noticed.
            if not self.wait(min(left, LOOK_SECONDS)):
                return None
            due = min(due, self.schedule.next(self.time.now()))
        return self.time.now() if self.wait(0.0) else None


class MarketPacer:
    """Cycles at the instants of a driven market, with a pause between them when one is asked for."""

    def __init__(self, market: Timeline, pause_seconds: Pause, wait: Wait) -> None:
        self.market = market
        self.pause = _asked(pause_seconds)
        self.wait = wait
        self.first = True

    def next(self) -> datetime | None:
        """Pause, then return the market's next instant, or None when it is over."""
        if not _waited(self.pause, lambda pause: 0.0 if self.first else pause, self.wait):
            return None
        self.first = False
        return self.market.next_time()


class SpeedPacer:
    """Cycles at a driven market's instants, `speed` times as fast as they happened."""

    def __init__(self, market: Timeline, speed: float, wait: Wait) -> None:
        self.market = market
        self.speed = speed
        self.wait = wait
        self.previous: datetime | None = None

    def next(self) -> datetime | None:
        """Wait as long as the market did, divided by the speed, and return its next instant."""
        instant = self.market.next_time()
        if instant is None:
            return None
        gap = 0.0 if self.previous is None else (instant - self.previous).total_seconds()
        self.previous = instant
        return instant if self.wait(gap / self.speed) else None
