"""Strangers find what a project has: exported names that exist, types, a licence, the tools of CI."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.shared import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["importlinter"]["root_packages"]


def test_the_public_names_of_the_agent_are_these() -> None:
    agent = import_module("agent")
    notebook = ["Backtest", "Swept", "WalkedForward", "backtest", "sweep", "walk_forward"]
    assert sorted(agent.__all__) == sorted(["Agent", "Settings", "__version__", *notebook])
    for name in agent.__all__:
        assert getattr(agent, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = agent.nope


def test_the_version_is_the_project_s() -> None:
    assert import_module("agent").__version__ == PROJECT["project"]["version"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_ships_its_types(room: str) -> None:
    assert (ROOT / room / "py.typed").is_file()
    assert "py.typed" in PROJECT["tool"]["setuptools"]["package-data"]["*"]


@pytest.mark.parametrize("name", ["LICENSE", "SECURITY.md", "CONTRIBUTING.md", ".editorconfig"])
def test_what_a_stranger_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 100
    assert PROJECT["project"]["license"] == "MIT"


def test_the_hooks_run_what_ci_runs_and_download_nothing() -> None:
    hooks, make = (ROOT / ".pre-commit-config.yaml").read_text(), (ROOT / "Makefile").read_text()
    assert "repo: local" in hooks
    assert "://" not in hooks
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports --no-cache"):
        assert tool in hooks
        assert tool in make


def test_what_a_tool_formats_the_editor_formats_too() -> None:
    editor = Path(ROOT / ".editorconfig").read_text()
    assert f"max_line_length = {PROJECT['tool']['ruff']['line-length']}" in editor
