"""Leave to ask: for chats and users of the settings, both at once. A stranger gets one log line."""

from collections.abc import Collection

from agent.host import log
from agent.telegram.updates import Sender

MOST = 1_000
"""Strangers that are remembered; of more none is logged."""


class Doorkeeper:
    """Lets those in whose chat and whose user are named."""

    def __init__(self, chats: Collection[int], users: Collection[int]) -> None:
        self.chats = frozenset(chats)
        self.users = frozenset(users)
        self.turned_away = 0
        self._known: set[tuple[int | None, int | None]] = set()

    def admits(self, sender: Sender) -> bool:
        """Say whether a sender may ask; one who may not is logged the first time."""
        if sender.chat in self.chats and sender.user in self.users:
            return True
        self.turned_away += 1
        who = sender.chat, sender.user
        if who not in self._known and len(self._known) < MOST:
            self._known.add(who)
            log.say("warning", "telegram: a stranger", chat=sender.chat, user=sender.user, name=sender.name)
        return False
