"""The report's templates: HTML, style and script stand in files; everything put into them is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).with_name("templates")


@cache
def environment(folder: Path = FOLDER) -> Environment:
    """Return a folder's templates, compiled once in a process; a name without a value is a fault of ours."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _module(template: str, folder: Path) -> Any:
    return environment(folder).get_template(template).module


def piece(template: str, name: str, *values: Any, folder: Path = FOLDER) -> Markup:
    """Return what one macro of a template makes of values."""
    markup: Markup = getattr(_module(template, folder), name)(*values)
    return markup


def part(name: str, *values: Any) -> Markup:
    """Return one of the pieces of parts.html.j2: a table, a note, a list."""
    return piece("parts.html.j2", name, *values)


def chart(name: str, *values: Any) -> Markup:
    """Return one of the pieces of charts.html.j2: a path, a drawing, a plot with its labels."""
    return piece("charts.html.j2", name, *values)


def page(name: str, *, folder: Path = FOLDER, **values: Any) -> str:
    """Return a whole page."""
    return environment(folder).get_template(name).render(**values)


@cache
def file(name: str, folder: Path = FOLDER) -> Markup:
    """Return a style sheet or a script as it stands in its file."""
    return Markup((folder / name).read_text(encoding="utf-8"))  # noqa: S704 -- files of our own
