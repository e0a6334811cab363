"""Candle files: what is read, how, and what each kind of bad file is told."""

import builtins
import csv
import gzip
import json
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import DAY_MS, HOUR_MS, MINUTE_MS
from perception.files.candles import estimate_rows, read_candles, symbol_of, timeframe_of
from tests import wild
from tests.perception.alone import alone
from tests.perception.off_candles import HEADER, series, stamp, text, write
from tests.seeded import file_of
from tests.shared import shared_data

RECORDED = ("crypto/1m/BTC-USDT_1m_20230316-20230501.csv.gz", "equities/1d/AAPL_1d_1998-2018.csv.gz")


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        list(read_candles(path))
    assert str(path) in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


def refused_row(tmp_path: Path, row: str) -> str:
    path = tmp_path / "bad.csv"
    path.write_text(text(series(3)) + row + "\n")
    return refusal(path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "A.CSV"])
def test_a_file_gives_back_its_candles(tmp_path: Path, name: str) -> None:
    rows = series(50)
    assert list(read_candles(write(tmp_path / name, rows))) == rows


@settings(max_examples=40, deadline=None)
@given(shift=st.integers(-14, 14), millisecond=st.integers(0, 999))
def test_a_time_means_the_same_instant_however_written(
    tmp_path_factory: pytest.TempPathFactory, shift: int, millisecond: int
) -> None:
    instant = datetime(2024, 2, 29, 23, 59, 58, millisecond * 1000, tzinfo=UTC)
    zoned = instant.astimezone(timezone(timedelta(hours=shift)))
    whole = round(instant.timestamp() * 1000)
    written = [zoned.isoformat(), instant.isoformat().replace("+00:00", "Z"), str(whole)]
    if millisecond == 0:
        written += [instant.strftime("%Y-%m-%dT%H:%M:%SZ"), str(whole // 1000)]
    path = tmp_path_factory.getbasetemp() / "times.csv"
    for form in written:
        path.write_text(f"{HEADER}\n{form},1,1,1,1,1\n")
        assert [candle.time for candle in read_candles(path)] == [whole]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text(series(5)).replace("\n", "\r\n").encode() + b"\r\n\r\n")
    assert list(read_candles(path)) == series(5)


@pytest.mark.parametrize(("name", "rows"), [(RECORDED[0], 66087), (RECORDED[1], 5283)])
def test_recorded_files_are_read_whole(name: str, rows: int) -> None:
    path = shared_data(name)
    count = sum(1 for _ in read_candles(path))
    assert count == rows
    assert abs(estimate_rows(path) - rows) < rows * 0.15


def test_every_shared_file_is_read_and_counted_as_its_manifest_says() -> None:
    manifest = json.loads(shared_data("MANIFEST.json").read_text())
    frames = {"1m": MINUTE_MS, "1h": HOUR_MS, "1d": DAY_MS}
    candles = [entry for entry in manifest if entry["kind"] == "candles"]
    assert len(candles) > 20
    for entry in candles:
        path = shared_data(entry["file"])
        assert timeframe_of(path) == frames[path.parent.name]
        assert symbol_of(path) == path.name.split("_")[0]
        assert stamp(next(read_candles(path)).time) == entry["start"]
    small = [entry for entry in candles if entry["bytes"] < 32_000]
    assert [sum(1 for _ in read_candles(shared_data(e["file"]))) for e in small] == [e["rows"] for e in small]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2024-01-01T00:03:00Z,1,2,0.5,x,1", "line 5: close 'x' is not a number"),
        ("2024-01-01T00:03:00Z,1,2,0.5,,1", "line 5: close '' is not a number"),
        ("2024-01-01T00:03:00Z,NaN,2,0.5,1,1", "line 5: open nan is not finite"),
        ("2024-01-01T00:03:00Z,1,inf,0.5,1,1", "line 5: high inf is not finite"),
        ("2024-01-01T00:03:00Z,1,1e309,0.5,1,1", "line 5: high inf is not finite"),
        ("2024-01-01T00:03:00Z,1,2,0.5,1,nan", "line 5: volume nan is not finite"),
        ("2024-01-01T00:03:00Z,1,2,0,1,1", "line 5: low 0.0 is not above 0"),
        ("2024-01-01T00:03:00Z,-1,2,0.5,1,1", "line 5: open -1.0 is not above 0"),
        ("2024-01-01T00:03:00Z,1,2,0.5,1,-3", "line 5: volume -3.0 is below 0"),
        ("2024-01-01T00:03:00Z,1,0.5,2,1,1", "line 5: high 0.5 is below low 2.0"),
        ("2024-01-01T00:03:00Z,3,2,0.5,1,1", "line 5: open 3.0 or close 1.0 is outside low 0.5 to high 2.0"),
        ("2024-01-01T00:02:00Z,1,2,0.5,1,1", "line 5: time 2024-01-01T00:02:00+00:00 repeats"),
        ("2023-12-31T00:02:00Z,1,2,0.5,1,1", "line 5: time 2023-12-31T00:02:00+00:00 is before"),
        ("1.63875E+12,1,2,0.5,1,1", "line 5: time '1.63875E+12' was mangled by a spreadsheet"),
        ("2024-01-01 00:03,1,2,0.5,1,1", "line 5: time 2024-01-01T00:03:00 has no timezone"),
        ("2019-10-17 09-AM,1,2,0.5,1,1", "line 5: time '2019-10-17 09-AM' is neither ISO 8601"),
        ("20240523,1,2,0.5,1,1", "line 5: time 20240523 is neither seconds (9-10 digits)"),
        ("2024-01-01T00:03:00Z,1,2,0.5,1", "line 5: 5 fields; there must be 6"),
        ("2024-01-01T00:03:00Z,1,2,0.5,1,1,7", "line 5: 7 fields; there must be 6"),
    ],
)
def test_a_bad_row_is_named_with_its_line_field_and_value(tmp_path: Path, row: str, words: str) -> None:
    assert refused_row(tmp_path, row).startswith(words)


def test_rows_before_a_bad_one_are_still_served(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text(text(series(3)) + "rubbish\n")
    assert list(islice(read_candles(path), 3)) == series(3)


def test_what_is_no_candle_file_is_refused_before_anything_is_asked_for(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    other = tmp_path / "candles.xlsx"
    with zipfile.ZipFile(other, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    for path, words in (
        (tmp_path / "none.csv", "no such file"),
        (tmp_path, "is a directory"),
        (empty, "is empty"),
        (other, "is a workbook or a document; save its table as CSV"),
    ):
        with pytest.raises(BadInput, match=words):
            read_candles(path)


def test_a_header_without_candles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text(HEADER + "\n")
    assert refusal(path) == "holds a header and no candles"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("git_lfs_pointer_instead_of_data.csv", "is a git-lfs pointer"),
        ("cdd_binance_btcusdt_1h_mangled.csv", "line 2: time '1.63875E+12' was mangled by a spreadsheet"),
        ("aapl_2014_split_lean_unadjusted.csv", "is of no format that is known; line 1 is '20140523 00:00,"),
        ("cryptonews_raw_dmy.csv", "is of no format that is known; line 1 is 'date;sentiment"),
    ],
)
def test_bad_files_met_in_the_wild_are_refused(tmp_path: Path, name: str, words: str) -> None:
    for path in wild.files(tmp_path, name):
        with pytest.raises(BadInput) as caught:
            list(read_candles(path))
        assert str(caught.value).startswith(f"{path}: {words}")
        assert len(str(caught.value)) < 400


def test_the_mangled_times_of_the_wild_file_are_recognised(tmp_path: Path) -> None:
    for met in wild.files(tmp_path, wild.MANGLED):
        cells = met.read_text().splitlines()[1].split(",")
        path = tmp_path / "mangled.csv"
        path.write_text(f"{HEADER}\n{cells[0]},{','.join(cells[4:8])},{cells[8]}\n")
        assert "was mangled by a spreadsheet" in refusal(path)


def test_a_truncated_or_false_gzip_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(text(series(500)).encode())
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert refusal(cut).startswith("is damaged or cut short")
    false = tmp_path / "false.csv.gz"
    false.write_text(text(series(5)))
    assert list(read_candles(false)) == series(5)  # what a file is it says itself, not its name
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    bad = tmp_path / "flipped.csv.gz"
    bad.write_bytes(bytes(flipped))
    refusal(bad)


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(min_size=1, max_size=300), suffix=st.sampled_from([".csv", ".csv.gz", ".parquet"]))
def test_junk_is_refused_and_nothing_else_happens(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"junk{suffix}"
    for content in (junk, HEADER.encode() + b"\n" + junk):
        path.write_bytes(content)
        refusal(path)
        for guess in (estimate_rows, timeframe_of):
            with suppress(BadInput):
                assert guess(path) >= 0


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "\n" + "1" * 20_000_000)
    tracemalloc.start()
    refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def peak_over_a_long_file() -> int:
    """Return the most that reading 8,000 rows holds, in percent of their text."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "long.csv.gz", series(8_000))
        list(islice(read_candles(path), 10))
        tracemalloc.start()
        assert sum(1 for _ in read_candles(path)) == 8_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return 100 * peak // len(text(series(8_000)))


def test_memory_stays_flat_over_a_long_file() -> None:
    assert alone(__name__, peak_over_a_long_file.__name__) < 50


def table(rows: list[RawCandle], kind: pa.DataType | None = None) -> pa.Table:
    times = pa.array([row.time for row in rows], pa.int64())
    columns = {name: [getattr(row, name) for row in rows] for name in HEADER.split(",")[1:]}
    return pa.table({"timestamp": times if kind is None else times.cast(kind), **columns})


@pytest.mark.parametrize("kind", [None, pa.timestamp("ms", "UTC"), pa.timestamp("ns", "America/New_York")])
def test_parquet_gives_the_same_candles(tmp_path: Path, kind: pa.DataType | None) -> None:
    path = tmp_path / "a.parquet"
    rows = series(20_000)
    milliseconds = table(rows) if kind is None else table(rows, pa.timestamp("ms", "UTC"))
    if kind is not None:
        milliseconds = milliseconds.set_column(0, "timestamp", milliseconds["timestamp"].cast(kind))
    parquet.write_table(milliseconds.select(list(reversed(milliseconds.column_names))), path)
    assert list(read_candles(path)) == rows
    assert estimate_rows(path) == 20_000


def test_bad_parquet_is_refused_with_its_row_or_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    parquet.write_table(table(series(3), pa.timestamp("ms")), path)
    assert "timestamp[ms], which has no timezone" in refusal(path)
    parquet.write_table(table(series(3)).drop_columns(["close"]), path)
    assert "missing close; name them, as in: --columns close=Price" in refusal(path)
    rows = series(3)
    rows[2] = rows[2]._replace(close=float("nan"))
    parquet.write_table(table(rows), path)
    assert refusal(path) == "row 3: close nan is not finite"
    holed = table(series(3)).set_column(2, "high", pa.array([500_000.0, None, 1.0]))
    parquet.write_table(holed, path)
    assert refusal(path) == "row 2: high None is not a number"


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(table(series(3)), path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # what the import system does for an absent package
    assert refusal(path).startswith(
        "reading Parquet needs the extra parquet: make setup, or in the project's"
    )


def test_reading_csv_does_not_import_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def watched(name: str, *args: object, **kwargs: object) -> object:
        assert not name.startswith("pyarrow")
        return real(name, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(builtins, "__import__", watched)
    assert list(read_candles(write(tmp_path / "a.csv", series(3)))) == series(3)


def test_the_timeframe_is_the_most_common_step(tmp_path: Path) -> None:
    rows = [row for number, row in enumerate(series(60)) if number not in {3, 4, 9, 20, 33}]
    assert timeframe_of(write(tmp_path / "a.csv", rows)) == MINUTE_MS
    with pytest.raises(BadInput, match="holds 1 candle; at least 2"):
        timeframe_of(write(tmp_path / "one.csv", series(1)))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTC-USDT_1m_20230316-20230501.csv.gz", "BTC-USDT"),
        ("AAPL_1d_1998-2018.csv.gz", "AAPL"),
        ("ETH-USDT_4h.parquet", "ETH-USDT"),
        ("my candles.csv", None),
        ("btc-usdt_1m_x.csv", None),
        ("BTC_USDT-1h.csv", "BTC-USDT"),
    ],
)
def test_the_symbol_is_read_from_names_of_the_usual_form(name: str, symbol: str | None) -> None:
    assert symbol_of(Path("/data") / name) == symbol


def test_checking_every_row_costs_little_more_than_reading_it(tmp_path: Path) -> None:
    path = file_of(tmp_path, "seeded/1m/BTC-USDT", 8_000)

    def bare() -> int:
        with gzip.open(path, "rt", newline="") as stream:
            next(stream)
            return sum(1 for row in csv.reader(stream) if [float(cell) for cell in row[1:]])

    def checked() -> int:
        return sum(1 for _ in read_candles(path))

    # Against a yardstick in the same minute: seconds alone would fail on a busy machine.
    assert min(_seconds(checked) for _ in range(3)) < 5 * min(_seconds(bare) for _ in range(3))


def _seconds(work: Callable[[], int]) -> float:
    begun = time.process_time()
    assert work() == 8_000
    return time.process_time() - begun
