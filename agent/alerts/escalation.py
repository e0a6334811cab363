"""Escalation: what somebody has to see to is told again until somebody says so, or it is over by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import AlertKind, Message, Severity
from agent.alerts.notes import ONWARD
from agent.alerts.sources import FAR, Outbox, take_places
from agent.notices import Concern, Notices
from agent.settings.upkeep.alerts import AlertSettings

WATCHER = "watcher"
"""The name under which the place of this reader is kept, beside those of the channels."""

KEPT = timedelta(days=30)

Still = Callable[[Concern], bool | None]
"""Says whether what a concern is about is still so, None where nobody knows."""


class Escalation:
    """Reads the outbox as a channel does, and keeps what somebody has to see to in the notices."""

    def __init__(self, notices: Notices, outbox: Outbox, settings: AlertSettings) -> None:
        self.notices = notices
        self.outbox = outbox
        self.settings = settings
        self.bookmark = Bookmark(notices, WATCHER)
        self._seen: dict[str, int] = {}
        """How far each source was read; kept in the notices now and then."""

    def step(self, now: datetime, still: Still) -> None:
        """Take in what is new, let go of what is over, and tell again what nobody acknowledged.

        Raises NoticesFault where the notices cannot be written; the next step makes up for it.
        """
        self._take_in()
        for concern in self.notices.concerns():
            self._see(concern, now, still)

    def _take_in(self) -> None:
        take_places(self.outbox, self.bookmark, self._seen)
        for source, head in self.outbox.heads().items():
            self._read(source, head)
        self.bookmark.save()

    def _read(self, source: str, head: int) -> None:
        """Read a source to its head. What is read again after a restart changes nothing."""
        kept = self.bookmark.cursors.get(source, head)
        after = max(kept, self._seen.get(source, 0))
        while after < head:
            batch = self.outbox.read(source, after)
            concerns = [each for each in batch.told if each.concern]
            for each in concerns:
                self.notices.concern(_concern(each.message, each.concern))
            if concerns or batch.covered - kept >= FAR:
                self.bookmark.move(source, batch.covered)
            if batch.covered <= after:
                return
            after = self._seen[source] = batch.covered

    def _see(self, concern: Concern, now: datetime, still: Still) -> None:
        if self.notices.acknowledged(concern.id) is not None or now - concern.at > KEPT:
            self.notices.resolve(concern.id, now)
        elif still(concern) is False:
            with self.notices.together():
                self.notices.resolve(concern.id, now)
                if concern.about.startswith("order/"):  # the others say so themselves
                    self.notices.put(
                        f"resolved/{concern.id}", concern.kind, Severity.INFO, concern.agent,
                        f"over: {concern.title}", f"it was told as #{concern.id}", now,
                    )  # fmt: skip
        elif self._due(concern, now):
            self._again(concern, now)

    def _due(self, concern: Concern, now: datetime) -> bool:
        minutes, times = self.settings.escalate_minutes, self.settings.escalate_times
        due = concern.at + timedelta(minutes=minutes * (concern.times + 1))
        return bool(minutes) and concern.times < times and now >= due

    def _again(self, concern: Concern, now: datetime) -> None:
        number = concern.times + 1
        minutes = (now - concern.at).total_seconds() / 60
        title = f"nobody has acknowledged #{concern.id}: {concern.title}"
        times = self.settings.escalate_times
        body = f"it was told {minutes:.0f} minutes ago; this is reminder {number} of {times}"
        with self.notices.together():
            self.notices.put(
                f"{ONWARD}{concern.id}/{number}", AlertKind.ESCALATION, Severity.CRITICAL, concern.agent,
                title, body, now,
            )  # fmt: skip
            self.notices.escalated(concern.id, number)


def _concern(message: Message, about: str) -> Concern:
    return Concern(
        id=message.id, agent=message.agent, kind=message.kind, title=message.title, about=about, at=message.at
    )
