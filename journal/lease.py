"""The lease: one row by which a PostgreSQL server knows the one agent that may write an account's journal.

The epoch is a fence: it rises with every take-over, and each append first prolongs the lease of its own
epoch in the same transaction. One that prolongs nothing writes nothing. The row stays locked until that
transaction ends, so a take-over waits for it, and afterwards sees either all of its rows or none.

An order is sent only after its intent was appended, and arrives within `recvWindow` and a margin or never.
So an account is taken over only when that time has passed since the lease ran out, by the server's clock:
nothing the former holder sent can then still be on its way.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import BadInput, JournalFault

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPICursor

LEASE_MS = 15_000
"""How long a lease lasts without being prolonged."""

GRACE_MS = 10_000
"""What a take-over waits beyond that, unless told: a `recvWindow` of 5 s and 5 s of margin."""

TABLE = (
    "CREATE TABLE lease (account text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, "
    "held boolean NOT NULL, expires timestamptz NOT NULL, grace_ms bigint NOT NULL)"
)
FIRST = "INSERT INTO lease VALUES (%s, 'nobody', 0, false, now(), 0)"
# The longer grace counts: the former holder's own, or that of whoever wants the account.
_DUE = "expires + greatest(grace_ms, %s) * interval '1 ms'"
# One statement, so that a contender that freezes never keeps the row locked from its holder.
_TAKE = (
    "UPDATE lease SET holder = %s, epoch = epoch + 1, held = true, "  # noqa: S608 - values are bound
    "expires = now() + %s * interval '1 ms', grace_ms = %s "
    f"WHERE account = %s AND (NOT held OR {_DUE} <= now()) RETURNING epoch"
)
_WHOSE = f"SELECT holder, epoch, {_DUE}, now() FROM lease WHERE account = %s"  # noqa: S608 - values are bound
_TAKE_DEAD = (
    "UPDATE lease SET holder = %s, epoch = epoch + 1, held = true, "
    "expires = now() + %s * interval '1 ms', grace_ms = %s "
    "WHERE account = %s AND epoch = %s AND holder = %s RETURNING epoch"
)
HELD = "SELECT holder FROM lease WHERE account = %s AND held AND expires > now()"
_RENEW = "UPDATE lease SET expires = now() + %s * interval '1 ms' WHERE account = %s AND epoch = %s AND held"
_WHO = "SELECT holder, epoch FROM lease WHERE account = %s"
_RELEASE = "UPDATE lease SET held = false, expires = now() WHERE account = %s AND epoch = %s AND held"
_RENAME = "UPDATE lease SET held = false, expires = now(), account = %s WHERE account = %s"
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Claim(NamedTuple):
    """A claim on an account: its holder, the lease's length, and a successor's extra wait."""

    account: str
    holder: str
    grace_ms: int
    lease_ms: int


class Lease(NamedTuple):
    """A lease that was taken: the claim and the epoch it holds."""

    claim: Claim
    epoch: int

    def renew(self, cursor: "DBAPICursor") -> None:
        """Prolong the lease inside the caller's transaction. Raises JournalFault when it is lost."""
        claim = self.claim
        cursor.execute(_RENEW, (claim.lease_ms, claim.account, self.epoch))
        if cursor.rowcount != 1:
            cursor.execute(_WHO, (claim.account,))
            result = cursor.fetchone() or ("nobody", "none")
            raise JournalFault(
                f"halted: another agent took over account {claim.account}: {result[0]} holds epoch "
                f"{result[1]}, ours was {self.epoch}; nothing was appended"
            )

    def release(self, cursor: "DBAPICursor") -> None:
        """Give the account back, so that the next agent need not wait."""
        cursor.execute(_RELEASE, (self.claim.account, self.epoch))

    def give_to(self, cursor: "DBAPICursor", account: str) -> None:
        """Give the account back under another name, inside the caller's transaction."""
        self.renew(cursor)
        cursor.execute(_RENAME, (account, self.claim.account))


class Heartbeat:
    """A thread that calls `beat` every `seconds` until it says no or is stopped."""

    def __init__(self, beat: Callable[[], bool], seconds: float) -> None:
        self._beat = beat
        self._seconds = seconds
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="journal lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it end and wait for that."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds) and self._beat():
            pass


def checked(claim: Claim) -> Claim:
    """Return a claim as it is. Raises BadInput naming the field, its value and the limit."""
    checked_account(claim.account)
    if not claim.holder.isprintable() or not 1 <= len(claim.holder) <= 200:
        raise BadInput(f"holder {claim.holder!r} must be 1 to 200 printable characters")
    if not 1000 <= claim.lease_ms <= 600_000:
        raise BadInput(f"lease of {claim.lease_ms} ms must be 1000 to 600000")
    if not 0 <= claim.grace_ms <= 3_600_000:
        raise BadInput(f"grace of {claim.grace_ms} ms must be 0 to 3600000")
    return claim


def checked_account(account: str) -> str:
    """Return an account's name as it is. Raises BadInput."""
    if not _ACCOUNT.fullmatch(account):
        raise BadInput(
            f"account {account!r} must be 1 to 100 of the characters A-Z a-z 0-9 . _ -, "
            "the first a letter or digit"
        )
    return account


def alive(_holder: str) -> bool:
    """Say of every holder that it may live."""
    return True


def take(cursor: "DBAPICursor", claim: Claim, where: object, lives: Callable[[str], bool] = alive) -> Lease:
    """Take a free account, or one whose holder is silent for long enough or known not to live any more.

    Raises JournalFault naming the holder, and when it may be taken over.
    """
    account, holder, grace_ms, lease_ms = claim
    cursor.execute(_TAKE, (holder, lease_ms, grace_ms, account, grace_ms))
    taken = cursor.fetchone()
    if taken is not None:
        return Lease(claim, taken[0])
    cursor.execute(_WHOSE, (grace_ms, account))
    result = cursor.fetchone()
    if result is None:
        raise JournalFault(f"{where} lacks its lease: verify it and restore it from a backup")
    if not lives(result[0]):
        cursor.execute(_TAKE_DEAD, (holder, lease_ms, grace_ms, account, result[1], result[0]))
        taken = cursor.fetchone()
        if taken is not None:
            return Lease(claim, taken[0])
    raise JournalFault(
        f"{where} is in use by another agent, {result[0]} (epoch {result[1]}): stop it first; if it is dead, "
        f"the account may be taken over {_when(*result[2:])}, unless it is heard of again"
    )


def _when(due: datetime, asked: datetime) -> str:
    seconds = (due - asked).total_seconds()
    return f"at {due.astimezone(UTC).isoformat(' ', 'seconds')}, in {seconds:.1f} s"
