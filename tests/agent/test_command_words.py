"""What people type as other tools take it: symbols with a slash, several values behind one option."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from agent.cli.app import app
from agent.cli.group import listed, spread


def commands(group: Any, name: str = "agent") -> Iterator[tuple[str, Any]]:
    for word, each in getattr(group, "commands", {}).items():
        yield f"{name} {word}", each
        yield from commands(each, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app)))


def of(command: str, *given: str) -> list[str]:
    return spread(COMMANDS[command].params, given)


SYMBOLS = {
    name: option
    for name, command in COMMANDS.items()
    for option in command.params
    if option.name == "symbol" or "--symbol" in option.opts
}


@pytest.mark.parametrize("command", SYMBOLS)
def test_every_command_takes_a_symbol_with_a_slash(command: str) -> None:
    parser = SYMBOLS[command].type_descriptor.parameter_info.parser
    assert parser is not None
    assert parser("BTC/USDT") == "BTC-USDT"


def test_an_option_that_may_be_repeated_takes_all_words_behind_it() -> None:
    told = of("agent backtest", "--data", "a.zip", "b.zip", "c.zip", "--strategy", "rsi", "sma", "--json")
    parted = "--data a.zip --data b.zip --data c.zip --strategy rsi --strategy sma --json"
    assert told == parted.split()
    assert of("agent backtest", *parted.split()) == parted.split()


def test_other_words_are_left_to_be_refused() -> None:
    given = ["a.zip", "--timerange", "-20230601", "b.zip", "--json", "c.zip", "--data", "d.zip"]
    assert of("agent backtest", *given) == given


def test_a_command_with_words_of_its_own_keeps_them() -> None:
    given = ["--columns", "close=Price", "a.csv", "b.csv"]
    assert of("agent data import", *given) == given


def test_the_examples_of_a_help_stand_one_to_a_line() -> None:
    with_examples = [each for each in COMMANDS.values() if "Example" in str(each.epilog)]
    assert len(with_examples) > 20
    for command in with_examples:
        lines = listed(command.epilog).splitlines()
        assert lines[:2] == ["\b", "Examples:"]
        assert not any(" | agent" in line for line in lines)
        assert all(
            line.startswith("  agent ") for line in lines[2 : lines.index("", 2) if "" in lines else None]
        )
