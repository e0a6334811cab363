"""`agent pairs`: which of the symbols may be entered now, and why others may not."""

from typing import Annotated

import typer

from agent.cli.options import ConfigOption, HomeOption, JournalOption, JsonOption

EPILOG = (
    "Examples: agent pairs | agent pairs --json | agent pairs --ask. Exit code 0: the list stands, or there "
    "is none to go by. 1: it is too old, could not be refreshed or was not made yet. 2: bad input."
)


def pairs(
    *,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the exchange now, by the settings; no agent is touched.")
    ] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Show the pair list in force: each candidate as it was measured, in or out and why."""
    from agent.cli.handlers.pairs import ask_exchange, refuse_mixed, show_pairs

    refuse_mixed(ask=ask, config=config, journal=journal)
    if ask:
        ask_exchange(config, home, json=json)
    else:
        show_pairs(home, journal, json=json)
