"""The notices of a home in a file: written by any process of the home, read by whoever tells people.

Theory of operation. A notice has a key and is written once, however often it is put. A state of things that
lasts is an incident: it opens with one notice and ends with another, and while it is open it is not opened
again, by whichever process, after whatever restart. Beside them lies how far each channel has told, so that
what a channel sent and how far it is are known together. Everything is one small transaction.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.answers.alerts import AlertKind, Severity
from agent.notices.records import Acknowledged, ChannelState, Concern, DeadLetter, Held, Incident, NoticeRow
from agent.notices.tables import DDL, FORMAT, OLD
from domain.errors import BoydError
from domain.private import private_folder
from domain.times import millis, utc

FILE = "notices.db"
WAIT_SECONDS = 10.0
"""How long another process's transaction is waited for."""

MOST_DIGITS = 15
KEPT_LETTERS = 500
"""Dead letters that are kept, the latest."""

KINDS = frozenset(each.value for each in AlertKind)

_NOTICE = "SELECT seq, key, kind, severity, agent, title, body, at, incident, over FROM notices"
_INCIDENT = "SELECT key, kind, severity, agent, title, began, seq, ended FROM incidents"


class NoticesFault(BoydError):
    """The notices cannot be read or written; whatever they are about goes on without them."""


class Notices:
    """The notices in a file, made where there is none. For any number of threads and processes.

    Every method raises NoticesFault where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.RLock()
        self._depth = 0
        self._connection = _opened(path)

    def put(
        self,
        key: str,
        kind: AlertKind,
        severity: Severity,
        agent: str | None,
        title: str,
        body: str,
        at: datetime,
    ) -> int:
        """Write a notice and return its number; one with the same key stays as it was."""
        with self.together():
            return self._put(key, kind, severity, agent, title, body, at, "", over=False)

    def _put(
        self,
        key: str,
        kind: AlertKind,
        severity: Severity,
        agent: str | None,
        title: str,
        body: str,
        at: datetime,
        incident: str,
        *,
        over: bool,
    ) -> int:
        known = self._do("SELECT seq FROM notices WHERE key = ?", key)
        if not known:
            values = (key, kind, severity, agent, title, body, millis(at), incident, over)
            known = self._do(
                "INSERT INTO notices (key, kind, severity, agent, title, body, at, incident, over) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
                *values,
            )
        return int(known[0][0])

    def after(self, seq: int, limit: int = 100) -> list[NoticeRow]:
        """Return at most `limit` notices above `seq`, oldest first."""
        return [_notice(row) for row in self._do(f"{_NOTICE} WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)]

    def latest(self, limit: int, before: int | None = None) -> list[NoticeRow]:
        """Return at most `limit` notices below `before`, newest first."""
        below = before if before is not None else 1 << 62
        rows = self._do(f"{_NOTICE} WHERE seq < ? ORDER BY seq DESC LIMIT ?", below, limit)
        return [_notice(row) for row in rows]

    def last(self) -> int:
        """Return the number of the last notice, 0 before the first."""
        return int(self._do("SELECT coalesce(max(seq), 0) FROM notices")[0][0])

    def open(
        self,
        key: str,
        kind: AlertKind,
        severity: Severity,
        agent: str | None,
        title: str,
        body: str,
        at: datetime,
    ) -> int | None:
        """Begin an incident and return its notice's number; None where one of that key is open already."""
        with self.together():
            if self._do("SELECT 1 FROM incidents WHERE key = ? AND ended IS NULL", key):
                return None
            number = 1 + self._do("SELECT coalesce(max(number), 0) FROM incidents")[0][0]
            seq = self._put(f"{key}#{number}", kind, severity, agent, title, body, at, key, over=False)
            self._do(
                "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                *(number, key, kind, severity, agent, title, millis(at), seq),
            )
            return seq

    def end(self, key: str, title: str, at: datetime, body: str = "") -> int | None:
        """End an incident and return the number of the notice that says so; None where none is open."""
        with self.together():
            rows = self._do(f"{_INCIDENT} WHERE key = ? AND ended IS NULL", key)
            if not rows:
                return None
            incident = _incident(rows[0])
            self._do("UPDATE incidents SET ended = ? WHERE key = ? AND ended IS NULL", millis(at), key)
            began = self._do("SELECT key FROM notices WHERE seq = ?", incident.seq)[0][0]
            about = (f"{began} over", incident.kind, Severity.INFO, incident.agent)
            return self._put(*about, title, body, at, key, over=True)

    def incidents(self, *, ended: int = 0) -> list[Incident]:
        """Return the incidents that are open, oldest first, then so many that ended."""
        rows = self._do(f"{_INCIDENT} WHERE ended IS NULL ORDER BY number")
        if ended:
            rows += self._do(f"{_INCIDENT} WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?", ended)
        return [_incident(row) for row in rows]

    def acknowledge(self, identity: str, by: str, at: datetime) -> Acknowledged:
        """Note that somebody will see to a message; who was first stays. Returns who that was.

        Who acknowledges what was told again acknowledges what it tells of.
        """
        with self.together():
            for each in dict.fromkeys((identity, self._told_again(identity))):
                self._do("INSERT OR IGNORE INTO acknowledged VALUES (?, ?, ?)", each, by, millis(at))
            rows = self._do("SELECT id, person, at FROM acknowledged WHERE id = ?", identity)
        return Acknowledged(id=rows[0][0], by=rows[0][1], at=utc(rows[0][2]))

    def _told_again(self, identity: str) -> str:
        """Return the message that a notice tells again of, the same where it is no such notice."""
        number = identity.removeprefix("notice-")
        if number == identity or not number.isdecimal() or len(number) > MOST_DIGITS:
            return identity
        rows = self._do(
            "SELECT key FROM notices WHERE seq = ? AND kind = ?", int(number), AlertKind.ESCALATION
        )
        return str(rows[0][0]).split("/")[1] if rows else identity

    def acknowledged(self, identity: str) -> Acknowledged | None:
        """Return who acknowledged a message, None where nobody has."""
        rows = self._do("SELECT id, person, at FROM acknowledged WHERE id = ?", identity)
        return Acknowledged(id=rows[0][0], by=rows[0][1], at=utc(rows[0][2])) if rows else None

    def cursors(self, channel: str) -> dict[str, int]:
        """Return how far a channel has told, by source: a journal's id, or "notices"."""
        return dict(self._do("SELECT source, seq FROM cursors WHERE channel = ?", channel))

    def move(self, channel: str, source: str, seq: int) -> None:
        """Note that a channel has told everything of a source up to a number; it never goes back."""
        self._do(
            "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
            *(channel, source, seq),
        )

    def rewind(self, channel: str, source: str, seq: int) -> None:
        """Set a channel back in a source that was itself set back: a journal that was restored."""
        self._do("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", channel, source, seq)

    def hold(self, channel: str, held: Held) -> None:
        """Note that a channel passed a message over for later."""
        values = (channel, held.source, held.seq, held.part, millis(held.due))
        self._do("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)", *values)

    def held(self, channel: str) -> list[Held]:
        """Return what a channel holds back, in the order it was said."""
        rows = self._do(
            "SELECT source, seq, part, due FROM held WHERE channel = ? ORDER BY due, source, seq, part",
            channel,
        )
        return [Held(source=row[0], seq=row[1], part=row[2], due=utc(row[3])) for row in rows]

    def release(self, channel: str, held: Held) -> None:
        """Hold a message back no longer."""
        self._do(
            "DELETE FROM held WHERE channel = ? AND source = ? AND seq = ? AND part = ?",
            *(channel, held.source, held.seq, held.part),
        )

    def tell(self, channel: str, key: str, at: datetime) -> None:
        """Note that a channel has told of something; from now on it is counted how often it is said again."""
        self._do("INSERT OR REPLACE INTO told VALUES (?, ?, ?, 0)", channel, key, millis(at))

    def told(self, channel: str, key: str) -> tuple[datetime, int] | None:
        """Return when a channel told of something last, and how often it was said since; None for never."""
        rows = self._do("SELECT at, again FROM told WHERE channel = ? AND key = ?", channel, key)
        return (utc(rows[0][0]), rows[0][1]) if rows else None

    def all_told(self, channel: str) -> dict[str, tuple[datetime, int]]:
        """Return everything a channel told lately, as `told` does."""
        rows = self._do("SELECT key, at, again FROM told WHERE channel = ?", channel)
        return {key: (utc(at), again) for key, at, again in rows}

    def forget(self, channel: str, before: datetime) -> None:
        """Forget what a channel told before an instant and was not said again since."""
        self._do("DELETE FROM told WHERE channel = ? AND at < ? AND again = 0", channel, millis(before))

    def again(self, channel: str, key: str) -> None:
        """Count something that was said again and is not told."""
        self._do("UPDATE told SET again = again + 1 WHERE channel = ? AND key = ?", channel, key)

    def channel(self, name: str) -> ChannelState:
        """Return a channel's health."""
        rows = self._do("SELECT state FROM channels WHERE name = ?", name)
        return msgspec.json.decode(rows[0][0], type=ChannelState) if rows else ChannelState(name=name)

    def set_channel(self, state: ChannelState) -> None:
        """Keep a channel's health."""
        self._do("INSERT OR REPLACE INTO channels VALUES (?, ?)", state.name, msgspec.json.encode(state))

    def bury(self, letter: DeadLetter) -> None:
        """Keep a message that is never sent; its number is given here. The oldest go."""
        self._do(
            "INSERT INTO dead_letters (channel, id, kind, severity, agent, title, why, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(letter.channel, letter.id, letter.kind, letter.severity, letter.agent, letter.title),
            *(letter.why, millis(letter.at)),
        )
        self._do(
            "DELETE FROM dead_letters WHERE number <= (SELECT max(number) FROM dead_letters) - ?",
            KEPT_LETTERS,
        )

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return the latest messages that were never sent, newest first."""
        rows = self._do(
            "SELECT number, channel, id, kind, severity, agent, title, why, at FROM dead_letters "
            "ORDER BY number DESC LIMIT ?",
            limit,
        )
        return [_letter(row) for row in rows]

    def concern(self, concern: Concern) -> None:
        """Note what somebody has to see to; one that is known stays as it was."""
        self._do(
            "INSERT OR IGNORE INTO concerns VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
            *(concern.id, concern.agent, concern.kind, concern.title, concern.about, millis(concern.at)),
        )

    def concerns(self) -> list[Concern]:
        """Return what somebody has to see to, oldest first."""
        rows = self._do(
            "SELECT id, agent, kind, title, about, at, times FROM concerns WHERE resolved IS NULL ORDER BY at"
        )
        return [_concern(row) for row in rows]

    def known(self, identity: str) -> bool:
        """Say whether anybody was told under an id of something to acknowledge."""
        number = identity.removeprefix("notice-")
        if number != identity and number.isdecimal() and len(number) <= MOST_DIGITS:
            return bool(self._do("SELECT 1 FROM notices WHERE seq = ?", int(number)))
        return bool(self._do("SELECT 1 FROM concerns WHERE id = ?", identity))

    def escalated(self, identity: str, times: int) -> None:
        """Note how often a concern was told again."""
        self._do("UPDATE concerns SET times = ? WHERE id = ?", times, identity)

    def resolve(self, identity: str, at: datetime) -> None:
        """Note that nobody has to see to something any more."""
        self._do("UPDATE concerns SET resolved = ? WHERE id = ? AND resolved IS NULL", millis(at), identity)

    def old(self, before: datetime) -> int:
        """Return how many rows `trim` would take."""
        instant = millis(before)
        counts = [self._do(f"SELECT count(*) FROM {what}", instant) for what in OLD]  # noqa: S608 -- our own
        return sum(int(rows[0][0]) for rows in counts)

    def trim(self, before: datetime) -> int:
        """Forget what is older than an instant and over; return how many rows that were.

        What lasts still stays with its notice, and the latest stays, for by it numbers go on.
        """
        with self.together():
            count = self.old(before)
            for what in OLD:
                self._do(f"DELETE FROM {what}", millis(before))  # noqa: S608 -- our own
        return count

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what is done within one transaction: all of it is kept, or nothing."""
        with self._guard, _explained(self.path):
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    with suppress(sqlite3.Error):
                        self._connection.rollback()
                raise
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def _commit(self) -> None:
        try:
            self._connection.commit()
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    def _do(self, statement: str, *values: Any) -> list[Any]:
        with self._guard, _explained(self.path):
            return self._connection.execute(statement, values).fetchall()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise NoticesFault(f"notices {path}: {error}") from None


def _opened(path: Path) -> sqlite3.Connection:
    """Open the file, made for its owner alone. Raises NoticesFault where it is none of this program."""
    try:
        private_folder(path.parent)
        path.touch(0o600)
    except OSError as error:
        raise NoticesFault(f"notices {path}: {error.strerror}") from None
    with _explained(path):
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=WAIT_SECONDS
        )
        try:
            _fit(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _fit(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise NoticesFault(
            f"notices {path}: of format {version}, this program knows {FORMAT}; use a newer one"
        )
    if version == FORMAT:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN IMMEDIATE; {DDL} PRAGMA user_version = {FORMAT}; COMMIT;")


def _kind(text: str) -> AlertKind:
    """Return a kind; one that a newer program wrote is a notice like any other."""
    return AlertKind(text) if text in KINDS else AlertKind.NOTICE


def _notice(row: Sequence[Any]) -> NoticeRow:
    seq, key, kind, severity, agent, title, body, at, incident, over = row
    return NoticeRow(
        seq=seq,
        key=key,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        body=body,
        at=utc(at),
        incident=incident,
        over=bool(over),
    )


def _incident(row: Sequence[Any]) -> Incident:
    key, kind, severity, agent, title, began, seq, ended = row
    return Incident(
        key=key,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        began=utc(began),
        seq=seq,
        ended=None if ended is None else utc(ended),
    )


def _concern(row: Sequence[Any]) -> Concern:
    identity, agent, kind, title, about, at, times = row
    return Concern(
        id=identity, agent=agent, kind=_kind(kind), title=title, about=about, at=utc(at), times=times
    )


def _letter(row: Sequence[Any]) -> DeadLetter:
    number, channel, identity, kind, severity, agent, title, why, at = row
    return DeadLetter(
        number=number,
        channel=channel,
        id=identity,
        kind=_kind(kind),
        severity=Severity(severity),
        agent=agent,
        title=title,
        why=why,
        at=utc(at),
    )
