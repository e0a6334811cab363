"""Twins of what was met in the wild: the same shape and instants as a recorded file, with made-up prices.

`rows` and `files` give the twin, and behind it the recorded original where the shared data are.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.candle import RawCandle
from domain.times import HOUR_MS, MINUTE_MS, millis
from tests.shared import data_folder

OUTAGE, HALT = "binance_btcusdt_1m_outage_20210425.json", "binance_btcusdt_1m_halt_20230324.json"
OFF_GRID = "binance_btcusdt_1h_offgrid_201802.json"
MANGLED, LEAN = "cdd_binance_btcusdt_1h_mangled.csv", "aapl_2014_split_lean_unadjusted.csv"
POINTER, NEWS = "git_lfs_pointer_instead_of_data.csv", "cryptonews_raw_dmy.csv"
SWAPPED, TWELVE = "cdd_bitfinex_btcusd_1h_volume_swap.csv", "cdd_coinbase_btcusd_1h_12hclock.csv"


def rows(name: str) -> Iterator[list[RawCandle]]:
    """Yield the candles of a twin, then of the recorded answer where it is."""
    yield {OUTAGE: outage, HALT: halt, OFF_GRID: off_grid}[name]()
    recorded = data_folder() / "raw" / name
    if recorded.exists():
        yield [RawCandle(*row) for row in json.loads(recorded.read_text())]


def files(folder: Path, name: str) -> Iterator[Path]:
    """Yield the path of a twin written into a folder, then of the recorded file where it is."""
    twin = folder / name
    twin.write_text(FILES[name])
    yield twin
    recorded = data_folder() / "raw" / name
    if recorded.exists():
        yield recorded


def _at(year: int, month: int, day: int, hour: int, minute: int = 0) -> int:
    return millis(datetime(year, month, day, hour, minute, tzinfo=UTC))


def _run(start: int, count: int, step: int, first: float) -> list[RawCandle]:
    """Return candles that waver by tenths of a percent, each opening where the last closed."""
    made, price = [], first
    for place in range(count):
        close = round(price * (1.001 if place % 3 else 0.9985), 2)
        high, low = round(max(price, close) + 3.5, 2), round(min(price, close) - 4.25, 2)
        made.append(RawCandle(start + place * step, price, high, low, close, 1.5 + place % 7))
        price = close
    return made


def outage() -> list[RawCandle]:
    """Return minutes around the four hours and more that the exchange was away."""
    before = _run(_at(2021, 4, 25, 3, 1), 60, MINUTE_MS, 49_600.0)
    return before + _run(_at(2021, 4, 25, 8, 45), 60, MINUTE_MS, before[-1].close)


def halt() -> list[RawCandle]:
    """Return minutes of which 72 stand still without volume; then 80 are missing."""
    before = _run(_at(2023, 3, 24, 11), 28, MINUTE_MS, 28_080.0)
    still, price = _at(2023, 3, 24, 11, 28), before[-1].close
    dead = [RawCandle(still + place * MINUTE_MS, price, price, price, price, 0.0) for place in range(72)]
    return before + dead + _run(_at(2023, 3, 24, 14), 30, MINUTE_MS, price)


def off_grid() -> list[RawCandle]:
    """Return hours of which 43, behind a day's absence, open 28 minutes and 14.789 seconds late."""
    before = _run(_at(2018, 2, 7, 13), 12, HOUR_MS, 7_600.0)
    odd = _run(_at(2018, 2, 9, 9, 28) + 14_789, 43, HOUR_MS, before[-1].close)
    return before + odd + _run(_at(2018, 2, 11, 4), 12, HOUR_MS, odd[-1].close)


def _swapped() -> str:
    lines = ["unix,date,symbol,open,high,low,close,volume,Volume USD"]
    for place in range(12):
        end = datetime(2020, 10, 12, 12, tzinfo=UTC) - timedelta(hours=place)
        coins, money = 100.5 + place, (100.5 + place) * 11_250
        volumes = f"{money:.2f},{coins:.2f}" if place > 5 else f"{coins:.8f},{money:.10f}"
        prices = "11250.00,11295.48,11243.08,11280.5"
        lines.append(f"{int(end.timestamp())},{end:%Y-%m-%d %H:%M:%S},BTC/USD,{prices},{volumes}")
    return "\n".join([*lines, ""])


FILES = {
    MANGLED: "unix,date,time,symbol,open,high,low,close,Volume BTC,Volume USDT,tradecount\n"
    "1.63875E+12,06-12-21,00:00:00,BTC/USDT,49396.5,49438.25,48979.5,48984.75,402.5,19793129.5,17105\n"
    "1.63875E+12,05-12-21,23:00:00,BTC/USDT,49214.25,49546.5,49000.5,49396.5,1482.5,73068145.5,42151\n",
    LEAN: "20140523 00:00,6072500,6147500,6064900,6141300,8184957\n"
    "20140527 00:00,6158900,6258600,6156100,6257100,11428480\n",
    POINTER: f"version https://git-lfs.github.com/spec/v1\noid sha256:{'b3e5d4de' * 8}\nsize 1333023\n",
    NEWS: "date;sentiment;source;subject;title;url\n"
    "25-3-2022 17:17;{'class': 'neutral', 'polarity': 0.0};Paper;bitcoin;A title, with a comma;https://x/y\n",
    SWAPPED: _swapped(),
    TWELVE: "Timestamps are UTC timezone,https://www.CryptoDataDownload.com\n"
    "date,symbol,open,high,low,close,volume_btc,volume\n"
    "2019-10-17 09-AM,BTCUSD,8051,8056.83,8021.23,8035.88,61.25,492394.56\n"
    "2019-10-17 08-AM,BTCUSD,7975.5,8070,7975.5,8051,370.5,2971610.5\n"
    "2019-10-17 12-AM,BTCUSD,8355,8420,7954.5,7975.5,419.5,3515759.5\n"
    "2019-10-16 11-PM,BTCUSD,8333,8360.5,8330.5,8355,57.5,480000.5\n",
}
