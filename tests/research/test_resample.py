"""Longer candles: closed ones only, from what lies inside them, the same whatever comes later."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, TIMEFRAMES, closing, opened_by, utc
from research.data.candles import Candles
from research.data.load import load
from research.data.resample import resample
from tests.seeded import halted, seeded
from tests.shared import shared_data

START = 1_600_000_200_000 // DAY_MS * DAY_MS

MADE_OF_MINUTES = [name for name, length in TIMEFRAMES.items() if length >= MINUTE_MS]


def series(slots: list[int], step: int = MINUTE_MS) -> Candles:
    """Return candles at these places after a midnight, each price telling its place."""
    place = np.array(slots, dtype=np.int64)
    middle = (1000 + 7 * (place * 37 % 101)).astype(np.float64)
    return Candles(
        "BTC-USDT",
        step,
        START + place * step,
        middle,
        middle + 3,
        middle - 3,
        middle + 1,
        place.astype(np.float64) / 10,
    )


def rows(candles: Candles) -> list[tuple[float, ...]]:
    return [tuple(row) for row in candles.rows()]


def test_a_longer_candle_is_made_of_those_inside_it() -> None:
    source = series(list(range(12)))
    first, second = rows(resample(source, 5 * MINUTE_MS))
    part = source[5:10]
    assert first[0] == START
    prices = (part.open[0], part.high.max(), part.low.min(), part.close[-1])
    assert second[:5] == (START + 5 * MINUTE_MS, *prices)
    assert second[5] == pytest.approx(part.volume.sum())


def test_the_last_bucket_is_there_from_the_moment_the_data_reach_its_end() -> None:
    assert len(resample(series(list(range(9))), 5 * MINUTE_MS)) == 1
    assert len(resample(series(list(range(10))), 5 * MINUTE_MS)) == 2


def test_a_bucket_with_missing_candles_stays_and_an_empty_one_does_not_exist() -> None:
    source = series([1, 3, 10, 11, 12, 13, 14])
    made = resample(source, 5 * MINUTE_MS)
    assert made.time.tolist() == [START, START + 10 * MINUTE_MS]
    assert made.open[0] == source.open[0]
    assert made.close[0] == source.close[1]


def test_a_bucket_whose_last_candle_is_missing_is_closed_by_the_next_one() -> None:
    # The data reach over its end, so nothing can come any more.
    assert resample(series([0, 1, 7]), 5 * MINUTE_MS).time.tolist() == [START]


def test_a_candle_that_reaches_over_the_end_of_its_bucket_is_left_out() -> None:
    hours = series(list(range(8)), HOUR_MS)
    shifted = hours.time.copy()
    shifted[3] += 28 * MINUTE_MS
    off = Candles("BTC-USDT", HOUR_MS, shifted, hours.open, hours.high, hours.low, hours.close, hours.volume)
    made = resample(off, 4 * HOUR_MS)
    assert made.close[0] == hours.close[2]
    assert made.volume.sum() == pytest.approx(hours.volume.sum() - hours.volume[3])


@pytest.mark.parametrize("name", MADE_OF_MINUTES)
def test_buckets_are_counted_from_1970(name: str) -> None:
    source = series(list(range(17, 3000)))
    if TIMEFRAMES[name] > DAY_MS:
        source = series(list(range(100)), DAY_MS)
    made = resample(source, TIMEFRAMES[name])
    assert made.timeframe_ms == TIMEFRAMES[name]
    assert len(made)
    assert made.time.tolist() == [opened_by(time, TIMEFRAMES[name]) for time in made.time.tolist()]


def test_the_same_timeframe_changes_nothing() -> None:
    source = series([0, 1, 5])
    assert resample(source, MINUTE_MS).fingerprint == source.fingerprint


def test_a_timeframe_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(BadInput, match="timeframe 5m is finer than the data of BTC-USDT, which is 1h"):
        resample(series([0, 1], HOUR_MS), 5 * MINUTE_MS)
    with pytest.raises(BadInput, match="timeframe 15m is not a multiple of the data of BTC-USDT, 420000 ms"):
        resample(series([0, 1], 7 * MINUTE_MS), 15 * MINUTE_MS)
    with pytest.raises(BadInput, match="timeframe 120000 ms is not one of 1s, 1m, 3m"):
        resample(series([0, 1]), 2 * MINUTE_MS)


places = st.lists(st.integers(0, 4000), min_size=1, max_size=400, unique=True).map(sorted)


@given(places, st.sampled_from([TIMEFRAMES[name] for name in MADE_OF_MINUTES]), st.data())
def test_a_truncated_series_gives_a_prefix_of_what_the_full_one_gives(
    slots: list[int], timeframe: int, data: st.DataObject
) -> None:
    full = series(slots)
    cut = data.draw(st.integers(0, len(slots)))
    early, whole = rows(resample(full[:cut], timeframe)), rows(resample(full, timeframe))
    assert early == whole[: len(early)]
    # And no closed bucket is held back: its end is the only thing that is waited for.
    reached = full.time[cut - 1] + MINUTE_MS if cut else 0
    assert len(early) == sum(closing(int(row[0]), timeframe) <= reached for row in whole)


def test_hours_made_of_seeded_minutes_are_those_a_reader_would_make() -> None:
    minutes = halted(seeded("BTC-USDT", "1m", 3_000), 1_000)
    hours: dict[int, list[RawCandle]] = {}
    for row in minutes.rows():
        hours.setdefault(row.time // HOUR_MS * HOUR_MS, []).append(row)
    hours.popitem()  # the one that is not over
    made = resample(minutes, HOUR_MS)
    assert [row[:5] for row in rows(made)] == [
        (at, held[0].open, max(row.high for row in held), min(row.low for row in held), held[-1].close)
        for at, held in hours.items()
    ]
    assert made.volume.tolist() == pytest.approx([sum(row.volume for row in held) for held in hours.values()])


def test_hours_made_of_binances_minutes_are_binances_hours() -> None:
    minutes = load(shared_data("crypto", "1m", "BTC-USDT_1m_20230316-20230501.csv.gz"))
    hours = load(shared_data("crypto", "1h", "BTC-USDT_1h_2017-2023.csv.gz"))
    whole = minutes.between(int(-(-minutes.time[0] // HOUR_MS) * HOUR_MS), None)
    made = resample(whole, HOUR_MS)
    theirs = hours.between(int(made.time[0]), int(made.time[-1]) + 1)
    assert len(made) == 46 * 24 - 2 - 1  # 23:00 of 16 March to 20:00 of 1 May, 13:00 of 24 March missing
    assert made.time.tolist() == theirs.time.tolist()
    for ours, real in ((made.open, theirs.open), (made.high, theirs.high), (made.low, theirs.low)):
        assert ours.tolist() == real.tolist()
    assert made.close.tolist() == theirs.close.tolist()
    np.testing.assert_allclose(made.volume, theirs.volume, rtol=1e-9)


def test_weeks_begin_on_mondays_and_months_on_their_first() -> None:
    days = series(list(range(130)), DAY_MS)  # from Sunday, 13 September 2020
    weeks, months = resample(days, TIMEFRAMES["1w"]), resample(days, TIMEFRAMES["1M"])
    assert [utc(time).isoweekday() for time in weeks.time.tolist()] == [1] * 19
    assert utc(int(weeks.time[0])).isoformat() == "2020-09-07T00:00:00+00:00"
    assert weeks.open[1] == days.open[1]
    assert [f"{utc(time):%m-%d}" for time in months.time.tolist()] == ["09-01", "10-01", "11-01", "12-01"]
    assert months.volume[2] == pytest.approx(days.volume[49:79].sum())
    with pytest.raises(BadInput, match="timeframe 1M is not a multiple of the data of BTC-USDT, 1w"):
        resample(weeks, TIMEFRAMES["1M"])
