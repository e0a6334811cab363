"""The refusal of a declaration: where, what, and what to write instead."""

import copyreg
import inspect
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType
from typing import Any

from domain.errors import BadInput

HERE = str(Path(__file__).parent)


class Undeclarable(BadInput):
    """A strategy that cannot be made of its file: "FILE:LINE: what; what to write instead".

    Where no file is given it is the line that called these modules, and `line` stays None.
    """

    def __init__(self, what: str, file: str = "", line: int | None = None) -> None:
        at = (file, line) if file else called_from()
        where = ":".join(str(each) for each in (Path(at[0]).name, at[1]) if each)
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.line = line

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes as it is: made anew it would name where it arrived."""
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]  # it has


def near(name: str, known: Iterable[str]) -> str:
    """Return the names there are, the one that was probably meant first."""
    from difflib import get_close_matches  # noqa: PLC0415  # of slips of the pen alone

    names = list(known)
    close = [each for each in names if each.lower() == name.lower()] or get_close_matches(
        name, names, 1, 0.55
    )
    meant = f"did you mean {close[0]}? " if close else ""
    return (
        f"{meant}there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "there is none"
    )


def shown(given: Any) -> str:
    """Return what was given instead of a number, in words."""
    return f"the function {given.__name__}" if isinstance(given, FunctionType) else repr(given)


def called_from() -> tuple[str, int | None]:
    """Return file and line of what called these modules, such as a class that declares something."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return ("", None) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
