"""One attempt to send over a channel: its success or failure, and the channel's health."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from agent.alerts.backoff import pause as pause_seconds
from agent.alerts.bookmark import Bookmark, lately
from agent.alerts.channel import Channel, Gone, Later, Message, Never, Severity
from agent.alerts.rules import SendRules
from agent.alerts.text import cut
from agent.host.log import say
from agent.notices import ChannelState, DeadLetter
from domain.ports import Clock

IDLE_SECONDS = 2.0
"""Seconds until the next look, at the most."""

NEVERS = 3
"""Refusals in a row after which it is the channel that is dead, and not the message."""

OLDEST = timedelta(days=7)
"""What has waited longer for a channel that is dead goes to the dead letters."""


class ChannelAttempts:
    """The attempts over one channel, told of as a delivery is; `waiting` says what waits to be sent."""

    def __init__(
        self,
        channel: Channel,
        bookmark: Bookmark,
        rules: SendRules,
        clock: Clock,
        jitter: Callable[[], float],
        waiting: Callable[[], Sequence[Message]],
        died: Callable[[str, Sequence[Message]], None],
        revived: Callable[[], None],
        hide: Callable[[str], str],
    ) -> None:
        self.channel = channel
        self.bookmark = bookmark
        self.rules = rules
        self.clock = clock
        self.jitter = jitter
        self.waiting = waiting
        self.died = died
        self.revived = revived
        self.hide = hide
        self._nevers = 0
        self._due = 0.0
        """When the next try is due, by the clock nobody sets."""
        # A new try at once: whoever began the program anew may have mended the channel.
        self.bookmark.state = msgspec.structs.replace(bookmark.state, next_try=None)

    @property
    def state(self) -> ChannelState:
        """The channel's health."""
        return self.bookmark.state

    def send(self, message: Message, meant: Sequence[Message], now: datetime) -> bool:
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
        seconds = pause_seconds(99 if gone else attempts, self.jitter(), asked)
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

    def pause(self) -> float:
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
