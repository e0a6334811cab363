"""Hooks of `make docs`: pages outside this folder are pages of the site too, and links to them lead there."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "README.md": "readme-page.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples.md",
}
"""Pages of the repository and their names on the site."""
DECISIONS = "decisions/index.md"

_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def linked(text: str, page: str, place: str) -> str:
    """Return a page's text with links as the site has them; `page` and `place` are its paths here and there.

    What the site does not hold (sources, folders) becomes plain words.
    """

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[2]))
        target = f"{target}/README.md" if target == "examples" else target
        inside = OUTSIDE.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        if inside is None or not ((ROOT / "docs" / inside).is_file() or inside in OUTSIDE.values()):
            return match[1]
        return f"[{match[1]}]({posixpath.relpath(inside, posixpath.dirname(place) or '.')}{match[3] or ''})"

    return _LINK.sub(link, text)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand outside."""
    for page, name in OUTSIDE.items():
        text = linked((ROOT / page).read_text(), page, name)
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let a page's links lead to pages of the site."""
    place = page.file.src_uri
    markdown += decisions() if place == DECISIONS else ""
    return markdown if place in OUTSIDE.values() else linked(markdown, f"docs/{place}", place)


def decisions() -> str:
    """Return the list of all decisions by number and title."""
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    titles = ((page.name, page.read_text().partition("\n")[0].removeprefix("# ")) for page in pages)
    rows = (f"| {int(name[:4])} | [{title}]({name}) |" for name, title in titles)
    return "\n".join(("\n", "| number | decision |", "| --- | --- |", *rows, ""))
