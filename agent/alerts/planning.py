"""The plan of a channel, message by message: sent now, held for its hour, or passed over."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import Message
from agent.alerts.rows import Telling
from agent.alerts.rules import SendRules
from agent.alerts.sources import Batch, merged


class MessageStep(NamedTuple):
    """One message on its way: sent now, held until `due`, or passed over (`said`: it was said lately)."""

    telling: Telling
    send: Message | None = None
    due: datetime | None = None
    said: bool = False


class Planner:
    """The plans of one channel, by its rules and by what it told lately."""

    def __init__(self, channel: str, rules: SendRules, bookmark: Bookmark) -> None:
        self.channel = channel
        self.rules = rules
        self.bookmark = bookmark
        self.sent: set[tuple[str, int, int]] = set()
        """Parts that were sent of rows that have more of them."""

    def plan(
        self, batches: Mapping[str, Batch], dead: Mapping[str, bool], now: datetime
    ) -> list[MessageStep]:
        """Return what becomes of each message: the sources' in turn by time, each source in its order."""
        before: dict[str, datetime] = {}
        return [self._step(telling, before, dead, now) for telling in merged(batches)]

    def _step(
        self, telling: Telling, before: dict[str, datetime], dead: Mapping[str, bool], now: datetime
    ) -> MessageStep:
        message = telling.message
        rule = self.rules.takes(self.channel, message, dead)
        if rule is None or (telling.source, telling.seq, telling.part) in self.sent:
            return MessageStep(telling)
        earlier = self.bookmark.told(telling.once) if telling.once else None
        last = before.get(telling.once) or (earlier[0] if earlier else None)
        if last is not None and timedelta(0) <= message.at - last < self.rules.repeat:
            return MessageStep(telling, said=self.bookmark.told(telling.once) is not None)
        due = self.rules.due(rule, message, now)
        if due is not None:
            return MessageStep(telling, due=due)
        if telling.once:
            before[telling.once] = message.at
        if earlier and earlier[1]:
            again = f"said {earlier[1]} times more since {earlier[0]:%Y-%m-%d %H:%M} UTC"
            message = msgspec.structs.replace(message, lines=(*message.lines, again))
        return MessageStep(telling, send=message)
