"""The cells of another program's file: its text or arrays, and which of them stand for nothing."""

from pathlib import Path

import msgspec

from domain.errors import BadInput
from perception.files import contents

Cell = str | int | float | bool | None
"""What a row of an array holds: an array or an object within it is refused as it is read."""
_NOTHING = frozenset({"", "null", "nan", "none", "-", "n/a"})


def arrays_of(path: Path) -> list[list[object]]:
    """Return the JSON arrays a file holds. Raises BadInput."""
    try:
        results: list[list[object]] = msgspec.json.decode(contents.whole(path), type=list[list[Cell]])
    except msgspec.DecodeError as error:
        raise BadInput(f"{path}: is no JSON array of arrays: {error}") from None
    return results


def text_of(path: Path, data: bytes, *, cut: bool) -> str:
    """Return a file's text; one that is `cut` may end inside a character. Raises BadInput."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if cut and len(data) - error.start < 4:
            return data[: error.start].decode("utf-8-sig")
        raise BadInput(f"{path}: is not UTF-8 text (byte {data[error.start]:#04x})") from None


def is_nothing(cell: object) -> bool:
    """Say whether a cell stands for no value."""
    if isinstance(cell, float):
        return cell != cell  # noqa: PLR0124  # NaN
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _NOTHING)


def is_zero(cell: object) -> bool:
    """Say whether a cell is 0, however many digits it is written with."""
    return cell == 0 or (isinstance(cell, str) and cell.strip("0. ") == "" and "0" in cell)
