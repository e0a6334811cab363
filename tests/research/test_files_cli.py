"""Users' own files, as a user meets them: real processes, the format named, what is missing asked for."""

import gzip
import zipfile
from datetime import datetime
from pathlib import Path

from tests.agent.command import agent, told
from tests.research.test_foreign import kline
from tests.seeded import file_of

START = 1_704_067_200_000
HOUR = 3_600_000


def archive(folder: Path, month: int, first: int, count: int) -> Path:
    path = folder / f"BTCUSDT-1h-2024-{month:02}.zip"
    with zipfile.ZipFile(path, "w") as file:
        lines = [kline(START + (first + hour) * HOUR, HOUR, 1000) for hour in range(count)]
        file.writestr(f"BTCUSDT-1h-2024-{month:02}.csv", "\n".join(lines) + "\n")
    return path


def stock(folder: Path) -> Path:
    """Return an intraday file of Alpha Vantage's, newest first, whose prices wander."""
    rows = [
        f"2024-01-{2 + hour // 24:02} {hour % 24:02}:00:00,{100 + hour % 7},{110 + hour % 7},90,99,5"
        for hour in range(400)
    ]
    path = folder / "intraday_60min_IBM.csv"
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows[::-1]]) + "\n")
    return path


def test_archives_of_one_series_are_joined_in_one_import(tmp_path: Path) -> None:
    second, first = archive(tmp_path, 2, 744, 100), archive(tmp_path, 1, 0, 744)
    said = agent(tmp_path, "data", "import", str(second), str(first)).stdout.splitlines()
    assert said[:4] == [
        "BTCUSDT-1h-2024-02.zip: 100 new candles",
        "    Binance archive; BTCUSDT is BTC-USDT",
        "BTCUSDT-1h-2024-01.zip: 744 new candles",
        "    Binance archive; BTCUSDT is BTC-USDT",
    ]
    assert said[4].startswith("BTC-USDT   1h        844 candles  2024-01-01 00:00 to 2024-02-05 03:00")
    again = told(tmp_path, "data", "import", str(first), str(second))
    assert [(row["format"], row["new"], row["known"]) for row in again] == [
        ("binance", 0, 744),
        ("binance", 0, 100),
    ]
    (listed,) = told(tmp_path, "data", "list")
    assert [(each["name"], each["candles"]) for each in listed["sources"]] == [
        ("BTCUSDT-1h-2024-02.zip", 100),
        ("BTCUSDT-1h-2024-01.zip", 744),
    ]


def test_what_came_before_a_bad_file_of_the_same_series_is_kept(tmp_path: Path) -> None:
    first = archive(tmp_path, 1, 0, 744)
    bad = tmp_path / "BTCUSDT-1h-2024-02.csv"
    bad.write_text(kline(START, HOUR) + "\nrubbish\n")
    done = agent(tmp_path, "data", "import", str(first), str(bad), check=2)
    assert "BTCUSDT-1h-2024-01.zip: 744 new candles" in done.stdout
    assert done.stderr == f"error: {bad}: line 2: 1 fields; there must be 12, as in the first row\n"
    assert told(tmp_path, "data", "list")[0]["candles"] == 744


def test_a_backtest_names_the_format_beside_its_figures(tmp_path: Path) -> None:
    path = archive(tmp_path, 1, 0, 300)
    done = agent(tmp_path, "backtest", "--strategy", "sma", "--data", str(path), "--uncompiled")
    assert "BTCUSDT-1h-2024-01.zip: Binance archive; BTCUSDT is BTC-USDT" in done.stderr
    assert "sma on BTC-USDT 1h" in done.stdout


def test_a_time_without_a_zone_asks_for_one_in_research_and_in_the_loop(tmp_path: Path) -> None:
    path = stock(tmp_path)
    for words in (("backtest", "--data"), ("run", "--provider", "recorded", "--speed", "max", "--data")):
        refused = agent(tmp_path, *words, str(path), check=2).stderr
        assert "has no timezone; say it with --timezone, such as UTC or America/New_York" in refused
    zone = ("--timezone", "America/New_York")
    run = agent(tmp_path, "run", "--provider", "recorded", "--speed", "max", "--data", str(path), *zone)
    assert "IBM 1h" in run.stdout + run.stderr
    assert "data exhausted" in run.stdout
    assert agent(tmp_path, "replay").returncode == 0
    wrong = agent(
        tmp_path, "run", "--provider", "recorded", "--data", str(path), "--format", "excel", check=2
    )
    assert "files.format = excel: must be one of boyd, binance, kraken" in wrong.stderr


def test_columns_are_said_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "when,o,h,l,last\n" + "".join(f"{START // 1000 + 3600 * hour},2,4,1,3\n" for hour in range(5))
    )
    refused = agent(tmp_path, "data", "import", str(path), "--symbol", "ETH-USDT", check=2).stderr
    assert "is of no format that is known; line 1 is 'when,o,h,l,last': missing open, high" in refused
    words = ("--columns", "time=when,open=o,high=h,low=l", "--columns", "close=last,volume=-")
    done = agent(tmp_path, "data", "import", str(path), "--symbol", "ETH/USDT", *words).stdout
    assert "x.csv: 5 new candles\n    columns by their names" in done
    assert "ETH-USDT   1h" in done
    wrong = agent(tmp_path, "data", "import", str(path), "--columns", "price=last", check=2).stderr
    assert (
        "--columns 'price=last' is not like close=Price; fields are time, open, high, low, close, volume"
        in wrong
    )


def test_freqtrades_file_goes_to_a_backtest_in_one_command(tmp_path: Path) -> None:
    rows = [line.split(",") for line in _lines(tmp_path)[1:]]
    path = tmp_path / "BTC_USDT-1h.json"
    path.write_text("[" + ",".join(f"[{_ms(row[0])},{','.join(row[1:])}]" for row in rows[:2000]) + "]")
    done = agent(tmp_path, "backtest", "--strategy", "rsi", "--data", str(path), "--uncompiled")
    assert "arrays of ccxt or freqtrade; its name says BTC-USDT" in done.stderr
    assert "rsi on BTC-USDT 1h" in done.stdout


def _lines(folder: Path) -> list[str]:
    path = file_of(folder, "seeded/1h/BTC-USDT", 2_000)
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def _ms(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp()) * 1000
