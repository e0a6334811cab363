"""The refusal of a declaration: where, what, and what to write instead."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from domain.errors import BadInput


class Undeclarable(BadInput):
    """A strategy that cannot be made of its file: "FILE:LINE: what; what to write instead".

    `line` is None where the class as a whole is meant.
    """

    def __init__(self, what: str, file: str = "", line: int | None = None) -> None:
        where = Path(file).name if file else ""
        super().__init__(
            f"{where}:{line}: {what}" if where and line else f"{where}: {what}" if where else what
        )
        self.what = what
        self.line = line


def near(name: str, known: Iterable[str]) -> str:
    """Return the names there are, the one that was probably meant first."""
    names = list(known)
    close = get_close_matches(name, names, 1)
    meant = f"did you mean {close[0]}? " if close else ""
    return (
        f"{meant}there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "there is none"
    )
