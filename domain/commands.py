"""Commands to a running account, as data: imperative, as events are in the past tense.

Command line, Python API, control socket and journal hold the same union. `by` says who asked, `reason` why,
and `key` which command it is: the same key again is the same command, not another one.

Kill, Flatten and ClosePosition only ever reduce risk. Whatever is odd in their `by`, `reason` or `key` is put
right, and never a cause to refuse them.
"""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from domain.errors import BadInput

OPERATOR = "operator"
AGENT = "agent"
"""Who trips the kill switch by itself; nobody else goes by this name."""

NO_REASON = "no reason given"
LONGEST_NAME, LONGEST_KEY, LONGEST_REASON = 64, 128, 2_000
ALL = Decimal(1)


class _Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    reason: str = ""
    by: str = OPERATOR
    key: str = ""


class Kill(_Asked, frozen=True, kw_only=True, tag="kill"):
    """Throw the kill switch: no entry from this instant on, until it is reset."""


class ResetKill(_Asked, frozen=True, kw_only=True, tag="reset_kill"):
    """Reset the kill switch: entries are judged again."""


class Pause(_Asked, frozen=True, kw_only=True, tag="pause"):
    """Hold the loop between two cycles; what rests at the venue stays there."""


class Unpause(_Asked, frozen=True, kw_only=True, tag="unpause"):
    """Go on after a pause."""


class ClosePosition(_Asked, frozen=True, kw_only=True, tag="close"):
    """Cancel a symbol's orders and sell a `share` of what is held of it, above 0 and at most 1 (all).

    What remains of a part is protected by its stop and target again.
    """

    symbol: str
    share: Decimal = ALL


class Flatten(_Asked, frozen=True, kw_only=True, tag="flatten"):
    """Throw the kill switch, cancel every order, sell every position."""


class Reconcile(_Asked, frozen=True, kw_only=True, tag="reconcile"):
    """Compare orders and holdings of the journal with the venue's."""


class AdoptAccount(_Asked, frozen=True, kw_only=True, tag="adopt_account"):
    """Count with what the venue holds from now on."""


class WriteOffPosition(_Asked, frozen=True, kw_only=True, tag="write_off"):
    """Count a position nobody can sell any more as lost."""

    symbol: str


class ApplyParameters(_Asked, frozen=True, kw_only=True, tag="apply_parameters"):
    """Put parameters of a strategy in force.

    `given` changes those in force; empty, the evidence's are taken. `evidence` is a file's content; where
    it is not enough they are put in force by `force`, with a reason.
    """

    strategy: str
    given: dict[str, Any] = {}
    evidence: dict[str, Any] | None = None
    force: bool = False


class RollBackParameters(_Asked, frozen=True, kw_only=True, tag="roll_back_parameters"):
    """Put an earlier version of a strategy's parameters in force; without a number the one before."""

    version: int | None = None
    strategy: str | None = None


class PromoteModel(_Asked, frozen=True, kw_only=True, tag="promote_model"):
    """Put a trained model of the registry in force, its newest version unless told otherwise.

    Where its figures do not pass the gate it is refused; with `force` and a reason it comes into force not
    promoted, so that it only lowers entries.
    """

    model: str
    version: int | None = None
    force: bool = False


class DemoteModel(_Asked, frozen=True, kw_only=True, tag="demote_model"):
    """Let a promoted model only lower entries from now on; `evidence` says what it was judged by."""

    model: str
    evidence: dict[str, Any] = {}


class RollBackModel(_Asked, frozen=True, kw_only=True, tag="roll_back_model"):
    """Put an earlier set of a journal in force again, 0 for no model; without a number the one before."""

    version: int | None = None
    model: str | None = None


class PromoteAdviser(_Asked, frozen=True, kw_only=True, tag="promote_adviser"):
    """Let an adviser raise entries by `raise_cap` points at most, while its `identity` is this one.

    `evidence` is the proof the gate judges; where it refuses there is no other way.
    """

    adviser: str
    identity: str
    evidence: dict[str, Any]
    raise_cap: float = 10.0


class DemoteAdviser(_Asked, frozen=True, kw_only=True, tag="demote_adviser"):
    """Let a promoted adviser only lower entries from now on."""

    adviser: str


class RollBackAdviser(_Asked, frozen=True, kw_only=True, tag="roll_back_adviser"):
    """Put what an earlier version said of its adviser in force again; who was demoted since is not raised."""

    version: int


class RollBackLessons(_Asked, frozen=True, kw_only=True, tag="roll_back_lessons"):
    """Put an earlier set of lessons in force, the first `lessons` of the journal; nothing later joins it."""

    lessons: int


class PromoteLessons(_Asked, frozen=True, kw_only=True, tag="promote_lessons"):
    """Let every lesson count again, where what was learned since the set in force has proven itself."""


class ChangeSettings(_Asked, frozen=True, kw_only=True, tag="change_settings"):
    """Change settings that may change while an agent runs, from the next cycle on.

    `given` holds dotted names with their new values, such as {"risk.daily_loss": "2%"}; those in `back` are
    again what the settings say. In mode live a looser limit needs `loosen`.
    """

    given: dict[str, str | int | float | None] = {}
    back: tuple[str, ...] = ()
    loosen: bool = False


class Stop(_Asked, frozen=True, kw_only=True, tag="stop"):
    """End the session after the cycle under way; positions keep their stops at the venue."""


Command = (
    Kill
    | ResetKill
    | Pause
    | Unpause
    | ClosePosition
    | Flatten
    | Reconcile
    | AdoptAccount
    | WriteOffPosition
    | ApplyParameters
    | RollBackParameters
    | PromoteModel
    | DemoteModel
    | RollBackModel
    | PromoteAdviser
    | DemoteAdviser
    | RollBackAdviser
    | RollBackLessons
    | PromoteLessons
    | ChangeSettings
    | Stop
)

Exit = Kill | Flatten | ClosePosition
"""Commands that nothing of bookkeeping refuses."""

_encoder = msgspec.json.Encoder()


def named(command: Command, new_key: Callable[[], str]) -> Command:
    """Return a command with an asker, a key, a reason where it is an exit, and texts that JSON takes.

    Nobody asks in the agent's own name.
    """
    by, reason = _text(command.by)[:LONGEST_NAME], _text(command.reason)[:LONGEST_REASON]
    key = shortened(command.key) or new_key()
    if by in ("", AGENT):
        by = OPERATOR
    if isinstance(command, Exit):
        reason = reason or NO_REASON
    if (by, reason, key) == (command.by, command.reason, command.key):
        return command
    return msgspec.structs.replace(command, by=by, reason=reason, key=key)


def shortened(key: str) -> str:
    """Return a key as it is remembered: one of more than 128 characters by its digest."""
    text = _text(key)
    return text if len(text) <= LONGEST_KEY else "sha256-" + hashlib.sha256(text.encode()).hexdigest()


def needs_reason(command: Command) -> None:
    """Raise BadInput for a command without a reason that needs one."""
    needing = ResetKill | AdoptAccount | WriteOffPosition | ChangeSettings
    if isinstance(command, needing) and not command.reason.strip():
        raise BadInput(f"{type(command).__name__} needs a reason: it goes into the journal")


def _text(given: str) -> str:
    """Return a text without the halves of characters that a command line in another encoding leaves."""
    return given.encode(errors="replace").decode().strip()


def digest(command: Command) -> str:
    """Return what tells a command from another of the same key: what is asked, whoever asks and why."""
    bare = msgspec.structs.replace(command, by=OPERATOR, reason="", key="")
    return hashlib.sha256(_encoder.encode(bare)).hexdigest()[:16]
