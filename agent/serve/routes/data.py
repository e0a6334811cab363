"""The candles there are for work, and made-up ones to try it on."""

from typing import Any

from msgspec import Struct

from agent.answers.data import EntryRow
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY
from agent.serve.table import API, Asking, Lane, Route
from agent.serve.work import candles


class MadeUpAsked(Struct, frozen=True, kw_only=True):
    """Nothing is needed."""

    reason: str = ""
    key: str = ""


def held(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[EntryRow]:
    """Return the series of the catalogue, as `agent data list --json` tells them."""
    return candles.held(asking.home)


def made_up(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[EntryRow]:
    """Take made-up candles into the catalogue; asked again it changes nothing."""
    return candles.made_up(asking.home)


ROUTES = (
    Route(
        "GET", f"{API}/data", Scope.READ, "The series of candles in the catalogue", list[EntryRow], held,
        "work", lane=Lane.SLOW,
    ),
    Route(
        "POST", f"{API}/data/made-up", Scope.TRADE, "Take made-up candles in, to try work on", list[EntryRow],
        made_up, "work", body=MadeUpAsked, headers=KEY, lane=Lane.SLOW,
        description=f"{candles.HOURS} hours of {candles.MADE_UP}, a seeded walk: the same each time.",
    ),
)  # fmt: skip
