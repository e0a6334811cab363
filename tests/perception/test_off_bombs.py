"""Files that unpack without end are refused in little memory, and numbers are what they look like."""

import gzip
import os
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from domain.errors import BadInput
from perception.files import contents
from perception.files import parquet as candle_columns
from perception.files.candles import HEADER, read_candles
from research.data.load import load

ROW = "2023-03-16T00:0{}:00Z,{},{},{},{},{}"


def written(folder: Path, *rows: str, name: str = "BTC-USDT_1m_x.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def both(path: Path) -> str:
    """Return the refusal, which is the same from the loop's reader and from the backtest's."""
    with pytest.raises(BadInput) as loop:
        list(read_candles(path))
    with pytest.raises(BadInput) as arrays:
        load(path)
    assert str(loop.value) == str(arrays.value)
    return str(loop.value)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1e308", "is no price: it must be from 1e-12 to 1e+12"),
        ("1e13", "is no price"),
        ("5e-324", "is no price"),
        ("1e-13", "is no price"),
        ("1_0_0", "open '1_0_0' is not a number"),
        ("\u0661\u0662\u0663", "open '\u0661\u0662\u0663' is not a number"),
        ("\u00a05", "is not a number"),
        ("0x10", "open '0x10' is not a number"),
        ("5,0", "fields; there must be 6"),
        ("inf", "open inf is not finite"),
        ("Infinity", "open inf is not finite"),
        ("nan", "open nan is not finite"),
        ("1e400", "open inf is not finite"),
        ("-5", "open -5.0 is not above 0"),
        ("0", "open 0.0 is not above 0"),
        ("", "open '' is not a number"),
    ],
)  # fmt: skip
def test_a_price_that_is_none_is_refused_with_row_and_column(tmp_path: Path, cell: str, words: str) -> None:
    told = both(written(tmp_path, ROW.format(0, 5, 5, 5, 5, 1), ROW.format(1, cell, 5, 5, 5, 1)))
    assert (words in told, "line 3" in told) == (True, True)


@pytest.mark.parametrize("cell", ["5", "+5", " 5", "5.0", "5.", "0.5e1", "5e0", "50e-1", "5E+00"])
def test_the_forms_that_programs_write_are_taken(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, *(ROW.format(minute, cell, 5, 5, 5, 1) for minute in range(3)))
    assert [candle.open for candle in read_candles(path)] == [5.0] * 3 == load(path).open.tolist()


def test_small_prices_and_large_volumes_of_real_pairs_are_taken(tmp_path: Path) -> None:
    price = "1e-11"
    path = written(tmp_path, *(ROW.format(minute, *[price] * 4, "9e15") for minute in range(3)))
    assert load(path).close.tolist() == [1e-11] * 3
    told = both(written(tmp_path, ROW.format(0, 5, 5, 5, 5, "1e19")))
    assert "volume 1e+19 is above 1e+18" in told


@pytest.mark.parametrize("stamp", ["\u0661" * 10, "1_679_000_000", "1e9", "0x6412b100"])
def test_times_are_plain_digits_too(tmp_path: Path, stamp: str) -> None:
    assert "line 2: time" in both(written(tmp_path, f"{stamp},5,5,5,5,1"))


def bomb(folder: Path, name: str, head: bytes, body: bytes, mebibytes: int) -> Path:
    """A small file that unpacks to many MiB: members of gzip follow one another."""
    path = folder / name
    piece = gzip.compress(body * (2**20 // len(body)), 1)
    path.write_bytes(gzip.compress(head) + piece * mebibytes)
    return path


HEAD = f"{HEADER}\n".encode()
BOMBS = {"blank lines": (HEAD, b"\n", 600), "no header": (b"", b"\0", 3 * 1024)}
"""First bytes, what follows, and how many MiB of it: the second is the 3 MB of the first that was seen."""
CHILD = """
import resource, sys
from pathlib import Path
from domain.errors import BadInput
from research.data.load import load
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load(Path(sys.argv[1]))
except BadInput as error:
    print(str(error))
else:
    sys.exit("it was read")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_in_little_memory(tmp_path: Path, kind: str) -> None:
    path = bomb(tmp_path, "BTC-USDT_1m_bomb.csv.gz", *BOMBS[kind])
    limit = 2 * 1024**3
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")  # else as many as processors
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | one,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said, grown = done.stdout.splitlines()
    assert str(path) in said
    assert int(grown) < 1100  # MiB: what is read before the limit, and no more


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(contents, "MOST_BYTES", 2**20)
    return 2**20


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_the_limit_is_said_with_what_to_do(tmp_path: Path, little: int, suffix: str) -> None:
    text = HEAD + b"".join(
        f"{1_679_000_000 + 60 * number},5,5,5,5,1\n".encode() for number in range(little // 20)
    )
    path = tmp_path / f"BTC-USDT_1m_x{suffix}"
    path.write_bytes(text if suffix == ".csv" else gzip.compress(text, 1))
    assert both(path) == f"{path}: holds more than 1 MiB once unpacked, which is the limit; split it by time"


def test_a_parquet_of_equal_rows_is_counted_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candle_columns, "MOST_ROWS", 99_999)
    path = tmp_path / "BTC-USDT_1m_x.parquet"
    schema = pa.schema([("timestamp", pa.int64()), *[(name, pa.float64()) for name in HEADER.split(",")[1:]]])
    rows = 100_000
    column = pa.array([1_679_000_000] * rows, pa.int64())
    same = pa.array([5.0] * rows, pa.float64())
    parquet.write_table(pa.table([column, *[same] * 5], schema=schema), path)
    assert path.stat().st_size < 16 * 1024
    assert both(path).endswith("holds 100000 rows, the limit is 99999; split it by time")
