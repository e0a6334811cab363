"""Settings in variables, as the page about configuration says: lists with commas, files with colons."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from agent.settings.environment import Variables
from agent.settings.given import Settings
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from tests.agent.command import agent, told


def lists(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every setting that is a list, however deep, with its type."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from lists(kind, (*path, name))
        elif get_origin(kind) in (tuple, list):
            yield (*path, name), kind


LISTS = dict(lists(Options))


def test_there_are_lists_at_the_top_and_below() -> None:
    assert {("symbols",), ("data",), ("reasoning", "strategies")} <= set(LISTS)


@pytest.mark.parametrize("path", LISTS, ids=".".join)
@pytest.mark.parametrize("form", ["plain", "json"])
def test_every_list_is_written_with_its_separator_or_as_json(
    path: tuple[str, ...], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    separator = os.pathsep if Path in get_args(LISTS[path]) else ","
    text = f"one{separator} two" if form == "plain" else '["one", "two"]'
    monkeypatch.setenv(f"AGENT_{'__'.join(path).upper()}", text)
    found: Any = Variables(Settings)()
    for name in path:
        found = found[name]
    assert list(found) == ["one", "two"]


def test_what_cannot_be_read_names_its_field(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENT_SIMULATED__PRICES", "{BTC-USDT: 3")
    monkeypatch.setenv("AGENT_REASONING__STRATEGIES", "rsi,nope")
    with pytest.raises(BadSettings) as refused:
        load({"home": tmp_path})
    assert [each.partition(" = ")[0] for each in refused.value.problems] == [
        "simulated.prices",
        "reasoning.strategies",
    ]


def test_a_run_is_given_strategies_by_a_flag(tmp_path: Path) -> None:
    words = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "2", "--strategy", "sma,fvg")
    agent(tmp_path, *words, "--strategy", "sma", env={"AGENT_REASONING__STRATEGIES": "rsi"})
    (symbol,) = told(tmp_path, "why")["symbols"]
    assert [voice["name"] for voice in symbol["decision"]["voices"]] == ["sma", "fvg"]
