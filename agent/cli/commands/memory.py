"""`agent memory ...`: which lessons weights and questions rest on."""

from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption, KeyOption, ReasonOption

memory = typer.Typer(
    cls=PlainGroup,
    help="See which lessons are in force, go back to an earlier set, go on by evidence.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@memory.command("list", epilog="Examples: agent memory list | agent memory list --json")
def list_(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """Show the set of lessons in force, its weights, and every set that was put in force."""
    from agent.cli.handlers.memory import list_memory

    list_memory(home, journal, json=json)


@memory.command(
    epilog='Examples: agent memory rollback 40 --reason "a feed told wrong prices" | agent memory rollback 0 '
    '--reason "begin anew". Numbers are those of `agent lessons`.'
)
def rollback(
    lessons: Annotated[int, typer.Argument(min=0, help="The last lesson of the set; 0 for no lesson.")],
    *,
    reason: ReasonOption,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Let weights and questions rest on the first lessons alone; later ones are learned and do not count."""
    from agent.cli.handlers.memory import set_memory
    from domain.commands import RollBackLessons

    set_memory(RollBackLessons(lessons=lessons, reason=reason, key=key), home, journal, json=json)


@memory.command(
    epilog="Examples: agent memory promote --dry-run | agent memory promote. Exit code 0: every lesson "
    "counts, or would. 1: what was learned since is not proven. 2: bad input."
)
def promote(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the gate says, no more.")] = False,
    reason: ReasonOption = "",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Let every lesson count again, if what was learned since would have helped; nothing forces it."""
    from agent.cli.handlers.memory import dry_promotion, set_memory
    from domain.commands import PromoteLessons

    if dry_run:
        dry_promotion(home, journal, json=json)
    else:
        set_memory(PromoteLessons(reason=reason, key=key), home, journal, json=json)
