"""`agent config ...`: show what is in force, write a commented file to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import ConfigOption, HomeOption, JsonOption

config = typer.Typer(
    cls=PlainGroup, help="Show or write the configuration.", no_args_is_help=True, rich_markup_mode=None
)


@config.command(epilog="Examples: agent config show | agent config show --json")
def show(*, config: ConfigOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show every setting in force and where it comes from; keys are not shown."""
    from agent.cli.handlers.config import show_config

    show_config(config, home, json=json)


@config.command(epilog="Examples: agent config init | agent config init --out paper.toml")
def init(
    *,
    home: HomeOption = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write, - prints it; HOME/config.toml if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
) -> None:
    """Write a configuration file with every setting, its default and what it means."""
    from agent.cli.handlers.config import init_config

    init_config(home, out, force=force)
