"""`agent params ...`: versions of the strategies' parameters."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption, KeyOption, ReasonOption

params = typer.Typer(
    cls=PlainGroup,
    help="Give strategies new parameters, on evidence, and take them back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@params.command("list", epilog="Examples: agent params list | agent params list --json")
def list_(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """List every version: strategy, parameters, evidence, when, by whom, and which is in force."""
    from agent.cli.handlers.params import list_versions

    list_versions(home, journal, json=json)


@params.command(
    epilog="Examples: agent params apply --strategy sma --set fast=10 --set slow=40 --evidence found.json | "
    "agent params apply --strategy rsi --study night-run | agent params apply --strategy sma --set fast=10 "
    '--force --reason "a try on paper". '
    "Exit code 0: in force. 1: the evidence is not enough. 2: bad input."
)
def apply(
    *,
    strategy: Annotated[str, typer.Option(help="Strategy that gets the parameters.")],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A parameter, such as fast=10; may be repeated. All of the evidence's if none."
        ),
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="What a study found out, as `--evidence-out` wrote it.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="Study in the home whose evidence to take.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Apply without enough evidence; needs a reason.")
    ] = False,
    reason: ReasonOption = "",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Put parameters in force whose out-of-sample Sharpe ratio is at least 10 % better."""
    from agent.cli.handlers.params import ApplyRequest, apply_parameters

    asked = ApplyRequest(strategy, set_ or (), evidence, study, force=force, reason=reason, key=key)
    apply_parameters(asked, home, journal, json=json)


@params.command(
    epilog='Examples: agent params rollback --reason "worse on paper" | agent params rollback 2 --reason "it '
    'was better" | agent params rollback 0 --strategy sma --reason "back to the settings"'
)
def rollback(
    version: Annotated[
        int | None, typer.Argument(help="Version to go back to, 0 for the settings' own; the one before.")
    ] = None,
    *,
    reason: ReasonOption,
    strategy: Annotated[
        str | None, typer.Option(help="Whose parameters; those applied last if not given.")
    ] = None,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Put an earlier version in force again, as a version of its own."""
    from agent.cli.handlers.params import put_in_force
    from domain.commands import RollBackParameters

    command = RollBackParameters(version=version, strategy=strategy, reason=reason, key=key)
    put_in_force(command, home, journal, json=json)


@params.command(
    epilog="Examples: agent params reload | agent params reload --journal paper --json. The studies are "
    "those of jobs.parameters.studies; the job `parameters` does this for every journal."
)
def reload(
    *,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell people of what was applied or refused, once.")
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Have the running agent take the studies that the settings name, each once and on its evidence."""
    from agent.cli.handlers.reload import reload_command

    reload_command(home, journal, notify=notify, json=json)
