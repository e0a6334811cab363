"""The templates of written reports: the page's own, as style and script are; what is put in is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard import STATIC, TEMPLATES


@cache
def environment(folder: Path = TEMPLATES) -> Environment:
    """Return a folder's templates and the page's, compiled once in a process.

    A name without a value is a fault of ours.
    """
    return Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _module(template: str, folder: Path) -> Any:
    return environment(folder).get_template(template).module


def piece(template: str, name: str, *values: Any, folder: Path = TEMPLATES) -> Markup:
    """Return what one macro of a template makes of values."""
    markup: Markup = getattr(_module(template, folder), name)(*values)
    return markup


def part(name: str, *values: Any) -> Markup:
    """Return one of the pieces of parts.html.j2: a table, a note, a list."""
    return piece("parts.html.j2", name, *values)


def chart(name: str, *values: Any) -> Markup:
    """Return one of the pieces of charts.html.j2: a figure with its data."""
    return piece("charts.html.j2", name, *values)


def page(name: str, *, folder: Path = TEMPLATES, **values: Any) -> str:
    """Return a whole page."""
    return environment(folder).get_template(name).render(**values)


@cache
def style(*names: str, folder: Path = STATIC) -> Markup:
    """Return style sheets as they stand in their files, one after the other."""
    text = "".join((folder / name).read_text(encoding="utf-8") for name in names)
    return Markup(text)  # noqa: S704 -- files of our own
