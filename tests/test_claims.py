"""What the pages claim of commands, options, files and figures is what command tree and code say."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from agent.cli.app import app
from agent.settings import db_url
from agent.settings.keys import EXCHANGE_KEY, EXCHANGE_SECRET, EXCHANGE_SECRET_FILE, KEY_VARIABLE
from perception.providers.alpha_vantage.provider import INTERVALS
from risk.table import RULES
from tests.shared import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
TREE: Any = typer.main.get_command(app)
ROOMS = (
    "advice", "agent", "benchmarks", "docs", "domain", "edge", "findings", "fixtures", "journal", "learning",
    "perception", "platforms", "reasoning", "research", "risk", "scripts", "tests",
)  # fmt: skip
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STALE = re.compile(
    r"only way to trade|pip install '?boyd|published on (PyPI|an index)|token from a file|over a port of this"
)
"""Claims that were true once."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def leaves(command: Any = TREE, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path
        return
    for name, each in below.items():
        if not each.hidden:
            yield from leaves(each, (*path, name))


def typed(page: Path) -> Iterator[str]:
    """Yield what a page shows as typed: words behind `agent`, in blocks and in the text."""
    text = page.read_text()
    pieces = [line for block in FENCE.findall(text) for line in block.splitlines()]
    pieces += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for piece in pieces:
        found = re.match(r"(?:\S*/)?agent ((?!=).*)", piece)
        if found and not found[1].startswith("="):
            yield found[1].split(" #")[0].split(" | ")[0].split(" > ")[0]


def words_of(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def refuted(line: str) -> str:
    """Say what the command tree has against a line, "" where nothing."""
    words, command = words_of(line), TREE
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if getattr(command, "commands", None) and words and not words[0].startswith("-"):
        return f"no command {words[0]}"
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    for word in words:
        flag = word.rstrip(".,;:").split("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", flag) and flag not in {*options, "--help", "-h"}:
            return f"no option {flag}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_line_that_is_shown_is_one_of_the_tree_with_its_own_options(page: Path) -> None:
    wrong = {line: why for line in typed(page) if (why := refuted(line))}
    assert wrong == {}


def test_a_line_that_is_wrong_is_found() -> None:
    assert refuted("journal list --csv") == "no option --csv"
    assert refuted("jurnal list") == "no command jurnal"
    assert refuted("close BTC-USDT --reason 'now'") == ""


def test_the_readme_lists_every_command() -> None:
    table = (ROOT / "README.md").read_text().split("## Commands")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `agent")]
    missing = [path for path in leaves() if not any(path[0] in row and path[-1] in row for row in rows)]
    assert missing == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_every_file_of_the_project_that_is_named_is_there(page: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(ROOMS)})/[\w/.-]+)`", page.read_text())
    missing = [path for path in named if not (ROOT / path).exists() and "NAME" not in path]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_was_true_once_is_gone(page: Path) -> None:
    assert STALE.findall(page.read_text()) == []


def test_messages_name_no_package_that_is_not_published() -> None:
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path != Path(__file__)]
    assert [name_of(path) for path in sources if "boyd[" in path.read_text()] == []


def test_the_page_on_configuration_names_every_variable_that_holds_a_secret() -> None:
    section = (ROOT / "docs" / "how-to" / "configuration.md").read_text().split("## Secrets")[1]
    variables = (KEY_VARIABLE, EXCHANGE_KEY, EXCHANGE_SECRET, EXCHANGE_SECRET_FILE, "AGENT_DB_URL")
    assert [name for name in (*variables, db_url.FILE_VARIABLE) if f"`{name}`" not in section] == []


def test_figures_in_the_prose_are_the_code_s() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"A risk gate of {len(RULES)} ordered checks" in changelog
    paper = (ROOT / "docs" / "how-to" / "run-on-paper.md").read_text()
    assert f"It has candles of {', '.join(INTERVALS)} and 1d" in paper
