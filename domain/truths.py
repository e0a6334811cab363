"""True and false are no numbers: a validation library takes them for 1 and 0, as in `volume_least = true`.

Where a setting is read by whose annotation is known, `refuse` is asked before it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

NUMBERS = frozenset({int, float, Decimal})
COMPLAINT = "must be a number, not true or false"


def for_number(value: object, kind: Any) -> bool:
    """Say whether a value is a truth where `kind`, an annotation, has a number and no truth."""
    if not isinstance(value, bool):
        return False
    kinds = frozenset(_parts(kind))
    return bool not in kinds and not NUMBERS.isdisjoint(kinds)


def refuse(value: object, kind: Any) -> None:
    """Raise ValueError for a truth where a number is wanted."""
    if for_number(value, kind):
        raise ValueError(COMPLAINT)


def _parts(kind: Any) -> Iterator[Any]:
    parts = get_args(kind)
    if not parts:
        yield kind if isinstance(kind, type) else None
    for each in parts:
        yield from _parts(each)
