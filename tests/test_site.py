"""The site builds strictly from the pages and the docstrings, and loads nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.shared import ROOT


def test_the_site_is_built_and_holds_every_page_and_the_api(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    site = tmp_path / "site"
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file(), page
    for name in ("readme-page", "changelog", "contributing", "security", "examples"):
        assert (site / f"{name}.html").is_file()
    listed = (site / "decisions" / "index.html").read_text()
    numbers = [int(each.name[:4]) for each in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert [number for number in numbers if f"<td>{number}</td>" not in listed] == []
    api = (site / "reference" / "api.html").read_text()
    for name in ("agent.account.agent.Agent.kill", "agent.notebook.backtest", "domain.ports.Provider"):
        assert f'id="{name}"' in api
    loaded = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//')
    assert [page.name for page in site.rglob("*.html") if loaded.search(page.read_text())] == []
