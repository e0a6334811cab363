"""A request of somebody who may ask: from whom, where, under which number, and until when it may be done."""

from typing import NamedTuple

from agent.telegram.updates import Pressed, Said, Sender

OLDEST_SECONDS = 120.0
"""A command that was sent longer ago is not carried out."""


class ChatRequest(NamedTuple):
    """The asker, the update's number, the message to reply to, and when (monotonic) it is too old."""

    sender: Sender
    number: int
    message: int | None
    ends: float

    @property
    def chat(self) -> int:
        """Return the chat, which was let in by its number."""
        return self.sender.chat or 0

    @property
    def user(self) -> int:
        """Return the user, who was let in likewise."""
        return self.sender.user or 0


def of_message(message: Said, telegrams_now: float, now: float) -> ChatRequest:
    """Return until when a message may be done, by Telegram's clock; one without an instant is too old."""
    age = OLDEST_SECONDS + 1 if message.at is None else max(0.0, telegrams_now - message.at)
    return ChatRequest(message.sender, message.number, message.message, now + OLDEST_SECONDS - age)


def of_button(pressed: Pressed, now: float) -> ChatRequest:
    """Return until when what a button stands for may be done; its question had a shorter life."""
    return ChatRequest(pressed.sender, pressed.number, pressed.message, now + OLDEST_SECONDS)
