"""JSON as structs: what is nested deeper than anybody means is refused before a decoder sees it.

A typed decoder passes over fields it does not know, level by level, and raises RecursionError where there
are too many: no error of a decoder, so nobody's clear words for a damaged file would be said.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from edge.strict_json import DEEPEST, Unsound, shallow

T = TypeVar("T")


def typed(content: bytes | str, kind: type[T]) -> T:
    """Return JSON as a `kind`. Raises msgspec.DecodeError, for what is nested deeper than `DEEPEST` too."""
    return msgspec.json.decode(_guarded(content), type=kind)


def reader(kind: Any) -> Callable[[bytes | str], Any]:
    """Return `typed` for one kind, a union perhaps: made once for what is read again and again."""
    decode = msgspec.json.Decoder(kind).decode
    return lambda content: decode(_guarded(content))


def _guarded(content: bytes | str) -> bytes | str:
    try:
        return shallow(content)
    except Unsound:
        raise msgspec.DecodeError(f"JSON is nested deeper than {DEEPEST} levels") from None
