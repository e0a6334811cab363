"""Every finding has the form that CONTRIBUTING states; none is run, for they need a registry."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.shared import ROOT

SCRIPTS = sorted((ROOT / "findings").glob("*"))
INSTALL = re.compile(r"pip install ((?:[^\n\\]|\\\n)+)")
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][A-Za-z0-9.]*")


def unpinned(text: str) -> list[str]:
    """Return what a script installs without a version; `-r` and `-e` count as that."""
    found: list[str] = []
    for words in INSTALL.findall(text):
        said = re.sub(r"--target \S+", "", words.replace("\\\n", " ")).split()
        found += [word for word in said if not word.startswith("--") and not PIN.fullmatch(word)]
    return found


def test_there_are_findings_and_nothing_else_in_their_folder() -> None:
    assert len(SCRIPTS) >= 3
    assert {script.suffix for script in SCRIPTS} == {".sh"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_finding_pins_what_it_installs_and_states_what_it_saw(script: Path) -> None:
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert INSTALL.search(text)
    assert unpinned(text) == []
    head = text.partition("\nset -euo pipefail\n")[0]
    assert re.search(r"\d+\.\d+", head.splitlines()[1])
    assert [word for word in ("Seen:", "Guessed:", "Matters:") if f"# {word}" not in head] == []
    assert "mktemp -d" in text
    assert 'diff "$folder/expected"' in text
    assert not re.search(r"import (agent|domain|platforms|boyd)\b|from (agent|domain|platforms)\b", text)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("pip install --target x ccxt==4.5.64", []),
        ("pip install --target x ccxt", ["ccxt"]),
        ("pip install --quiet \\\n a==1 b>=2", ["b>=2"]),
        ("pip install -r list.txt", ["-r", "list.txt"]),
    ],
)
def test_an_install_without_a_pin_is_seen(line: str, left: list[str]) -> None:
    assert unpinned(line) == left
