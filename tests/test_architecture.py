"""The house stands as drawn: every package under contract, the picture in the docs up to date."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

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


def test_the_rooms_within_rooms_in_the_docs_are_the_contracts() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    inner = [each for each in contracts if each["type"] == "layers" and each["containers"]]
    assert len(inner) > 5
    for each in inner:
        floors = " / ".join(floor.replace(" | ", " ") for floor in each["layers"])
        room = each["containers"][0].replace(".", "/") + "/"
        assert f"{room:<20}{floors}\n" in page
        assert each["exhaustive"], "a new module must be given a room"


def test_every_folder_says_in_one_sentence_what_it_answers() -> None:
    for room in packages():
        for init in (ROOT / room).rglob("__init__.py"):
            said = ast.get_docstring(ast.parse(init.read_text()))
            assert said, init
            assert said.splitlines()[0].rstrip().endswith((".", "`.", "?")), init


def test_the_rooms_of_the_agent_in_the_docs_say_what_they_say_themselves() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for init in (ROOT / "agent").glob("*/__init__.py"):
        sentence = (ast.get_docstring(ast.parse(init.read_text())) or "").splitlines()[0]
        assert f"| `{init.parent.name}/` | {sentence} |" in page


def test_the_state_diagrams_in_the_docs_are_the_tables() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert page.count("```mermaid") == 2
    assert drawn(page) == page, "run: .venv/bin/python -m docs.diagram"


def test_no_registry_address_in_the_lock_file() -> None:
    text = (ROOT / "requirements" / "dev.lock").read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") > text.count("==")


class Port(NamedTuple):
    """A port through which the world is reached, and what a class must have to be an adapter of it."""

    name: str
    needs: frozenset[str]


def public(node: ast.ClassDef) -> set[str]:
    """Return the names of a class's own public methods, properties and attributes."""
    named = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
    stored = [each for each in ast.walk(node) if isinstance(getattr(each, "ctx", None), ast.Store)]
    named += [each.attr for each in stored if isinstance(each, ast.Attribute)]
    return {name for name in named if not name.startswith("_")}


def classes_of(*folders: str) -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield every class of some folders with the module it stands in."""
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    yield module, node


def ports() -> list[Port]:
    known = {node.name: node for module, node in classes_of("domain") if module == "domain.ports"}
    names = ("Provider", "NewsProvider", "Observer", "Platform")
    return [Port(name, frozenset(public(known[name]) - {"name"})) for name in names]


def adapters() -> dict[str, set[str]]:
    """Return, by class, the modules of perception and platforms with one that has all a port asks for."""
    every, asked = list(classes_of("perception", "platforms")), ports()
    bases = {node.name: node for _, node in every}

    def has(node: ast.ClassDef) -> set[str]:
        above = [bases[name] for each in node.bases if (name := ast.unparse(each)) in bases]
        return public(node).union(*map(has, above))

    found: dict[str, set[str]] = {}
    for module, node in every:
        if any(port.needs <= has(node) for port in asked):
            found.setdefault(node.name, set()).add(module)
    return found


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield what a module imports when it runs: not what its types alone are named by."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield from imports(node)


def test_adapters_are_found_by_their_port() -> None:
    providers = {
        "AlphaVantageProvider",
        "BinanceProvider",
        "SimulatedProvider",
        "StreamProvider",
        "GuardedNews",
    }
    observers = {"RecordedMarket", "SimulatedMarket"}
    platforms = {"BinancePlatform", "MockTradingPlatform"}
    assert providers | observers | platforms <= set(adapters())


def test_only_wiring_knows_concrete_adapters() -> None:
    concrete = adapters()
    modules = set().union(*concrete.values())
    found = [
        f"{path.relative_to(ROOT)}: {getattr(node, 'module', '')}.{name.name}"
        for path in (ROOT / "agent").rglob("*.py")
        for node in imports(ast.parse(path.read_text()))
        for name in node.names
        if getattr(node, "module", None) in concrete.get(name.name, ())
        or {name.name, f"{getattr(node, 'module', '')}.{name.name}"} & modules
    ]
    assert len(found) > 5, "wiring itself imports them"
    # The drill loads the adapter before it forks its agents.
    assert [each for each in found if not each.startswith(("agent/wiring/", "agent/drill/"))] == []
