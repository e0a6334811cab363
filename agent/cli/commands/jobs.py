"""`agent jobs ...`: what is done by itself beside the agents."""

from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JsonOption

jobs = typer.Typer(
    cls=PlainGroup,
    help="See, run, pause and resume what `agent serve` does by itself.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
NameArgument = Annotated[str, typer.Argument(metavar="JOB", help="Name of a job, as agent jobs list has it.")]


@jobs.command("list", epilog="Examples: agent jobs list | agent jobs list --json")
def list_(*, home: HomeOption = None, json: JsonOption = False) -> None:
    """List the jobs: when each is due, how its last run ended, and which are off or paused."""
    from agent.cli.handlers.jobs import list_jobs

    list_jobs(home, json=json)


@jobs.command(epilog="Examples: agent jobs show verify | agent jobs show verify --runs 5 --json")
def show(
    name: NameArgument,
    *,
    runs: Annotated[int, typer.Option(min=1, max=50, help="Runs to show, the latest ones.")] = 10,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show a job with its latest runs and the output of the last one."""
    from agent.cli.handlers.jobs import show_job

    show_job(home, name, runs, json=json)


@jobs.command(
    epilog="Examples: agent jobs run verify | agent jobs run anchor --json. Exit code 0: done. 1: it failed, "
    "or a run of it is under way. 2: no such job."
)
def run(name: NameArgument, *, home: HomeOption = None, json: JsonOption = False) -> None:
    """Run a job now, beside its schedule, also one that is off or paused; the server may run or not."""
    from agent.cli.handlers.jobs import run_job

    run_job(home, name, json=json)


@jobs.command(epilog="Example: agent jobs pause verify --reason 'the disk is being changed'")
def pause(
    name: NameArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is shown until the job goes on.")] = "",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Hold a job until it is resumed, over every restart."""
    from agent.cli.handlers.jobs import pause_job

    pause_job(home, name, reason, json=json)


@jobs.command(epilog="Example: agent jobs resume verify")
def resume(name: NameArgument, *, home: HomeOption = None, json: JsonOption = False) -> None:
    """Let a paused job go on with its next slot; what fell into the pause is not made up for."""
    from agent.cli.handlers.jobs import resume_job

    resume_job(home, name, json=json)
