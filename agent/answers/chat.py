"""Answers on the chat: whether commands are taken there, and which were."""

from datetime import datetime

from msgspec import Struct


class ChatCommand(Struct, frozen=True, kw_only=True):
    """A command that was taken up: its number, its chat, when; `ended` is None while it goes on."""

    number: int
    chat: int
    did: str
    at: datetime
    ended: datetime | None = None


class ChatAnswer(Struct, frozen=True, kw_only=True):
    """The chat of the home. It is `on` where a bot's token is set, and `bot` is its name once it was reached.

    `failures` are those in a row now. Counted since the server began: `conflicts`, answers that somebody else
    takes this bot's messages, and `turned_away`, messages of strangers.
    """

    on: bool
    bot: str | None = None
    failures: int = 0
    conflicts: int = 0
    turned_away: int = 0
    commands: list[ChatCommand] = []
