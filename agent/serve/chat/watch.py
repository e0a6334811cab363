"""Troubles of the chat itself, told where no chat is needed: in the log, and as an incident."""

from collections.abc import Callable
from typing import NamedTuple

from agent.host import log
from agent.telegram.faults import BotFault, Conflict, Flood, TokenRefused
from domain.ports import Clock

SILENT_SECONDS = 300.0
"""How long Telegram may be unreachable before it is told."""


class Trouble(NamedTuple):
    """A trouble that begins, by its key, or that is over: then `text` is what came to pass."""

    key: str
    text: str
    over: bool = False


CONFLICT, TOKEN, SILENT = "telegram/conflict", "telegram/token", "telegram/unreachable"


class ChatWatch:
    """Counts failures of the loop that takes messages, and tells of each trouble once.

    `conflicts` counts the answers that said that somebody else takes this bot's messages.
    """

    def __init__(self, clock: Clock, tell: Callable[[Trouble], None]) -> None:
        self.clock = clock
        self.tell = tell
        self.conflicts = 0
        self.failures = 0
        self._since: float | None = None
        self._open: set[str] = set()

    def failed(self, fault: BotFault) -> None:
        """Take note of a failure in a row of them."""
        self.failures += 1
        if isinstance(fault, Conflict):
            self.conflicts += 1
            self._begin(CONFLICT, _conflict(str(fault)))
        elif isinstance(fault, TokenRefused):
            self._begin(TOKEN, f"Telegram refuses the token of telegram.token: {fault}")
        elif not isinstance(fault, Flood):
            self._silent(fault)

    def _silent(self, fault: BotFault) -> None:
        now = self.clock.monotonic()
        if self._since is None:
            self._since = now
            log.say("warning", "telegram: no answer", why=str(fault))
        if now - self._since >= SILENT_SECONDS:
            self._begin(SILENT, f"Telegram is unreachable: no command arrives from there. {fault}")

    def works(self) -> None:
        """Take note that messages come again."""
        if self.failures:
            log.say("info", "telegram: messages are taken again", failures=self.failures)
        self.failures, self._since = 0, None
        for key in sorted(self._open):
            self.tell(Trouble(key, "Telegram: messages are taken again", over=True))
        self._open.clear()

    def _begin(self, key: str, text: str) -> None:
        if key in self._open:
            return
        self._open.add(key)
        log.say("error", "telegram", why=text)
        self.tell(Trouble(key, text))


def _conflict(text: str) -> str:
    if "webhook" in text.lower():
        return f"a webhook is set for this bot, so no message can be taken: delete it (deleteWebhook). {text}"
    return (
        f"somebody else takes this bot's messages, so commands vanish: end the other process, or give each "
        f"server a bot of its own. {text}"
    )
