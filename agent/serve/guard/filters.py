"""Filters of lists: which rows are asked for, as the query's text says it and as the mirror takes it.

A word that no row can have is refused by name: an empty list would say that there was nothing of the kind.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta

from agent.serve.mirror import pages
from agent.serve.mirror.pages import RowFilters
from agent.serve.table import TurnedAway
from agent.views.trades import EXITS
from domain.events import OUTCOMES
from domain.symbols import spelled
from risk.table import REASONS

CHOICES: Mapping[str, Sequence[str]] = MappingProxyType(
    {"outcome": OUTCOMES, "rule": tuple(REASONS), "exit": EXITS, "kind": ("trade", "veto")}
)
"""The words of each filter."""


def _one_of(name: str, meaning: str) -> Any:
    return Meta(description=meaning, extra_json_schema={"enum": list(CHOICES[name])})


Symbol = Annotated[
    str, Meta(min_length=1, max_length=40, description="Only of this symbol, such as BTC-USDT.")
]
Since = Annotated[datetime, Meta(tz=True, description="From this instant on: 2026-11-28T00:00:00Z.")]
Until = Annotated[datetime, Meta(tz=True, description="Before this instant.")]
Cursor = Annotated[
    str, Meta(pattern="^[0-9]{1,18}$", description="`next` of the page before; the newest rows without it.")
]
Limit = Annotated[int, Meta(ge=1, le=pages.MOST, description=f"Rows of a page, {pages.LIMIT} if not given.")]
Outcome = Annotated[str, _one_of("outcome", "Only cycles that ended so.")]
Rule = Annotated[str, _one_of("rule", "Only where this risk rule denied.")]
Exit = Annotated[str, _one_of("exit", "Only trades that ended so.")]
LessonKind = Annotated[str, _one_of("kind", "Only lessons of trades, or of vetoes.")]


def filters(query: Any) -> RowFilters:
    """Return what a query asks for, its symbol spelled as the journal spells it.

    Raises TurnedAway for a word that no row can have, and for an end that is not after the beginning.
    """
    for name, words in CHOICES.items():
        value = getattr(query, name, None)
        if value is not None and value not in words:
            raise _refused(f"there is no such {name}", name, value, ", ".join(words))
    since, until = getattr(query, "since", None), getattr(query, "until", None)
    if since is not None and until is not None and until <= since:
        raise _refused("until is not after since", "until", until.isoformat(), f"after {since.isoformat()}")
    given: dict[str, Any] = {
        name: getattr(query, name, usual) for name, usual in RowFilters._field_defaults.items()
    }
    if given["symbol"] is not None:
        given["symbol"] = spelled(given["symbol"])
    return RowFilters(**given | {"kind": getattr(query, "exit", None) or given["kind"]})


def _refused(message: str, field: str, value: str, limit: str) -> TurnedAway:
    return TurnedAway(422, "bad_input", message, field=field, value=value[:100], limit=limit)
