"""Candle files as arrays: the loop's numbers, the loop's errors, and joining what belongs together."""

import gzip
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import research.data.fast
import research.data.load
from domain.errors import BadInput
from domain.times import HOUR_MS, MINUTE_MS, millis, utc
from perception.files.candles import HEADER, read_candles, timeframe_of
from research.data.candles import Candles
from research.data.load import joined, load, read_many, select, timerange
from tests import wild
from tests.seeded import file_of, present
from tests.shared import in_time

NAME = "BTC-USDT_1m_x.csv"
GOOD = ("2023-03-16T22:15:00Z,2,3,1,2.5,10", "2023-03-16T22:16:00Z,2.5,4,2,3,0")


def drained(path: Path) -> list[tuple[float, ...]]:
    return [tuple(row) for row in read_candles(path)]


def as_rows(candles: Candles) -> list[tuple[float, ...]]:
    return [tuple(row) for row in candles.rows()]


def written(folder: Path, *lines: str, name: str = NAME, end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes(end.join([HEADER, *lines, ""]).encode())
    return path


def made(symbol: str, start: int, count: int, step: int = MINUTE_MS) -> Candles:
    times = start + step * np.arange(count, dtype=np.int64)
    price = 100.0 + np.arange(count, dtype=np.float64)
    return Candles(symbol, step, times, price, price + 1, price - 1, price + 0.5, price * 0.1)


def saved(candles: Candles, path: Path) -> Path:
    lines = [",".join(map(repr, row)) for row in candles.rows()]
    return written(path.parent, *lines, name=path.name)


def unwanted(path: Path) -> NoReturn:
    raise AssertionError(f"{path} was read row by row")


@pytest.mark.parametrize(
    ("name", "count"),
    present(
        ("seeded/1m/BTC-USDT", 2_000),
        ("seeded/1h/DOGE-USDT", 2_000),
        ("seeded/1d/AAPL", 1_000),
        ("crypto/1m/BTC-USDT_1m_20210420-20210520.csv.gz", 0),
        ("crypto/1m/BTC-USDC_1m_20230301-20230321.csv.gz", 0),
        ("crypto/1h/DOGE-USDT_1h_2019-2023.csv.gz", 0),
        ("equities/1d/AAPL_1d_1998-2018.csv.gz", 0),
        ("equities/1d/MSFT_1d_2012-2017.csv.gz", 0),
    ),
)
def test_files_come_fast_and_bit_for_bit_as_the_loop_reads_them(
    name: str, count: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = file_of(tmp_path, name, count)
    expected = drained(path)
    monkeypatch.setattr(research.data.load, "read_candles", unwanted)
    candles = load(path)
    assert as_rows(candles) == expected
    assert candles.timeframe_ms == timeframe_of(path)
    assert candles.symbol == path.name.split("_")[0]


@given(st.lists(st.tuples(st.floats(1e-12, 1e15), st.integers(0, 25)), min_size=2, max_size=30))
def test_every_decimal_is_parsed_to_the_same_bits(prices: list[tuple[float, int]]) -> None:
    # Plain decimals of up to 41 digits, many half-way between two doubles' neighbours.
    texts = [f"{price:.{digits}f}" for price, digits in prices if float(f"{price:.{digits}f}") > 0]
    body = "\n".join(f"2023-01-01T00:{place:02}:00Z,{t},{t},{t},{t},{t}" for place, t in enumerate(texts))
    frame = pl.read_csv((HEADER + "\n" + body).encode(), schema=research.data.fast.SCHEMA)
    assert frame["open"].to_list() == [float(text) for text in texts]


@pytest.mark.parametrize(
    "stamp", ["{ms}", "{seconds}", "{day}T{time}Z", "{day} {time}Z", "{day} {time}+00:00"]
)
def test_the_usual_forms_of_a_time_need_no_second_reading(
    tmp_path: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(research.data.load, "read_candles", unwanted)
    start = millis(datetime(2023, 3, 16, tzinfo=UTC))
    forms = [
        stamp.format(ms=at, seconds=at // 1000, day=f"{utc(at):%F}", time=f"{utc(at):%T}")
        for at in range(start, start + 3 * HOUR_MS, HOUR_MS)
    ]
    path = written(tmp_path, *(f"{form},2,3,1,2,5" for form in forms), end="\r\n")
    assert load(path).time.tolist() == list(range(start, start + 3 * HOUR_MS, HOUR_MS))


@pytest.mark.parametrize(
    "body",
    [
        f"\ufeff{HEADER}\n{GOOD[0]}\n{GOOD[1]}\n",
        f"{HEADER}\n{GOOD[0]}\n\n{GOOD[1]}\n\n",
        f"Timestamp, Open,High,Low,Close,Volume\n{GOOD[0]}\n{GOOD[1]}",
        f"{HEADER}\n2023-03-16 22:15:00+00:00,2,3,1,2,1\n2023-03-16T23:16:00+01:00,2,3,1,2,1\n",
        f'{HEADER}\n"2023-03-16T22:15:00Z","2"," 3 ",1,20e-1,1\n{GOOD[1]}\n',
        f"{HEADER}\r\n{GOOD[0]}\r\n{GOOD[1]}\r\n",
    ],
)
def test_odd_files_the_loop_takes_are_taken_alike(tmp_path: Path, body: str) -> None:
    path = tmp_path / NAME
    path.write_text(body, newline="")
    assert as_rows(load(path)) == drained(path)
    assert len(drained(path)) == 2


BAD = {
    "nan": (*GOOD, "2023-03-16T22:17:00Z,nan,3,3,3,1"),
    "infinite": (*GOOD, "2023-03-16T22:17:00Z,3,inf,3,3,1"),
    "negative price": (*GOOD, "2023-03-16T22:17:00Z,3,3,-3,3,1"),
    "zero price": (*GOOD, "2023-03-16T22:17:00Z,0,3,0,3,1"),
    "negative volume": (*GOOD, "2023-03-16T22:17:00Z,3,3,3,3,-1"),
    "inverted": (*GOOD, "2023-03-16T22:17:00Z,3,2,4,3,1"),
    "open above the high": (*GOOD, "2023-03-16T22:17:00Z,4,3,2,3,1"),
    "open below the low": (*GOOD, "2023-03-16T22:17:00Z,1,3,2,3,1"),
    "close outside": (*GOOD, "2023-03-16T22:17:00Z,3,3,3,9,1"),
    "duplicate": (*GOOD, GOOD[1]),
    "unordered": (*GOOD, GOOD[0]),
    "spreadsheet time": (*GOOD, "1.63875E+12,3,3,3,3,1"),
    "leap second": (*GOOD, "2023-03-16T23:59:60Z,3,3,3,3,1"),
    "no such day": (*GOOD, "2023-02-29T00:00:00Z,3,3,3,3,1"),
    "a space and a bad day": (*GOOD, "2023-02-29 00:00:00+00:00,3,3,3,3,1"),
    "no zone": (*GOOD, "2023-03-16T22:17:00,3,3,3,3,1"),
    "a date as a number": (*GOOD, "20230317,3,3,3,3,1"),
    "other digits": (*GOOD, "2023-03-16T22:17:0\u0660Z,3,3,3,3,1"),
    "text": (*GOOD, "2023-03-16T22:17:00Z,3,3,NULL,3,1"),
    "short row": (*GOOD, "2023-03-16T22:17:00Z,3,3,3,3"),
    "long row": (*GOOD, "2023-03-16T22:17:00Z,3,3,3,3,1,1"),
    "white line": (*GOOD, "   "),
    "no candles": (),
}


@pytest.mark.parametrize("rows", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("packed", [False, True])
def test_a_bad_file_is_refused_in_the_loops_own_words(
    tmp_path: Path, rows: tuple[str, ...], *, packed: bool
) -> None:
    path = written(tmp_path, *rows)
    if packed:
        path = path.with_suffix(".csv.gz")
        path.write_bytes(gzip.compress((tmp_path / NAME).read_bytes()))
    with pytest.raises(BadInput) as loops:
        drained(path)
    with pytest.raises(BadInput) as ours:
        load(path)
    assert str(ours.value) == str(loops.value)


def test_a_file_that_is_none_is_refused_in_the_loops_own_words(tmp_path: Path) -> None:
    (tmp_path / "BTC-USDT_1m_folder.csv").mkdir()
    for name, content in {
        "BTC-USDT_1m_empty.csv": b"",
        "BTC-USDT_1m_word.txt": b"x",
        "BTC-USDT_1m_header.csv": b"time,open\n1,2\n",
        "BTC-USDT_1m_swapped.csv": "\n".join(["timestamp,open,low,high,close,volume", *GOOD]).encode(),
        "BTC-USDT_1m_headless.csv": "\n".join(GOOD).encode(),
        "BTC-USDT_1m_lfs.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "BTC-USDT_1m_cut.csv.gz": gzip.compress("\n".join([HEADER, *GOOD] * 500).encode())[:-20],
        "BTC-USDT_1m_junk.parquet": b"PAR1 and then nothing",
        "BTC-USDT_1m_latin.csv": f"{HEADER}\n{GOOD[0]}\n".encode() + b"\xff",
    }.items():
        (tmp_path / name).write_bytes(content)
    for path in [*sorted(tmp_path.iterdir()), tmp_path / "BTC-USDT_1m_absent.csv"]:
        with pytest.raises(BadInput) as loops:
            drained(path)
        with pytest.raises(BadInput) as ours:
            load(path)
        assert str(ours.value) == str(loops.value)


@pytest.mark.parametrize(
    "name",
    [
        "cdd_binance_btcusdt_1h_mangled.csv",
        "aapl_2014_split_lean_unadjusted.csv",
        "git_lfs_pointer_instead_of_data.csv",
    ],
)
def test_what_was_met_in_the_wild_is_refused_in_the_loops_own_words(tmp_path: Path, name: str) -> None:
    for path in wild.files(tmp_path, name):
        with pytest.raises(BadInput) as loops:
            drained(path)
        with pytest.raises(BadInput) as ours:
            load(path, "BTC-USDT")
        assert str(ours.value) == str(loops.value)


@pytest.mark.parametrize(
    "kind",
    [
        pl.Datetime("ms", "UTC"),
        pl.Datetime("us", "UTC"),
        pl.Datetime("ns", "Europe/Berlin"),
        pl.Int64,
        pl.UInt64,
    ],
)
def test_parquet_is_read_whatever_counts_its_time(
    tmp_path: Path, kind: pl.DataType, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = made("BTC-USDT", 1_600_000_000_000, 50)
    frame = pl.DataFrame(
        dict(zip(HEADER.split(","), map(list, zip(*expected.rows(), strict=True)), strict=True))
    )
    times = (
        pl.from_epoch("timestamp", "ms").dt.replace_time_zone("UTC") if kind.is_temporal() else "timestamp"
    )
    if isinstance(kind, pl.Datetime):
        frame = frame.with_columns(times).with_columns(
            pl.col("timestamp").dt.convert_time_zone(kind.time_zone or "").dt.cast_time_unit(kind.time_unit)
        )
    else:
        frame = frame.with_columns(pl.col("timestamp").cast(kind))
    path = tmp_path / "BTC-USDT_1m_x.parquet"
    frame.write_parquet(path)
    loops = drained(path)
    monkeypatch.setattr(research.data.load, "read_candles", unwanted)
    assert as_rows(load(path)) == as_rows(expected) == loops


def test_parquet_without_a_zone_or_with_a_hole_is_refused_in_the_loops_own_words(tmp_path: Path) -> None:
    times = pl.Series("timestamp", [1_600_000_000_000, 1_600_000_060_000])
    prices = {name: [1.0, 1.0] for name in HEADER.split(",")[1:]}
    frames = {
        "naive": pl.DataFrame({"timestamp": times.cast(pl.Datetime("ms"))} | prices),
        "hole": pl.DataFrame({"timestamp": times} | prices | {"volume": [1.0, None]}),
        "column": pl.DataFrame({"timestamp": times} | prices).drop("low"),
    }
    for name, frame in frames.items():
        path = tmp_path / f"BTC-USDT_1m_{name}.parquet"
        frame.write_parquet(path)
        with pytest.raises(BadInput) as loops:
            drained(path)
        with pytest.raises(BadInput) as ours:
            load(path)
        assert str(ours.value) == str(loops.value)


def test_a_year_of_minutes_is_there_well_under_a_second(tmp_path: Path) -> None:
    year = made("BTC-USDT", 1_600_000_020_000, 525_600)
    path = tmp_path / "BTC-USDT_1m_year.parquet"
    columns = (year.time, year.open, year.high, year.low, year.close, year.volume)
    pl.DataFrame(dict(zip(HEADER.split(","), columns, strict=True))).write_parquet(path)
    began = time.monotonic()
    candles = load(path)
    in_time(began, 1.0)
    assert candles.fingerprint == year.fingerprint


def test_kernels_may_write_into_every_column(tmp_path: Path) -> None:
    candles = load(written(tmp_path, *GOOD))
    for column in (candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume):
        assert column.flags.writeable
        assert column.flags.c_contiguous


def test_one_candle_tells_no_timeframe_and_a_nameless_file_no_symbol(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds 1 candle; at least 2"):
        load(written(tmp_path, GOOD[0]))
    with pytest.raises(BadInput, match=r"prices\.csv: the name does not begin with a symbol"):
        load(written(tmp_path, *GOOD, name="prices.csv"))
    assert load(tmp_path / "prices.csv", "MSFT").symbol == "MSFT"
    with pytest.raises(BadInput, match="candles are 7 s apart, known are 1s, 1m"):
        load(saved(made("BTC-USDT", 1_600_000_000_000, 5, 7000), tmp_path / NAME))


@pytest.mark.parametrize("minutes", [(0, 1, 6), (0, 5, 6), (0, 5, 10, 11), (0, 1, 2, 62, 122, 182)])
def test_the_timeframe_is_the_one_the_loop_sees(tmp_path: Path, minutes: tuple[int, ...]) -> None:
    start = 1_600_000_020_000
    path = written(tmp_path, *(f"{start + minute * MINUTE_MS},2,3,1,2,5" for minute in minutes))
    assert load(path).timeframe_ms == timeframe_of(path)


def test_files_of_one_symbol_are_joined_in_time_order(tmp_path: Path) -> None:
    early, late = made("BTC-USDT", 1_600_000_020_000, 5), made("BTC-USDT", 1_700_000_040_000, 4)
    other = made("ETH-USDT", 1_600_000_020_000, 3)
    paths = [
        saved(late, tmp_path / "BTC-USDT_1m_late.csv"),
        saved(other, tmp_path / "ETH-USDT_1m_x.csv"),
        saved(early, tmp_path / "BTC-USDT_1m_early.csv"),
    ]
    bitcoin, ether = joined(read_many(paths))
    assert (bitcoin.symbol, as_rows(bitcoin)) == ("BTC-USDT", as_rows(early) + as_rows(late))
    assert (ether.symbol, as_rows(ether)) == ("ETH-USDT", as_rows(other))
    (single,) = joined(read_many(paths[::2], ["ADA-USDT", "ADA-USDT"]))
    assert single.symbol == "ADA-USDT"


def test_files_that_overlap_are_refused_with_both_names_and_the_range(tmp_path: Path) -> None:
    first = saved(made("BTC-USDT", 1_600_000_020_000, 5), tmp_path / "BTC-USDT_1m_a.csv")
    second = saved(made("BTC-USDT", 1_600_000_020_000 + 4 * MINUTE_MS, 9), tmp_path / "BTC-USDT_1m_b.csv")
    with pytest.raises(BadInput) as refused:
        joined(read_many([second, first]))
    said = str(refused.value)
    assert f"{second}: overlaps {first} from 2020-09-13T12:31:00Z to 2020-09-13T12:31:00Z" in said
    following = saved(made("BTC-USDT", 1_600_000_020_000 + 5 * MINUTE_MS, 9), tmp_path / "BTC-USDT_1m_c.csv")
    assert len(joined(read_many([first, following]))[0]) == 14


def test_files_of_different_timeframes_are_refused(tmp_path: Path) -> None:
    one = saved(made("BTC-USDT", 1_600_000_020_000, 5), tmp_path / "BTC-USDT_1m_a.csv")
    two = saved(made("ETH-USDT", 1_600_000_020_000, 5, HOUR_MS), tmp_path / "ETH-USDT_1h_b.csv")
    with pytest.raises(BadInput, match=r"different timeframes: 1m in .*a\.csv, 1h in .*b\.csv"):
        joined(read_many([one, two]))
    with pytest.raises(BadInput, match="2 symbols for 3 data files"):
        joined(read_many([one, two, one], ["BTC-USDT", "ETH-USDT"]))


def test_a_timerange_is_utc_days_with_an_open_end() -> None:
    start, end = millis(datetime(2023, 1, 1, tzinfo=UTC)), millis(datetime(2023, 6, 1, tzinfo=UTC))
    assert timerange("20230101-20230601") == (start, end)
    assert timerange("20230101-") == (start, None)
    assert timerange("-20230601") == (None, end)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not like"),
        ("-", "is not like"),
        ("2023-06-01", "is not like"),
        ("20230101-20230601 ", "is not like"),
        ("20230230-", "20230230 is no day of the calendar"),
        ("20230601-20230601", "its end is not after its start"),
        ("20230601-20230101", "its end is not after its start"),
    ],
)
def test_a_timerange_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        timerange(text)


def test_selecting_keeps_what_opens_inside_and_refuses_an_empty_choice() -> None:
    day = millis(datetime(2023, 1, 1, tzinfo=UTC))
    candles = made("BTC-USDT", day - 2 * HOUR_MS, 30, HOUR_MS)
    assert as_rows(select(candles, timerange("20230101-20230102"))) == as_rows(candles)[2:26]
    assert as_rows(select(candles, (None, None))) == as_rows(candles)
    with pytest.raises(BadInput) as refused:
        select(candles, timerange("20250101-20250201"))
    assert str(refused.value) == (
        "timerange 20250101-20250201 holds no candle of BTC-USDT; "
        "its data is from 2022-12-31T22:00:00Z to 2023-01-02T03:00:00Z"
    )
