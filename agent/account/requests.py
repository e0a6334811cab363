"""The requests of the control socket, and what there is instead of an answer."""

from typing import Literal

import msgspec

from domain.commands import Command
from domain.errors import LocalFault


class NotListening(LocalFault):
    """No agent answers at the control socket."""


class Silent(LocalFault):
    """A process is there and does not answer; `pid` where the system tells."""

    def __init__(self, what: str, pid: int | None) -> None:
        self.pid = pid
        super().__init__(what)


class StatusRequest(msgspec.Struct, frozen=True, tag_field="do", tag="status"):
    """Ask what the agent is doing."""


class WhyRequest(msgspec.Struct, frozen=True, tag_field="do", tag="why"):
    """Ask why a cycle decided as it did; the last one where none is named."""

    cycle: int | None = None


class ReadRequest(msgspec.Struct, frozen=True, tag_field="do", tag="read"):
    """Ask for part of the agent's journal, and for where it ends.

    That is `limit` rows above `after` as they are stored, or the numbers of the rows of a `cycle`, of all
    starts of sessions, or the last cycle.
    """

    what: Literal["head", "rows", "cycle", "sessions", "last_cycle"]
    after: int = 0
    limit: int = 128
    cycle: int = 0


class TrimRequest(msgspec.Struct, frozen=True, tag_field="do", tag="trim"):
    """Ask that rows up to `upto`, which are archived, leave the journal's file, for some seconds."""

    upto: int


class FollowRequest(msgspec.Struct, frozen=True, tag_field="do", tag="follow"):
    """Be told of the journal's rows as they are written, for as long as the connection lasts.

    Rows above `after` come first where they are few (see `agent.account.feed`). With `until` only rows above
    `after` and up to that one come, however many they are, and the connection ends with them.
    """

    after: int | None = None
    until: int | None = None


Request = Command | StatusRequest | WhyRequest | ReadRequest | TrimRequest
"""One line of the socket: a command, or a question."""


class ToldRow(msgspec.Struct):
    """A row as the agent's feed tells it; its event is kept as it was written."""

    seq: int
    hash: str
    event: msgspec.Raw


class ToldBeginning(msgspec.Struct):
    """The first line of a feed: of which journal it tells, and the last row there is."""

    journal_id: str
    seq: int
