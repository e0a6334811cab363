"""`agent backup`, `agent restore` and `agent retain`."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JsonOption, home_of

backups = typer.Typer(cls=PlainGroup, rich_markup_mode=None)

JournalsOption = Annotated[
    list[str] | None,
    typer.Option("--journal", help="Name of a journal; may be repeated; all of them if not given."),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option("--key-file", help="File with the key that encrypts (or AGENT_BACKUP__KEY, or [backup])."),
]


@backups.command(
    epilog="Examples: agent backup --out /mnt/backup/boyd | agent backup --out /mnt/backup/boyd --key-file "
    "backup.key | agent backup --list | agent backup --check. Exit code 1: something failed, was left out "
    "or is damaged."
)
def backup(
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the backup; [backup] folder of the settings if not given.")
    ] = None,
    journal: JournalsOption = None,
    key_file: KeyFileOption = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the points in time it holds.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Read all of it and say what is damaged.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Back the home up while its agents run: each journal's new rows, the settings, anchors and budgets."""
    from agent.cli.handlers.backup import BackupRequest, backup_command

    request = BackupRequest(home_of(home), out, tuple(journal or ()), key_file, listing=list_, checking=check)
    backup_command(request, json=json)


@backups.command(
    epilog="Examples: agent restore /mnt/backup/boyd | agent restore /mnt/backup/boyd --at 2026-11-29T03:00Z "
    "--home /srv/boyd | agent restore /mnt/backup/boyd --journal paper --seq 8107 --put-aside. Exit code 1: "
    "a file could not be put back."
)
def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="As it was at this time, such as 2026-11-29T03:00Z; UTC if not said. Of recorded and "
            "simulated markets it is their own time, where they have seen it."
        ),
    ] = None,
    seq: Annotated[int | None, typer.Option(min=1, help="Up to this row of one journal.")] = None,
    journal: JournalsOption = None,
    put_aside: Annotated[
        bool,
        typer.Option(
            "--put-aside", help="Keep what is in the way under another name and restore in its place."
        ),
    ] = False,
    anchor: Annotated[
        list[Path] | None, typer.Option(help="Anchor to hold the rows against; may be repeated.")
    ] = None,
    key_file: KeyFileOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Put journals and settings of a backup back into a home, all of it checked before it takes its place."""
    from agent.cli.handlers.restore import RestoreRequest, restore_command

    request = RestoreRequest(
        home_of(home),
        folder,
        at,
        seq,
        tuple(journal or ()),
        tuple(anchor or ()),
        key_file,
        put_aside=put_aside,
    )
    restore_command(request, json=json)


@backups.command(
    epilog="Examples: agent retain --dry-run | agent retain | agent retain --json. The bounds stand in "
    "config.toml under [retention]. Exit code 1: something could not be removed."
)
def retain(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Keep the bounds of the home's folders, and tell sizes, growth and how long the disk lasts."""
    from agent.cli.handlers.retain import retain_command

    retain_command(home_of(home), dry_run=dry_run, json=json)
