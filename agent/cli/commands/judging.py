"""The commands that judge what an agent did; each hands over to a module that does the work."""

from typing import Annotated

import typer

from agent.cli.options import HomeOption, JournalOption, JsonOption

judging = typer.Typer(rich_markup_mode=None)

AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", envvar="AGENT_AS_OF", help="Instant at which the days end; now if not given."),
]


@judging.command(
    epilog="Examples: agent gate | agent gate --days 90 | agent gate --notify --json. "
    "Exit code 0: GO. 1: NO-GO. 3: WATCH. 4: NOT ENOUGH DATA. With --notify always 0."
)
def gate(
    *,
    days: Annotated[
        int | None, typer.Option(help="Judge other days than gate.days, without keeping the verdict.")
    ] = None,
    as_of: AsOfOption = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell people where the verdict changed; for jobs.")
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Judge whether an agent deserves more money: each rule with measured value and limit, and one verdict.

    The verdict is kept in the home. While it is NO-GO, `agent run --mode live` makes no entry.
    """
    from agent.cli.handlers.gate import GateRequest, show_gate

    show_gate(home, journal, GateRequest(days, as_of, notify, json))
