"""Telegram as a channel: each message as plain text, with a button for who sees to it.

Chats are told one after the other; one that was told is passed over when the message is tried again.
"""

from collections.abc import Sequence

from agent.alerts.channel import Gone, Later, Message, Never
from agent.alerts.text import text
from agent.telegram.clean import parts
from agent.telegram.client import ACKNOWLEDGE, MOST_DATA, Bot, Button
from agent.telegram.faults import BotFault, Flood, Rejected, TokenRefused

NAME = "telegram"
GONE = frozenset({401, 403, 404})


class Telegram:
    """A channel to chats, through a bot of its own."""

    name = NAME

    def __init__(self, bot: Bot, chats: Sequence[int]) -> None:
        self.bot = bot
        self.chats = tuple(chats)
        self._told: tuple[str, set[int]] = "", set()

    def send(self, message: Message) -> None:
        """Send a message to every chat."""
        if not self.chats:
            raise Gone("telegram.chats: names no chat that could be told")
        if self._told[0] != message.id:
            self._told = message.id, set()
        for chat in self.chats:
            if chat not in self._told[1]:
                self._send(chat, message)
                self._told[1].add(chat)

    def _send(self, chat: int, message: Message) -> None:
        texts, buttons = parts(text(message).split("\n")), _buttons(message)
        try:
            for index, each in enumerate(texts):
                self.bot.send(chat, each, buttons=buttons if index == len(texts) - 1 else ())
        except Flood as fault:
            raise Later(fault.seconds, str(fault)) from None
        except TokenRefused as fault:
            raise Gone(str(fault)) from None
        except Rejected as fault:
            gone = fault.status in GONE or "chat not found" in str(fault).lower()
            raise (Gone if gone else Never)(f"chat {chat}: {fault}") from None
        except BotFault as fault:
            raise Later(None, str(fault)) from None


def _buttons(message: Message) -> list[list[Button]]:
    data = f"{ACKNOWLEDGE}{message.id}"
    if not message.acknowledgeable or len(data.encode()) > MOST_DATA:
        return []
    return [[Button("I see to it", data)]]
