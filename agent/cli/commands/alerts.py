"""`agent alerts ...`: what people are told, and over which channels."""

from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import ConfigOption, HomeOption, JsonOption

alerts = typer.Typer(
    cls=PlainGroup,
    help="What people are told by `agent serve`: what lasts, what waits for somebody, the channels.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@alerts.command(
    "list",
    epilog="Examples: agent alerts list | agent alerts list --json. "
    "Exit code 0: nothing waits and every channel works. 1: something does not. 2: bad input.",
)
def list_(*, config: ConfigOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """List what lasts, what nobody has acknowledged, the channels' health and what was never sent."""
    from agent.cli.handlers.alerts import list_alerts

    list_alerts(home, config, json=json)


@alerts.command(
    epilog="Examples: agent alerts acknowledge notice-12 | agent alerts acknowledge 1a2b3c4d-812 | agent "
    "alerts acknowledge --all --json. "
    "Exit code 0: done. 2: nobody was told of anything under that id."
)
def acknowledge(
    identities: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Numbers behind the # of messages.")
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    by: Annotated[str, typer.Option(help="Who sees to it.")] = "operator",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say that somebody sees to what was told: it is not told again."""
    from agent.cli.handlers.alerts import acknowledge_alerts

    acknowledge_alerts(identities or (), home, by, everything=all_, json=json)


@alerts.command(
    "test",
    epilog="Examples: agent alerts test | agent alerts test ops --json. "
    "Exit code 0: every message arrived. 1: one did not. 2: no such channel, or bad settings.",
)
def send_test(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="CHANNEL...", help="Channels; all of them if none is named.")
    ] = None,
    *,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Send a message over each channel now, and say whether it arrived."""
    from agent.cli.handlers.alerts import try_channels

    try_channels(names or (), home, config, json=json)
