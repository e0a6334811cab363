"""A period by its UTC days: equity at the end of each, and the deepest fall below its beginning."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from agent.answers.report import DayRow
from agent.views.history import ClosedTrade
from domain.money import cash_text
from domain.times import DAY_MS, millis, utc


class DayEquity(NamedTuple):
    """A UTC day in cash units: what it began with, its lowest and its last equity, and its cycles."""

    number: int
    began: int
    lowest: int
    ended: int
    cycles: int

    @property
    def day(self) -> str:
        """Its name, such as 2026-11-28."""
        return f"{utc(self.number * DAY_MS):%Y-%m-%d}"

    @property
    def deepest(self) -> float:
        """Its deepest fall below what it began with, as a fraction of it."""
        return (self.began - self.lowest) / self.began if self.began > 0 else 0.0


def days_of(times_ms: Iterable[int], equity: Iterable[int], before: int) -> list[DayEquity]:
    """Return the days with a cycle; `before` is the equity ahead of the first."""
    days: list[DayEquity] = []
    for number, rows in groupby(zip(times_ms, equity, strict=True), key=lambda row: row[0] // DAY_MS):
        lowest, ended, cycles = before, before, 0
        for _, worth in rows:
            lowest, ended, cycles = min(lowest, worth), worth, cycles + 1
        days.append(DayEquity(number, before, lowest, ended, cycles))
        before = ended
    return days


def told(days: Sequence[DayEquity], trades: Sequence[ClosedTrade], decimals: int) -> list[DayRow]:
    """Return each day with its closed trades."""
    closed: dict[int, list[bool]] = {}
    for each in trades:
        day = millis(each.trade.closed_at) // DAY_MS
        closed.setdefault(day, []).append(each.trade.pnl > 0)
    return [
        DayRow(
            day=each.day,
            equity=cash_text(each.ended, decimals),
            profit=cash_text(each.ended - each.began, decimals),
            earned=each.ended / each.began - 1 if each.began > 0 else None,
            deepest=round(each.deepest, 6),
            cycles=each.cycles,
            trades=len(closed.get(each.number, ())),
            wins=sum(closed.get(each.number, ())),
        )
        for each in days
    ]
