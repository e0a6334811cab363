"""The journal of an account that no agent runs, opened to append to it: a kill need import no more."""

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from agent.host.process import holder, may_live
from agent.outage.afterwards import Afterwards
from agent.outage.journal import Guarded
from agent.settings.home import Home
from domain.errors import BadInput, JournalFault
from domain.events import KillSwitchSet
from domain.ports import Clock, Journal
from journal.lease import GRACE_MS, alive
from journal.sql import SqlJournal, open_journal


def open_account(
    folder: Path | str, name: str, grace_ms: int, lives: Callable[[str], bool] = alive
) -> SqlJournal:
    """Open an account's journal, or create it with an id of its own.

    `folder` is its file, or the URL of a server where `name` is leased to one agent at a time; a successor
    waits `grace_ms` beyond the lease, for as long an order of the former holder may still arrive, unless
    `lives` says that the holder does not.
    """
    return open_journal(
        folder, secrets.token_hex(6), account=name, holder=holder(), grace_ms=grace_ms, lives=lives
    )


def guarded(inner: Journal, home: Home, name: str, *, emergency: bool = False) -> Guarded:
    """Return a journal that lets exits pass when it fails."""
    afterwards = Afterwards(home.afterwards(name))
    built = partial(secrets.token_hex, 6)
    return Guarded(inner, afterwards, built, emergency=emergency, reserve=home.reserve)


def switched(home: Home, name: str, reason: str, clock: Clock, *, active: bool) -> dict[str, Any] | None:
    """Throw or reset the kill switch in the journal, which takes no fold.

    None where that takes more (see account/client): the journal is on a server or cannot be opened, or
    something is to be journaled first. Raises Busy where an agent has the account.
    """
    if home.server:
        return None
    with home.lock(name, needed=not active):
        if home.afterwards(name).exists():
            return None
        try:
            inner = open_account(home.journal_location(name), name, GRACE_MS, may_live)
        except (JournalFault, BadInput):
            return None
        journal = guarded(inner, home, name, emergency=active)
        try:
            journal.append(KillSwitchSet(at=clock.now(), active=active, reason=reason, by="operator"))
            note = journal.note()
        finally:
            journal.close()
    return {"kill_switch": reason if active else None} | ({"unjournaled": note} if note else {})
