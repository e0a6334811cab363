"""`agent advise`: tapes of advice, out of a journal or asked for anew."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.commands.reading import ColumnsOption, FormatOption, ZoneOption, reading_of
from agent.cli.options import ConfigOption, HomeOption, JournalOption, JsonOption, SetOption, StrategyOption

EPILOG = (
    "Examples: agent advise --out lived.tape | agent advise --candles BTC-USDT_1h.csv.gz "
    "--timerange 20250101- --out past.tape --config advised.toml. Exit code 0: done. 2: bad input, or a cap "
    "is reached; what was answered is kept."
)


def advise(
    *,
    out: Annotated[Path, typer.Option(help="File the tape is written to.")],
    candles: Annotated[
        list[Path] | None,
        typer.Option(help="Ask the advisers about these candles of the past; may be repeated."),
    ] = None,
    strategy: StrategyOption = None,
    timerange: Annotated[
        str | None, typer.Option(help="With --candles: 20250101-20250601, 20250101- or -20250601.")
    ] = None,
    timeframe: Annotated[str | None, typer.Option(help="With --candles: resample them, such as 1h.")] = None,
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    journal: JournalOption = None,
    set_: SetOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a tape of advice for `agent backtest --advice`: what a journal holds, or asked for anew."""
    from agent.cli.handlers.advise import ask, export
    from agent.cli.handlers.inputs import ResearchRequest

    if candles:
        reading = reading_of(format_, columns, timezone)
        ask(
            ResearchRequest(
                strategy or (), candles, (), timerange, timeframe, set_ or (), config, home, reading
            ),
            out,
            json=json,
        )
    else:
        export(home, journal, out, json=json)
