"""The recorded market: every candle once, at the instant the next one opens, also after a restart."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle, LastPrice, RawCandle
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.observation import Finding, Observation, Source
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS, millis, utc
from perception.driven.recorded import RecordedMarket
from tests.perception.off_candles import BTC, START, instrument, series, ticks, write
from tests.shared import shared_data

ETH = instrument("ETH-USDT")
GRID = {"BTC-USDT": BTC, "ETH-USDT": ETH}
Seen = tuple[datetime, dict[str, Observation]]


def live(
    market: RecordedMarket, symbols: Sequence[str], known: Mapping[str, Candle] | None = None
) -> list[Seen]:
    """Live through a market as the loop does, to its end."""
    after = dict(known or {})
    lived: list[Seen] = []
    while (now := market.next_time()) is not None:
        seen = {symbol: market.observe(symbol, after.get(symbol), now) for symbol in symbols}
        after |= {symbol: each.candles[-1] for symbol, each in seen.items() if each.candles}
        lived.append((now, seen))
    market.close()
    return lived


def last_candles(lived: Sequence[Seen]) -> dict[str, Candle]:
    return {symbol: each.candles[-1] for _, seen in lived for symbol, each in seen.items() if each.candles}


def one(path: Path, warmup: int, timeframe: int = MINUTE_MS) -> RecordedMarket:
    return RecordedMarket({"BTC-USDT": path}, GRID, timeframe, warmup=warmup)


def test_a_candle_is_delivered_when_the_next_one_opens_with_that_open_as_quote(tmp_path: Path) -> None:
    rows = [row for number, row in enumerate(series(10)) if number != 6]
    lived = live(one(write(tmp_path / "a.csv", rows), 3), ["BTC-USDT"])
    assert [now for now, _ in lived] == [utc(row.time) for row in rows[3:]]
    for number, (now, seen) in enumerate(lived, 3):
        each = seen["BTC-USDT"]
        assert each.candles == tuple(map(ticks, rows[:3] if number == 3 else rows[number - 1 : number]))
        assert each.quote == LastPrice(ticks(rows[number]).open, rows[number].time)
        assert (each.source, each.provider, each.series) == (Source.RECORDED, "recorded", "recorded:BTC-USDT")
        assert each.fetched_at == now
        # Candle 7 is the first after the hole; it is delivered when candle 8 opens.
        gap = Finding("gap", "1 candles missing after 2024-01-01T00:05:00+00:00", rows[6].time)
        assert each.findings == ((gap,) if number == 7 else ())


def test_without_a_warmup_the_first_instant_has_a_price_and_no_candle(tmp_path: Path) -> None:
    lived = live(one(write(tmp_path / "a.csv", series(3)), 0), ["BTC-USDT"])
    assert [len(seen["BTC-USDT"].candles) for _, seen in lived] == [0, 1, 1]
    assert lived[0][1]["BTC-USDT"].quote == LastPrice(ticks(series(1)[0]).open, START)


@pytest.mark.parametrize(
    ("name", "timeframe", "tick"),
    [
        ("crypto/1h/BNB-USDT_1h_2020-2023.csv.gz", HOUR_MS, "0.001"),
        ("crypto/1m/BTC-USDT_1m_20210917-20211017.csv.gz", MINUTE_MS, "0.01"),
    ],
)
def test_the_gaps_found_in_a_real_file_are_those_of_its_manifest(
    name: str, timeframe: int, tick: str
) -> None:
    manifest = json.loads(shared_data("MANIFEST.json").read_text())
    entry = next(entry for entry in manifest if entry["file"] == name)
    symbol = Path(name).name.split("_")[0]
    market = RecordedMarket(
        {symbol: shared_data(name)}, {symbol: instrument(symbol, tick)}, timeframe, warmup=20
    )
    lived = live(market, [symbol])
    found = [finding for _, seen in lived for finding in seen[symbol].findings if finding.kind == "gap"]
    expected = [
        Finding(
            "gap",
            f"{gap['missing']} candles missing after {gap['after'].replace('Z', '+00:00')}",
            millis(datetime.fromisoformat(gap["before"])),
        )
        for gap in entry["gap_list"]
    ]
    assert found == expected
    assert sum(len(seen[symbol].candles) for _, seen in lived) == entry["rows"] - 1
    assert market.position == market.total_candles == entry["rows"]


def test_a_share_that_splits_is_doubted_for_five_days_and_bad_prints_are_kept_out() -> None:
    share = instrument("AAPL", asset_class="equity")
    path = shared_data("equities/1d/AAPL_1d_1998-2018.csv.gz")
    lived = live(RecordedMarket({"AAPL": path}, {"AAPL": share}, DAY_MS, warmup=200), ["AAPL"])
    findings = [(now, finding) for now, seen in lived for finding in seen["AAPL"].findings]
    assert [f.detail for _, f in findings if f.kind == "gap"] == [
        "6 candles missing after 2001-09-10T00:00:00+00:00",
        "4 candles missing after 2006-12-29T00:00:00+00:00",
        "4 candles missing after 2012-10-26T00:00:00+00:00",
    ]
    out = [utc(f.time or 0).date().isoformat() for _, f in findings if f.detail.startswith("kept out")]
    assert out == ["2009-09-21", "2010-08-31", "2011-01-03"]  # lows of a tenth of the price: misprints
    assert sum(len(seen["AAPL"].candles) for _, seen in lived) == 5283 - 1 - len(out)
    jumps = {f"{now:%F}" for now, finding in findings if finding.kind == "jump" and now.year == 2014}
    assert jumps == {"2014-06-09", "2014-06-10", "2014-06-11", "2014-06-12", "2014-06-13", "2014-06-16"}
    split = [seen["AAPL"] for now, seen in lived if f"{now:%F}" in jumps]
    assert [each.quote is None for each in split] == [True] * 5 + [False]
    assert [len(each.candles) for each in split] == [1, 0, 0, 0, 0, 5]


def test_a_day_of_23_hours_closes_when_the_next_one_opens(tmp_path: Path) -> None:
    share = instrument("MSFT", asset_class="equity")
    hours = (0, 24, 48, 120, 143, 167, 191)  # a weekend, then the clocks go forward
    rows = [row._replace(time=START + hour * HOUR_MS) for row, hour in zip(series(7), hours, strict=True)]
    market = RecordedMarket({"MSFT": write(tmp_path / "a.csv", rows)}, {"MSFT": share}, DAY_MS, warmup=1)
    lived = live(market, ["MSFT"])
    assert [candle for _, seen in lived for candle in seen["MSFT"].candles] == [
        ticks(row) for row in rows[:-1]
    ]
    assert all(not seen["MSFT"].findings and len(seen["MSFT"].candles) == 1 for _, seen in lived)


opens = st.sets(st.integers(0, 40), min_size=6, max_size=30).map(sorted)


def put(
    folder: Path, name: str, times: Sequence[int], spoil: Callable[[int, RawCandle], RawCandle] | None = None
) -> Path:
    """Write a file with candles at `times` (minutes), more than half of them one minute apart."""
    row = {(each.time - START) // MINUTE_MS: each for each in series(max(times) + 200)}
    tail = range(max(times) + 1, max(times) + 1 + len(times))
    chosen = [row[minute] for minute in [*times, *tail]]
    return write(folder / name, [spoil(n, each) for n, each in enumerate(chosen)] if spoil else chosen)


def minutes(path: Path) -> list[int]:
    lines = path.read_text().splitlines()[1:]
    return [millis(datetime.fromisoformat(line.split(",")[0])) for line in lines]


@settings(max_examples=40, deadline=None)
@given(first=opens, second=opens, shift=st.integers(0, 60), warmup=st.integers(0, 5))
def test_two_symbols_interleave_by_their_own_open_times(
    tmp_path_factory: pytest.TempPathFactory, first: list[int], second: list[int], shift: int, warmup: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    files = {
        "BTC-USDT": put(folder, "one.csv", first),
        "ETH-USDT": put(folder, "two.csv", [minute + shift for minute in second]),
    }
    times = {symbol: minutes(path) for symbol, path in files.items()}
    lived = live(RecordedMarket(files, GRID, MINUTE_MS, warmup=warmup), list(files))
    assert [millis(now) for now, _ in lived] == sorted({t for each in times.values() for t in each[warmup:]})
    for now, seen in lived:
        for symbol, own in times.items():
            opened = [time for time in own if time <= millis(now)]
            each = seen[symbol]
            if len(opened) <= warmup:
                assert each.candles == ()
                assert each.quote is None
                continue
            turns = opened[-1] == millis(now)
            expected = opened[-2:-1] if len(opened) > warmup + 1 else opened[:-1]
            assert [candle.time for candle in each.candles] == (expected if turns else [])
            assert each.quote is not None
            assert each.quote.time == opened[-1]


def spoilt(number: int, row: RawCandle) -> RawCandle:
    """Return a candle off the schedule, or one of a tenth of the price, in some places."""
    if number % 11 == 7:
        return row._replace(time=row.time + 1)
    if number in {4, 9, 10, 20, 21, 22, 23, 24, 25}:
        open_, high, low, close = (round(price / 10, 2) for price in row[1:5])
        return RawCandle(row.time, open_, high, low, close, row.volume)
    return row


@settings(max_examples=40, deadline=None)
@given(
    first=opens,
    second=opens,
    shift=st.integers(0, 45),
    warmup=st.integers(0, 6),
    cut=st.floats(0, 1),
    bad=st.booleans(),
    told=st.booleans(),
)
def test_a_session_cut_anywhere_goes_on_as_if_it_had_never_stopped(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    first: list[int],
    second: list[int],
    shift: int,
    warmup: int,
    cut: float,
    bad: bool,
    told: bool,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    files = {
        "BTC-USDT": put(folder, "one.csv", first, spoilt if bad else None),
        "ETH-USDT": put(folder, "two.csv", [minute + shift for minute in second]),
    }
    whole = live(RecordedMarket(files, GRID, MINUTE_MS, warmup=warmup), list(files))
    place = round(cut * len(whole))
    known = last_candles(whole[:place])
    # The last candles tell the last instant, unless one was dropped or a symbol had a price only.
    bare = place and any(each.quote and symbol not in known for symbol, each in whole[place - 1][1].items())
    until = whole[place - 1][0] if place and (bad or told or bare) else None
    rest = RecordedMarket(files, GRID, MINUTE_MS, known, warmup=warmup, lived_until=until)
    assert live(rest, list(files), known) == whole[place:]


def test_a_symbol_that_joins_later_brings_its_latest_warmup_and_no_past(tmp_path: Path) -> None:
    files = {name: write(tmp_path / f"{name}.csv", series(60)) for name in GRID}
    known = {"BTC-USDT": ticks(series(60)[39])}
    lived = live(RecordedMarket(files, GRID, MINUTE_MS, known, warmup=10), list(GRID), known)
    assert lived[0][0] == utc(series(60)[41].time)
    assert [candle.time for candle in lived[0][1]["ETH-USDT"].candles] == [
        row.time for row in series(60)[31:41]
    ]
    assert [len(seen["ETH-USDT"].candles) for _, seen in lived[1:]] == [1] * (len(lived) - 1)


def test_what_the_loop_did_not_take_in_is_delivered_again(tmp_path: Path) -> None:
    market = one(write(tmp_path / "a.csv", series(30)), 5)
    nows = list(islice(iter(market.next_time, None), 2))
    first = market.observe("BTC-USDT", None, nows[-1])
    assert [candle.time for candle in first.candles] == [row.time for row in series(6)]
    assert market.observe("BTC-USDT", None, nows[-1]) == first
    now = market.next_time()
    assert now is not None
    again = market.observe("BTC-USDT", first.candles[3], now)
    assert again.candles == tuple(ticks(row) for row in series(7)[4:])
    market.close()


def test_a_session_that_takes_nothing_in_holds_a_bounded_number_of_candles(tmp_path: Path) -> None:
    market = one(write(tmp_path / "a.csv", series(1_200)), 5)
    seen = [market.observe("BTC-USDT", None, now) for now in iter(market.next_time, None)]
    assert max(len(each.candles) for each in seen) == 500
    assert seen[-1].candles[-1] == ticks(series(1_199)[-1])


def test_a_recording_behind_which_nothing_is_left_is_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", series(10))
    for last in (8, 9):
        known = {"BTC-USDT": ticks(series(10)[last])}
        market = RecordedMarket({"BTC-USDT": path}, GRID, MINUTE_MS, known, warmup=3)
        assert market.next_time() is None
        market.close()


@pytest.mark.parametrize(
    ("rows", "warmup", "timeframe", "words"),
    [
        (series(5), 5, MINUTE_MS, "holds 5 candles; a warm-up of 5 needs 6"),
        (series(50), 5, HOUR_MS, "candles are 60000 ms apart, the timeframe is 3600000 ms"),
        (series(1), 0, MINUTE_MS, "holds 1 candle; at least 2"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_at_once(
    tmp_path: Path, rows: list[RawCandle], warmup: int, timeframe: int, words: str
) -> None:
    path = write(tmp_path / "a.csv", rows)
    with pytest.raises(BadInput, match=words):
        one(path, warmup, timeframe)


def test_a_bad_row_stops_the_session_where_it_is_reached(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(write(path, series(300)).read_text() + "2024-01-01T01:00:00Z,1,1,1,1,1\n")
    market = one(path, 5)
    instants: list[datetime] = []
    with pytest.raises(BadInput, match=r"line 302: time .* is before the last candle's"):
        instants.extend(iter(market.next_time, None))
    assert len(instants) == 294


def test_another_symbol_is_refused(tmp_path: Path) -> None:
    market = one(write(tmp_path / "a.csv", series(10)), 2)
    with pytest.raises(BadInput, match="symbol ETH-USDT is not in this recorded market: BTC-USDT"):
        market.observe("ETH-USDT", None, utc(START))
    market.close()


def test_close_gives_the_files_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", series(2_000))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a count, no paths
    market = one(path, 5)
    market.next_time()
    assert len(os.listdir("/proc/self/fd")) == before + 1  # noqa: PTH208  # same
    market.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  # same


def test_progress_goes_from_the_warmup_to_the_whole_file(tmp_path: Path) -> None:
    market = one(write(tmp_path / "a.csv", series(700)), 100)
    assert market.position == 101
    assert abs(market.total_candles - 700) < 70
    for _ in iter(market.next_time, None):
        assert market.position <= market.total_candles
    assert market.position == market.total_candles == 700


def test_instruments_are_looked_up_by_symbol(tmp_path: Path) -> None:
    coarse: dict[str, Instrument] = {"BTC-USDT": instrument(tick="0.1")}
    market = RecordedMarket({"BTC-USDT": write(tmp_path / "a.csv", series(10))}, coarse, MINUTE_MS, warmup=2)
    now = market.next_time()
    assert now is not None
    seen = market.observe("BTC-USDT", None, now)
    assert seen.candles[0].close == round(series(1)[0].close * 10)
    assert {finding.kind for finding in seen.findings} == {"off_grid"}
    market.close()
