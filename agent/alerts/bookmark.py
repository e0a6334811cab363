"""The place of a channel: how far it has told, what it holds back, what it said lately, and its health.

It is in memory and in the home's notices; what cannot be written there, on a disk that is full, is kept and
written later: a message that was sent is not sent again as long as this process lives.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.host.log import say
from agent.notices import ChannelState, DeadLetter, Held, Notices, NoticesFault

MOST_UNWRITTEN = 10_000


class Bookmark:
    """The place of one channel, read from the notices once; used by one thread."""

    def __init__(self, notices: Notices, name: str) -> None:
        self.notices = notices
        self.name = name
        self.cursors = notices.channels.cursors(name)
        self.state = notices.channels.state(name)
        self._held = {(each.source, each.seq, each.part): each for each in notices.channels.held(name)}
        self._told = notices.channels.all_told(name)
        self._unwritten: list[Callable[[], object]] = []
        self._problem = ""

    @property
    def new(self) -> bool:
        """True for a channel that has never told anything: it begins with the present."""
        return not self.cursors

    @property
    def held(self) -> list[Held]:
        """Return what is held back, what is due first first, then in its order."""
        return sorted(self._held.values(), key=lambda each: (each.due, each.source, each.seq, each.part))

    def move(self, source: str, seq: int, *, back: bool = False) -> None:
        """Go on to a number of a source; `back` where the source itself was cut to it."""
        if back or seq > self.cursors.get(source, -1):
            self.cursors[source] = seq
            if back:
                self._write(lambda: self.notices.channels.rewind(self.name, source, seq))
            else:
                self._write(lambda: self.notices.channels.move(self.name, source, seq))

    def hold(self, held: Held) -> None:
        """Hold a message back until it is due."""
        self._held[held.source, held.seq, held.part] = held
        self._write(lambda: self.notices.channels.hold(self.name, held))

    def release(self, held: Held) -> None:
        """Hold a message back no longer."""
        self._held.pop((held.source, held.seq, held.part), None)
        self._write(lambda: self.notices.channels.release(self.name, held))

    def told(self, key: str) -> tuple[datetime, int] | None:
        """Return when something was told last, and how often it was said since; None for never."""
        return self._told.get(key)

    def tell(self, key: str, at: datetime) -> None:
        """Note that something was told."""
        self._told[key] = (at, 0)
        self._write(lambda: self.notices.channels.tell(self.name, key, at))

    def again(self, key: str) -> None:
        """Count something that is said again and not told."""
        at, count = self._told[key]
        self._told[key] = (at, count + 1)
        self._write(lambda: self.notices.channels.again(self.name, key))

    def forget(self, before: datetime) -> None:
        """Forget what was told before an instant and was not said again since."""
        for key in [key for key, (at, count) in self._told.items() if at < before and not count]:
            del self._told[key]
        self._write(lambda: self.notices.channels.forget(self.name, before))

    def set_state(self, state: ChannelState) -> None:
        """Keep the channel's health."""
        self.state = state
        self._write(lambda: self.notices.channels.set_state(state))

    def bury(self, letter: DeadLetter) -> None:
        """Keep a message that is never sent."""
        self._write(lambda: self.notices.channels.bury(letter))

    def _write(self, work: Callable[[], object]) -> None:
        self._unwritten.append(work)
        del self._unwritten[:-MOST_UNWRITTEN]

    def save(self) -> None:
        """Write what is not written yet, in one transaction; where that fails it is tried next time."""
        if not self._unwritten:
            return
        try:
            with self.notices.together():
                for work in self._unwritten:
                    work()
        except NoticesFault as fault:
            if str(fault) != self._problem:
                self._problem = str(fault)
                say("error", "a channel's place cannot be kept", channel=self.name, why=str(fault))
            return
        self._problem = ""
        self._unwritten.clear()


def lately(now: datetime, repeat: timedelta) -> datetime:
    """Return before when nothing that was told needs to be remembered."""
    return now - max(repeat, timedelta(days=1))
