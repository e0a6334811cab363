"""An anchor: a row's hash kept elsewhere, against which a shortened or rewritten journal shows."""

from pathlib import Path
from typing import Annotated

import msgspec

from domain.errors import BadInput, JournalFault
from edge.files import write_whole
from edge.typed_json import typed
from journal.history import History

_Hex12 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{12}$")]
_Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Sequence = Annotated[int, msgspec.Meta(ge=0)]


class Anchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Journal id, sequence of the last row when the anchor was written, and that row's hash (hex)."""

    journal_id: _Hex12
    seq: _Sequence
    hash: _Hex64


def write_anchor(path: Path, journal: History) -> Anchor:
    """Write the journal's head to a JSON file (0600), whole or not at all, and return it.

    Keep the file where whoever can write the journal cannot. Raises JournalFault.
    """
    seq, head = journal.head()
    anchor = Anchor(journal.journal_id, seq, head)
    try:
        write_whole(path, msgspec.json.encode(anchor) + b"\n")
    except OSError as error:
        raise JournalFault(f"anchor {path} cannot be written: {error.strerror}") from error
    return anchor


def read_anchor(path: Path) -> Anchor:
    """Read an anchor. Raises BadInput, naming the field, when the file is none."""
    try:
        return typed(path.read_bytes(), Anchor)
    except OSError as error:
        raise BadInput(f"anchor {path} cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadInput(f"anchor {path} is none: {error}") from error
