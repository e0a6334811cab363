"""The options that every research command has: which strategy, which candles, which settings."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from agent.cli.commands.reading import ColumnsOption, FormatOption, SplitsOption, ZoneOption, reading_of
from agent.cli.options import (
    ConfigOption,
    DataOption,
    HomeOption,
    InformativeOption,
    SetOption,
    StrategyOption,
    SymbolsOption,
    TimeframeOption,
    TimerangeOption,
)

if TYPE_CHECKING:
    from agent.cli.handlers.inputs import ResearchRequest

LAST = ("set_", "config", "home")
"""What stands behind a command's own options in its help."""


def _asked(
    *,
    strategy: StrategyOption = None,
    data: DataOption = None,
    informative: InformativeOption = None,
    symbol: SymbolsOption = None,
    timerange: TimerangeOption = None,
    timeframe: TimeframeOption = None,
    format_: FormatOption = None,
    columns: ColumnsOption = None,
    timezone: ZoneOption = None,
    splits: SplitsOption = None,
    set_: SetOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> "ResearchRequest":
    from agent.cli.handlers.inputs import ResearchRequest

    reading = reading_of(format_, columns, timezone)
    return ResearchRequest(
        strategy or (), data or (), symbol or (), timerange, timeframe, set_ or (), config, home, reading,
        splits or (), informative or (),
    )  # fmt: skip


def over_candles(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options beside its own; it takes what they come to as its first argument."""
    shared = inspect.signature(_asked).parameters
    own = list(inspect.signature(command).parameters.values())[1:]

    @wraps(command)
    def call(**words: Any) -> None:
        asked = _asked(**{name: words.pop(name) for name in shared})
        command(asked, **words)

    first = [each for name, each in shared.items() if name not in LAST]
    merged = [*first, *(each for each in own if each.name != "json"), *(shared[name] for name in LAST)]
    merged += [each for each in own if each.name == "json"]
    call.__signature__ = inspect.Signature(merged)  # type: ignore[attr-defined]  # typer reads it
    call.__annotations__ = {each.name: each.annotation for each in merged}
    return call
