"""The page's script as one text, its modules in the order they need: a report runs from a file alone.

A module becomes a function that returns what it exports, and an import takes it from there. Known are only
the forms our modules are written in: `import {a, b} from "./x.js"`, `export function|const|class`, and the
list of exports at the end of a library's file.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markupsafe import Markup

from dashboard import STATIC

IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
LISTED = re.compile(r"export\{([^}]*)\};?\s*$")
OTHER = re.compile(r"^(?:import|export)\b", re.MULTILINE)


@cache
def script(name: str) -> Markup:
    """Return a module of dashboard/static with all it imports. Raises ValueError for an unknown form."""
    parts = [_wrapped(path) for path in _ordered(STATIC / name, [])]
    text = '"use strict";\nconst modules = {};\n' + "\n".join(parts)
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError(f"{name}: the text of a script may not end it")
    return Markup(text)  # noqa: S704 -- files of our own


def _ordered(path: Path, done: list[Path]) -> list[Path]:
    """Return the files a module needs, each once and before those that need it."""
    for needed in _needed(path):
        if needed not in done:
            _ordered(needed, done)
    if path not in done:
        done.append(path)
    return done


def _needed(path: Path) -> Iterator[Path]:
    for match in IMPORT.finditer(path.read_text(encoding="utf-8")):
        yield (path.parent / match.group(2)).resolve()


def _wrapped(path: Path) -> str:
    names: dict[str, str] = {}

    def taken(match: re.Match[str]) -> str:
        needed = (path.parent / match.group(2)).resolve().relative_to(STATIC.resolve())
        return f'const {{{match.group(1).replace(" as ", ": ")}}} = modules["{needed}"];\n'

    def kept(match: re.Match[str]) -> str:
        names[match.group(2)] = match.group(2)
        return match.group(1)

    def listed(match: re.Match[str]) -> str:
        pairs = (each.split(" as ") for each in match.group(1).split(","))
        names.update({pair[-1].strip(): pair[0].strip() for pair in pairs})
        return ""

    text = path.read_text(encoding="utf-8")
    text = LISTED.sub(listed, EXPORT.sub(kept, IMPORT.sub(taken, text)))
    if (other := OTHER.search(text)) is not None:
        raise ValueError(
            f"{path.name}: {text[other.start() :].splitlines()[0][:60]} cannot be put into one file"
        )
    given = ", ".join(f"{name}: {inner}" for name, inner in names.items())
    key = path.resolve().relative_to(STATIC.resolve())
    return f'modules["{key}"] = (() => {{\n{text}\nreturn {{{given}}};\n}})();'
