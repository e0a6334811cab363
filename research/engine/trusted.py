"""Trust in code files: written by root or this user only, for keys are in the environment.

A path is as safe as every folder and link on the way to it: who may write one of them puts another file in
its place. In a folder with the sticky bit (such as /tmp) others can only add names, so it counts as a way,
never as a place where code lies.
"""

import os
import shlex
import stat
from collections.abc import Iterator
from importlib.machinery import all_suffixes
from pathlib import Path

from domain.errors import BadInput

MOST_LINKS = 40
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def require_trusted(path: Path) -> None:
    """Raise BadInput where others may write a file or folder of code, or anything on the way to it."""
    *way, end = way_to(path)
    for index in way:
        _require(path, index, sticky=True)
    _require(path, end)


def require_trusted_folder(folder: Path) -> None:
    """Raise BadInput as `require_trusted` for a folder and for whatever an import out of it could execute."""
    require_trusted(folder)
    for path in importable(folder):
        if path.is_symlink():
            require_trusted(path)
        else:
            _require(path, path)


def way_to(path: Path) -> Iterator[Path]:
    """Yield the folders and links on the way to a path from the root down, and where it leads."""
    whole = path.absolute()
    folder, rest, links = Path(whole.anchor), list(reversed(whole.parts[1:])), 0
    yield folder
    while rest:
        name = rest.pop()
        folder = folder.parent if name == ".." else folder / name
        yield folder
        if folder.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise BadInput(f"{path}: not executed: too many links on the way to it")
            target = folder.readlink()
            rest += reversed(target.parts[1:] if target.is_absolute() else target.parts)
            folder = Path(target.anchor) if target.is_absolute() else folder.parent


def importable(folder: Path) -> Iterator[Path]:
    """Yield the modules, packages and bytecode below a folder, links followed once."""
    known: set[Path] = set()
    for above, folders, files in os.walk(folder, followlinks=True):
        here = Path(above)
        real = here.resolve()
        if real in known:
            folders.clear()
            continue
        known.add(real)
        folders[:] = sorted(each for each in folders if each.isidentifier())
        yield from (here / each for each in folders)
        yield from (here / each for each in sorted(files) if each.endswith(tuple(all_suffixes())))


def _require(code: Path, folder: Path, *, sticky: bool = False) -> None:
    """Raise BadInput where others may write a place of code; `sticky` folders may be on the way to it."""
    if not hasattr(os, "geteuid"):  # pragma: no cover -- no such modes there
        return
    try:
        result = folder.lstat()
    except FileNotFoundError:
        return  # nothing is there to be executed
    except (OSError, ValueError) as error:
        raise BadInput(f"{code}: not executed: {folder} cannot be looked at: {error}") from None
    why = "what runs from there runs with the exchange keys of the environment"
    if result.st_uid not in (0, os.geteuid()):
        remedy = f"chown {os.geteuid()} {shlex.quote(str(folder))}, or use a copy of your own"
        raise BadInput(f"{code}: not executed: {folder} belongs to user {result.st_uid}; {why}: {remedy}")
    excused = stat.S_ISLNK(result.st_mode) or (sticky and result.st_mode & stat.S_ISVTX)
    if result.st_mode & OTHERS_WRITE and not excused:
        mode = f"mode {stat.S_IMODE(result.st_mode):04o}, so others may write it"
        remedy = f"chmod go-w {shlex.quote(str(folder))}"
        raise BadInput(f"{code}: not executed: {folder} has {mode}; {why}: {remedy}")
