"""Files of other programs: each layout as its source writes it, every value checked, read two ways.

The loop reads row by row, a backtest by Polars; both must see the same candles or say the same words.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

import research.data.load
from domain.candle import RawCandle
from domain.errors import BadInput
from domain.times import TIMEFRAMES, millis, utc
from perception.files import contents
from perception.files.candles import read_candles, timeframe_of
from perception.files.foreign import Reading
from research.data.load import Loaded, read
from tests import wild

BINANCE = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,"
    "ignore"
)
HOUR = TIMEFRAMES["1h"]


def at(text: str) -> int:
    """Return `2024-01-02 03:04` UTC in ms."""
    return millis(datetime.fromisoformat(text).replace(tzinfo=UTC))


def same(path: Path, reading: Reading | None = None) -> Loaded:
    """Return what a file came to, checked to be the same from the loop's reader."""
    said = reading or Reading()
    loaded = read(path, said)
    assert [tuple(row) for row in loaded.candles.rows()] == [tuple(row) for row in read_candles(path, said)]
    assert loaded.candles.timeframe_ms == timeframe_of(path, said)
    return loaded


def refused(path: Path, reading: Reading | None = None) -> str:
    """Return the refusal, the same from both readers."""
    said = reading or Reading()
    with pytest.raises(BadInput) as loop:
        list(read_candles(path, said))
    with pytest.raises(BadInput) as ours:
        read(path, said)
    assert str(ours.value) == str(loop.value)
    return str(ours.value).removeprefix(f"{path}: ")


def rows(loaded: Loaded) -> list[tuple[float, ...]]:
    return [tuple(row) for row in loaded.candles.rows()]


def written(folder: Path, name: str, *lines: str, end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes((end.join(lines) + end).encode())
    return path


def kline(time: int, length: int, unit: int = 1) -> str:
    """Return a row of Binance's archive, times in ms or (unit 1000) microseconds."""
    opened, closed = time * unit, (time + length) * unit - 1
    return (
        f"{opened},42283.58000000,42298.62000000,42261.02000000,42298.61000000,35.92724000,{closed},"
        "1519032.36842030,1327,20.21808000,854806.65118490,0"
    )


CANDLE = (42283.58, 42298.62, 42261.02, 42298.61, 35.92724)
MINUTES = [at("2024-12-31 23:58"), at("2024-12-31 23:59"), at("2025-01-01 00:00"), at("2025-01-01 00:01")]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("unit", [1, 1000])
@pytest.mark.parametrize("packed", ["csv", "zip", "csv.gz"])
def test_binances_archives_with_and_without_a_header_in_milliseconds_and_microseconds(
    tmp_path: Path, packed: str, unit: int, *, header: bool
) -> None:
    lines = [kline(time, 60_000, unit) for time in MINUTES]
    text = "\n".join(([BINANCE] if header else []) + lines) + "\n"
    path = tmp_path / f"BTCUSDT-1m-2025-01.{packed}"
    if packed == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("BTCUSDT-1m-2025-01.csv", text)
    else:
        path.write_bytes(gzip.compress(text.encode()) if packed == "csv.gz" else text.encode())
    loaded = same(path)
    assert rows(loaded) == [(time, *CANDLE) for time in MINUTES]
    assert (loaded.candles.symbol, loaded.candles.timeframe_ms) == ("BTC-USDT", 60_000)
    assert loaded.format == "binance"
    assert loaded.told == "Binance archive; BTCUSDT is BTC-USDT"


def test_an_archive_may_change_from_milliseconds_to_microseconds_inside(tmp_path: Path) -> None:
    lines = [kline(time, 60_000, 1 if place < 2 else 1000) for place, time in enumerate(MINUTES)]
    loaded = same(written(tmp_path, "BTCUSDT-1m.csv", *lines))
    assert loaded.candles.time.tolist() == MINUTES


def test_binances_months_and_weeks_have_their_own_lengths(tmp_path: Path) -> None:
    months = [at("2024-01-01"), at("2024-02-01"), at("2024-03-01"), at("2024-04-01")]
    loaded = same(written(tmp_path, "BTCUSDT-1mo-2024.csv", *(kline(time, HOUR) for time in months)))
    assert loaded.candles.timeframe_ms == TIMEFRAMES["1M"]
    weeks = [at("2024-01-01"), at("2024-01-08"), at("2024-01-15")]
    loaded = same(written(tmp_path, "BTCUSDT-1w-2024.csv", *(kline(time, HOUR) for time in weeks)))
    assert loaded.candles.timeframe_ms == TIMEFRAMES["1w"]
    assert loaded.candles.time.tolist() == weeks


def test_the_api_of_binance_saved_as_json_is_read_too(tmp_path: Path) -> None:
    beyond = ("1519032.3", 1327, "20.2", "85.1", "0")
    answer = [[time, *map(str, CANDLE), time + 59_999, *beyond] for time in MINUTES]
    path = tmp_path / "BTCUSDT_1m.json"
    path.write_text(json.dumps(answer))
    loaded = same(path)
    assert rows(loaded) == [(time, *CANDLE) for time in MINUTES]
    assert loaded.format == "binance"


FREQTRADE = [
    (at("2024-01-01 00:00"), 42283.58, 42554.57, 42261.02, 42475.23, 1271.68108),
    (at("2024-01-01 01:00"), 42475.23, 42775.0, 42431.65, 42613.56, 1196.37856),
    (at("2024-01-01 03:00"), 42613.57, 42638.41, 42500.0, 42581.1, 685.2198),
]


def freqtrade_table(zone: str | None = "UTC", unit: str = "ms") -> pa.Table:
    times = (
        pa.array([row[0] for row in FREQTRADE]).cast(pa.timestamp("ms", zone)).cast(pa.timestamp(unit, zone))
    )
    names = ("open", "high", "low", "close", "volume")
    values = {name: [row[place] for row in FREQTRADE] for place, name in enumerate(names, 1)}
    return pa.table({"date": times, **values})


@pytest.mark.parametrize("unit", ["ms", "ns"])
@pytest.mark.parametrize("ending", ["feather", "parquet"])
def test_freqtrades_tables(tmp_path: Path, ending: str, unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"BTC_USDT-1h.{ending}"
    if ending == "feather":
        feather.write_feather(freqtrade_table(unit=unit), path)  # lz4, as pandas writes it
    else:
        parquet.write_table(freqtrade_table(unit=unit), path)
    loaded = same(path)
    assert rows(loaded) == FREQTRADE
    assert (loaded.candles.symbol, loaded.format) == ("BTC-USDT", "freqtrade")
    assert loaded.told == "freqtrade table; its name says BTC-USDT"
    monkeypatch.setattr(research.data.load, "read_foreign", None)
    assert rows(read(path)) == FREQTRADE  # by Polars alone


@pytest.mark.parametrize("name", ["BTC_USDT-1h.json", "BTC_USDT-1h.json.gz", "BTC_USDT_USDT-1h-futures.json"])
def test_freqtrades_json_and_ccxts_arrays(tmp_path: Path, name: str) -> None:
    text = json.dumps([list(row) for row in FREQTRADE]).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    loaded = same(path)
    assert rows(loaded) == FREQTRADE
    assert (loaded.candles.symbol, loaded.format) == ("BTC-USDT", "ccxt")


def test_a_table_without_a_zone_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-1h.feather"
    feather.write_feather(freqtrade_table(zone=None), path)
    assert refused(path).startswith(
        "row 1: time '2024-01-01 00:00:00' has no timezone; say it with --timezone"
    )
    assert rows(same(path, Reading(timezone="UTC"))) == FREQTRADE
    berlin = same(path, Reading(timezone="Europe/Berlin"))
    assert berlin.candles.time.tolist() == [row[0] - HOUR for row in FREQTRADE]


YAHOO = (
    "Date,Open,High,Low,Close,Adj Close,Volume",
    "2014-06-04,91.062859,92.555717,90.872856,92.117142,86.704674,83870500",
    "2014-06-05,92.314285,92.767143,91.801430,92.478569,87.046188,75951400",
    "2014-06-06,92.842857,93.037140,92.067146,92.224289,86.806839,87484600",
    "2014-06-09,92.699997,93.879997,91.750000,93.699997,88.195869,75415000",
)


def test_yahoos_csv_is_adjusted_by_its_adjusted_close(tmp_path: Path) -> None:
    path = written(tmp_path, "AAPL.csv", *YAHOO)
    loaded = same(path)
    ratio = 87.046188 / 92.478569
    first = tuple(round(price * ratio, 6) for price in (92.314285, 92.767143, 91.801430, 92.478569))
    assert rows(loaded)[1] == (at("2014-06-05"), *first, 75951400.0)
    assert loaded.candles.close.tolist() == [86.704674, 87.046188, 86.806839, 88.195869]
    assert (loaded.candles.symbol, loaded.candles.timeframe_ms) == ("AAPL", TIMEFRAMES["1d"])
    assert "adjusted for splits and dividends (2014-06-04 by 0.941244)" in loaded.told
    traded = same(path, Reading(columns=(("adjusted", "-"),), format="yahoo"))
    assert rows(traded)[3] == (at("2014-06-09"), 92.699997, 93.879997, 91.75, 93.699997, 75415000.0)


def test_what_yfinance_writes(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "msft.csv",
        "Price,Close,High,Low,Open,Volume",
        "Ticker,MSFT,MSFT,MSFT,MSFT,MSFT",
        "Date,,,,,",
        "2023-02-17,254.5292510986328,256.53147567397895,252.49743818375117,255.84107105146936,30000100",
        "2023-02-20,250.12,252.1,249.7,251.5,28397300",
        "2023-02-21,249.12,252.0,248.7,251.0,28397400",
    )
    loaded = same(path)
    assert loaded.candles.symbol == "MSFT"
    expected = (255.84107105146936, 256.53147567397895, 252.49743818375117, 254.5292510986328, 30000100.0)
    assert rows(loaded)[0] == (at("2023-02-17"), *expected)
    history = written(
        tmp_path,
        "BRK-B.csv",
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits",
        "2024-03-08 00:00:00-05:00,404.0,406.1,402.5,403.1,3100000,0.0,0.0",
        "2024-03-11 00:00:00-04:00,403.0,405.0,400.5,404.2,3200000,0.0,0.0",
        "2024-03-12 00:00:00-04:00,403.5,407.0,402.5,406.2,3300000,0.0,0.0",
    )
    loaded = same(history)
    # Days are named by their date, whatever the exchange's clocks did on the weekend between them.
    assert [f"{utc(time)}" for time in loaded.candles.time.tolist()] == [
        "2024-03-08 00:00:00+00:00", "2024-03-11 00:00:00+00:00", "2024-03-12 00:00:00+00:00",
    ]  # fmt: skip
    assert loaded.candles.symbol == "BRK.B"


def test_a_file_of_several_tickers_asks_for_one(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "both.csv",
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume",
        "Ticker,AAPL,BTC-USD,AAPL,BTC-USD,AAPL,BTC-USD,AAPL,BTC-USD,AAPL,BTC-USD",
        "Datetime,,,,,,,,,,",
        "2024-01-02 14:30:00+00:00,185,45000,186,45100,184,44900,185,44950,1000,2",
        "2024-01-02 15:30:00+00:00,186,45100,187,45200,185,45000,185,45000,1100,3",
    )
    assert "holds AAPL, BTC-USD; say one of them with --symbol" in refused(path)
    loaded = same(path, Reading(symbol="BTC-USD"))
    assert rows(loaded)[0] == (at("2024-01-02 14:30"), 44950.0, 45100.0, 44900.0, 45000.0, 2.0)


@pytest.mark.parametrize(
    "stamps",
    [
        ("1704067200", "1704070800"),
        ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"),
        ("2024-01-01T01:00:00+01:00", "2024-01-01T02:00:00+01:00"),
    ],
)
def test_tradingviews_export_with_columns_of_its_own(tmp_path: Path, stamps: Sequence[str]) -> None:
    path = written(
        tmp_path,
        "BINANCE_BTCUSDT, 60.csv",
        "time,open,high,low,close,VWAP,Upper Band #1,Volume,Volume MA",
        f"{stamps[0]},42283.58,42554.57,42261.02,42475.23,42400.1,NaN,1271.68108,1100.5",
        f"{stamps[1]},42475.23,42775,42431.65,42613.56,42500.2,,1196.37856,1150.1",
        end="\r\n",
    )
    loaded = same(path)
    assert rows(loaded) == FREQTRADE[:2]
    assert (loaded.candles.symbol, loaded.format) == ("BTC-USDT", "tradingview")


def test_a_chart_without_a_volume_says_how_to_go_on(tmp_path: Path) -> None:
    path = written(
        tmp_path, "SP_SPX, 1D.csv", "time,open,high,low,close", "1704205800,4,5,3,4", "1704292200,4,5,3,4"
    )
    assert "missing volume; name them, as in: --columns" in refused(path)
    loaded = same(path, Reading(columns=(("volume", "-"),)))
    assert loaded.candles.volume.tolist() == [0.0, 0.0]
    assert loaded.candles.symbol == "SPX"


CDD_NEW = (
    "https://www.CryptoDataDownload.com",
    "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount",
    "1704070800000,2024-01-01 01:00:00,BTCUSDT,42475.23,42775.0,42431.65,42613.56,1196.37856,50990000.5,52",
    "1704067200000,2024-01-01 00:00:00,BTCUSDT,42283.58,42554.57,42261.02,42475.23,1271.68108,53957248.97,47",
)
CDD_OTHER = (
    "unix,date,symbol,open,high,low,close,Volume USD,Volume BTC",
    "1704070800,2024-01-01 01:00:00,BTC/USD,42475.23,42775.0,42431.65,42613.56,50990000.5,1196.37856",
    "1704067200,2024-01-01 00:00:00,BTC/USD,42283.58,42554.57,42261.02,42475.23,53957248.97,1271.68108",
)


@pytest.mark.parametrize("lines", [CDD_NEW, CDD_OTHER])
def test_cryptodatadownload_newest_first_in_both_orders_of_its_columns(
    tmp_path: Path, lines: Sequence[str]
) -> None:
    loaded = same(written(tmp_path, "Binance_BTCUSDT_1h.csv", *lines))
    assert rows(loaded) == FREQTRADE[:2]
    assert loaded.format == "cryptodatadownload"
    assert loaded.candles.symbol == ("BTC-USDT" if lines is CDD_NEW else "BTC-USD")


def test_two_volumes_that_change_places_are_told_apart_by_the_price(tmp_path: Path) -> None:
    for path in wild.files(tmp_path, wild.SWAPPED):
        candles = list(read_candles(path))
        loaded = read(path)
        assert [tuple(row) for row in candles] == rows(loaded)
        # No hour of BTC/USD has ever seen a million BTC, which is what the file's own column says.
        assert loaded.candles.volume.max() < 20_000
        assert "the two volumes have changed places in" in loaded.told
        assert loaded.candles.symbol == "BTC-USD"


def test_a_clock_of_twelve_hours_is_read_as_the_line_above_it_says(tmp_path: Path) -> None:
    for path in wild.files(tmp_path, wild.TWELVE):
        loaded = same(path)
        assert rows(loaded)[-1] == (at("2019-10-17 09:00"), 8051.0, 8056.83, 8021.23, 8035.88, 61.25)
        assert loaded.candles.timeframe_ms == HOUR


def test_krakens_archive_leaves_out_quiet_hours_and_has_its_own_names(tmp_path: Path) -> None:
    times = [at("2024-01-01 00:00"), at("2024-01-01 03:00"), at("2024-01-01 06:00"), at("2024-01-01 08:00")]
    lines = [f"{time // 1000},42283.5,42298.6,42261.0,42298.6,3.92724,27" for time in times]
    loaded = same(written(tmp_path, "XBTUSD_60.csv", *lines))
    assert rows(loaded)[1] == (times[1], 42283.5, 42298.6, 42261.0, 42298.6, 3.92724)
    # Three hours are the usual step; the archive's name says that they are hours.
    assert (loaded.candles.symbol, loaded.candles.timeframe_ms) == ("BTC-USD", HOUR)
    assert loaded.told == "Kraken archive; XBTUSD is BTC-USD"


INVESTING = (
    '"Date","Price","Open","High","Low","Vol.","Change %"',
    '"01/16/2024","43,137.7","42,511.1","43,572.6","42,066.4","51.74K","1.48%"',
    '"01/15/2024","42,510.3","41,715.4","43,349.7","41,707.6","1.2M","1.91%"',
    '"01/14/2024","41,714.8","42,842.0","43,066.9","41,714.8","-","-2.64%"',
)


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%b %d, %Y", "%d/%m/%Y", "%d.%m.%Y"])
def test_investings_table_with_thousands_and_multiples(tmp_path: Path, form: str) -> None:
    lines = [INVESTING[0]]
    for line in INVESTING[1:]:
        day = datetime.strptime(line[1:11], "%m/%d/%Y").replace(tzinfo=UTC)
        lines.append(f'"{day:{form}}"{line[12:]}')
    loaded = same(written(tmp_path, "BTC_USD Binance Historical Data.csv", "\ufeff" + lines[0], *lines[1:]))
    assert rows(loaded) == [
        (at("2024-01-14"), 42842.0, 43066.9, 41714.8, 41714.8, 0.0),
        (at("2024-01-15"), 41715.4, 43349.7, 41707.6, 42510.3, 1_200_000.0),
        (at("2024-01-16"), 42511.1, 43572.6, 42066.4, 43137.7, 51_740.0),
    ]
    assert (loaded.candles.symbol, loaded.format) == ("BTC-USD", "investing")
    assert "without a volume, counted as 0: 1 candle" in loaded.told


def test_days_and_months_that_cannot_be_told_apart_are_asked_for(tmp_path: Path) -> None:
    lines = [INVESTING[0], *(f'"0{day}/02/2024","43.7","43.1","43.8","42.4","1K","1%"' for day in (3, 2, 1))]
    path = written(tmp_path, "AAPL Historical Data.csv", *lines)
    assert refused(path) == (
        "time '03/02/2024': which is the day, which the month? "
        "say --columns time=Date:%m/%d/%Y or --columns time=Date:%d/%m/%Y"
    )
    chosen = Reading(format="investing", columns=(("time", "Date:%d/%m/%Y"),))
    assert same(path, chosen).candles.time.tolist() == [at("2024-02-01"), at("2024-02-02"), at("2024-02-03")]


ADJUSTED = (
    "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
    "2020-09-01,132.76,134.80,130.53,134.18,131.8,152470142,0.0000,1.0",
    "2020-08-31,127.58,131.00,126.00,129.04,126.8,223505733,0.0000,4.0",
    "2020-08-28,504.05,505.77,498.31,499.23,122.6,46907479,0.0000,1.0",
    "2020-08-27,508.57,509.94,495.33,500.04,122.8,38888096,0.0000,1.0",
)


def test_alpha_vantages_adjusted_days_carry_no_split(tmp_path: Path) -> None:
    loaded = same(written(tmp_path, "daily_adjusted_AAPL.csv", *ADJUSTED, end="\r\n"))
    ratio = 122.6 / 499.23
    first = tuple(round(price * ratio, 6) for price in (504.05, 505.77, 498.31, 499.23))
    assert rows(loaded)[1] == (at("2020-08-28"), *first, 46907479.0 * 4)
    assert loaded.candles.volume.tolist() == [38888096.0 * 4, 46907479.0 * 4, 223505733.0, 152470142.0]
    assert loaded.candles.symbol == "AAPL"
    assert abs(loaded.candles.open[2] / loaded.candles.close[1] - 1) < 0.05


def test_alpha_vantages_intraday_needs_a_zone_and_says_which(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "intraday_60min_IBM.csv",
        "timestamp,open,high,low,close,volume",
        "2024-01-12 15:30:00,165.5,166.0,165.1,165.8,3400",
        "2024-01-12 14:30:00,165.0,165.9,164.9,165.5,2400",
        "2024-01-12 13:30:00,164.8,165.2,164.5,165.0,1400",
    )
    assert refused(path) == (
        "line 2: time '2024-01-12 15:30:00' has no timezone; say it with --timezone, such as UTC or "
        "America/New_York; Alpha Vantage writes shares in America/New_York, coins and currencies in UTC"
    )
    loaded = same(path, Reading(timezone="America/New_York"))
    assert rows(loaded)[0] == (at("2024-01-12 18:30"), 164.8, 165.2, 164.5, 165.0, 1400.0)
    assert loaded.candles.symbol == "IBM"


def test_alpha_vantages_weeks_and_months_are_dated_by_their_last_day(tmp_path: Path) -> None:
    head = "timestamp,open,high,low,close,volume"
    weeks = [f"{day},165,166,164,165.5,3400" for day in ("2024-01-19", "2024-01-12", "2024-01-05")]
    loaded = same(written(tmp_path, "weekly_IBM.csv", head, *weeks))
    assert loaded.candles.time.tolist() == [at("2024-01-01"), at("2024-01-08"), at("2024-01-15")]
    months = [f"{day},165,166,164,165.5,3400" for day in ("2024-03-28", "2024-02-29", "2024-01-31")]
    loaded = same(written(tmp_path, "monthly_IBM.csv", head, *months))
    assert loaded.candles.time.tolist() == [at("2024-01-01"), at("2024-02-01"), at("2024-03-01")]
    assert loaded.candles.timeframe_ms == TIMEFRAMES["1M"]


def test_a_row_of_zeros_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [*ADJUSTED[:2], "2020-08-31,0.0000,0.0000,0.0000,0.0000,0.0,0,0.0000,1.0", *ADJUSTED[3:]]
    loaded = same(written(tmp_path, "daily_adjusted_AAPL.csv", *lines))
    assert len(loaded.candles) == 3
    assert "left out, without prices: 1 row, the first is 2020-08-31" in loaded.told
    nulls = (*YAHOO[:3], "2014-06-06,null,null,null,null,null,null", YAHOO[4])
    assert len(same(written(tmp_path, "AAPL.csv", *nulls)).candles) == 3


def test_semicolons_decimal_commas_float_seconds_and_columns_of_any_order(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "ETH-USDT_1h.csv",
        "Volume;Close;Low;High;Open;Unix Timestamp;Comment",
        "12,5;2281,87;2274,1;2290,0;2280,5;1704067200.0;a",
        "10,0;2284,5;2270,0;2288,2;2281,87;1704070800.0;b, c",
    )
    loaded = same(path)
    assert rows(loaded) == [
        (at("2024-01-01 00:00"), 2280.5, 2290.0, 2274.1, 2281.87, 12.5),
        (at("2024-01-01 01:00"), 2281.87, 2288.2, 2270.0, 2284.5, 10.0),
    ]
    assert loaded.format == "columns"


def test_a_comma_that_may_mean_two_things_is_refused(tmp_path: Path) -> None:
    lines = [f"{time};2,281;2,290;2,274;2,281;1" for time in (1704067200, 1704070800)]
    path = written(tmp_path, "ETH-USDT_1h.csv", "time;open;high;low;close;volume", *lines)
    assert refused(path) == "is 2,281 more than a thousand, or a decimal comma? write numbers with a point"


@pytest.mark.parametrize(
    ("price", "volume", "said"),
    [
        ("1234.5", "12,5", "prices such as '1234.5' have a point, volumes a decimal comma; write both alike"),
        ("1.234", "12,5", "prices such as '1.234' have a point, volumes a decimal comma; write both alike"),
        ("1.234,5", "1", "line 12: close '1234.5' is not a number"),
        ('"1,234.5"', "1", "line 12: close '12,34.5' is not a number"),
    ],
)
def test_a_mark_is_never_dropped_from_a_number_that_another_rule_wrote(
    tmp_path: Path, price: str, volume: str, said: str
) -> None:
    odd = {"1.234,5": "1234.5", '"1,234.5"': '"12,34.5"'}.get(price, price)
    lines = [
        f"{1704067200 + n * 3600};{price};{price};{price};{odd if n == 10 else price};{volume}"
        for n in range(12)
    ]
    path = written(tmp_path, "ETH-USDT_1h.csv", "time;open;high;low;close;volume", *lines)
    assert refused(path) == said


def test_a_split_coefficient_of_zero_is_no_split_and_leaves_the_volume(tmp_path: Path) -> None:
    header = "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient"
    days = [f"2020-01-{day:02},10,11,9,10,{9 if day < 10 else 10},500,0.0,0" for day in range(1, 20)]
    loaded = same(written(tmp_path, "daily_adjusted_AAPL.csv", header, *days))
    assert set(loaded.candles.volume.tolist()) == {500.0}


def test_rows_of_another_symbol_are_never_candles_of_the_first(tmp_path: Path) -> None:
    rows_ = [f"{1704067200 + n * 3600},{'MATIC' if n < 5 else 'ETH'}/USDT,2,4,1,3,5" for n in range(9)]
    for header in ("unix,symbol,open,high,low,close,volume", "time,Ticker,open,high,low,close,volume"):
        path = written(tmp_path, "MATIC-USDT_1h.csv", header, *rows_)
        said = "line 7: is of 'ETH/USDT', the rows before of 'MATIC/USDT'; give each its file"
        assert refused(path) == said
    assert len(rows(same(written(tmp_path, "MATIC-USDT_1h.csv", header, *rows_[:5])))) == 5


def test_one_column_is_never_two_fields(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "time,open,high,low,close,volume", "1704067200,2,4,1,3,5")
    for said, fields in ((("open", "close"), "open and close"), (("close", "volume"), "close and volume")):
        reading = Reading(columns=(said,), symbol="BTC-USDT")
        assert refused(path, reading) == f"--columns: {fields} are one column; each has its own"


def test_columns_may_be_said_by_name_or_by_number(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "when,o,h,l,c,v", "1704067200,2,4,1,3,5", "1704070800,3,5,2,4,6")
    assert "is of no format that is known; line 1 is 'when,o,h,l,c,v'" in refused(path)
    columns = (("time", "when"), ("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"), ("volume", "v"))
    loaded = same(path, Reading(columns=columns, symbol="ETH-USDT"))
    assert rows(loaded)[0] == (at("2024-01-01 00:00"), 2.0, 4.0, 1.0, 3.0, 5.0)
    bare = written(tmp_path, "y.csv", "1704067200,3,2,4,1,5", "1704070800,4,3,5,2,6")
    assert "6 columns without a header; say which is which: --columns time=1,open=2,high=3,..." in refused(
        bare
    )
    numbered = (("time", "1"), ("close", "2"), ("open", "3"), ("high", "4"), ("low", "5"), ("volume", "6"))
    assert rows(same(bare, Reading(columns=numbered, symbol="ETH-USDT"))) == rows(loaded)
    missing = Reading(columns=(("open", "open price"),))
    assert refused(path, missing).startswith(
        "--columns: there is no column 'open price'; there are when, o, h"
    )


def test_hours_that_a_clock_shows_twice_are_told_apart_and_one_that_is_not_there_is_named(
    tmp_path: Path,
) -> None:
    head = "datetime,open,high,low,close,volume"
    hours = ("00:00", "01:00", "02:00", "02:00", "03:00")
    lines = [f"2023-10-29 {hour}:00,2,4,1,3,{place}" for place, hour in enumerate(hours)]
    path = written(tmp_path, "ETH-EUR_1h.csv", head, *lines)
    berlin = Reading(timezone="Europe/Berlin")
    first = at("2023-10-28 22:00")
    assert same(path, berlin).candles.time.tolist() == [first + place * HOUR for place in range(5)]
    newest = written(tmp_path, "ETH-EUR_1h.csv", head, *reversed(lines))
    assert same(newest, berlin).candles.volume.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    once = written(tmp_path, "ETH-EUR_1h.csv", head, *lines[:3], *lines[4:])
    assert refused(once, berlin).startswith(
        "line 4: time 2023-10-29 02:00 comes twice in Europe/Berlin, when clocks go back, and here 1 times"
    )
    spring = [f"2023-03-26 {hour}:00:00,2,4,1,3,1" for hour in ("01", "02", "03")]
    missing = written(tmp_path, "ETH-EUR_1h.csv", head, *spring)
    assert "line 3: time '2023-03-26 02:00:00' does not exist in Europe/Berlin" in refused(missing, berlin)
    with pytest.raises(BadInput, match="--timezone 'Berlin' is no zone such as UTC"):
        read(path, Reading(timezone="Berlin"))


HOSTILE = {
    "a nan": ("42283.58,nan,42261.02,42298.61,1", "high nan is not finite"),
    "a word": ("42283.58,high,42261.02,42298.61,1", "high 'high' is not a number"),
    "an infinity": ("42283.58,inf,42261.02,42298.61,1", "high inf is not finite"),
    "below zero": ("-42283.58,42298.62,-42261.02,42298.61,1", "open -42283.58 is not above 0"),
    "high below low": ("42283.58,42261.02,42298.62,42298.61,1", "high 42261.02 is below low 42298.62"),
    "volume below zero": ("42283.58,42298.62,42261.02,42298.61,-1", "volume -1.0 is below 0"),
    "other digits": ("42283.58,٤٢٢٩٨,42261.02,42298.61,1", "high '٤٢٢٩٨' is not a number"),
    "underscores": ("42_283.58,42298.62,42261.02,42298.61,1", "open '42_283.58' is not a number"),
    "a short row": ("42283.58,42298.62,42261.02,42298.61", "5 fields; there must be 7"),
}


@pytest.mark.parametrize(("cells", "said"), HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("newest_first", [False, True])
def test_what_is_no_candle_is_named_with_its_line(
    tmp_path: Path, cells: str, said: str, *, newest_first: bool
) -> None:
    good = [f"{1704067200 + 3600 * hour},42283.58,42298.62,42261.02,42298.61,1.5,7" for hour in (0, 1, 3)]
    bad = f"{1704067200 + 7200},{cells},7" if "fields" not in said else f"{1704067200 + 7200},{cells}"
    lines = [*good[:2], bad, good[2]]
    lines = lines[::-1] if newest_first else lines
    assert refused(written(tmp_path, "XBTUSD_60.csv", *lines)).startswith(
        f"line {2 if newest_first else 3}: {said}"
    )


def test_times_that_repeat_or_go_to_and_fro_are_refused(tmp_path: Path) -> None:
    lines = [kline(time, 60_000) for time in MINUTES]
    assert "line 3: time 2024-12-31T23:59:00+00:00 repeats" in refused(
        written(tmp_path, "BTCUSDT-1m.csv", lines[0], lines[1], lines[1], lines[2])
    )
    assert "line 3: time 2024-12-31T23:59:00+00:00 is before" in refused(
        written(tmp_path, "BTCUSDT-1m.csv", lines[0], lines[2], lines[1], lines[3])
    )
    mangled = "1.70407E+12,42283.5,42298.6,42261.0,42298.6,3.9,1704067259999,1.0,1,1.0,1.0,0"
    assert "line 3: time '1.70407E+12' was mangled by a spreadsheet" in refused(
        written(tmp_path, "BTCUSDT-1m.csv", lines[0], lines[1], mangled)
    )


def test_archives_that_are_more_or_less_than_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-1m.zip"
    for names, said in (((), "holds 0 files"), (("a.csv", "b.csv"), "holds 2 files; unpack it and name")):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, kline(MINUTES[0], 60_000))
        assert refused(path).startswith(said)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "\n".join(kline(time, 60_000) for time in MINUTES))
    whole = buffer.getvalue()
    path.write_bytes(whole[:-30])
    assert refused(path).startswith("is damaged or cut short")
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:])
    assert refused(path).startswith("is damaged or cut short")


def test_a_zip_that_unpacks_without_end_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MOST_BYTES", 2**20)
    path = tmp_path / "BTCUSDT-1m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"1704067200000,1,1,1,1,1,1704067259999,1,1,1,1,0\n" * 25_000)
    assert path.stat().st_size < 10_000
    assert "once unpacked, which is the limit" in refused(path)


def test_json_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-1h.json"
    for text, said in (
        ("[[1704067200, 1, 2, 0.5, 1, 1.2, 3, 4]]", "arrays of 8 values; known are 6 (ccxt,"),
        ("[]", "arrays of 0 values"),
        ("[[1704067200000, 1, 2, 0.5, 1, null]]", "row 1: volume None is not a number"),
        ("[[1704067200000, 1, true, 0.5, 1, 1]]", "row 1: high True is not a number"),
        ("[[1704067200000, 1, 2, 0.5, 1, 1", "is no JSON array of arrays"),
        ('{"result": []}', "is of no format that is known"),
    ):  # fmt: skip
        path.write_text(text)
        assert refused(path).startswith(said)


def test_a_format_that_is_asked_for_must_fit(tmp_path: Path) -> None:
    path = written(tmp_path, "AAPL.csv", *YAHOO)
    assert "--format kraken does not fit; line 1 is 'Date,Open" in refused(path, Reading(format="kraken"))
    assert "--format 'excel' is not one of boyd, binance, kraken" in refused(path, Reading(format="excel"))


def test_a_name_that_may_be_two_pairs_asks_which(tmp_path: Path) -> None:
    path = written(tmp_path, "BTTUSD_60.csv", "1704067200,2,4,1,3,5,7", "1704070800,3,5,2,4,6,7")
    with pytest.raises(BadInput, match="add --symbol; BTTUSD may be BT-TUSD or BTT-USD"):
        read(path)
    assert read(path, Reading(symbol="BTT-USD")).candles.symbol == "BTT-USD"
    with pytest.raises(BadInput, match="symbol 'btt/usd' is not like BTC-USDT or MSFT"):
        read(path, Reading(symbol="btt/usd"))


def test_a_large_archive_comes_by_polars_and_bit_for_bit_as_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(7)
    count = 3000
    price = 42_000 + rng.normal(0, 30, count).cumsum().round(2)
    frame = pl.DataFrame(
        {
            "time": 1735689600000000 + 60_000_000 * np.arange(count),
            "open": price,
            "high": price + 7.31,
            "low": price - 5.17,
            "close": price + 1.13,
            "volume": rng.uniform(0, 99, count).round(5),
        }
    ).with_columns(pl.lit("0.5").alias(f"beyond {place}") for place in range(6))
    path = tmp_path / "BTCUSDT-1m-2025-01.csv"
    frame.write_csv(path, include_header=False)
    expected = [RawCandle(*row) for row in read_candles(path)]
    monkeypatch.setattr(research.data.load, "read_foreign", None)
    assert rows(read(path)) == [tuple(row) for row in expected]
    assert len(expected) == count
