"""`agent compile`: machine code of the rules, made before it is needed."""

from typing import Annotated

import typer

from agent.cli.options import ConfigOption, HomeOption, JsonOption

EPILOG = "Examples: agent compile | agent compile sma my-bands | agent compile --json"


def compile_(
    names: Annotated[
        list[str] | None, typer.Argument(help="Strategies, built in or your own; all if none is named.")
    ] = None,
    *,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make machine code of the rules and strategies for backtests and searches, and keep it.

    It is made once for a version of the program and of your strategies; a backtest of many candles would
    make it when it needs it, one of few runs without.
    """
    from agent.cli.handlers.compile import compile_strategies

    compile_strategies(names or [], config, home, json=json)
