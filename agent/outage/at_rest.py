"""The journal of an account that no agent runs, opened to append to it: a kill need import no more."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import msgspec

from agent.host.process import holder, may_live
from agent.outage.afterwards import Afterwards
from agent.outage.journal import GuardedJournal
from agent.settings.home import Home
from domain.commands import Command, Kill, digest, needs_reason
from domain.errors import BadInput, JournalFault
from domain.events import CommandAnswered, CommandReceived, KillSwitchSet
from domain.ports import Clock, Journal, Records
from domain.replies import KillSwitch, RememberedCommand, Reply, recalled
from journal.lease import GRACE_MS, alive

if TYPE_CHECKING:
    from journal.sql import SqlJournal


class Lock(Protocol):
    """A lock held while an account is open."""

    def release(self) -> None:
        """Let go of it."""


def open_account(
    folder: Path | str, name: str, grace_ms: int, lives: Callable[[str], bool] = alive
) -> "SqlJournal":
    """Open an account's journal, or create it with an id of its own.

    `folder` is its file, or the URL of a server where `name` is leased to one agent at a time; a successor
    waits `grace_ms` beyond the lease, for as long an order of the former holder may still arrive, unless
    `lives` says that the holder does not.
    """
    from journal.sql import open_journal  # noqa: PLC0415  # SQLAlchemy, for who only reads needs none

    return open_journal(
        folder, secrets.token_hex(6), account=name, holder=holder(), grace_ms=grace_ms, lives=lives
    )


def guarded(inner: Journal, home: Home, name: str, *, emergency: bool = False) -> GuardedJournal:
    """Return a journal that lets exits pass when it fails."""
    afterwards = Afterwards(home.afterwards(name))
    built = partial(secrets.token_hex, 6)
    return GuardedJournal(inner, afterwards, built, emergency=emergency, reserve=home.reserve)


class Recalled(NamedTuple):
    """The fold of a journal to row `seq` as a reset asks for it: commands by key, and the kill switch."""

    seq: int = 0
    commands: Mapping[str, RememberedCommand] = MappingProxyType({})
    kill_switch: str | None = None


Recall = Callable[[Records], Recalled]


def from_the_first(journal: Records) -> Recalled:
    """Know nothing: every row of the journal is looked at."""
    del journal
    return Recalled()


class Resting:
    """The journal of an account that no agent runs. Use as a context.

    `recall` says what is known of it without a look at its first rows.
    """

    def __init__(
        self,
        journal: GuardedJournal,
        clock: Clock,
        lock: Lock | None = None,
        recall: Recall = from_the_first,
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.lock = lock
        self.recall = recall

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.lock is not None:
            self.journal.close()
            self.lock.release()

    def handle(self, command: Command) -> Reply:
        """Throw or reset the kill switch. Raises BadInput for a reset that cannot be meant."""
        active = isinstance(command, Kill)
        if not active:  # a kill is written whatever was written before
            needs_reason(command)
            begun = self.recall(self.journal)
            known = recalled(remembered(self.journal, command.key, begun), command)
            if known is not None:  # nothing is done again, and what is told is true now
                return KillSwitch(kill_switch=thrown(self.journal, begun))
        at, reply = self.clock.now(), KillSwitch(kill_switch=command.reason if active else None)
        self.journal.append(
            CommandReceived(at, command),
            KillSwitchSet(at, active, command.reason, command.by),
            CommandAnswered(at, command.key, reply),
        )
        return msgspec.structs.replace(reply, unjournaled=self.journal.note())


def remembered(journal: Records, key: str, begun: Recalled) -> RememberedCommand | None:
    """Return what the journal remembers of a key, without folding it."""
    result = begun.commands.get(key)
    for row in journal.mentions(begun.seq, {msgspec.json.encode(key)}):
        event = row.event
        if isinstance(event, CommandReceived) and event.command.key == key:
            result = RememberedCommand(digest(event.command))
        elif isinstance(event, CommandAnswered) and event.key == key and result is not None:
            result = msgspec.structs.replace(result, reply=event.reply)
    return result


def thrown(journal: Records, begun: Recalled) -> str | None:
    """Return why the kill switch is thrown, by a journal's last word on it; None where it is not."""
    reason = begun.kill_switch
    for row in journal.mentions(begun.seq, {b'"kill_switch_set"'}):
        if isinstance(row.event, KillSwitchSet):
            reason = row.event.reason if row.event.active else None
    return reason


def opened(home: Home, name: str, clock: Clock, recall: Recall, *, emergency: bool) -> Resting | None:
    """Open the journal of an account to append to it, which takes no fold.

    None where that takes more (see account/client): the journal is on a server or cannot be opened, or
    something is to be journaled first. Raises Busy where an agent has the account.
    """
    if home.server:
        return None
    lock = home.lock(name, needed=not emergency)
    with suppress(JournalFault, BadInput):
        if not home.afterwards(name).exists():
            inner = open_account(home.journal_location(name), name, GRACE_MS, may_live)
            return Resting(guarded(inner, home, name, emergency=emergency), clock, lock, recall)
    lock.release()
    return None
