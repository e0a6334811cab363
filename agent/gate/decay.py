"""Decay of an account's strategies: three sequential tests on its trades and days, and their verdict.

They begin anew with each parameter version, for what was usual before it is another strategy's. They propose;
the kill switch is not theirs.
"""

from collections.abc import Sequence
from datetime import datetime
from math import sqrt
from typing import NamedTuple

from agent.answers.gate import DecayAnswer, DecayTest
from agent.reports.groups import result_of
from agent.reports.report import Reported
from agent.settings.upkeep.gate import GateSettings
from agent.views.history import ClosedTrade
from domain.times import DAY_MS, millis, utc
from learning.decay import LEAST, chart, seen_after, watch

SILENT, STEADY, DECAYED = "silent", "steady", "decayed"
TESTS = 3
"""Tests side by side: each is wrong so many times more rarely that together they are as rarely as is said."""

MAX_TRADES = "risk.max_trades_per_day"
"""The setting that pauses entries at 0: no exit asks it."""


class WatchedSeries(NamedTuple):
    """The values one test watches, with the instant of each, and how many of them make a year (0: none)."""

    name: str
    unit: str
    values: Sequence[float]
    at: Sequence[datetime]
    yearly: int = 0


def decay(done: Reported, settings: GateSettings) -> DecayAnswer:
    """Return whether the account decays, a pure function of a report and the settings."""
    trades = since_parameters(done)
    tests = [watched(each, settings) for each in _series(done, trades)]
    state = [each for each in tests if each.alarm]
    silent = all(each.silent for each in tests)
    verdict = DECAYED if state else SILENT if silent else STEADY
    report = done.answer
    return DecayAnswer(
        journal=report.journal,
        seq=report.seq,
        since=report.since,
        until=report.until,
        verdict=verdict,
        tests=tests,
        reasons=[_said(each) for each in state] or [each.silent for each in tests if each.silent],
        paused=done.lived.state.changed.get(MAX_TRADES) is not None
        and done.lived.state.changed[MAX_TRADES].value == 0,
        next_step=_next(verdict),
    )


def since_parameters(done: Reported) -> list[ClosedTrade]:
    """Return the trades that were opened with the parameters in force."""
    begun = _begun(done)
    return [each for each in done.lived.trades if begun is None or each.trade.opened_at >= begun]


def _begun(done: Reported) -> datetime | None:
    versions = done.lived.state.versions
    return versions[-1].at if versions else None


def _series(done: Reported, trades: Sequence[ClosedTrade]) -> list[WatchedSeries]:
    closed = [each.trade.closed_at for each in trades]
    days, returns, periods = _days(done)
    return [
        WatchedSeries("expectancy", "trade", [result_of(each) for each in trades], closed),
        WatchedSeries("hit rate", "trade", [float(each.trade.pnl > 0) for each in trades], closed),
        WatchedSeries("Sharpe ratio", "day", returns, days, periods),
    ]


def _days(done: Reported) -> tuple[list[datetime], list[float], int]:
    """Return the whole days with the parameters in force, and the return of each."""
    begun, last = _begun(done), done.answer.until
    rows = [
        (utc(millis(datetime.fromisoformat(f"{each.day}T00:00:00+00:00")) + DAY_MS), each.earned)
        for each in done.answer.days_told
        if each.earned is not None
    ]
    kept = [(at, earned) for at, earned in rows if at <= last and (begun is None or at > begun)]
    periods = done.answer.figures.periods if done.answer.figures else 365
    return [at for at, _ in kept], [earned for _, earned in kept], periods


def watched(series: WatchedSeries, settings: GateSettings) -> DecayTest:
    """Return what one test says of its series."""
    test = chart(settings.decay_shift, settings.decay_false_alarm * TESTS)
    state, window = watch(series.values, test), settings.decay_window
    few = len(series.values) <= LEAST
    return DecayTest(
        name=series.name,
        unit=series.unit,
        count=len(series.values),
        silent=f"silent: {len(series.values)} {series.unit}s, too few below {LEAST + 1}" if few else None,
        rolling=_figure(series, series.values[-window:]),
        before=_figure(series, series.values[:-window]),
        value=round(state.value, 4),
        limit=round(test.limit, 4),
        alarm=state.alarm,
        since=None if state.raised_at is None else series.at[state.raised_at],
        false_alarm=test.false_alarm,
        seen_after=seen_after(test, settings.decay_shift),
        shift=settings.decay_shift,
    )


def _figure(series: WatchedSeries, values: Sequence[float]) -> float | None:
    """Return the mean of some values, or their yearly Sharpe ratio; None of too few."""
    if not values:
        return None
    mean = sum(values) / len(values)
    if not series.yearly:
        return round(mean, 6)
    if len(values) < 2:
        return None
    variance = sum((each - mean) ** 2 for each in values) / (len(values) - 1)
    return round(mean / sqrt(variance) * sqrt(series.yearly), 4) if variance > 0 else None


def _said(test: DecayTest) -> str:
    since = "" if test.since is None else f" on {test.since:%Y-%m-%d %H:%M}"
    return (
        f"{test.name}: {test.rolling} of the latest {test.unit}s, {test.before} before; alarm{since} "
        f"({test.value:.1f} of {test.limit:.1f}), wrong once in {test.false_alarm} {test.unit}s"
    )


def _next(verdict: str) -> str:
    if verdict == DECAYED:
        return "agent reoptimize offers other parameters; agent config change pauses entries meanwhile"
    return "nothing: it goes on" if verdict == STEADY else "wait for more trades"
