"""A clock moved by hand: `sleep` moves it and is remembered; threads may share it. And one that runs."""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class ManualClock:
    """Implements `Clock`. Wall clock and monotonic move together, but for `step`."""

    def __init__(self, start: datetime = START) -> None:
        self._lock = Lock()
        self._now = start
        self._monotonic = 1000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an operator or NTP does."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class RunningClock:
    """Implements `Clock` in real time; its wall clock starts at `start`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
