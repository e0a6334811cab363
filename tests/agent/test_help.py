"""Every command says in its help what it does and shows examples, and every example is one that it takes."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from agent.cli.app import app
from agent.cli.group import listed, spread

TREE: Any = typer.main.get_command(app)


def walk(command: Any = TREE, words: tuple[str, ...] = ("agent",)) -> Iterator[tuple[str, Any]]:
    """Yield every group and every command of the tree, hidden ones too, by its words."""
    yield " ".join(words), command
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, (*words, name))


ALL = dict(walk())
SHOWN = {words: each for words, each in ALL.items() if not each.hidden}
LEAVES = {words: each for words, each in SHOWN.items() if not hasattr(each, "commands")}


def examples(command: Any) -> list[str]:
    """Return the examples of a help, one line each as they are shown."""
    lines = listed(command.epilog or "").splitlines()
    begun = lines[lines.index("Examples:") + 1 :] if "Examples:" in lines else []
    return [line.strip() for line in begun[: begun.index("") if "" in begun else None]]


def test_the_whole_tree_is_walked() -> None:
    assert len(LEAVES) > 30
    assert {"agent run", "agent journal verify", "agent data import", "agent drill"} <= set(LEAVES)
    assert len(ALL) > len(LEAVES)


@pytest.mark.parametrize("words", SHOWN)
def test_every_command_and_group_says_what_it_does(words: str) -> None:
    command = SHOWN[words]
    assert command.help
    assert command.get_short_help_str(limit=1_000).endswith((".", "..."))
    for option in command.params:
        ours = not getattr(option, "hidden", False) and "completion" not in option.name
        assert not ours or option.help, f"{words}: {option.name} has no help"


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_has_an_example(words: str) -> None:
    assert any(line.startswith(words) for line in examples(LEAVES[words]))


@pytest.mark.parametrize("words", LEAVES)
def test_every_example_is_taken(words: str) -> None:
    for line in examples(LEAVES[words]):
        for part in line.split(" && "):
            taken(part)


def test_the_help_of_a_backtest_shows_how_its_memory_is_bounded() -> None:
    assert any("--memory" in line for line in examples(LEAVES["agent backtest"]))


def taken(line: str) -> None:
    """Parse a line as the command line does, without running it; a usage error fails the test."""
    name, *given = shlex.split(line.split(" > ", maxsplit=1)[0])
    assert name == "agent"
    command, path = TREE, "agent"
    while given and given[0] in getattr(command, "commands", {}):
        path = f"{path} {given[0]}"
        command = command.commands[given.pop(0)]
    assert path in LEAVES, f"{line!r} names no command"
    command.make_context(path, spread(command.params, given))


@pytest.mark.parametrize("words", sorted(SHOWN.keys() - LEAVES.keys() - {"agent"}))
def test_a_group_closes_its_help_with_an_example_of_each_command(words: str) -> None:
    group = SHOWN[words]
    lines = group.get_help(typer.Context(group, info_name=words)).splitlines()
    shown = [line.strip() for line in lines[lines.index("  Examples:") + 1 :]]
    assert [line.split()[2] for line in shown] == [
        name for name in group.commands if not group.commands[name].hidden
    ]
    for line in shown:
        taken(line.split(" && ")[0])


def test_an_example_that_is_none_is_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        taken("agent status --nonsense")
