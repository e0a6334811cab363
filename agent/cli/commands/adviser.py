"""`agent adviser ...`: who of the advisers may raise an entry, and on what evidence."""

from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption, KeyOption, ReasonOption

adviser = typer.Typer(
    cls=PlainGroup,
    help="Promote advisers on evidence, and take it back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="Name of the adviser, as the settings have it.")]


@adviser.command("list", epilog="Examples: agent adviser list | agent adviser list --json")
def list_(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """List every promotion and demotion: adviser, when, by whom, why, and which is in force."""
    from agent.cli.handlers.adviser import list_sets

    list_sets(home, journal, json=json)


@adviser.command(
    epilog="Examples: agent adviser promote sage --dry-run | agent adviser promote sage --cap 5 --trials 12. "
    "Exit code 0: promoted, or it would pass. 1: the evidence is not enough. 2: bad input."
)
def promote(
    name: Name,
    *,
    cap: Annotated[
        float, typer.Option(min=0, max=100, help="Points by which it may raise an entry, at most.")
    ] = 10.0,
    trials: Annotated[
        int,
        typer.Option(min=1, max=10**6, help="Variants tried; those in the journal count anyway."),
    ] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the gate says, no more.")] = False,
    reason: ReasonOption = "",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Let an adviser raise entries, if its forecasts pass the gate; there is no way around it."""
    from agent.cli.handlers.adviser import PromoteRequest, promote_adviser

    promote_adviser(PromoteRequest(name, cap, trials, dry_run, reason, key), home, journal, json=json)


@adviser.command(epilog='Examples: agent adviser demote sage --reason "worse since the new model"')
def demote(
    name: Name,
    *,
    reason: ReasonOption,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Let a promoted adviser only lower entries from now on."""
    from agent.cli.handlers.adviser import set_adviser
    from domain.commands import DemoteAdviser

    set_adviser(DemoteAdviser(adviser=name, reason=reason, key=key), home, journal, json=json)


@adviser.command(epilog='Examples: agent adviser rollback 2 --reason "that one was better"')
def rollback(
    version: Annotated[int, typer.Argument(min=1, help="Version whose state is in force again.")],
    *,
    reason: ReasonOption,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Put an earlier version in force again; whoever was demoted since is not raised by it."""
    from agent.cli.handlers.adviser import set_adviser
    from domain.commands import RollBackAdviser

    set_adviser(RollBackAdviser(version=version, reason=reason, key=key), home, journal, json=json)
