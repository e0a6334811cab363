"""`agent indicators`: the indicators a strategy can be made of."""

from typing import Annotated

import typer

from agent.cli.options import JsonOption

EPILOG = "Examples: agent indicators | agent indicators bollinger | agent indicators macd --json"


def indicators(
    name: Annotated[str | None, typer.Argument(help="One of them, told in full.", metavar="[NAME]")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """List the indicators by family; with NAME its formula, parameters, warm-up and convention."""
    from agent.cli.handlers.indicators import show_indicators

    show_indicators(name, json=json)
