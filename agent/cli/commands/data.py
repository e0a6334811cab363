"""`agent data ...`: the candle catalogue in the home."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.reading import ColumnsOption, FormatOption, SplitsOption, ZoneOption, reading_of
from agent.cli.group import PlainGroup
from agent.cli.options import ConfigOption, HomeOption, JsonOption
from domain.symbols import spelled

data = typer.Typer(
    cls=PlainGroup,
    help="Keep candles of the past: import, download, list and check them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SymbolOption = Annotated[
    str | None,
    typer.Option(
        "--symbol",
        parser=spelled,
        metavar="SYMBOL",
        help="Symbol of files whose name does not begin with one.",
    ),
]


@data.command(
    "import",
    epilog="Examples: agent data import BTC-USDT_1m_20230316-20230501.csv.gz | "
    "agent data import BTCUSDT-1m-2024-*.zip | agent data import BTC_USDT-1h.feather | "
    "agent data import intraday_5min_IBM.csv --timezone America/New_York | agent data import x.csv --symbol "
    "ETH-USDT --columns time=when,close=last. Formats are told by content: docs/how-to/own-files.md.",
)
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Candle files: CSV, zip, gzip, JSON, feather, Parquet.")
    ],
    *,
    symbol: SymbolOption = None,
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    splits: SplitsOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take candle files into the catalogue, each whole or not at all."""
    from agent.cli.handlers.data import import_files

    import_files(home, files, reading_of(format_, columns, timezone, symbol), splits or (), json=json)


@data.command("list", epilog="Examples: agent data list | agent data list --json")
def list_(*, home: HomeOption = None, json: JsonOption = False) -> None:
    """List what the catalogue holds: symbol, timeframe, candles, from when to when, sources."""
    from agent.cli.handlers.data import list_entries

    list_entries(home, json=json)


@data.command(
    epilog="Examples: agent data check | agent data check BTC-USDT | agent data check prices.csv --symbol "
    "MSFT. Exit code 0: nothing that makes a backtest wrong. 1: bad prints, jumps or times off the grid. "
    "2: a file that cannot be read."
)
def check(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Symbols in the catalogue or files; the whole catalogue if none."),
    ] = None,
    *,
    symbol: SymbolOption = None,
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Look for gaps, dead stretches, bad prints, jumps and times off the grid."""
    from agent.cli.handlers.data import check_candles

    check_candles(home, what or [], reading_of(format_, columns, timezone, symbol), json=json)


@data.command(
    epilog="Examples: agent data download BTC-USDT --timeframe 1m --timerange 20230101-20230601 | "
    "agent data download ETH-USDT --timeframe 1h --timerange 20200101-"
)
def download(
    symbol: Annotated[str, typer.Argument(parser=spelled, metavar="SYMBOL", help="Pair such as BTC-USDT.")],
    *,
    timeframe: Annotated[str, typer.Option(help="Candle length, from 1s to 1M.")] = "1m",
    timerange: Annotated[
        str,
        typer.Option(help="UTC days such as 20230101-20230601, the end not included; 20230101- till now."),
    ],
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Download closed candles from Binance; asks only for what is missing, so it goes on where it stopped."""
    from agent.cli.handlers.data import Wanted, download_candles

    download_candles(Wanted(symbol, timeframe, timerange), config, home, json=json)


@data.command(epilog="Examples: agent data quote MSFT | agent data quote EUR-USD --json")
def quote(
    symbol: Annotated[str, typer.Argument(parser=spelled, metavar="SYMBOL", help="Share or pair.")],
    *,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a share or a pair costs by Alpha Vantage; it takes one of the day's requests."""
    from agent.cli.handlers.quote import show_quote

    show_quote(symbol, config, home, json=json)
