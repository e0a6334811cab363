"""The page's files as they lie: libraries as published, nothing that a strict policy would refuse."""

import hashlib
import re
from pathlib import Path

import pytest

from dashboard import STATIC, TEMPLATES
from scripts.vendor import FILES, VENDOR, differences

OWN = [path for path in STATIC.rglob("*.js") if VENDOR not in path.parents]
HTML = sorted(TEMPLATES.rglob("*.html*"))


def test_libraries_are_the_ones_that_were_published_each_with_its_licence() -> None:
    assert differences() == []
    named = (STATIC / "licences.txt").read_text()
    for each in FILES:
        assert Path(each.here).name in named


def test_a_library_that_was_changed_is_named(tmp_path: Path) -> None:
    for each in FILES:
        target = tmp_path / each.here
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((VENDOR / each.here).read_bytes())
    assert differences(tmp_path) == []
    (tmp_path / "preact.js").write_bytes(b"other")
    (tmp_path / "more.js").write_bytes(b"")
    other = hashlib.sha256(b"other").hexdigest()
    assert [line.split(":")[0] for line in differences(tmp_path)] == ["preact.js", "more.js"]
    assert other in differences(tmp_path)[0]


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(STATIC)))
def test_no_script_makes_markup_or_code_from_text(path: Path) -> None:
    text = path.read_text()
    assert not re.search(
        r"\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )
    assert "://" not in re.sub(r"https://www\.tradingview\.com/|http://www\.w3\.org/2000/svg", "", text)


def test_the_shell_has_nothing_inline_and_names_files_that_are_there() -> None:
    text = (TEMPLATES / "shell.html.j2").read_text()
    assert not re.search(r"<style|<script(?![^>]* src=)|\son[a-z]+=|\sstyle=", text)
    for name in re.findall(r'(?:src|href)="/static/([^"{]+)"', text):
        assert (STATIC / name).is_file(), name
    for name in re.findall(r'"([\w/-]+)"', text[text.index("{% for name in") : text.index("%}")]):
        assert (STATIC / f"{name}.js").is_file(), name


def test_every_module_that_is_imported_is_there() -> None:
    for path in OWN:
        for name in re.findall(r'(?:from|import\()\s*"(\.[^"]+)"', path.read_text()):
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"
