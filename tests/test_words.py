"""The words of the code: one name for one thing, in the field's terms, and docstrings that are statements."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.shared import ROOT

ROOMS = (
    "advice",
    "agent",
    "domain",
    "edge",
    "journal",
    "learning",
    "perception",
    "platforms",
    "reasoning",
    "research",
    "risk",
)
TOOLS = ("scripts", "benchmarks")
PACKAGES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("__init__.py"))
RIDDLE = re.compile(r"(What|How|Whether|Which|Who|Whom|Whose|Where|When|Why)\b")
LEFT_BEHIND = {
    "Bench",
    "Climate",
    "House",
    "Launch",
    "Listing",
    "Mind",
    "OrderSettled",
    "Piece",
    "Quote",
    "Reader",
    "Speaker",
    "Standing",
    "Tracked",
    "Weights",
    "Wish",
    "bustle",
    "hear",
    "owed",
    "ripe",
    "settle",
    "standings",
    "take_over",
}
"""Names of classes and functions that have better ones now (docs/glossary.md)."""
PARTICIPLES = {"told", "said", "found", "made", "seen", "wish", "place"}
"""Variables and parameters that say nothing of what they hold."""
TWICE: dict[str, str] = {}
"""Class names that stand for two things, each with the reason."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees(*rooms: str) -> dict[Path, ast.Module]:
    """Return what the files of some rooms say: read once, and by the process that asks alone."""
    paths = (path for room in rooms for path in (ROOT / room).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text()) for path in paths}


def product() -> dict[Path, ast.Module]:
    return trees(*ROOMS)


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def variables(function: Function) -> Iterator[tuple[str, int]]:
    """Yield each parameter and each variable that a function sets, with its line."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def _documented(tree: ast.Module) -> Iterator[ast.Module | ast.ClassDef]:
    yield tree
    yield from classes(tree)


def test_docstrings_are_statements() -> None:
    riddles = [
        f"{path}: {getattr(node, 'name', 'module')}: {text.splitlines()[0]}"
        for path, tree in (product() | trees(*TOOLS)).items()
        for node in _documented(tree)
        if RIDDLE.match(text := ast.get_docstring(node) or "")
    ]
    assert not riddles, "say what it is:\n" + "\n".join(riddles)


@pytest.mark.parametrize("path", PACKAGES, ids=str)
def test_every_package_says_in_a_sentence_what_it_is(path: Path) -> None:
    text = ast.get_docstring(ast.parse((ROOT / path).read_text())) or ""
    assert text.splitlines(), "no docstring"
    assert text.splitlines()[0].endswith(".")


def test_no_name_comes_back_that_was_left_behind() -> None:
    back = [
        f"{path}:{node.lineno}: {node.name}"
        for path, tree in product().items()
        for node in (*classes(tree), *functions(tree))
        if node.name in LEFT_BEHIND
    ]
    assert not back, "docs/glossary.md has the word for it:\n" + "\n".join(back)


def test_variables_say_what_they_hold() -> None:
    bare = {
        f"{path}:{line}: {name}"
        for path, tree in product().items()
        for function in functions(tree)
        for name, line in variables(function)
        if name in PARTICIPLES
    }
    assert not bare, (
        "name what it holds (report, text, result, parts, observation, request, index):\n"
        + "\n".join(sorted(bare))
    )


def test_one_class_name_has_one_meaning() -> None:
    places = defaultdict(list)
    for path, tree in product().items():
        for node in classes(tree):
            if not node.name.startswith("_"):
                places[node.name].append(f"{path}:{node.lineno}")
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert not twice.keys() - TWICE.keys(), "\n".join(
        f"{name}: {', '.join(twice[name])}" for name in sorted(twice)
    )
    assert not TWICE.keys() - twice.keys(), "these exceptions are none any more"


def test_every_name_in_the_glossary_exists() -> None:
    known = {node.name for tree in product().values() for node in (*classes(tree), *functions(tree))} | {
        name
        for tree in product().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.Assign)
        for name in _targets(node)
    }
    page = (ROOT / "docs" / "glossary.md").read_text()
    names = {
        part
        for each in re.findall(r"`([^`]+)`", page)
        if re.fullmatch(r"[A-Za-z_]+(\.[a-z_]+)?", each)
        for part in each.split(".")
    }
    assert len(names) > 30
    assert not names - known, "the glossary names what is not there"


def _targets(node: ast.AnnAssign | ast.Assign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [
        each.id if isinstance(each, ast.Name) else each.attr
        for each in targets
        if isinstance(each, ast.Name | ast.Attribute)
    ]
