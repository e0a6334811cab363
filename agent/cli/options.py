"""Options that several commands share, declared once."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of journals and configuration (or AGENT_HOME).")
]
JournalOption = Annotated[
    str | None,
    typer.Option("--journal", help="Name of a journal in the home; the last one run if not given."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", help="Exchange that speaks as Binance does, such as that of `agent sandbox`."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; HOME/config.toml if not given.")
]

StrategyOption = Annotated[
    list[str] | None, typer.Option("--strategy", help="Strategy that has a voice; may be repeated.")
]
DataOption = Annotated[
    list[Path] | None, typer.Option("--data", help="Candle file (CSV, CSV.gz, Parquet); may be repeated.")
]
TimerangeOption = Annotated[
    str | None, typer.Option("--timerange", help="UTC days such as 20230101-20230601, the last not included.")
]
TimeframeOption = Annotated[
    str | None,
    typer.Option("--timeframe", help="Candle length: 1s, 1m, 5m, 15m, 30m, 1h, 4h, 1d, made of the data's."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting for this run, such as risk.daily_loss=100; may be repeated."),
]


def say(text: str = "") -> None:
    """Print one line to standard output."""
    typer.echo(text)


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def home_of(home: Path | None) -> Any:
    """Return the home directory in use."""
    import os

    from agent.home import Home
    from agent.settings import PREFIX, default_home

    return Home(home or Path(os.environ.get(f"{PREFIX}HOME") or default_home()))
