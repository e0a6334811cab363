"""Faults of calls to the Bot API, by what to do about each. No text holds the token."""

import re

from domain.errors import VenueFault

TOKEN = re.compile(r"[0-9]{3,20}(:|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
MASK = "[token]"


def hidden(text: str) -> str:
    """Return a text without anything that looks like a bot's token."""
    return TOKEN.sub(MASK, text)


class BotFault(VenueFault):
    """A call that failed."""

    def __init__(self, text: str) -> None:
        super().__init__(hidden(text))


class Flood(BotFault):
    """Too much was sent: nothing more before `seconds` have passed."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


class NoAnswer(BotFault):
    """No answer that says anything. It may have been done all the same, unless `sent` is False."""

    def __init__(self, text: str, *, sent: bool = True) -> None:
        super().__init__(text)
        self.sent = sent


class Rejected(BotFault):
    """A no that stays one: what was asked cannot be, or the bot may not. `status` is HTTP's."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class TokenRefused(Rejected):
    """The token is none, or none any more."""


class Conflict(BotFault):
    """Somebody else takes this bot's messages: another process with its token, or a webhook."""
