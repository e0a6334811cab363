"""`agent strategy ...`: the strategies there are, and a new one of your own."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import ConfigOption, HomeOption, JsonOption

strategy = typer.Typer(
    cls=PlainGroup,
    help="List strategies; begin one of your own.",
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


@strategy.command(epilog="Example: agent strategy new my-breakout && agent lookahead my-breakout")
def new(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens.")],
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Folder to write it to; HOME/strategies if not given.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write a commented example that runs as it is."""
    from agent.cli.handlers.strategy import write_example

    write_example(name, folder, home)
