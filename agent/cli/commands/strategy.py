"""`agent strategy ...`: the strategies there are, and a new one of your own."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import ConfigOption, HomeOption, InformativeOption, JsonOption

strategy = typer.Typer(
    cls=PlainGroup,
    help="List strategies; begin one of your own; check it before it trades.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@strategy.command("list", epilog="Example: agent strategy list --json")
def list_strategies(
    *, config: ConfigOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """List every strategy with its parameters, its warm-up, and whether it can be compiled."""
    from agent.cli.handlers.strategy import show_strategies

    show_strategies(config, home, json=json)


@strategy.command(epilog="Example: agent strategy new my-bands && agent strategy check my-bands")
def new(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens.")],
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Folder to write it to; HOME/strategies if not given.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write a strategy of fifteen lines that runs as it is."""
    from agent.cli.handlers.strategy import write_example

    write_example(name, folder, home)


@strategy.command(
    epilog="Examples: agent strategy check my-bands | agent strategy check my-bands --data "
    "BTC-USDT_1h.csv.gz. Exit code 0: nothing is wrong with it. 1: it looks ahead, gave no vote to compare, "
    "or its votes depend on when it is started. 2: it cannot be used, or touches what is not its own."
)
def check(
    name: Annotated[str, typer.Argument(help="Strategy to check, built in or your own.")],
    *,
    data: Annotated[Path | None, typer.Option(help="Candle file; a made-up market if not given.")] = None,
    informative: InformativeOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check code, memory, look-ahead and warm-up, and say which rule of the gate denies its votes and why."""
    from agent.cli.handlers.strategy_check import check_strategy

    check_strategy(name, data, informative or (), config, home, json=json)
