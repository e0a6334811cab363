"""The pages are true: their commands run, their output is what comes out, their links and names exist."""

import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from pydantic import BaseModel

from agent.cli.app import app
from agent.cli.handlers.config import toml
from agent.settings.keys import EXCHANGE_KEY, KEY_VARIABLE
from agent.settings.load import unknown_variables
from agent.settings.settings import Options
from agent.settings.upkeep.sections import Upkeep, models_in
from docs import tables
from perception.pairs.settings import PairListSettings
from risk.settings import RiskSettings, SizingSettings
from risk.table import RULES
from scripts.soak.command import parse
from tests.agent.command import agent, environment
from tests.shared import ROOT, data_folder, shared_data

README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
OWN_NAMES = [page for page in PAGES if page.name not in ("architecture.md", "performance.md")]
SHARED = "../shared/data/"
FIRST = ("run", "--provider", "simulated", "--speed", "max", "--cycles", "400")
"""The README's first command; the other pages go on from the run it made."""


class Block(NamedTuple):
    """A fenced block: `follows` tells that only blank lines part it from the block before."""

    language: str
    lines: list[str]
    follows: bool


def blocks(page: Path) -> list[Block]:
    """Return a page's fenced blocks, in order."""
    found, end = [], -1
    text = page.read_text()
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        follows = end >= 0 and not text[end : match.start()].strip()
        found.append(Block(match[1], match[2].splitlines(), follows))
        end = match.end()
    return found


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# Blocks marked `bash` take minutes: they were run by hand, their output is in the page.
PAGES_THAT_RUN = [page for page in PAGES if any(block.language in ("sh", "python") for block in blocks(page))]


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """Return the address of a venue that refuses connections: pages run without a network."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening, so nobody else can take it either
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home as the README's first command leaves it."""
    home = tmp_path_factory.mktemp("begun")
    agent(home, *FIRST)
    return home


@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=name_of)
def test_every_command_runs_and_prints_what_the_page_shows(
    page: Path, tmp_path: Path, nobody: str, request: pytest.FixtureRequest
) -> None:
    home = tmp_path / "home"
    if page != README:
        shutil.copytree(request.getfixturevalue("begun"), home)
    printed: list[str] = []
    left_out = 0
    for block in blocks(page):
        if not _at_hand(block):
            printed, left_out = [], left_out + 1
            if any("data import" in line for line in block.lines):
                break  # what follows goes on from what was imported
        elif block.language == "sh":
            printed = [line for command in block.lines for line in _run(command, home, nobody)]
        elif block.language == "python":
            printed = _python(block.lines, home)
        elif block.language == "text" and block.follows and printed:
            _compare(block.lines, printed)
    if left_out:
        pytest.skip(
            f"shared data are absent: left out {left_out} of the page's blocks; those before and beside hold"
        )


def _at_hand(block: Block) -> bool:
    """Tell whether the shared data a block's commands name, if any, are here."""
    named = [word for line in block.lines for word in line.split() if word.startswith(SHARED)]
    return all(data_folder().joinpath(word.removeprefix(SHARED)).exists() for word in named)


def _run(command: str, home: Path, nobody: str) -> list[str]:
    """Run one line of an sh block; of the `make` lines that of the first minute, the others name a target."""
    words = shlex.split(command, comments=True)
    if words == ["make", "paper"]:
        words = ["agent", "run", "--mode", "paper", "--rehearse"]  # what it runs, as tests of it say
    if not words or words[0] == "make":
        return []
    assert words[0] == "agent", f"{command!r}: sh blocks hold agent and make lines only; mark others ```text"
    code = re.search(r"# exit (\d+)", command)
    given = [_path(word, home) for word in words[1:]]
    done = agent(home, *given, check=int(code[1]) if code else 0, env={"AGENT_BINANCE__BASE_URL": nobody})
    return (done.stdout + done.stderr).splitlines()


def _path(word: str, home: Path) -> str:
    if word.startswith("~/"):
        return str(home.parent / word[2:])
    if word.startswith("examples/"):
        return str(ROOT / word)
    return str(shared_data(*word.removeprefix(SHARED).split("/"))) if word.startswith(SHARED) else word


def _python(lines: list[str], home: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        env=environment(home), cwd=home.parent, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _compare(shown: list[str], printed: list[str]) -> None:
    """Find every shown line among the printed ones, in order; `...` stands for anything."""
    rest = iter(printed)
    for line in shown:
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("..."))))
        if line.strip() != "...":
            assert any(pattern.fullmatch(real.rstrip()) for real in rest), (line, printed)


def test_the_readme_begins_with_the_run_the_pages_go_on_from() -> None:
    commands = [line for block in blocks(README) if block.language == "sh" for line in block.lines]
    assert next(line for line in commands if line.startswith("agent ")) == shlex.join(("agent", *FIRST))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text()):
        if "://" in target:
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name_of(page)} links to {target}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]


def test_the_readme_links_to_every_how_to_page() -> None:
    text = README.read_text()
    for page in sorted((ROOT / "docs" / "how-to").glob("*.md")):
        assert f"]({name_of(page)})" in text, name_of(page)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE))
        assert named <= targets, name_of(page)


def flags(command: Any) -> set[str]:
    """Return every flag of a command and of those below it."""
    own = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    return own.union(
        command.get_help_option_names(typer.Context(command)),
        *(flags(each) for each in getattr(command, "commands", {}).values()),
    )


def setting_exists(path: str, model: type[BaseModel] = Options) -> bool:
    """Tell whether a dotted path names a setting or a section; below a table of values anything does."""
    name, _, rest = path.partition(".")
    field = model.model_fields.get(name)
    if field is None or not rest:
        return field is not None
    inner = field.annotation
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return setting_exists(rest, inner)
    return str(inner).startswith("dict[")


@pytest.mark.parametrize("page", OWN_NAMES, ids=name_of)
def test_every_flag_variable_and_setting_that_is_named_exists(page: Path) -> None:
    known = flags(typer.main.get_command(app)) | {"--minutes", "--seed", "--faults", "--out", "--keep"}
    for quoted in re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    ):
        for flag in re.findall(r"(?:^| )(--[a-z-]+)", quoted):
            assert flag in known, flag
        for variable in re.findall(r"\bAGENT_[A-Z_]+\b", quoted):
            assert variable == "AGENT_HOME" or not unknown_variables({variable: ""}), variable
        for variable in re.findall(r"\b[A-Z_]+_API_KEY\b", quoted):
            assert variable in (KEY_VARIABLE, f"AGENT_{KEY_VARIABLE}", EXCHANGE_KEY), variable
        if re.fullmatch(r"[a-z_]+(\.[a-zA-Z_-]+)+", quoted) and quoted.split(".")[0] in (
            Options.model_fields | Upkeep.model_fields
        ):
            assert setting_exists(quoted) or setting_exists(quoted, Upkeep), quoted


def test_the_soak_commands_are_understood() -> None:
    lines = [line for block in blocks(ROOT / "docs" / "how-to" / "soak.md") for line in block.lines]
    commands = [shlex.split(line) for line in lines if "scripts/soak/command.py" in line]
    assert commands
    for words in commands:
        parse(words[2:])


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, tuple("---" for _ in heads), *rows))


def rules_table() -> str:
    """Return the table of risk rules, from the table the gate itself reads."""
    models: dict[str, BaseModel] = {
        "risk": RiskSettings(), "sizing": SizingSettings(), "pairlist": PairListSettings(),
    }  # fmt: skip  # as they come
    rows = []
    for rule in RULES:
        paths = [path.split(".") for path in rule.settings]
        values = [str(getattr(models[section], field)) for section, field in paths]
        names = [f"`{path}`" for path in rule.settings]
        rows.append(
            (
                str(rule.number),
                f"`{rule.reason}`",
                rule.meaning,
                "<br>".join(names) or "none",
                "<br>".join(values) or "none",
            )
        )
    return table(("#", "reason", "what it means", "settings", "default"), rows)


def settings_table() -> str:
    """Return the settings at the top of the file, then its sections."""
    plain, sections = [], []
    defaults = Options().public()
    for name, field in Options.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            sections.append((f"`[{name}]`", (inner.__doc__ or "").splitlines()[0]))
        elif name == "db_url":
            plain.append((f"`{name}`", "`AGENT_DB_URL`", str(field.description)))
        elif field.description:
            # The home's default is the machine's, so the page says what it is and not where.
            kept = defaults.get(name, {})  # what is left out of the journal is a table of nothing
            default = "your data folder" if name == "home" else f"`{toml(kept)}`"
            plain.append((f"`{name}`", default, field.description))
    beside = [
        (f"`[{name}]`", (model.__doc__ or "").splitlines()[0])
        for name, field in Upkeep.model_fields.items()
        for model in models_in(field.annotation)
    ]
    return "\n\n".join(
        (
            table(("setting", "default", "what it is"), plain),
            table(("section", "what it is"), sections),
            table(("section of the home", "what it is"), beside),
        )
    )


@pytest.mark.parametrize(
    ("name", "made"), [("risk-rules.md", rules_table()), ("configuration.md", settings_table())]
)
def test_the_tables_in_the_docs_are_the_code_s(name: str, made: str) -> None:
    page = ROOT / "docs" / "how-to" / name
    assert made in page.read_text(), f"put this into {page}:\n\n{made}\n"


SETTINGS = [
    page for page in PAGES if page.parent.name == "how-to" and page.name not in ("alerts.md", "sandbox.md")
]
"""Pages whose toml blocks are settings each by itself; the others go on from one before or are none."""


@pytest.mark.parametrize(
    "page", [page for page in SETTINGS if any(each.language == "toml" for each in blocks(page))], ids=name_of
)
def test_every_block_of_settings_is_taken_as_it_is_shown(page: Path, tmp_path: Path) -> None:
    for name in re.findall(r"^agent strategy new (\S+)$", page.read_text(), re.MULTILINE):
        agent(tmp_path, "strategy", "new", name)
    for block in blocks(page):
        if block.language == "toml":
            (tmp_path / "config.toml").write_text("\n".join(block.lines))
            agent(tmp_path, "config", "show")


@pytest.mark.parametrize("name", tables.WRITTEN)
def test_routes_metrics_and_alerts_in_the_docs_are_the_code_s(name: str) -> None:
    text = (ROOT / "docs" / "how-to" / name).read_text()
    assert text == tables.page(name), "run: .venv/bin/python -m docs.tables"
