"""What is found in candles, against the manifest of the shared data and against planted flaws."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import research.data.flaws
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis, utc
from research.data.candles import Candles
from research.data.flaws import Flaw, flaw_lines, flaws
from research.data.load import load
from tests import wild
from tests.seeded import seeded, without
from tests.shared import ROOT, shared_data

START = 1_600_000_200_000 // DAY_MS * DAY_MS
MANIFEST = Path(os.environ.get("BOYD_SHARED_DATA", ROOT.parent / "shared" / "data")) / "MANIFEST.json"


def listed(folder: str) -> list[Any]:
    """Return the manifest's candle files below a folder, as parameters; none where it is absent."""
    if not MANIFEST.is_file():
        return []
    told = json.loads(MANIFEST.read_text())
    return [pytest.param(one, id=one["file"]) for one in told if one["file"].startswith(folder)]


def candles_of(told: dict[str, Any]) -> Candles:
    return load(shared_data(*told["file"].split("/")))


def of_kind(candles: Candles, kind: str) -> list[Flaw]:
    return [flaw for flaw in flaws(candles) if flaw.kind == kind]


def days(found: list[Flaw]) -> list[str]:
    return [f"{utc(flaw.first):%Y-%m-%d}" for flaw in found]


def calm(count: int = 200, step: int = HOUR_MS, symbol: str = "BTC-USDT") -> Candles:
    """Return candles that move by tenths of a percent, as most do."""
    place = np.arange(count, dtype=np.int64)
    close = 100.0 + 0.3 * np.sin(place / 3.0)
    open_ = np.append(close[0], close[:-1])
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    return Candles(symbol, step, START + place * step, open_, high, low, close, np.ones(count))


def test_gaps_are_where_candles_were_taken_out_and_nowhere_else() -> None:
    whole = seeded("BTC-USDT", "1m", 3_000)
    times = whole.time.tolist()
    holes = {one: (two - one) // MINUTE_MS - 1 for one, two in pairwise(times) if two - one > MINUTE_MS}
    cut = without(whole, 1_000, 1_080)
    found = {flaw.first - MINUTE_MS: flaw.count for flaw in of_kind(cut, "gap")}
    inside = [one for one in holes if times[999] <= one < times[1_080]]
    lost = (times[1_080] - times[999]) // MINUTE_MS - 1
    assert found == {one: count for one, count in holes.items() if one not in inside} | {times[999]: lost}
    assert len(found) > 5


def test_gaps_of_shares_are_those_of_more_than_a_long_weekend() -> None:
    share = seeded("AAPL", "1d", 600)
    around = [(one, two) for one, two in pairwise(share.time.tolist()) if two - one > 4 * DAY_MS]
    found = of_kind(share, "gap")
    assert [flaw.first - DAY_MS for flaw in found] == [one for one, _ in around]
    assert len(of_kind(without(share, 300, 310), "gap")) == len(found) + 1


@pytest.mark.parametrize("told", listed("crypto/"))
def test_gaps_are_those_of_the_manifest(told: dict[str, Any]) -> None:
    candles = candles_of(told)
    length = candles.timeframe_ms
    found = of_kind(candles, "gap")
    shown = [
        {
            "after": f"{utc(flaw.first - length):%Y-%m-%dT%H:%M:%SZ}",
            "before": f"{utc(flaw.last + length):%Y-%m-%dT%H:%M:%SZ}",
            "missing": flaw.count,
        }
        for flaw in found
    ]
    assert shown == told["gap_list"]
    assert len(found) == told["gaps"]
    assert sum(flaw.count for flaw in found) == told["missing_candles"]


@pytest.mark.parametrize("told", listed("equities/1d/"))
def test_gaps_of_shares_are_those_of_more_than_four_days(told: dict[str, Any]) -> None:
    found = of_kind(candles_of(told), "gap")
    shown = [{"after": f"{utc(flaw.first - DAY_MS):%Y-%m-%d}", "days": flaw.count} for flaw in found]
    assert shown == told["gap_list"]


@pytest.mark.parametrize("told", listed("crypto/"))
def test_dead_candles_are_as_many_as_the_manifest_says(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(research.data.flaws, "STRETCH", 1)
    candles = candles_of(told)
    assert sum(flaw.count for flaw in of_kind(candles, "zero_volume")) == told["zero_volume"]
    assert sum(flaw.count for flaw in of_kind(candles, "flat")) == told["flat"]


def test_the_halt_of_march_2023_is_one_dead_stretch_and_one_gap() -> None:
    first, last = (millis(datetime(2023, 3, 24, *at, tzinfo=UTC)) for at in ((11, 28), (12, 39)))
    for halt in raw(wild.HALT, MINUTE_MS):
        flat, dead, gap = flaws(halt)
        assert (flat.kind, flat.first, flat.last, flat.count) == ("flat", first, last, 72)
        assert (dead.kind, dead.first, dead.last, dead.count) == ("zero_volume", first, last, 72)
        assert (gap.kind, gap.first, gap.count) == ("gap", last + MINUTE_MS, 80)


def raw(name: str, timeframe: int) -> Iterator[Candles]:
    for rows in wild.rows(name):
        columns = np.array(rows, dtype=np.float64).T
        yield Candles("BTC-USDT", timeframe, columns[0].astype(np.int64), *columns[1:])


def test_the_outage_of_april_2021_is_one_gap() -> None:
    for outage in raw(wild.OUTAGE, MINUTE_MS):
        (gap,) = flaws(outage)
        assert (gap.kind, gap.count) == ("gap", 284)
        assert gap.detail == "284 candles missing"


def test_candles_off_the_grid_are_told_as_one_stretch() -> None:
    for candles in raw(wild.OFF_GRID, HOUR_MS):
        (off,) = of_kind(candles, "off_grid")
        real = candles.time[candles.time % HOUR_MS != 0]
        assert len(real) > 1
        assert (off.first, off.last, off.count) == (real[0], real[-1], len(real))


def test_a_session_of_shares_need_not_begin_on_the_hour() -> None:
    shares = calm(symbol="MSFT")
    half_past = replace(shares, time=shares.time + 30 * MINUTE_MS)
    assert not of_kind(half_past, "off_grid")
    assert of_kind(replace(half_past, symbol="BTC-USDT"), "off_grid")


def test_a_stretch_shorter_than_ten_is_how_markets_are() -> None:
    for count, told in ((9, 0), (10, 2)):
        dead = calm()
        part = slice(50, 50 + count)
        for column in (dead.open, dead.high, dead.low, dead.close):
            column[part] = 100.0
        dead.volume[part] = 0.0
        assert len(flaws(dead)) == told


def test_bad_prints_of_shares_are_found() -> None:
    spy = of_kind(load(shared_data("equities", "1d", "SPY_1d_1998-2018.csv.gz")), "bad_print")
    assert "2002-04-02" in days(spy)
    assert len(spy) < 10
    apple = of_kind(load(shared_data("equities", "1d", "AAPL_1d_1998-2018.csv.gz")), "bad_print")
    # The last three are lows of a tenth of the price.
    assert days(apple) == ["2001-04-05", "2009-09-21", "2010-05-06", "2010-08-31", "2011-01-03"]


def test_splits_and_shocks_are_jumps() -> None:
    apple = of_kind(load(shared_data("equities", "1d", "AAPL_1d_1998-2018.csv.gz")), "jump")
    assert days(apple) == ["2000-06-21", "2000-09-29", "2005-02-28", "2014-06-09"]
    assert "x0.144" in apple[-1].detail
    ibm = of_kind(load(shared_data("equities", "1d", "IBM_1d_1998-2018.csv.gz")), "jump")
    assert days(ibm) == ["1999-05-27"]
    invesco = of_kind(load(shared_data("equities", "1d", "QQQ_1d_1999-2018.csv.gz")), "jump")
    assert days(invesco) == ["2000-03-20"]  # and not what moved while it had another name


def test_a_crash_in_which_all_prices_were_paid_is_no_flaw() -> None:
    crash = load(shared_data("crypto", "1m", "BTC-USDT_1m_20210420-20210520.csv.gz"))
    assert {flaw.kind for flaw in flaws(crash)} == {"gap"}
    long = load(shared_data("crypto", "1h", "BTC-USDT_1h_2017-2023.csv.gz"))
    assert not of_kind(long, "jump")
    assert len(of_kind(long, "bad_print")) <= 3


@pytest.mark.parametrize("place", [0, 1, 100, 198, 199])
def test_a_planted_wick_is_found_where_it_is(place: int) -> None:
    spoilt = calm()
    spoilt.high[place] *= 1.12
    spoilt.low[place // 2] *= 0.85
    found = of_kind(spoilt, "bad_print")
    assert {flaw.first for flaw in found} == {START + at * HOUR_MS for at in (place, place // 2)}
    assert len(flaws(spoilt)) == len(found)


def test_a_wick_of_less_than_a_tenth_or_than_three_usual_ranges_is_left_alone() -> None:
    small = calm()
    small.high[100] = 1.09 * small.high[99:102].max()
    assert not flaws(small)
    wild = calm()
    wild = replace(wild, high=wild.high * 1.05, low=wild.low / 1.05)
    wild.high[100] *= 1.25
    assert not flaws(wild)
    wild.high[100] *= 1.2
    assert [flaw.kind for flaw in flaws(wild)] == ["bad_print"]


def test_a_planted_close_is_a_bad_print_and_no_jump() -> None:
    spoilt = calm()
    spoilt.close[100] = spoilt.high[100] = 1000.0
    (found,) = flaws(spoilt)
    assert (found.kind, found.first) == ("bad_print", START + 100 * HOUR_MS)
    assert "high 1000 is 8" in found.detail


@pytest.mark.parametrize("factor", [0.5, 1.3])
def test_a_level_that_stays_is_a_jump(factor: float) -> None:
    split = calm()
    for column in (split.open, split.high, split.low, split.close):
        column[120:] *= factor
    (jump,) = flaws(split)
    assert (jump.kind, jump.first) == ("jump", START + 120 * HOUR_MS)


def test_a_level_that_changed_while_nothing_was_recorded_is_a_gap_only() -> None:
    split = calm()
    for column in (split.open, split.high, split.low, split.close):
        column[120:] *= 0.5
    assert [flaw.kind for flaw in flaws(without(split, 20, 120))] == ["gap"]
    assert [flaw.kind for flaw in flaws(without(split, 119, 120))] == ["gap", "jump"]


def test_calm_candles_and_the_shortest_series_have_no_flaw() -> None:
    for count in (0, 1, 2, 3, 200):
        assert flaws(calm()[:count]) == ()
    assert flaw_lines(()) == ["no flaw found"]


def test_the_lines_name_the_largest_of_each_kind_in_time_order() -> None:
    holes = calm(400)
    for start, count in ((350, 1), (300, 2), (250, 3), (200, 4), (150, 5), (100, 6), (50, 9)):
        holes = without(holes, start, start + count)
    lines = flaw_lines(flaws(holes))
    assert lines[0] == "gap: 7 places"
    assert lines[1] == "  2020-09-15 02:00 to 2020-09-15 10:00: 9 candles missing"
    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "  ... and 2 more"
    assert not any("1 candles missing" in line for line in lines)
