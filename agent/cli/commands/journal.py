"""`agent journal ...`: verify, tail, export and anchor."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption, home_of

journal = typer.Typer(
    cls=PlainGroup, help="Verify, read and export the journal.", no_args_is_help=True, rich_markup_mode=None
)


@journal.command("list", epilog="Examples: agent journal list | agent journal list --json")
def list_(*, home: HomeOption = None, json: JsonOption = False) -> None:
    """List the journals in the home, the latest used first: from when to when, rows, what it is worth."""
    from agent.cli.handlers.journal import list_journals

    list_journals(home_of(home), json=json)


@journal.command(
    epilog="Examples: agent journal verify | agent journal verify --anchor anchor.json | "
    "agent journal verify --checkpoints. Exit code 0: intact. 1: broken, with the row that broke."
)
def verify(
    *,
    home: HomeOption = None,
    journal: JournalOption = None,
    anchor: Annotated[
        Path | None, typer.Option(help="Anchor written earlier; catches a cut tail or a rewritten chain.")
    ] = None,
    checkpoints: Annotated[
        bool, typer.Option("--checkpoints", help="Fold every row too; compare the checkpoints with that.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check every row's hash and the chain that ties them.

    A file of 256 MB or more is read where it lies, or from its agent, and not copied: then its pages are not
    looked at, but for those the rows lie in.
    """
    from agent.cli.handlers.journal import verify_journal

    verify_journal(home_of(home), journal, anchor, checkpoints=checkpoints, json=json)


@journal.command(
    epilog="Examples: agent journal archive | agent journal archive --keep 30d | agent journal archive "
    "--keep 100000 --dry-run. Every command reads archived rows as it reads the others."
)
def archive(
    *,
    keep: Annotated[
        str | None,
        typer.Option(help="What stays in the file: days such as 90d, or a number of rows."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be archived.")] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Pack the oldest rows into segments beside the journal's file, and take them out of it."""
    from agent.cli.handlers.archive import archive_journal

    archive_journal(home_of(home), journal, keep, dry_run=dry_run, json=json)


@journal.command(epilog="Examples: agent journal tail | agent journal tail --count 50 --json")
def tail(
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=100_000, help="Rows to show.")] = 10,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Show the last rows."""
    from agent.cli.handlers.journal import tail_journal

    tail_journal(home_of(home), journal, count, json=json)


@journal.command(epilog="Examples: agent journal export | agent journal export --out journal.jsonl")
def export(
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output if not given.")] = None,
    home: HomeOption = None,
    journal: JournalOption = None,
) -> None:
    """Write every row as JSON lines: sequence, hash, event."""
    from agent.cli.handlers.journal import export_journal

    export_journal(home_of(home), journal, out)


@journal.command(
    epilog="Example: agent journal anchor anchor.json. Keep the file on another machine: "
    "agent journal verify --anchor FILE"
)
def anchor(
    file: Annotated[Path, typer.Argument(help="File to write.")],
    *,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Write down where the chain stands now, so that a later rewrite shows."""
    from agent.cli.handlers.journal import anchor_journal

    anchor_journal(home_of(home), journal, file, json=json)
