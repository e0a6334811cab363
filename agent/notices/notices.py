"""The notices of a home in a file: written by any process of the home, read by whoever tells people.

Theory of operation. A notice has a key and is written once, however often it is put. A state of things that
lasts is an incident: it opens with one notice and ends with another, and while it is open it is not opened
again, by whichever process, after whatever restart. Beside them lies how far each channel has told, so that
what a channel sent and how far it is are known together. Everything is one small transaction.
"""

from datetime import datetime
from pathlib import Path

from agent.answers.alerts import AlertKind, Severity
from agent.notices.channels import ChannelPlaces
from agent.notices.file import NoticesFile
from agent.notices.records import Acknowledged, Concern, Incident, NoticeRow
from agent.notices.rows import CONCERN, INCIDENT, NOTICE, concern_of, incident_of, notice_of
from agent.notices.tables import OLD
from domain.times import millis, utc

MOST_DIGITS = 15


class Notices(NoticesFile):
    """The notices in a file, and its `channels`.

    Every method raises NoticesFault where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.channels = ChannelPlaces(self)

    def put(
        self,
        key: str,
        kind: AlertKind,
        severity: Severity,
        agent: str | None,
        title: str,
        body: str,
        at: datetime,
        *,
        incident: str = "",
        over: bool = False,
    ) -> int:
        """Write a notice and return its number; one with the same key stays as it was.

        `incident` is the key of what begins with it or, with `over`, ends.
        """
        with self.together():
            known = self.do("SELECT seq FROM notices WHERE key = ?", key)
            if not known:
                values = (key, kind, severity, agent, title, body, millis(at), incident, over)
                known = self.do(
                    "INSERT INTO notices (key, kind, severity, agent, title, body, at, incident, over) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq",
                    *values,
                )
            return int(known[0][0])

    def after(self, seq: int, limit: int = 100) -> list[NoticeRow]:
        """Return at most `limit` notices above `seq`, oldest first."""
        return [notice_of(row) for row in self.do(f"{NOTICE} WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)]

    def latest(self, limit: int, before: int | None = None) -> list[NoticeRow]:
        """Return at most `limit` notices below `before`, newest first."""
        below = before if before is not None else 1 << 62
        rows = self.do(f"{NOTICE} WHERE seq < ? ORDER BY seq DESC LIMIT ?", below, limit)
        return [notice_of(row) for row in rows]

    def last(self) -> int:
        """Return the number of the last notice, 0 before the first."""
        return int(self.do("SELECT coalesce(max(seq), 0) FROM notices")[0][0])

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
            if self.do("SELECT 1 FROM incidents WHERE key = ? AND ended IS NULL", key):
                return None
            number = 1 + self.do("SELECT coalesce(max(number), 0) FROM incidents")[0][0]
            seq = self.put(f"{key}#{number}", kind, severity, agent, title, body, at, incident=key)
            self.do(
                "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                *(number, key, kind, severity, agent, title, millis(at), seq),
            )
            return seq

    def end(self, key: str, title: str, at: datetime, body: str = "") -> int | None:
        """End an incident and return the number of the notice that says so; None where none is open."""
        with self.together():
            rows = self.do(f"{INCIDENT} WHERE key = ? AND ended IS NULL", key)
            if not rows:
                return None
            incident = incident_of(rows[0])
            self.do("UPDATE incidents SET ended = ? WHERE key = ? AND ended IS NULL", millis(at), key)
            began = self.do("SELECT key FROM notices WHERE seq = ?", incident.seq)[0][0]
            about = (f"{began} over", incident.kind, Severity.INFO, incident.agent)
            return self.put(*about, title, body, at, incident=key, over=True)

    def incidents(self, *, ended: int = 0) -> list[Incident]:
        """Return the incidents that are open, oldest first, then so many that ended."""
        rows = self.do(f"{INCIDENT} WHERE ended IS NULL ORDER BY number")
        if ended:
            rows += self.do(f"{INCIDENT} WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT ?", ended)
        return [incident_of(row) for row in rows]

    def acknowledge(self, identity: str, by: str, at: datetime) -> Acknowledged:
        """Note that somebody will see to a message; who was first stays. Returns who that was.

        Who acknowledges what was told again acknowledges what it tells of.
        """
        with self.together():
            for each in dict.fromkeys((identity, self._told_again(identity))):
                self.do("INSERT OR IGNORE INTO acknowledged VALUES (?, ?, ?)", each, by, millis(at))
            rows = self.do("SELECT id, person, at FROM acknowledged WHERE id = ?", identity)
        return Acknowledged(id=rows[0][0], by=rows[0][1], at=utc(rows[0][2]))

    def _told_again(self, identity: str) -> str:
        """Return the message that a notice tells again of, the same where it is no such notice."""
        number = _number(identity)
        if number is None:
            return identity
        rows = self.do("SELECT key FROM notices WHERE seq = ? AND kind = ?", number, AlertKind.ESCALATION)
        return str(rows[0][0]).split("/")[1] if rows else identity

    def acknowledged(self, identity: str) -> Acknowledged | None:
        """Return who acknowledged a message, None where nobody has."""
        rows = self.do("SELECT id, person, at FROM acknowledged WHERE id = ?", identity)
        return Acknowledged(id=rows[0][0], by=rows[0][1], at=utc(rows[0][2])) if rows else None

    def concern(self, concern: Concern) -> None:
        """Note what somebody has to see to; one that is known stays as it was."""
        self.do(
            "INSERT OR IGNORE INTO concerns VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
            *(concern.id, concern.agent, concern.kind, concern.title, concern.about, millis(concern.at)),
        )

    def concerns(self) -> list[Concern]:
        """Return what somebody has to see to, oldest first."""
        rows = self.do(f"{CONCERN} WHERE resolved IS NULL ORDER BY at")
        return [concern_of(row) for row in rows]

    def known(self, identity: str) -> bool:
        """Say whether anybody was told under an id of something to acknowledge."""
        number = _number(identity)
        if number is not None:
            return bool(self.do("SELECT 1 FROM notices WHERE seq = ?", number))
        return bool(self.do("SELECT 1 FROM concerns WHERE id = ?", identity))

    def escalated(self, identity: str, times: int) -> None:
        """Note how often a concern was told again."""
        self.do("UPDATE concerns SET times = ? WHERE id = ?", times, identity)

    def resolve(self, identity: str, at: datetime) -> None:
        """Note that nobody has to see to something any more."""
        self.do("UPDATE concerns SET resolved = ? WHERE id = ? AND resolved IS NULL", millis(at), identity)

    def old(self, before: datetime) -> int:
        """Return how many rows `trim` would take."""
        instant = millis(before)
        counts = [self.do(f"SELECT count(*) FROM {what}", instant) for what in OLD]  # noqa: S608 -- our own
        return sum(int(rows[0][0]) for rows in counts)

    def trim(self, before: datetime) -> int:
        """Forget what is older than an instant and over; return how many rows that were.

        What lasts still stays with its notice, and the latest stays, for by it numbers go on.
        """
        with self.together():
            count = self.old(before)
            for what in OLD:
                self.do(f"DELETE FROM {what}", millis(before))  # noqa: S608 -- our own
        return count


def _number(identity: str) -> int | None:
    """Return the number of a message that is a notice, None of another."""
    number = identity.removeprefix("notice-")
    if number == identity or not number.isdecimal() or len(number) > MOST_DIGITS:
        return None
    return int(number)
