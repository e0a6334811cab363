"""The house stands as drawn: every package under contract, the picture in the docs up to date."""

import ast
import subprocess
import sys
import tomllib

from docs.diagram import drawn
from tests.shared import ROOT

NOT_PRODUCT = {"tests", "benchmarks", "scripts", "docs", "requirements"}


def packages() -> set[str]:
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_PRODUCT


def test_every_top_level_package_is_under_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    roots = set(settings["tool"]["importlinter"]["root_packages"])
    assert packages() == roots


def test_the_arrows_point_down() -> None:
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    command = [sys.executable, "-c", code, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_state_diagrams_in_the_docs_are_the_tables() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert page.count("```mermaid") == 2
    assert drawn(page) == page, "run: .venv/bin/python -m docs.diagram"


def test_no_registry_address_in_the_lock_file() -> None:
    text = (ROOT / "requirements" / "dev.lock").read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") > text.count("==")


def test_only_wiring_knows_concrete_adapters() -> None:
    concrete = {"perception.driven.recorded", "perception.driven.simulated", "perception.chain",
                "perception.build",
                "platforms.paper.platform",
                "perception.providers.alpha_vantage.provider", "perception.providers.binance"}  # fmt: skip
    found: dict[str, list[str]] = {}
    for path in (ROOT / "agent").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module in concrete:
                found.setdefault(path.relative_to(ROOT).as_posix(), []).append(node.module)
    settings_only = {"agent/settings/settings.py": ["perception.driven.simulated"]}
    assert {
        name: used for name, used in found.items() if not name.startswith("agent/wiring/")
    } == settings_only
