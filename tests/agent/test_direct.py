"""Commands read without the library mean what the library says they mean, and what is odd is left to it."""

from pathlib import Path
from typing import Any

import pytest
import typer.main

from agent.cli import direct
from agent.cli.app import app
from agent.cli.direct import COMMANDS, DirectCommand, run_direct, values
from agent.cli.handlers import journal, status, why

WORDS = (
    "status",
    "status --json",
    "status --home somewhere --journal paper",
    "positions --home=somewhere --json",
    "why",
    "why 812",
    "why 007 --json",
    "why --journal=a=b 3",
    "journal tail",
    "journal tail -n 3 --json",
    "journal tail --count=100000 --home somewhere",
)
LEFT = (
    "",
    "run",
    "journal",
    "journal verify",
    "status --help",
    "status extra",
    "status --jso",
    "status --json=yes",
    "status --json --json",
    "status --home",
    "status --home=",
    "status --home --json",
    "why 1 2",
    "why x",
    "why -5",
    "why ٣",
    "why 9999999999999999999999",
    "journal tail -n0",
    "journal tail -n 0",
    "journal tail -n=3",
    "journal tail -n 3 --count 4",
    "journal tail --count 100001",
)


def commands(name: tuple[str, ...]) -> Any:
    found: Any = typer.main.get_command(app)
    for word in name:
        found = found.commands[word]
    return found


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_a_direct_command_has_the_options_of_the_library_s(name: tuple[str, ...]) -> None:
    command: DirectCommand = COMMANDS[name]
    params = [each for each in commands(name).params if each.name != "help"]
    options = {word: each for each in params if each.param_type_name == "option" for word in each.opts}
    assert set(command.options) == set(options)
    for word, option in command.options.items():
        assert option.name == options[word].name
        assert (option.read is None) == bool(getattr(options[word], "is_flag", False))
        assert not options[word].multiple
        assert options[word].envvar is None
    arguments = [each.name for each in params if each.param_type_name == "argument"]
    assert ([] if command.argument is None else [command.argument.name]) == arguments


@pytest.mark.parametrize("text", WORDS)
def test_words_come_to_the_same_work_with_and_without_the_library(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    for module, name in (
        (status, "show_status"),
        (status, "show_positions"),
        (why, "show_why"),
        (journal, "tail_journal"),
    ):
        monkeypatch.setattr(
            module, name, lambda *given, _name=name, **more: done.append((_name, _plain(given), more))
        )
    assert run_direct(text.split())
    commands(()).main(text.split(), standalone_mode=False)
    assert len(done) == 2
    assert done[0] == done[1]


def _plain(given: tuple[Any, ...]) -> list[Any]:
    return [getattr(each, "root", each) for each in given]


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_plain_use_is_left_to_the_library(text: str) -> None:
    words = text.split()
    name = next((each for each in COMMANDS if tuple(words[: len(each)]) == each), None)
    if name is None:
        assert not run_direct(words)
    else:
        assert values(COMMANDS[name], words[len(name) :]) is None


def test_a_shell_that_completes_words_asks_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(direct.COMPLETING, "complete_bash")
    assert not run_direct(["status", "--home", str(Path("nowhere"))])
