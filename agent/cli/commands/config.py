"""`agent config ...`: show what is in force, write a commented file to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import (
    ConfigOption,
    HomeOption,
    JournalOption,
    JsonOption,
    KeyOption,
    ReasonOption,
    assigned,
)

config = typer.Typer(
    cls=PlainGroup,
    help="Show, write or change the settings.",
    no_args_is_help=True,
    rich_markup_mode=None,
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


@config.command(
    epilog="Examples: agent config change --set risk.daily_loss=2% --reason 'a rough week' | agent config "
    "change --set sizing.stake=5% --set interval_seconds=30 --reason 'half the size' | agent config change "
    "--back risk.daily_loss --reason 'calm again'. What may change: risk.*, sizing.* and interval_seconds."
)
def change(
    *,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting and its new value, like risk.daily_loss=2%; may be repeated."),
    ] = None,
    back: Annotated[
        list[str] | None,
        typer.Option("--back", help="A setting that is what the settings say again; may be repeated."),
    ] = None,
    loosen: Annotated[
        bool, typer.Option("--loosen", help="In mode live: a limit may allow more than before.")
    ] = False,
    reason: ReasonOption,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Change limits, sizing or pace of an account, from the running agent's next cycle on."""
    from agent.cli.handlers.change import change_settings
    from domain.commands import ChangeSettings

    names = tuple(back or ())
    command = ChangeSettings(
        given=assigned(set_ or (), "risk.daily_loss=2%"), back=names, loosen=loosen, reason=reason, key=key
    )
    change_settings(command, home, journal, json=json)
