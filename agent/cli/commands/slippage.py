"""`agent slippage ...`: what market orders paid beyond their quote, and the models made of it."""

from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption

slippage = typer.Typer(
    cls=PlainGroup,
    help="What market orders paid beyond their quote, and models of it for backtests.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@slippage.command(
    epilog="Examples: agent slippage fit | agent slippage fit --journal live --name live --json. Exit code "
    "0: fitted and kept. 1: no symbol has enough fills, nothing is kept. 2: bad input."
)
def fit(
    *,
    name: Annotated[str, typer.Option(help="Name of the model; each fit is a new version.")] = "fills",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Fit a model to a journal's own fills: expected at the quote against paid, by size and range."""
    from agent.cli.handlers.slippage import fit_command

    fit_command(home, journal, name, json=json)


@slippage.command(
    epilog="Examples: agent slippage show | agent slippage show fills:2 --json | agent slippage show 2.json"
)
def show(
    model: Annotated[
        str, typer.Argument(help="NAME, NAME:VERSION or a model's file.", metavar="MODEL")
    ] = "fills",
    *,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show a model: expected against measured cost by size, and what is not known."""
    from agent.cli.handlers.slippage import show_command

    show_command(home, model, json=json)


@slippage.command(
    epilog="Examples: agent slippage check | agent slippage check fills:1 --journal live --json. Exit code "
    "0: no symbol paid more than a backtest takes, or too little is known. 1: one did."
)
def check(
    model: Annotated[
        str, typer.Argument(help="NAME, NAME:VERSION or a model's file.", metavar="MODEL")
    ] = "fills",
    *,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Hold a model against fills it was not made of: what a backtest takes, and what was paid."""
    from agent.cli.handlers.slippage import check_command

    check_command(home, journal, model, json=json)
