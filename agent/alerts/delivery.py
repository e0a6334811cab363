"""The delivery over one channel: reads the outbox from its place on, and sends what is for it, in order.

Theory of operation. The outbox is the journals and the notices themselves; nothing of them is copied. A place
(a number a source) says what was told; it moves only behind a send that succeeded, or over what is not for
this channel. So a message is told at least once whatever dies when, and those of a source in their order.
What is held back for quiet hours or a digest is remembered by its number and read again when it is due. A
channel that fails is asked again after pauses that grow, and what has gathered by then comes as one digest.
What can never be sent goes to the dead letters, and what is behind it goes on.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple, Protocol

import msgspec

from agent.alerts.backoff import pause
from agent.alerts.bookmark import Bookmark, lately
from agent.alerts.channel import Channel, Gone, Later, Message, Never, Severity
from agent.alerts.rows import Telling
from agent.alerts.rules import SendRules
from agent.alerts.text import cut, digest
from agent.host.log import say
from agent.notices import ChannelState, DeadLetter, Held
from domain.ports import Clock

IDLE_SECONDS = 2.0
BUSY_SECONDS = 0.0
NEVERS = 3
"""Refusals in a row after which it is the channel that is dead, and not the message."""

FAR = 500
"""Rows a channel passes over before its place is kept: to read them again after a restart costs nothing."""

LONGEST_HELD = timedelta(days=3)
"""Nothing is held back for longer, so what is due later was held by a clock that was ahead: it goes now."""

OLDEST = timedelta(days=7)
"""What has waited longer for a channel that is dead goes to the dead letters."""


class Batch(NamedTuple):
    """The messages of a source's rows up to number `covered`: behind the last of them nothing is told."""

    told: Sequence[Telling]
    covered: int


class Outbox(Protocol):
    """The sources of messages: the journals of the home by their ids, and its notices."""

    def heads(self) -> Mapping[str, int]:
        """Return the last number of each source that is read to its end."""
        ...

    def beginning(self, source: str, *, new: bool) -> int:
        """Return where a channel begins in a source it has never read; a `new` channel with the present."""
        ...

    def cut(self, source: str, seq: int) -> bool:
        """Say whether a source ends before a number for certain, as a journal restored from a backup does."""
        ...

    def read(self, source: str, after: int) -> Batch:
        """Return what is told behind a number, of some rows at most."""
        ...

    def one(self, source: str, seq: int, part: int) -> Telling | None:
        """Return one message again, None where its source is gone."""
        ...


class _Step(NamedTuple):
    """One message on its way: sent now, held until `due`, or passed over (`said`: it was said lately)."""

    telling: Telling
    send: Message | None = None
    due: datetime | None = None
    said: bool = False


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
        self.jitter = jitter
        self.dead = dead
        self.died = died
        self.revived = revived
        self.hide = hide
        self._read: dict[str, int] = {}
        """How far each source was read over without anything to send."""
        self._sent: set[tuple[str, int, int]] = set()
        """Parts that were sent of rows that have more of them."""
        self._nevers = 0
        self._aside: deque[Message] = deque()
        self._due = 0.0
        """When the next try is due, by the clock nobody sets."""
        # A new try at once: whoever began the program anew may have mended the channel.
        self.bookmark.state = msgspec.structs.replace(bookmark.state, next_try=None)

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
        if self._pause():
            self.bookmark.save()
            return self._pause()
        if not self._kept_nowhere(now):
            self.bookmark.save()
            return self._pause()
        self._begin()
        wait = self._held(now) if self._sendable(now) else None
        if wait is None:
            wait = self._new(now)
        self.bookmark.save()
        return wait

    def waiting(self) -> list[Message]:
        """Return what waits to be sent, oldest first."""
        return [step.send for step in self._plan(self._gathered(), self.clock.now()) if step.send is not None]

    def _kept_nowhere(self, now: datetime) -> bool:
        """Send what no source keeps; False where the channel fails."""
        while self._aside:
            message = self._aside[0]
            meant = self.rules.takes(self.channel.name, message, self.dead()) is not None
            if meant and not self._send(message, [message], now):
                return False
            self._aside.popleft()
        return True

    def _sendable(self, now: datetime) -> bool:
        return any(_is_due(each, now) for each in self.bookmark.held)

    def _begin(self) -> None:
        """Take a place in sources that are new, and go back in those that were cut."""
        new = self.bookmark.new
        for source, head in self.outbox.heads().items():
            present = self.bookmark.cursors.get(source)
            if present is None:
                self.bookmark.move(source, self.outbox.beginning(source, new=new))
            elif present > head and self.outbox.cut(source, present):
                self.bookmark.move(source, head, back=True)
                self._read.pop(source, None)

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
        if not self._send(message, messages, now):
            return self._pause()
        for each, _ in there:
            self.bookmark.release(each)
        return BUSY_SECONDS

    def _new(self, now: datetime) -> float:
        batches = self._gathered()
        steps = self._plan(batches, now)
        sends = [step for step in steps if step.send is not None]
        if len(sends) > self.rules.collapse:
            messages = [step.send for step in sends if step.send is not None]
            if not self._send(digest(messages, "had gathered"), messages, now):
                return self._pause()
            steps = [step._replace(send=None) if step.send is not None else step for step in steps]
            for step in sends:
                self._note(step.telling)
        for index, step in enumerate(steps):
            if step.send is not None:
                if not self._send(step.send, [step.send], now):
                    return self._pause()
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

    def _pass(self, telling: Telling, rest: Sequence[_Step]) -> None:
        """Move behind a message; not while its row has another part to tell."""
        if any(each.telling.source == telling.source and each.telling.seq == telling.seq for each in rest):
            self._sent.add((telling.source, telling.seq, telling.part))
            self.bookmark.move(telling.source, telling.seq - 1)
        else:
            self._sent.clear()
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

    def _plan(self, batches: Mapping[str, Batch], now: datetime) -> list[_Step]:
        """Return what becomes of each message: the sources' in turn by time, each source in its order."""
        before: dict[str, datetime] = {}
        dead = self.dead()
        return [self._step(telling, before, dead, now) for telling in _merged(batches)]

    def _step(
        self, telling: Telling, before: dict[str, datetime], dead: Mapping[str, bool], now: datetime
    ) -> _Step:
        message = telling.message
        rule = self.rules.takes(self.channel.name, message, dead)
        if rule is None or (telling.source, telling.seq, telling.part) in self._sent:
            return _Step(telling)
        earlier = self.bookmark.told(telling.once) if telling.once else None
        last = before.get(telling.once) or (earlier[0] if earlier else None)
        if last is not None and timedelta(0) <= message.at - last < self.rules.repeat:
            return _Step(telling, said=self.bookmark.told(telling.once) is not None)
        due = self.rules.due(rule, message, now)
        if due is not None:
            return _Step(telling, due=due)
        if telling.once:
            before[telling.once] = message.at
        if earlier and earlier[1]:
            again = f"said {earlier[1]} times more since {earlier[0]:%Y-%m-%d %H:%M} UTC"
            message = msgspec.structs.replace(message, lines=(*message.lines, again))
        return _Step(telling, send=message)

    def _note(self, telling: Telling) -> None:
        if telling.once:
            self.bookmark.tell(telling.once, telling.message.at)

    # One attempt, and what it says of the channel's health.

    def _send(self, message: Message, meant: Sequence[Message], now: datetime) -> bool:
        """Send a message that stands for some, and say whether to go on behind them."""
        try:
            self.channel.send(message)
        except Gone as fault:
            return self._failed(fault, meant, now, gone=True)
        except Never as fault:
            return self._never(fault, meant, now)
        except Exception as fault:  # noqa: BLE001 -- whatever a channel raises, its messages are kept
            return self._failed(fault, meant, now)
        self._nevers = 0
        was_dead = self.state.dead is not None
        self.bookmark.set_state(
            ChannelState(name=self.channel.name, sent=self.state.sent + 1, sent_at=self.clock.now())
        )
        if was_dead:
            self.revived()
        self.bookmark.forget(lately(now, self.rules.repeat))
        return True

    def _never(self, fault: Never, meant: Sequence[Message], now: datetime) -> bool:
        """Bury what can never be sent; several in a row say that it is the channel."""
        why = self._told(fault)
        self._nevers += 1
        for each in meant:
            self._bury(each, why, now)
        dead = self.state.dead or (now if self._nevers >= NEVERS else None)
        self._set(error=why, dead=dead, attempts=0, next_try=None, failing_since=None)
        if dead == now:
            self.died(why, meant)
        return True

    def _failed(
        self, fault: Exception, meant: Sequence[Message], now: datetime, *, gone: bool = False
    ) -> bool:
        why, state = self._told(fault), self.state
        attempts, since = state.attempts + 1, state.failing_since or now
        asked = fault.seconds if isinstance(fault, Later) else None
        seconds = pause(99 if gone else attempts, self.jitter(), asked)
        self._due = self.clock.monotonic() + seconds
        dead = state.dead or (now if gone or now - since >= self.rules.dead else None)
        self._set(
            error=why, dead=dead, attempts=attempts, failing_since=since,
            next_try=now + timedelta(seconds=seconds),
        )  # fmt: skip
        level = "error" if gone else "warning"
        say(level, "a channel failed", channel=self.channel.name, why=why, attempts=attempts)
        if dead is not None and state.dead is None:
            self.died(why, [each for each in self.waiting() if each.severity is Severity.CRITICAL])
        if now - since < OLDEST or any(now - each.at < OLDEST for each in meant):
            return False
        for each in meant:
            self._bury(each, f"it waited for {OLDEST.days} days: {why}", now)
        return True

    def _pause(self) -> float:
        """Return the seconds until the next look while a failure is waited out, 0 where none is."""
        return min(max(self._due - self.clock.monotonic(), 0.0), IDLE_SECONDS)

    def _set(self, **changes: object) -> None:
        self.bookmark.set_state(msgspec.structs.replace(self.state, **changes))

    def _bury(self, message: Message, why: str, now: datetime) -> None:
        self.bookmark.bury(
            DeadLetter(
                number=0,
                channel=self.channel.name,
                id=message.id,
                kind=message.kind,
                severity=message.severity,
                agent=message.agent,
                title=message.title,
                why=why,
                at=now,
            )
        )
        say("error", "a message is never sent", channel=self.channel.name, id=message.id, why=why)

    def _told(self, fault: Exception) -> str:
        """Say why a send failed, without secrets; of an error that nobody foresaw only its kind."""
        known = isinstance(fault, Later | Never)
        return cut(self.hide(str(fault) if known else type(fault).__name__))


def _is_due(held: Held, now: datetime) -> bool:
    return held.due <= now or held.due > now + LONGEST_HELD


def _merged(batches: Mapping[str, Batch]) -> Iterator[Telling]:
    """Yield the messages of all sources by their time; a clock that was set back parts none of a source's."""
    timed = []
    for batch in batches.values():
        times = accumulate((each.message.at for each in batch.told), max)
        timed.append([(at, each) for at, each in zip(times, batch.told, strict=True)])
    return (each for _, each in heapq.merge(*timed, key=lambda pair: pair[0]))
