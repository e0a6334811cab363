"""The formats of candle files that are known, one row each.

A format is recognised by what a file holds: by names in its header (in lower case, `_` as a space), by the
number of columns where there is no header, by what its times look like. The first row that fits is the
format; a new one is a new row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from perception.files.limits import FIELDS
from perception.files.stamps import COUNT, DATE, INSTANT, NAIVE, SESSION

TEXT, ARRAYS, TABLE = "text", "arrays", "table"
"""What a file is: lines of cells, JSON arrays, or a table of Arrow (feather, Parquet)."""
_TIMES = ("timestamp", "time", "datetime", "date", "open time", "unix", "unix timestamp")


@dataclass(frozen=True)
class Format:
    """The definition of a file format: its marks, and the columns of a candle's fields.

    `columns` maps a candle's fields to the names they may have here, in order of preference; `{base}` is the
    base asset. `header` are names that must be there. `width` is the number of columns of a file without a
    header, whose fields stand in the order of `order`. `kinds` are forms of time it may have.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    header: frozenset[str] = frozenset()
    only: bool = False
    """Whether a header holds these names and no others."""
    shape: tuple[str, ...] = (TEXT,)
    width: int = 0
    order: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    kinds: tuple[str, ...] = (COUNT, INSTANT, SESSION, NAIVE, DATE)
    zone: str = ""
    """The zone of times that name none, where the source says it."""
    hint: str = ""
    """What to say of a time without a zone besides."""
    shares: bool = False
    """Whether a name such as AAPL.csv is a share's."""
    sparse: bool = False
    """Whether no trade means no candle: the timeframe is the name's, not the usual step."""
    ends: bool = False
    """Whether a week or month is dated by its last trading day."""
    multiples: bool = False
    """Whether numbers may be written 38.5K, and `-` for none."""
    english: bool = False
    """Whether a comma between three digits and three stands between thousands."""
    adjusted: tuple[str, ...] = ()
    """Names of a close that is adjusted for splits and dividends."""
    split: tuple[str, ...] = ()
    """Names of the number of shares that one became on a day."""
    quoted: tuple[str, ...] = ()
    """Names of the volume in the quote currency."""
    symbol: str = ""
    """Name of a column with the symbol."""


_PRICES = {name: (name,) for name in ("open", "high", "low", "close")}
_US = "Alpha Vantage writes shares in America/New_York, coins and currencies in UTC"
BOYD = Format(
    "boyd",
    "Boyd's own",
    {"time": ("timestamp",), **_PRICES, "volume": ("volume",)},
    frozenset(FIELDS),
    only=True,
    kinds=(COUNT, INSTANT),
)
FORMATS = (
    BOYD,
    Format(
        "binance",
        "Binance archive",
        {"time": ("open time",), **_PRICES, "volume": ("volume",)},
        frozenset({"open time", "close time", *_PRICES}),
        shape=(TEXT, ARRAYS),
        width=12,
        kinds=(COUNT, INSTANT),
    ),
    Format("kraken", "Kraken archive", width=7, kinds=(COUNT,), sparse=True),
    Format("ccxt", "arrays of ccxt or freqtrade", shape=(ARRAYS,), width=6, kinds=(COUNT,)),
    Format(
        "freqtrade",
        "freqtrade table",
        {"time": ("date",), **_PRICES, "volume": ("volume",)},
        frozenset({"date", *_PRICES}),
        shape=(TABLE,),
    ),
    Format(
        "cryptodatadownload",
        "CryptoDataDownload",
        {
            "time": ("unix", "unix timestamp", "date"),
            **_PRICES,
            "volume": ("volume {base}", "volume from", "volume base ccy", "volume"),
        },
        frozenset({"symbol", "date", *_PRICES}),
        zone="UTC",
        quoted=("volume {quote}", "volume to", "volume quote ccy", "volume usdt", "volume usd", "volume"),
        symbol="symbol",
    ),
    Format(
        "investing",
        "investing.com",
        {"time": ("date",), **_PRICES, "close": ("price",), "volume": ("vol.",)},
        frozenset({"date", "price", "vol.", "change %"}),
        shares=True,
        multiples=True,
        english=True,
    ),
    Format(
        "alpha_vantage",
        "Alpha Vantage, adjusted",
        {"time": ("timestamp",), **_PRICES, "volume": ("volume",)},
        frozenset({"timestamp", "adjusted close", "dividend amount"}),
        kinds=(NAIVE, DATE),
        shares=True,
        ends=True,
        adjusted=("adjusted close",),
        split=("split coefficient",),
    ),
    Format(
        "alpha_vantage",
        "Alpha Vantage",
        {
            "time": ("timestamp",),
            **{name: (name, f"{name} (usd)", f"{name} (usdt)", f"{name} (eur)") for name in _PRICES},
            "volume": ("volume",),
        },
        frozenset({"timestamp"}),
        kinds=(NAIVE, DATE),
        hint=_US,
        shares=True,
        ends=True,
    ),
    Format(
        "yahoo",
        "Yahoo",
        {"time": ("date", "datetime"), **_PRICES, "volume": ("volume",)},
        frozenset({"adj close"}),
        shares=True,
        adjusted=("adj close",),
    ),
    Format(
        "yahoo",
        "Yahoo, adjusted by yfinance",
        {"time": ("date", "datetime"), **_PRICES, "volume": ("volume",)},
        frozenset({"dividends", "stock splits"}),
        shares=True,
    ),
    Format(
        "yahoo",
        "Yahoo, as yfinance downloads it",
        {"time": ("price",), **_PRICES, "volume": ("volume",)},
        frozenset({"price", *_PRICES}),
        shares=True,
        adjusted=("adj close",),
    ),
    Format(
        "yahoo",
        "Yahoo or Stooq",
        {"time": ("date",), **_PRICES, "volume": ("volume",)},
        frozenset({"date", *_PRICES, "volume"}),
        only=True,
        shares=True,
    ),
    Format(
        "tradingview",
        "TradingView",
        {"time": ("time",), **_PRICES, "volume": ("volume",)},
        frozenset({"time", *_PRICES}),
        kinds=(COUNT, INSTANT, SESSION, DATE),
    ),
    Format(
        "columns",
        "columns by their names",
        {"time": _TIMES, **_PRICES, "volume": ("volume", "vol")},
        frozenset(_PRICES),
        shape=(TEXT, TABLE),
    ),
)
"""In order of preference."""
NAMES = tuple(dict.fromkeys(each.name for each in FORMATS))


def plain(name: str) -> str:
    """Return a column's name as it is compared."""
    return " ".join(name.strip().strip('"').lower().replace("_", " ").split())
