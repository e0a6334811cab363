"""Settings that were changed while the agent ran: the fold of those events, and when a change is over.

A change stands until somebody takes it back, or a session begins whose settings say something else than they
did when it was new: whoever edits the file afterwards means what the file says.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from domain.events import SettingsChanged

PAIRS = "pairs"
"""The section of what single pairs have of their own."""


class Changed(msgspec.Struct, frozen=True):
    """A setting's value in force, what the settings say instead, and who changed it when and why."""

    value: Any
    own: Any
    at: datetime
    by: str
    reason: str


def after(changes: Mapping[str, Changed], event: SettingsChanged) -> dict[str, Changed]:
    """Return the changes in force after an event."""
    new = {
        name: Changed(value, event.own.get(name), event.at, event.by, event.reason)
        for name, value in event.given.items()
    }
    return {name: each for name, each in {**changes, **new}.items() if each.value != each.own}


def standing(changes: Mapping[str, Changed], settings: Mapping[str, Any]) -> dict[str, Changed]:
    """Return the changes that stand in a session with these settings; none of a pair it does not trade."""
    return {
        name: each
        for name, each in changes.items()
        if own_value(settings, name) == each.own and _traded(settings, name)
    }


def _traded(settings: Mapping[str, Any], name: str) -> bool:
    section, _, rest = name.partition(".")
    return section != PAIRS or rest.rsplit(".", 2)[0] in settings.get("symbols", ())


def own_value(settings: Mapping[str, Any], name: str) -> Any:
    """Return what settings, as the journal keeps them, say under a dotted name; None where nothing."""
    value: Any = settings
    section, _, rest = name.partition(".")
    # A share may have a point in its symbol.
    for part in (section, *rest.rsplit(".", 2)) if section == PAIRS else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def values(changes: Mapping[str, Changed]) -> dict[str, Any]:
    """Return the values in force."""
    return {name: each.value for name, each in changes.items()}
