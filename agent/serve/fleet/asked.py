"""Settings that somebody may give over HTTP: those of `agent run`, but for what reaches beyond this home.

Who holds a token may trade. That is not to read the files of whoever runs the server, to run code from a
folder, to send keys to an address of his own, or to name another database: those are settings of the file,
the environment and the command line. Flat, by dotted names, they are also what a process is started with.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agent.settings.given import Settings
from agent.settings.home import NAME, Home, checked_name
from agent.settings.load import load
from agent.settings.nearest import no_such
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from domain.errors import BadInput
from edge.urls import is_loopback

KEPT = frozenset({"home", "journal", "db_url", "db_url_file", "strategies_folder", "listing", "files"})
"""Settings that name a place, or how its files are read; the journal is the agent's own name."""

SECRET = frozenset({"api_key", "api_secret"})
MOST = 200


def flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as texts by dotted names, as `--set` takes them. Raises BadSettings."""
    result = dict(_leaves("", settings, depth=0))
    if len(result) > MOST:
        raise BadSettings([f"settings: {len(result)} of them, the limit is {MOST}"])
    return result


def _leaves(before: str, values: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        path = f"{before}{name}"
        if not all(part and part.isprintable() and "=" not in part for part in path.split(".")):
            raise BadSettings([f"{path[:80]!r}: not the name of a setting"])
        if isinstance(value, Mapping):
            if depth > 8:
                raise BadSettings([f"{path[:80]}: nested too deeply"])
            yield from _leaves(f"{path}.", value, depth + 1)
        elif isinstance(value, list | tuple):
            yield path, ",".join(map(_text, value))
        elif value is not None:
            yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def refuse(settings: Mapping[str, str], home: Home) -> None:
    """Raise BadSettings for settings that are not to be given over HTTP, each by its name."""
    problems = [text for name, value in settings.items() for text in _wrong(name, value, home)]
    if problems:
        raise BadSettings(problems)


def _wrong(name: str, value: str, home: Home) -> Iterator[str]:
    top, last = name.partition(".")[0], name.rpartition(".")[2]
    if top in KEPT:
        yield f"{name}: not set over HTTP: write it into {home.root / 'config.toml'}, or use `agent run`"
    elif top not in Options.model_fields:
        yield f"{name}: {no_such(name, Options)}"
    elif last in SECRET:
        yield f"{name}: keys are not sent over HTTP: set the variable where `agent serve` is started"
    elif last.endswith("url") and not _here(value):
        yield f"{name}: an address other than this machine is not set over HTTP, keys would be sent there"
    elif top == "data":
        yield from (f"data: {each}: not in this home" for each in value.split(",") if not inside(home, each))


def _here(value: str) -> bool:
    try:
        return is_loopback(urlsplit(value).hostname or "")
    except ValueError:
        return False


def inside(home: Home, path: str) -> Path | None:
    """Return a file of the home, by its path there or as a whole, None for any other."""
    try:
        root = home.root.resolve()
        whole = (root / path).resolve()
        return whole if whole.is_relative_to(root) and whole.is_file() else None
    except (OSError, ValueError):
        return None


def checked(settings: Mapping[str, str], home: Home, name: str) -> Settings:
    """Return the settings an agent would run with. Raises BadSettings with every problem."""
    journal = {} if home.server and settings.get("mode") in ("testnet", "live") else {"journal": name}
    try:
        return load({**tree(settings), "home": home.root, **journal})
    except BadSettings:
        raise
    except BadInput as error:
        raise BadSettings([str(error)]) from None


def judged(name: str, settings: Mapping[str, str], home: Home) -> Settings:
    """Return the settings an agent would be begun with. Raises BadSettings with all that is wrong at once."""
    problems: list[str] = []
    for check in (lambda: checked_name(name), lambda: refuse(settings, home)):
        try:
            check()
        except BadInput as error:
            problems += getattr(error, "problems", [str(error)])
    allowed = {each: value for each, value in settings.items() if not any(_wrong(each, value, home))}
    try:
        options = checked(allowed, home, name if NAME.fullmatch(name) else "unnamed")
    except BadSettings as error:
        raise BadSettings([*problems, *error.problems]) from None
    if problems:
        raise BadSettings(problems)
    return options


def tree(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return flat settings as nested ones; lists are read as people write them."""
    result: dict[str, Any] = {}
    for name, value in settings.items():
        *path, last = name.split(".")
        branch = result
        for part in path:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise BadSettings([f"{name}: {part} was given a value before"])
        branch[last] = _parts(name, value)
    return result


def _parts(name: str, value: str) -> Any:
    return tuple(each.strip() for each in value.split(",")) if name in LISTS else value


LISTS = frozenset({"symbols", "data", "reasoning.strategies"})
"""Settings that are lists, parted by commas in a text."""
