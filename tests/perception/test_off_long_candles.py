"""Candles longer than a day: on their exchange's days, closed when their week or month is over."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from domain.candle import RawCandle
from domain.ports import CandleRequest
from domain.times import DAY_MS, MONTH_MS, TIMEFRAMES, WEEK_MS, closing, millis, opened_by, opening, slot
from perception.driven.simulated import SimulatedMarket, SimulatedProvider, SimulatedSettings
from perception.quality.continuity import Continuity
from perception.quality.intake import intake
from perception.stream.memory import CandleMemory
from tests.perception.off_candles import BTC, at

LONG = [TIMEFRAMES[name] for name in ("1d", "3d", "1w", "1M")]
SETTINGS = SimulatedSettings(missing_chance=0, jump_chance=0)


def day(*date: int) -> int:
    return millis(datetime(*date, tzinfo=UTC))  # type: ignore[misc, arg-type]  # year, month, day


def month(year: int, number: int) -> RawCandle:
    return RawCandle(day(year, number, 1), 100.0, 110.0, 90.0, 100.0, 1.0)


def test_a_month_is_closed_on_the_first_of_the_next_and_not_before() -> None:
    rows = [month(2024, number) for number in (1, 2, 3)]
    assert len(intake(BTC, rows, None, MONTH_MS, day(2024, 3, 31)).candles) == 2
    assert len(intake(BTC, rows, None, MONTH_MS, day(2024, 4, 1)).candles) == 3
    taken = intake(BTC, rows[1:], intake(BTC, rows[:1], None, MONTH_MS, day(2024, 2, 1)).candles[0],
                   MONTH_MS, day(2024, 3, 1))  # fmt: skip
    assert [candle.time for candle in taken.candles] == [day(2024, 2, 1)]
    assert [finding.kind for finding in taken.findings] == ["still_open"]


def test_a_missing_month_is_one_candle_missing() -> None:
    rows = [month(2024, number) for number in (1, 3)]
    (gap,) = intake(BTC, rows, None, MONTH_MS, day(2024, 4, 1)).findings
    assert (gap.kind, gap.detail[:17]) == ("gap", "1 candles missing")


@pytest.mark.parametrize("weekday", range(7))
def test_weeks_of_an_exchange_that_begins_them_on_another_day_are_taken(weekday: int) -> None:
    first = day(2024, 1, 1) + weekday * DAY_MS
    rows = [RawCandle(first + week * WEEK_MS, 100.0, 110.0, 90.0, 100.0, 1.0) for week in range(3)]
    taken = intake(BTC, rows, None, WEEK_MS, first + 3 * WEEK_MS)
    assert (len(taken.candles), taken.findings) == (3, ())


@pytest.mark.parametrize("length", LONG)
def test_a_simulated_market_opens_its_candles_on_slots(length: int) -> None:
    market = SimulatedMarket(SETTINGS, {BTC.symbol: BTC}, length, warmup=5)
    instant = market.next_time()
    assert instant is not None
    seen = market.observe(BTC.symbol, None, instant)
    times = [candle.time for candle in seen.candles]
    assert len(times) == 5
    assert all(time == opened_by(time, length) for time in times)
    assert all(closing(before, length) == after for before, after in pairwise(times))
    assert [finding for finding in seen.findings if finding.kind != "flat"] == []


@pytest.mark.parametrize("length", LONG)
def test_what_is_asked_for_begins_on_a_slot_and_is_answered(length: int) -> None:
    now = day(2024, 3, 13) + 5_000
    request = Continuity(length, 20, {}).request(BTC, None, at(now))
    assert request.since_ms == opening(slot(now, length) - 20, length)
    rows = SimulatedProvider(SETTINGS, {BTC.symbol: BTC}).candles(request)
    assert rows[0].time == request.since_ms
    assert rows[-1].time == opened_by(now, length)
    assert len(intake(BTC, rows, None, length, now).candles) == 20


def test_the_streams_memory_goes_on_from_month_to_month() -> None:
    memory = CandleMemory(MONTH_MS, 24)
    for number in (1, 2, 3, 4):
        memory.final(month(2024, number), day(2024, number + 1, 1))
    assert memory.end == day(2024, 5, 1)
    assert memory.lacks(day(2024, 1, 1), day(2024, 5, 1)) is None
    asked = CandleRequest(BTC.symbol, MONTH_MS, day(2024, 2, 1), day(2024, 5, 2), 10)
    found = memory.window(asked.since_ms, asked.now_ms, asked.limit)
    assert [row.time for row in found] == [day(2024, 2, 1), day(2024, 3, 1), day(2024, 4, 1)]
