"""The verdict on a rodage: each promise with what was measured, and what the gate and the report say."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from agent.account.at_hand import AtHand
from agent.host.clock import SystemClock
from agent.jobs.catalogue import BY_NAME
from agent.verify.replay import replay, sessions
from domain.events import CycleDecided
from domain.times import millis
from journal.stored import Broken
from journal.verify import verify
from scripts.rodage.beside import NAME
from scripts.rodage.plan import MINUTE_MS

if TYPE_CHECKING:
    from scripts.rodage.run import Rodage

SHARE = 0.999
SLOPE_MB_A_DAY = 1.0
"""What is called flat over a week: a mind's last 2,000 candles fill in its first day and a half, and each
life is forked from the process that keeps the mirror."""

RUNS = {"backup": 24.0, "download": 0.0, "week": 1 / 7, "month": 0.0, "reoptimize": 0.0}
"""Slots of a job a day, 1 where it is not here: downloads are off, no month begins, one day is a Sunday."""

LARGEST_MB = 120


class Kept(NamedTuple):
    """A promise, whether it was kept, and what was measured."""

    promise: str
    kept: bool
    measured: str


class Facts(NamedTuple):
    """The remains of a rodage, to be judged."""

    lived: "Rodage"
    settled: dict[str, Any]
    orders: list[str]
    seconds: float

    def verdict(self) -> list[Kept]:
        """Return every promise."""
        return [*self._journal(), *self._orders(), *self._beside(), self._memory(), self._explained()]

    def _journal(self) -> Iterator[Kept]:
        plan = self.lived.plan
        with AtHand(self.lived.home, NAME) as journal:
            result = verify(journal)
            broken = isinstance(result, Broken)
            yield Kept("journal verified", not broken, str(result[1] if broken else f"{result[0]} rows"))
            lived = {
                (millis(row.event.at) - plan.start_ms) // MINUTE_MS
                for row in journal.rows()
                if isinstance(row.event, CycleDecided)
            }
            due = [minute for minute in range(1, plan.minutes) if not plan.outage(minute)]
            done = sum(minute in lived for minute in due)
            share = done / len(due)
            yield Kept(
                f"{SHARE:.1%} of due cycles done outside outages", share >= SHARE,
                f"{done} of {len(due)}, {share:.3%}",
            )  # fmt: skip
            yield self._replayed(journal)

    def _replayed(self, journal: AtHand) -> Kept:
        odd, cycles = [], 0
        for started in sessions(journal):
            result = replay(journal, started.session, SystemClock())
            cycles += result.cycles
            if result.difference is not None:
                odd.append(f"session {started.session}: {result.difference}")
        told = "; ".join(odd)[:600] or f"{cycles} cycles in {len(sessions(journal))} sessions"
        return Kept("every session replayed identically", not odd, told)

    def _orders(self) -> Iterator[Kept]:
        doubled = [name for name, count in Counter(self.orders).items() if count > 1]
        known = {*self.settled.get("intended", ()), *self.lived.forgotten}
        lost = sorted(set(self.orders) - known)
        yield Kept("no order doubled", not doubled, f"{len(self.orders)} orders, doubled {doubled[:3]}")
        yield Kept("no order lost", not lost and bool(self.orders), f"unknown to the journal: {lost[:3]}")
        line = self.settled.get("in_line", False)
        yield Kept("books and exchange agree", line, "in line" if line else str(self.settled)[:600])
        positions, resting = self.settled.get("positions", {}), self.settled.get("resting", {})
        bare = [symbol for symbol, lots in positions.items() if resting.get(symbol, 0) < lots]
        yield Kept("nothing stands without its stop", not bare, f"{positions} held, bare {bare}")

    def _beside(self) -> Iterator[Kept]:
        beside = self.lived.beside
        due, came = beside.due(), beside.channel.came
        missing, more = [each for each in due if not came[each]], [x for x, n in came.items() if n > 1]
        yield Kept(
            "every message due was sent once", not missing and not more and bool(due),
            f"{len(due)} due, {sum(came.values())} sent, {beside.channel.refused} refused and sent again, "
            f"missing {missing[:3]}, twice {more[:3]}",
        )  # fmt: skip
        yield self._slots(beside.runs)
        yield Kept("no job and no backup failed", not beside.failed, "; ".join(beside.failed)[:900] or "none")

    def _slots(self, runs: dict[str, list[datetime]]) -> Kept:
        odd = list[str]()
        for name in BY_NAME:
            slots = runs.get(name, [])
            wanted = math.ceil(self.lived.plan.days * RUNS.get(name, 1.0))
            if len(set(slots)) != len(slots) or len(slots) != wanted:
                odd.append(f"{name}: {len(slots)} runs of {wanted} slots, the last {sorted(slots)[-1:]}")
        told = f"{sum(map(len, runs.values()))} runs of {len(runs)} jobs"
        return Kept("every slot of every job ran once", not odd, "; ".join(odd)[:900] or told)

    def _memory(self) -> Kept:
        """Judge by the size of each life at one age: caches fill in its first day, history would grow."""
        lives: dict[int, list[tuple[int, int]]] = {}
        for session, at, size in self.lived.sizes:
            lives.setdefault(session, []).append((at, size))
        age = next(hour for hour in (7, 2, 0) if hour == 0 or sum(len(p) > hour for p in lives.values()) > 2)
        slope = _slope([points[age] for points in lives.values() if len(points) > age])
        largest = max((size for _, _, size in self.lived.sizes), default=0) / 1e6
        told = f"{slope:+.2f} MB a day at the age of {age + 1} hours, {largest:.0f} MB at most"
        promise = f"memory grows by less than {self._flat():g} MB a day, and is {LARGEST_MB} MB at most"
        return Kept(promise, slope < self._flat() and largest < LARGEST_MB, told)

    def _flat(self) -> float:
        """Return the slope that is flat; within one day it is mostly noise."""
        return SLOPE_MB_A_DAY if self.lived.plan.days > 1 else 10 * SLOPE_MB_A_DAY

    def _explained(self) -> Kept:
        odd = self.lived.unexplained
        return Kept("every end of the agent is one of the plan", not odd, "; ".join(odd)[:900] or "yes")

    def told(self) -> Iterator[str]:
        """Yield the gate's verdict and the report's first figures."""
        gate = self.lived.beside.said("gate", "--journal", NAME)
        yield f"gate       {gate.get('verdict')}"
        report = self.lived.beside.said("report", "--journal", NAME, "--days", str(self.lived.plan.days))
        yield f"report     {str(report)[:200]}"


def _slope(points: list[tuple[int, int]]) -> float:
    """Return how many MB a day a line through points of (ms, bytes) rises."""
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(size for _, size in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    rise = sum((at - middle) * (size - mean) for at, size in points) / spread if spread else 0.0
    return rise * timedelta(days=1).total_seconds() * 1000 / 1e6
