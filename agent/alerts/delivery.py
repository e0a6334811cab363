"""The delivery over one channel: reads the outbox from its place on, and sends what is for it, in order.

Theory of operation. The outbox is the journals and the notices themselves; nothing of them is copied. A place
(a number a source) says what was told; it moves only behind a send that succeeded, or over what is not for
this channel. So a message is told at least once whatever dies when, and those of a source in their order.
What is held back for quiet hours or a digest is remembered by its number and read again when it is due. A
channel that fails is asked again after pauses that grow, and what has gathered by then comes as one digest.
What can never be sent goes to the dead letters, and what is behind it goes on.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from agent.alerts.attempts import IDLE_SECONDS, ChannelAttempts
from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import Channel, Message
from agent.alerts.planning import MessageStep, Planner
from agent.alerts.rows import Telling
from agent.alerts.rules import SendRules
from agent.alerts.sources import FAR, Batch, Outbox, take_places
from agent.alerts.text import digest
from agent.notices import ChannelState, Held
from domain.ports import Clock

BUSY_SECONDS = 0.0

LONGEST_HELD = timedelta(days=3)
"""Nothing is held back for longer, so what is due later was held by a clock that was ahead: it goes now."""


class Delivery:
    """The delivery over one channel, driven step by step by a thread of its own.

    `dead` tells of every channel whether it is dead; `died` and `revived` are told of this one. `hide` takes
    secrets out of a text.
    """

    def __init__(
        self,
        channel: Channel,
        outbox: Outbox,
        bookmark: Bookmark,
        rules: SendRules,
        clock: Clock,
        jitter: Callable[[], float],
        dead: Callable[[], Mapping[str, bool]],
        died: Callable[[str, Sequence[Message]], None] = lambda _why, _waiting: None,
        revived: Callable[[], None] = lambda: None,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.channel = channel
        self.outbox = outbox
        self.bookmark = bookmark
        self.rules = rules
        self.clock = clock
        self.dead = dead
        self._read: dict[str, int] = {}
        """How far each source was read over without anything to send."""
        self._aside: deque[Message] = deque()
        self._planner = Planner(channel.name, rules, bookmark)
        self._attempts = ChannelAttempts(
            channel, bookmark, rules, clock, jitter, self.waiting, died, revived, hide
        )

    @property
    def state(self) -> ChannelState:
        """The channel's health."""
        return self.bookmark.state

    def tell(self, message: Message) -> None:
        """Have a message sent that no source can keep, before all others; from any thread."""
        self._aside.append(message)

    def step(self) -> float:
        """Send what is due; return the seconds until the next look."""
        now = self.clock.now()
        if self._attempts.pause():
            self.bookmark.save()
            return self._attempts.pause()
        if not self._kept_nowhere(now):
            self.bookmark.save()
            return self._attempts.pause()
        take_places(self.outbox, self.bookmark, self._read)
        wait = self._held(now) if self._sendable(now) else None
        if wait is None:
            wait = self._new(now)
        self.bookmark.save()
        return wait

    def waiting(self) -> list[Message]:
        """Return what waits to be sent, oldest first."""
        steps = self._planner.plan(self._gathered(), self.dead(), self.clock.now())
        return [step.send for step in steps if step.send is not None]

    def _kept_nowhere(self, now: datetime) -> bool:
        """Send what no source keeps; False where the channel fails."""
        while self._aside:
            message = self._aside[0]
            meant = self.rules.takes(self.channel.name, message, self.dead()) is not None
            if meant and not self._attempts.send(message, [message], now):
                return False
            self._aside.popleft()
        return True

    def _sendable(self, now: datetime) -> bool:
        return any(_is_due(each, now) for each in self.bookmark.held)

    # What is held back and due comes first: it is older.

    def _held(self, now: datetime) -> float | None:
        due = [each for each in self.bookmark.held if _is_due(each, now)]
        texts = [(each, self.outbox.one(each.source, each.seq, each.part)) for each in due]
        for each, telling in texts:
            if telling is None:  # its journal was deleted
                self.bookmark.release(each)
        there = [(each, telling.message) for each, telling in texts if telling is not None]
        if not there:
            return None
        messages = sorted((message for _, message in there), key=lambda each: each.at)
        message = messages[0] if len(messages) == 1 else digest(messages, "were held back")
        if not self._attempts.send(message, messages, now):
            return self._attempts.pause()
        for each, _ in there:
            self.bookmark.release(each)
        return BUSY_SECONDS

    def _new(self, now: datetime) -> float:
        batches = self._gathered()
        steps = self._planner.plan(batches, self.dead(), now)
        sends = [step for step in steps if step.send is not None]
        if len(sends) > self.rules.collapse:
            messages = [step.send for step in sends if step.send is not None]
            if not self._attempts.send(digest(messages, "had gathered"), messages, now):
                return self._attempts.pause()
            steps = [step._replace(send=None) if step.send is not None else step for step in steps]
            for step in sends:
                self._note(step.telling)
        for index, step in enumerate(steps):
            if step.send is not None:
                if not self._attempts.send(step.send, [step.send], now):
                    return self._attempts.pause()
                self._note(step.telling)
            elif step.due is not None:
                self.bookmark.hold(
                    Held(
                        source=step.telling.source, seq=step.telling.seq, part=step.telling.part, due=step.due
                    )
                )
            elif step.said:
                self.bookmark.again(step.telling.once)
            self._pass(step.telling, steps[index + 1 :])
            if step.send is not None:
                self.bookmark.save()
        return self._covered(batches)

    def _pass(self, telling: Telling, rest: Sequence[MessageStep]) -> None:
        """Move behind a message; not while its row has another part to tell."""
        if any(each.telling.source == telling.source and each.telling.seq == telling.seq for each in rest):
            self._planner.sent.add((telling.source, telling.seq, telling.part))
            self.bookmark.move(telling.source, telling.seq - 1)
        else:
            self._planner.sent.clear()
            self.bookmark.move(telling.source, telling.seq)

    def _covered(self, batches: Mapping[str, Batch]) -> float:
        """Go on behind rows that say nothing; return at once where more rows wait to be read."""
        heads = self.outbox.heads()
        for source, batch in batches.items():
            self._read[source] = max(batch.covered, self._read.get(source, 0))
            if batch.told or batch.covered - self.bookmark.cursors.get(source, 0) >= FAR:
                self.bookmark.move(source, batch.covered)
        more = any(self._read.get(source, head) < head for source, head in heads.items())
        return BUSY_SECONDS if more else IDLE_SECONDS

    def _gathered(self) -> dict[str, Batch]:
        batches = {}
        for source, head in self.outbox.heads().items():
            after = max(self.bookmark.cursors.get(source, head), self._read.get(source, 0))
            if after < head:
                batches[source] = self.outbox.read(source, after)
        return batches

    def _note(self, telling: Telling) -> None:
        if telling.once:
            self.bookmark.tell(telling.once, telling.message.at)


def _is_due(held: Held, now: datetime) -> bool:
    return held.due <= now or held.due > now + LONGEST_HELD
