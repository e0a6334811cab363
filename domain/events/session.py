"""The events of a session: its begin and end, its pairs, what people asked of it, its process."""

from datetime import datetime
from typing import Any

import msgspec

from domain.commands import Command
from domain.instrument import Instrument
from domain.pairs import ListedPair
from domain.replies import Reply


class SessionStarted(msgspec.Struct, frozen=True, tag="session_started"):
    """A run began.

    `settings` are the whole settings without secrets; `cash` the opening cash of a new account; `books`
    the version of the ledger's rules it counts by. The client ids of its orders begin with `prefix`;
    without one, as on paper, with the journal's id.
    """

    session: int
    at: datetime
    mode: str
    code_version: str
    settings: dict[str, Any]
    instruments: tuple[Instrument, ...]
    cash: int
    books: int = 1
    prefix: str = ""


class PairsListed(msgspec.Struct, frozen=True, tag="pairs_listed", omit_defaults=True):
    """A pair list came into force: each candidate as it was measured, and why it may not be entered if so.

    `source` is what it was measured by, at `measured_at`; None where nothing could be measured yet. Where it
    could not be refreshed `fault` says why, and `stale` that it is too old to stand: then the pairs are as
    the settings want them to be in that case.
    """

    at: datetime
    source: str
    pairs: tuple[ListedPair, ...]
    measured_at: datetime | None = None
    fault: str = ""
    stale: bool = False


class CommandReceived(msgspec.Struct, frozen=True, tag="command_received"):
    """Somebody asked for something: the command says who, why and under which key. Its effects follow."""

    at: datetime
    command: Command


class CommandAnswered(msgspec.Struct, frozen=True, tag="command_answered"):
    """The reply to the command received under `key`."""

    at: datetime
    key: str
    reply: Reply


class ProcessNoted(msgspec.Struct, frozen=True, tag="process_noted"):
    """The state of the agent's process, once an hour: what no other row tells and nothing is decided by.

    `seconds` have passed since the session began, `memory` is what the process holds, in bytes (0 where the
    system does not say). `reconnects` counts connections after the first, by stream, and `dropped` messages
    that were lost, both since the session began.
    """

    at: datetime
    seconds: float
    memory: int = 0
    reconnects: dict[str, int] = {}
    dropped: dict[str, int] = {}


class SessionEnded(msgspec.Struct, frozen=True, tag="session_ended"):
    """A run ended in order: "cycles", "data exhausted", "signal", "stopped" or a fault's text."""

    session: int
    at: datetime
    reason: str
