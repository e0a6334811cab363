"""The commands that are typed most, read without the command line's library, which costs more than they do.

Typer imports pydantic to read one option and builds all commands to run one: 0.12 s of processor, where the
status of a journal at rest takes 0.03. What is not a plain use of a command named here, with a value each
option takes at once, is left to the library: help, mistakes, what is spelled in another way. So it alone
refuses anything, and these commands mean what it says they mean (a test compares each option).
"""

import gc
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

COMPLETING = "_AGENT_COMPLETE"
"""Set where a shell asks for the words that may follow."""

SELDOM = (100_000, 10, 10)
"""How seldom cycles of objects are looked for: what such a command makes is mostly imports, which stay."""

WHOLE = re.compile(r"[0-9]{1,18}")
MOST_ROWS = 100_000


class _Refused(Exception):
    """Words that are no plain use of a command."""


def _path(word: str) -> Path:
    return Path(word)


def _number(word: str) -> int:
    if not WHOLE.fullmatch(word):
        raise _Refused
    return int(word)


def _rows(word: str) -> int:
    count = _number(word)
    if not 1 <= count <= MOST_ROWS:
        raise _Refused
    return count


class Option(NamedTuple):
    """An option: the name its value goes by, and what reads its word; None for a flag."""

    name: str
    read: Callable[[str], Any] | None = None


class DirectCommand(NamedTuple):
    """A command: what does the work with the values by name, its options, and its one argument."""

    run: Callable[[Mapping[str, Any]], None]
    options: Mapping[str, Option]
    argument: Option | None = None


COMMON = {"--home": Option("home", _path), "--journal": Option("journal", str), "--json": Option("json")}


def _status(given: Mapping[str, Any]) -> None:
    from agent.cli.handlers.status import show_status

    show_status(given.get("home"), given.get("journal"), json=given.get("json", False))


def _positions(given: Mapping[str, Any]) -> None:
    from agent.cli.handlers.status import show_positions

    show_positions(given.get("home"), given.get("journal"), json=given.get("json", False))


def _why(given: Mapping[str, Any]) -> None:
    from agent.cli.handlers.why import show_why

    show_why(given.get("cycle"), given.get("home"), given.get("journal"), json=given.get("json", False))


def _tail(given: Mapping[str, Any]) -> None:
    from agent.account.running import home_named
    from agent.cli.handlers.journal import tail_journal

    home, count = home_named(given.get("home")), given.get("count", 10)
    tail_journal(home, given.get("journal"), count, json=given.get("json", False))


COMMANDS: Mapping[tuple[str, ...], DirectCommand] = {
    ("status",): DirectCommand(_status, COMMON),
    ("positions",): DirectCommand(_positions, COMMON),
    ("why",): DirectCommand(_why, COMMON, Option("cycle", _number)),
    ("journal", "tail"): DirectCommand(
        _tail, {**COMMON, "--count": Option("count", _rows), "-n": Option("count", _rows)}
    ),
}


def run_direct(words: Sequence[str]) -> bool:
    """Run the command the words are, if they are a plain use of one of `COMMANDS`; say whether they were."""
    if COMPLETING in os.environ:
        return False
    for name, command in COMMANDS.items():
        if tuple(words[: len(name)]) == name:
            given = values(command, words[len(name) :])
            if given is not None:
                gc.set_threshold(*SELDOM)
                command.run(given)
            return given is not None
    return False


def values(command: DirectCommand, words: Sequence[str]) -> dict[str, Any] | None:
    """Return what the words behind a command's name give, by name; None where the library is to read them."""
    given: dict[str, Any] = {}
    rest = list(words)
    try:
        while rest:
            name, value = _next(command, rest)
            if name in given:
                return None
            given[name] = value
    except _Refused:
        return None
    return given


def _next(command: DirectCommand, rest: list[str]) -> tuple[str, Any]:
    """Take the next value off the words. Raises _Refused."""
    word, joined, value = rest.pop(0).partition("=")
    option = command.options.get(word)
    if option is None:
        if command.argument is None or joined or command.argument.read is None:
            raise _Refused
        return command.argument.name, command.argument.read(word)
    if option.read is None:
        if joined:
            raise _Refused
        return option.name, True
    if joined and not word.startswith("--"):
        raise _Refused  # behind a short option it is part of the value
    if not joined:
        value = rest.pop(0) if rest else ""
    if not value or value.startswith("-"):
        raise _Refused
    return option.name, option.read(value)
