"""Quality: whatever a feed sends, the loop sees the sound candles and a finding for every flaw."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice, RawCandle
from domain.observation import Finding
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from perception.quality.collar import LEVEL_CANDLES
from perception.quality.intake import MAX_FINDINGS, MAX_OF_A_KIND, Intake, intake, summarised
from tests import wild as met
from tests.perception.off_candles import BTC, START, instrument, series, ticks

COUNT = 16
ROWS = series(COUNT + 1)
CLEAN = [ticks(row) for row in ROWS]
BEFORE = ticks(RawCandle(START - MINUTE_MS, 50_000.0, 50_000.0, 50_000.0, 50_000.0, 1.0))
NOW = START + COUNT * MINUTE_MS + 20_000
"""Twenty seconds into the last of the candles, which is still forming."""


def take(raw: Sequence[RawCandle], after: Candle | None = BEFORE, now: int = NOW) -> Intake:
    return intake(BTC, raw, after, MINUTE_MS, now)


def kinds(taken: Intake) -> Counter[str]:
    return Counter(finding.kind for finding in taken.findings)


def times_ten(row: RawCandle, factor: float = 10.0) -> RawCandle:
    return RawCandle(
        row.time, row.open * factor, row.high * factor, row.low * factor, row.close * factor, row.volume
    )


def on_cents(row: RawCandle) -> RawCandle:
    return RawCandle(
        row.time, round(row.open, 2), round(row.high, 2), round(row.low, 2), round(row.close, 2), 1.0
    )


def spoilt(row: RawCandle) -> st.SearchStrategy[RawCandle]:
    """Return a strategy of what a broken feed may send in a candle's place."""
    bad = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0, -row.close])
    field = st.sampled_from(["open", "high", "low", "close"])
    return st.one_of(
        st.builds(lambda name, value: row._replace(**{name: value}), field, bad),
        st.sampled_from([math.nan, -1.0]).map(lambda volume: row._replace(volume=volume)),
        st.just(row._replace(high=row.low - 1.0)),
        st.just(row._replace(low=row.high + 1.0)),
        st.just(row._replace(close=row.high + 0.01)),
        st.integers(1, 10**6).map(lambda late: row._replace(time=NOW + late)),
        st.integers(1, MINUTE_MS - 1).map(lambda shift: row._replace(time=row.time + shift)),
        st.sampled_from([0.01, 0.1, 10.0, 1e6, 1e290]).map(lambda factor: times_ten(row, factor)),
        st.just(row._replace(time=-(10**17))),
    )


@st.composite
def disturbed(draw: st.DrawFn) -> list[RawCandle]:
    """The clean series, shuffled, with repetitions and with spoilt candles between."""
    rows = [*ROWS, *draw(st.lists(st.sampled_from(ROWS), max_size=10))]
    places = draw(st.lists(st.integers(0, COUNT - 1), max_size=10))
    rows.extend(draw(spoilt(ROWS[place])) for place in places)
    return draw(st.permutations(rows))


@settings(max_examples=80, deadline=None)
@given(raw=disturbed())
def test_shuffling_repeating_and_garbage_change_nothing_but_the_findings(raw: list[RawCandle]) -> None:
    taken = take(raw)
    assert list(taken.candles) == CLEAN[:COUNT]
    assert taken.quote == LastPrice(CLEAN[COUNT].close, NOW)
    assert kinds(taken)["gap"] == 0
    if raw != ROWS:
        assert len(taken.findings) > 1


@settings(max_examples=50, deadline=None)
@given(raw=disturbed(), lost=st.sets(st.integers(0, COUNT - 1), max_size=6))
def test_what_is_lost_is_a_gap_and_the_rest_stays(raw: list[RawCandle], lost: set[int]) -> None:
    times = {ROWS[index].time for index in lost}
    left = [row for row in raw if row.time not in times]
    taken = take(left)
    expected = [candle for candle in CLEAN[:COUNT] if candle.time not in times]
    assert list(taken.candles) == expected
    holes = sum(later.time - earlier.time > MINUTE_MS for earlier, later in pairwise([BEFORE, *expected]))
    shown = kinds(taken)["gap"]
    assert shown == min(holes, MAX_OF_A_KIND) or "gap" in str(taken.findings[-1])


wild = st.floats(allow_nan=True, allow_infinity=True)
near_price = st.floats(1, 1e6)
raw_candles = st.builds(
    RawCandle,
    st.one_of(st.integers(-(2**70), 2**70), st.integers(-3, COUNT + 3).map(lambda n: START + n * MINUTE_MS)),
    *[st.one_of(near_price, wild)] * 5,
)


@settings(max_examples=120, deadline=None)
@given(raw=st.lists(raw_candles, max_size=25), follow=st.booleans())
def test_no_input_breaks_the_promise_about_what_comes_out(raw: list[RawCandle], *, follow: bool) -> None:
    after = BEFORE if follow else None
    taken = take(raw, after)
    assert all(earlier.time < later.time for earlier, later in pairwise(taken.candles))
    for candle in taken.candles:
        assert candle.time % MINUTE_MS == 0
        assert candle.time + MINUTE_MS <= NOW
        assert after is None or candle.time > after.time
        assert 1 <= candle.low <= min(candle.open, candle.close)
        assert max(candle.open, candle.close) <= candle.high
        assert 0 <= candle.volume < math.inf
    assert taken.quote is None or (taken.quote.price > 0 and taken.quote.time <= NOW)
    assert len(taken.findings) <= MAX_FINDINGS + 1
    assert len(taken.doubted) < LEVEL_CANDLES * max(1, len(raw))


@settings(max_examples=150, deadline=None)
@given(
    prices=st.lists(st.integers(4_990_000, 5_010_000), min_size=4, max_size=4).map(sorted),
    up=st.booleans(),
    off=st.sampled_from([0.0, 0.004, 1e-9]),
    factor=st.sampled_from([1.0, 1.0, 2.99, 3.01, 0.334, 0.333, 1e-9, 1e12]),
    step=st.sampled_from([1, 1, 2]),
    volume=st.sampled_from([0.0, 2.5]),
)
def test_the_short_way_and_the_long_way_agree(
    prices: list[int], *, up: bool, off: float, factor: float, step: int, volume: float
) -> None:
    low, first, second, high = (round(price / 100 * factor, 2) + off for price in prices)
    open_, close = (first, second) if up else (second, first)
    row = RawCandle(BEFORE.time + step * MINUTE_MS, open_, high, low, close, volume)
    now = row.time + MINUTE_MS
    # A candle older than `after` is overlooked, but two candles cannot take the short way.
    assert take([row], now=now) == take([row._replace(time=START - 10 * MINUTE_MS), row], now=now)


def test_a_clean_batch_has_no_finding_but_the_forming_candle() -> None:
    taken = take(ROWS)
    assert list(taken.candles) == CLEAN[:COUNT]
    assert taken.findings == (Finding("still_open", "closes in 40000 ms", ROWS[COUNT].time),)
    assert taken.quote == LastPrice(CLEAN[COUNT].close, NOW)


def test_without_a_forming_candle_the_quote_is_the_last_close_at_its_time() -> None:
    assert take(ROWS[:5]).quote == LastPrice(CLEAN[4].close, ROWS[5].time)
    only_known = take([ROWS[4]], after=CLEAN[4])
    assert only_known.candles == ()
    assert only_known.quote == LastPrice(CLEAN[4].close, ROWS[5].time)
    assert take([], after=CLEAN[4]) == Intake((), None)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (ROWS[3]._replace(open=math.nan), "not_finite"),
        (ROWS[3]._replace(volume=math.inf), "not_finite"),
        (ROWS[3]._replace(low=0.0), "not_positive"),
        (ROWS[3]._replace(volume=-1.0), "not_positive"),
        (RawCandle(ROWS[3].time, 0.001, 0.001, 0.001, 0.001, 1.0), "not_positive"),
        (ROWS[3]._replace(high=ROWS[3].low, low=ROWS[3].high), "high_low"),
        (ROWS[3]._replace(high=1e18), "too_large"),
        (ROWS[3]._replace(time=ROWS[3].time + 1), "off_schedule"),
        (times_ten(ROWS[3]), "jump"),
        (times_ten(ROWS[3], 1 / 3), "jump"),
        (ROWS[3]._replace(low=1.0), "jump"),
    ],
)
def test_a_bad_candle_is_kept_out_and_named(row: RawCandle, kind: str) -> None:
    taken = take([*ROWS[:3], row, *ROWS[4:]])
    assert list(taken.candles) == [*CLEAN[:3], *CLEAN[4:COUNT]]
    assert kinds(taken) == {kind: 1, "gap": 1, "still_open": 1}
    gap = next(finding for finding in taken.findings if finding.kind == "gap")
    assert gap == Finding("gap", "1 candles missing after 2024-01-01T00:02:00+00:00", ROWS[4].time)


def test_a_candle_from_the_future_is_kept_out_and_named() -> None:
    taken = take([*ROWS, ROWS[3]._replace(time=NOW + MINUTE_MS)])
    assert list(taken.candles) == CLEAN[:COUNT]
    assert taken.quote == LastPrice(CLEAN[COUNT].close, NOW)
    assert taken.findings[0] == Finding("future", "opens 60000 ms after now", NOW + MINUTE_MS)


def test_a_price_off_the_grid_goes_to_the_nearest_tick_and_is_named() -> None:
    row = ROWS[0]._replace(open=ROWS[0].open + 0.003)
    taken = take([row], now=ROWS[1].time)
    assert taken.candles == (CLEAN[0],)
    assert kinds(taken) == {"off_grid": 1}
    noise = ROWS[0]._replace(open=ROWS[0].open + 1e-9)
    assert take([noise], now=ROWS[1].time).findings == ()


def test_a_resent_candle_that_differs_is_named_and_changes_nothing() -> None:
    changed = ROWS[4]._replace(volume=99.0)
    taken = take([changed, ROWS[5]], after=CLEAN[4], now=ROWS[6].time)
    assert taken.candles == (CLEAN[5],)
    assert kinds(taken) == {"revised": 1}
    assert take([ROWS[4], ROWS[5]], after=CLEAN[4], now=ROWS[6].time).findings == ()


def test_of_two_versions_the_later_counts_unless_the_collar_refuses_it() -> None:
    newer = ROWS[2]._replace(volume=7.0)
    assert take([*ROWS[:3], newer]).candles[2] == ticks(newer)
    taken = take([*ROWS[:3], times_ten(ROWS[2])])
    assert taken.candles[2] == CLEAN[2]
    assert kinds(taken) == {"duplicate": 1}


def test_a_quote_outside_the_collar_is_withheld() -> None:
    taken = take([*ROWS[:COUNT], times_ten(ROWS[COUNT])])
    assert taken.quote is None
    assert list(taken.candles) == CLEAN[:COUNT]
    assert kinds(taken) == {"jump": 1, "still_open": 1}


@pytest.mark.parametrize("factor", [1 / 7, 10.0])
@pytest.mark.parametrize("length", range(1, 8))
def test_a_new_level_is_believed_after_five_candles_in_a_row(factor: float, length: int) -> None:
    raw = [*ROWS[:4], *[on_cents(times_ten(row, factor)) for row in ROWS[4 : 4 + length]]]
    now = raw[-1].time + MINUTE_MS
    taken = take(raw, now=now)
    believed = length >= LEVEL_CANDLES
    assert len(taken.candles) == (len(raw) if believed else 4)
    assert len(taken.doubted) == (0 if believed else length)
    assert kinds(taken)["jump"] == (1 if believed else length)
    assert taken.quote is not None
    assert taken.quote.price == (ticks(raw[-1]) if believed else CLEAN[3]).close


def test_a_feed_that_jumps_about_is_never_believed() -> None:
    raw = [*ROWS[:4], *[times_ten(row, (10.0, 100.0)[n % 2]) for n, row in enumerate(ROWS[4:COUNT])]]
    taken = take(raw, now=raw[-1].time + MINUTE_MS)
    assert list(taken.candles) == CLEAN[:4]
    assert len(taken.doubted) == 1


@pytest.mark.parametrize("factor", [1e-7, 1e14, 1e302])
def test_a_price_that_no_integer_should_hold_is_refused_on_either_way(factor: float) -> None:
    row = times_ten(ROWS[0], factor)
    for raw in ([row], [row, ROWS[1]]):
        assert {finding.kind for finding in take(raw, now=ROWS[2].time).findings} & {
            "too_large",
            "not_positive",
        }


def test_doubted_candles_offered_again_one_by_one_end_the_same() -> None:
    raw = [*ROWS[:4], *[times_ten(row) for row in ROWS[4:12]]]
    at_once = take(raw, now=raw[-1].time + MINUTE_MS).candles
    got: list[Candle] = []
    held: tuple[RawCandle, ...] = ()
    for row in raw:
        taken = take([*held, row], got[-1] if got else BEFORE, row.time + MINUTE_MS)
        got += taken.candles
        held = taken.doubted
        assert len(held) < LEVEL_CANDLES
    assert tuple(got) == at_once
    assert len(got) == len(raw)


def test_without_a_last_close_the_first_candles_are_held_against_their_kind() -> None:
    taken = take([times_ten(ROWS[0]), *ROWS[1:]], after=None)
    assert list(taken.candles) == CLEAN[1:COUNT]
    assert kinds(taken) == {"jump": 1, "still_open": 1}
    assert list(take(ROWS, after=None).candles) == CLEAN[:COUNT]


def test_markets_with_opening_hours_have_weekends_and_odd_minutes_but_also_gaps() -> None:
    share = instrument("MSFT", asset_class="equity")
    friday = ticks(RawCandle(START - 3 * DAY_MS, 50_000.0, 50_000.0, 50_000.0, 50_000.0, 1.0))
    monday = ROWS[0]
    quiet = intake(share, [monday], friday, DAY_MS, START + DAY_MS)
    assert quiet.findings == ()
    week_later = monday._replace(time=START + 4 * DAY_MS)
    late = intake(share, [week_later], friday, DAY_MS, START + 9 * DAY_MS)
    assert [finding.kind for finding in late.findings] == ["gap"]
    half_past = monday._replace(time=START + 30 * MINUTE_MS)
    assert intake(share, [half_past], friday, HOUR_MS, START + DAY_MS).findings == ()
    assert intake(BTC, [half_past], friday, HOUR_MS, START + DAY_MS).candles == ()


def test_many_findings_become_few_and_a_count() -> None:
    many = (
        [Finding("duplicate", "x", n) for n in range(500)]
        + [Finding("gap", "y", 1)]
        + [Finding("flat", "z", n) for n in range(9)]
    )
    shown = summarised(many)
    assert Counter(f.kind for f in shown) == {
        "duplicate": MAX_OF_A_KIND,
        "gap": 1,
        "flat": MAX_OF_A_KIND,
        "more": 1,
    }
    assert shown[-1] == Finding("more", "499 more: duplicate 495, flat 4")
    assert summarised([Finding(str(n), "", n) for n in range(40)])[-1].detail.startswith("20 more")
    assert summarised(many[:3]) == tuple(many[:3])


def test_the_exchange_outages_of_record_are_told_as_they_were() -> None:
    for outage in met.rows(met.OUTAGE):
        taken = intake(BTC, outage, None, MINUTE_MS, outage[-1].time + MINUTE_MS)
        assert len(taken.candles) == len(outage)
        assert [f.detail for f in taken.findings] == ["284 candles missing after 2021-04-25T04:00:00+00:00"]
    for halt in met.rows(met.HALT):
        taken = intake(BTC, halt, None, MINUTE_MS, halt[-1].time + MINUTE_MS)
        assert len(taken.candles) == len(halt)
        assert taken.findings[-1].detail == "67 more: flat 67"
        assert [f.detail for f in taken.findings if f.kind == "gap"] == [
            "80 candles missing after 2023-03-24T12:39:00+00:00"
        ]


def test_candles_off_the_hour_of_2018_are_kept_out_and_their_absence_is_told() -> None:
    for rows in met.rows(met.OFF_GRID):
        odd = [row for row in rows if row.time % HOUR_MS]
        assert len(odd) == 43
        taken = intake(BTC, rows, None, HOUR_MS, rows[-1].time + HOUR_MS)
        assert [candle.time for candle in taken.candles] == [
            row.time for row in rows if row.time % HOUR_MS == 0
        ]
        assert kinds(taken) == {"off_schedule": MAX_OF_A_KIND, "gap": 1, "more": 1}
        assert taken.findings[-1].detail == "38 more: off_schedule 38"
