"""Replies to commands, as data: the answers of the control socket, the Python API and `--json`."""

from datetime import datetime
from typing import Any

import msgspec

from domain.commands import Command, Exit, digest
from domain.errors import BadInput
from domain.evidence import Evidence


class _Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    pass


class _Stopped(_Reply, frozen=True, kw_only=True):
    unjournaled: str = ""
    """What became of events that could not be journaled, "" when all were."""


class KillSwitch(_Stopped, frozen=True, kw_only=True, tag="kill_switch"):
    """The reason why the kill switch is thrown, None where it was reset."""

    kill_switch: str | None


class Paused(_Reply, frozen=True, kw_only=True, tag="paused"):
    """True in `paused` while the loop is held between two cycles."""

    paused: bool


class Flattened(_Stopped, frozen=True, kw_only=True, tag="flattened"):
    """The remainder of a flatten: ids of orders not known to be done, quantities by symbol, and failures.

    `flat` says that nothing is, as far as the venue confirms. `dust` is held and too small to be sold; it
    does not keep an account from being flat.
    """

    flat: bool
    orders: tuple[str, ...]
    positions: dict[str, str]
    problems: tuple[str, ...]
    dust: dict[str, str]


class PositionClosed(_Stopped, frozen=True, kw_only=True, tag="position_closed"):
    """The remainder of one symbol, and the profit after costs if a trade closed.

    Of a share, `kept` is the quantity that was to remain; `flat` then says that the share is sold and what
    remains is protected as it was, and `positions` is what is held all the same.
    """

    symbol: str
    profit: str | None
    flat: bool
    orders: tuple[str, ...]
    positions: dict[str, str]
    problems: tuple[str, ...]
    dust: dict[str, str]
    kept: str = ""


class Reconciled(_Reply, frozen=True, kw_only=True, tag="reconciled"):
    """A comparison of journal and venue."""

    in_line: bool
    strange_orders: tuple[str, ...]
    unresolved: tuple[str, ...]
    differences: tuple[str, ...]
    dust: dict[str, str]
    not_read: dict[str, str]
    contradictions: tuple[str, ...]


class Adopted(_Reply, frozen=True, kw_only=True, tag="adopted"):
    """The account as adopted: cash, untracked assets, missing lots, and orders given up."""

    cash: str
    untracked: dict[str, str]
    missing_lots: dict[str, int]
    given_up: tuple[str, ...]
    reason: str


class WrittenOff(_Reply, frozen=True, kw_only=True, tag="written_off"):
    """The position that counts as lost."""

    written_off: str
    quantity: str
    reason: str


class ParametersInForce(_Reply, frozen=True, kw_only=True, tag="parameters_in_force"):
    """The version that came into force, and the candles its strategy waits for before it can vote.

    `running` says that an agent took it, at its next cycle.
    """

    at: datetime
    version: int
    strategy: str
    parameters: dict[str, Any]
    reason: str
    by: str
    evidence: Evidence | None
    forced: bool
    rolled_back_to: int | None
    active: bool
    waits_candles: int
    running: bool


class ModelInForce(_Reply, frozen=True, kw_only=True, tag="model_in_force"):
    """The model that came into force, as its event has it; `model_version` 0 where none is any more.

    `running` says that an agent took it, at its next cycle.
    """

    at: datetime
    version: int
    model: str
    model_version: int
    identity: str
    promoted: bool
    reason: str
    by: str
    weight: float
    raise_cap: float
    evidence: dict[str, Any]
    forced: bool
    rolled_back_to: int | None
    running: bool


class AdviserInForce(_Reply, frozen=True, kw_only=True, tag="adviser_in_force"):
    """An adviser's standing as it came into force; `running` says that an agent took it."""

    at: datetime
    version: int
    adviser: str
    identity: str
    promoted: bool
    raise_cap: float
    reason: str
    by: str
    rolled_back_to: int | None
    running: bool


class LessonsInForce(_Reply, frozen=True, kw_only=True, tag="lessons_in_force"):
    """The set of lessons in force: its number and digest, and whether later lessons join it.

    `weights` are those it comes to. `running` says that an agent took it.
    """

    at: datetime
    version: int
    lessons: int
    sha256: str
    follows: bool
    reason: str
    by: str
    weights: dict[str, float]
    running: bool


class SettingsInForce(_Reply, frozen=True, kw_only=True, tag="settings_in_force"):
    """The settings that were changed, each by its dotted name: its new value, and the one `before`.

    `looser` names those that allow more than before, `tighter` those that allow less. `changed` is every
    setting that is now another than the session's settings say. `running` says that an agent took them, at
    its next cycle.
    """

    at: datetime
    given: dict[str, Any]
    before: dict[str, Any]
    changed: dict[str, Any]
    reason: str
    by: str
    running: bool
    looser: tuple[str, ...] = ()
    tighter: tuple[str, ...] = ()


class Stopping(_Reply, frozen=True, kw_only=True, tag="stopping"):
    """The answer to a stop: `stopping` when an agent was there, which ends after the cycle under way."""

    stopping: bool


Reply = (
    KillSwitch
    | Paused
    | Flattened
    | PositionClosed
    | Reconciled
    | Adopted
    | WrittenOff
    | ParametersInForce
    | ModelInForce
    | AdviserInForce
    | LessonsInForce
    | SettingsInForce
    | Stopping
)


class RememberedCommand(msgspec.Struct, frozen=True):
    """A command by its digest, and what came of it; None where its end is not on record."""

    digest: str
    reply: Reply | None = None


def recalled(known: RememberedCommand | None, command: Command) -> Reply | None:
    """Return what came of a command before, None where it was not carried out or that is not on record.

    Raises BadInput for a key that was given to another command, unless this one is an exit.
    """
    if known is None or known.digest == digest(command):
        return known.reply if known is not None else None
    if isinstance(command, Exit):
        return None
    raise BadInput(f"key {command.key!r} was given to another command; a new command needs a new key")
