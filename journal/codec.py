"""An event as bytes and back: `msgspec` JSON in declared field order is the canonical form."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.errors import JournalFault
from domain.events import (
    AccountAdopted,
    AdviceAnswered,
    AdviceAsked,
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    GridChanged,
    JournaledAfterwards,
    JournalRestored,
    KillSwitchSet,
    LessonsSet,
    ModelSet,
    OrderReported,
    OrdersIntended,
    PairsListed,
    ParametersSet,
    PositionWrittenOff,
    ProcessNoted,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.times import millis
from journal.words import renamed

SESSION_STARTED = "session_started"
CYCLE_DECIDED = "cycle_decided"
_KINDS: dict[type, str] = {
    SessionStarted: SESSION_STARTED,
    CycleDecided: CYCLE_DECIDED,
    OrdersIntended: "orders_intended",
    OrderReported: "order_reported",
    CycleEnded: "cycle_ended",
    KillSwitchSet: "kill_switch_set",
    ParametersSet: "parameters_set",
    ModelSet: "model_set",
    SettingsChanged: "settings_changed",
    AccountAdopted: "account_adopted",
    PositionWrittenOff: "position_written_off",
    FlattenAsked: "flatten_asked",
    GridChanged: "grid_changed",
    JournaledAfterwards: "journaled_afterwards",
    JournalRestored: "journal_restored",
    AdviceAsked: "advice_asked",
    AdviceAnswered: "advice_answered",
    AdviserSet: "adviser_set",
    LessonsSet: "lessons_set",
    PairsListed: "pairs_listed",
    CommandReceived: "command_received",
    CommandAnswered: "command_answered",
    ProcessNoted: "process_noted",
    SessionEnded: "session_ended",
}
_NO_NUMBERS_WITHIN = frozenset({str, int, bool, datetime, type(None)})
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Index(NamedTuple):
    """The index columns of a row: time in ms (UTC), kind (the event's tag) and cycle, if it has one."""

    at: int
    kind: str
    cycle_id: int | None


def encode(event: Event) -> bytes:
    """Return an event's canonical bytes.

    Raises JournalFault, naming the event and the field, when what would be read back is not what
    was given: JSON has no NaN or infinity, and `msgspec` writes `null` for them without a word.
    """
    try:
        payload = _encoder.encode(event)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        # repr of the type alone: the value may be anything, and is not needed to find the fault
        raise JournalFault(f"{_name(event)} cannot be written: {type(error).__name__}: {error}") from None
    # Every NaN became a null: bytes without one need no walk, nor those whose nulls stand for no number.
    if b"null" in payload and payload.count(b"null") != _nulls(event, payload) and not _finite(event):
        raise JournalFault(f"{_name(event)} cannot be written: {_culprit(event)} is not a finite number")
    return payload


def decode(payload: bytes) -> Event:
    """Return the event of canonical bytes, in today's words. Raises JournalFault when they are none."""
    try:
        return _decoder.decode(renamed(payload))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise JournalFault(f"undecodable: {error}") from None


def index(event: Event) -> Index:
    """Return what an event's row is found by. Raises JournalFault for a time without a zone."""
    at: datetime = event.receipt.at if isinstance(event, OrderReported) else event.at
    try:
        return Index(millis(at), _KINDS[type(event)], getattr(event, "cycle_id", None))
    except ValueError as error:
        raise JournalFault(f"{_name(event)} cannot be written: {error}") from None


def _name(event: Event) -> str:
    cycle = getattr(event, "cycle_id", None)
    name = type(event).__name__
    return name if cycle is None else f"{name} of cycle {cycle}"


def _nulls(event: Event, payload: bytes) -> int:
    """Return the nulls of no number: that of a cycle without an error, those of decisions without an edge."""
    ended_well = type(event) is CycleEnded and event.error is None
    return payload.count(b'"edge":null') + ended_well


def _finite(event: Event) -> bool:
    """Say whether every number in an event is finite."""
    stack: list[object] = [event]
    while stack:
        value = stack.pop()
        if type(value) in _NO_NUMBERS_WITHIN:
            continue
        if isinstance(value, float):
            if not math.isfinite(value):
                return False
        elif isinstance(value, tuple | list):
            stack.extend(value)
        elif isinstance(value, msgspec.Struct):
            stack.extend(msgspec.structs.astuple(value))
        elif isinstance(value, dict):
            stack.extend(value.values())
    return True


def _culprit(value: object) -> str | None:
    """Return the path of the first number in `value` that is not finite, or None."""
    if isinstance(value, float):
        return None if math.isfinite(value) else ""
    items: Iterable[tuple[object, object]] = ()
    if isinstance(value, msgspec.Struct):
        items = ((field, getattr(value, field)) for field in value.__struct_fields__)
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, tuple | list):
        items = enumerate(value)
    for key, item in items:
        path = _culprit(item)
        if path is not None:
            return f"{key}.{path}" if path else str(key)
    return None
