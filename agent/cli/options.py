"""Options that several commands share, declared once."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import BadInput
from domain.symbols import spelled

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder of journals and configuration (or AGENT_HOME).")
]
JournalOption = Annotated[
    str | None,
    typer.Option("--journal", help="Name of a journal in the home; the last one run if not given."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it goes into the journal.")]
KeyOption = Annotated[
    str,
    typer.Option("--key", help="Name of this command: given again under the same name it is not done twice."),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", help="Exchange that speaks as Binance does, such as that of `agent sandbox`."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; HOME/config.toml if not given.")
]

SymbolsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--symbol",
        parser=spelled,
        metavar="SYMBOL",
        help="Symbol in the catalogue, or of each file; may be repeated.",
    ),
]
StrategyOption = Annotated[
    list[str] | None,
    typer.Option("--strategy", help="Strategy that has a voice; may be repeated, or several with commas."),
]
DataOption = Annotated[
    list[Path] | None, typer.Option("--data", help="Candle file of any known format; may be repeated.")
]
InformativeOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--informative",
        help="Candle file of a symbol that a strategy looks at and that is not traded; may be repeated.",
    ),
]
TimerangeOption = Annotated[
    str | None, typer.Option("--timerange", help="UTC days such as 20230101-20230601, the last not included.")
]
TimeframeOption = Annotated[
    str | None,
    typer.Option("--timeframe", help="Candle length, from 1s to 1M, made of the data's."),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting for this run, such as risk.daily_loss=100; may be repeated."),
]


def named(words: Iterable[str]) -> tuple[str, ...]:
    """Return what an option names that may be repeated: each word, parted at its commas, once."""
    parts = (part.strip() for word in words for part in word.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def home_of(home: Path | None) -> Any:
    """Return the home directory in use."""
    from agent.account.running import home_named

    return home_named(home)


def needed(reason: str) -> str:
    """Return a reason. Raises BadInput for an empty one."""
    if not reason.strip():
        raise BadInput("--reason is needed: it goes into the journal")
    return reason.strip()


NO_VALUE = "--set: a setting and its value, like risk.daily_loss=100"
"""Said without the text, which may be a key."""


def nested(assignments: Sequence[str]) -> dict[str, Any]:
    """Turn `risk.daily_loss=100` into `{"risk": {"daily_loss": "100"}}`, several into one tree."""
    tree: dict[str, Any] = {}
    for text in assignments:
        name, result, value = text.partition("=")
        if not result or not name or name.endswith("."):
            raise BadInput(f"--set {name}: not like risk.daily_loss=100" if result else NO_VALUE)
        *path, last = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise BadInput(f"--set {name}: {part} was given a value before")
        branch[last] = value
    return tree


def joined(sets: dict[str, Any], flags: dict[str, Any]) -> dict[str, Any]:
    """Return settings given by `--set` and by flags of their own. Raises BadInput for one given both ways."""
    result = dict(sets)
    for name, value in flags.items():
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(result.get(name, {}), dict):
            result[name] = joined(result.get(name, {}), value)
        elif name in result:
            raise BadInput(f"--set {name}: this setting has a flag of its own, which was given too")
        else:
            result[name] = value
    return result


def assigned(sets: Sequence[str], like: str) -> dict[str, Any]:
    """Return texts such as `like` (NAME=VALUE) as a table, values as texts.

    Raises BadInput with every text that is none such, or whose name is given twice.
    """
    given: dict[str, Any] = {}
    problems = []
    for text in sets:
        name, match, value = text.partition("=")
        if not match or not name:
            problems.append(f"--set {name[:80]}: not like {like}")
        elif name in given:
            problems.append(f"--set {name} is given twice")
        given[name] = value
    if problems:
        raise BadInput("\n".join(problems))
    return given
