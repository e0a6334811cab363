"""A place in the journals that a stream covers, as the `id` of an event.

One journal: the bare number of the row. Several: `name=seq,name=seq`, the last row told of each.
"""

from collections.abc import Iterable, Mapping

from agent.settings.home import NAME
from domain.errors import BadInput

MOST_DIGITS, LONGEST = 15, 4_000
PATTERN = r"^([0-9]{1,15}|[A-Za-z0-9][A-Za-z0-9._-]*=[0-9]{1,15}(,[A-Za-z0-9][A-Za-z0-9._-]*=[0-9]{1,15})*)$"
FORM = "a row's number, or name=number of several journals, parted by commas"


def parsed(text: str) -> int | dict[str, int]:
    """Return a cursor as what it says. Raises BadInput for one that is none."""
    if len(text) > LONGEST:
        raise BadInput(f"a cursor has at most {LONGEST} characters")
    if _number(text):
        return int(text)
    places: dict[str, int] = {}
    for part in text.split(","):
        name, _, seq = part.partition("=")
        if not NAME.fullmatch(name) or not _number(seq):
            raise BadInput(f"{text[:100]!r} is no place in a stream: {FORM}")
        places[name] = int(seq)
    return places


def written(positions: Mapping[str, int], names: Iterable[str]) -> str:
    """Return the cursor of positions in the journals named, in their order; the bare number of one alone."""
    covered = list(names)
    if len(covered) == 1:
        return str(positions.get(covered[0], 0))
    return ",".join(f"{name}={positions.get(name, 0)}" for name in covered)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
