"""The bodies of requests that steer an agent."""

from typing import Any

import msgspec

Plain = dict[str, Any]


class CommandAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The `reason` goes into the journal; the same `key` again is the same command."""

    reason: str = ""
    key: str = ""


class CloseAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The `symbol` to sell, and the `share` of it: "50%" or "0.5"; all where none is given."""

    symbol: str
    share: str | float = "1"
    reason: str = ""
    key: str = ""


class WriteOffAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The `symbol` whose position counts as lost."""

    symbol: str
    reason: str = ""
    key: str = ""


class ApplyAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of a strategy: those `given`, else the evidence's.

    `evidence` is a file's content; `study` and `work` name a study of the home, or a piece of work, that left
    some. Where it is not enough they are put in force by `force`.
    """

    strategy: str
    given: dict[str, Any] = {}
    evidence: dict[str, Any] | None = None
    study: str | None = None
    work: str | None = None
    force: bool = False
    reason: str = ""
    key: str = ""


class RollBackAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The `version` to go back to, 0 for the settings' own, the one before where none is given."""

    version: int | None = None
    strategy: str | None = None
    reason: str = ""
    key: str = ""


class ChangeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Settings by dotted name with their new values; those in `back` are what the settings say again.

    In mode live a looser limit needs `loosen`.
    """

    given: dict[str, str | int | float | None] = {}
    back: list[str] = []
    loosen: bool = False
    reason: str = ""
    key: str = ""


class BeginAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The `name` of the agent, which is that of its journal, and settings as `agent run` takes them.

    The `reason` stands in the server's log and with the agent (`supervised`), not in its journal.
    """

    name: str
    settings: dict[str, Any] = {}
    reason: str = ""
    key: str = ""


class StartAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is needed; mode live needs the `account`'s id.

    The `reason` stands in the server's log and with the agent (`supervised`), not in its journal.
    """

    account: str = ""
    reason: str = ""
    key: str = ""
