"""An update of the Bot API as what it means here, read without benefit of the doubt.

Whatever shape an update has, its number is read and nothing raises: one that cannot be read must not stand
before a kill for ever.
"""

from typing import Any, NamedTuple

from agent.telegram.clean import one_line

Plain = dict[str, Any]
LONGEST_NAME = 40


class Sender(NamedTuple):
    """The chat an update came from and the user who made it, None where none is told."""

    chat: int | None
    user: int | None
    name: str = ""

    @property
    def by(self) -> str:
        """Return who asks, as the journal is told."""
        return f"telegram {self.name or 'unnamed'} ({self.user})"


class Said(NamedTuple):
    """A message: its text, its number in the chat, and when it was sent (Unix seconds).

    `second_hand` says that it is none of its own: edited, or passed on from elsewhere.
    """

    number: int
    sender: Sender
    text: str
    message: int | None
    at: float | None
    second_hand: str = ""


class Pressed(NamedTuple):
    """A button that was pressed: its data, and the message below which it is."""

    number: int
    sender: Sender
    callback: str
    data: str
    message: int | None


class Other(NamedTuple):
    """Any other update: only its number is known."""

    number: int
    sender: Sender


Update = Said | Pressed | Other


def read(plain: Plain) -> Update | None:
    """Return an update, None for one without a number."""
    number = _whole(plain.get("update_id"))
    if number is None:
        return None
    pressed = plain.get("callback_query")
    if isinstance(pressed, dict):
        return _pressed(number, pressed)
    for kind in ("message", "edited_message"):
        message = plain.get(kind)
        if isinstance(message, dict):
            return _said(number, message, edited=kind != "message")
    return Other(number, Sender(None, None))


def _said(number: int, plain: Plain, *, edited: bool) -> Update:
    text = plain.get("text")
    sender = _sender(plain, plain)
    if not isinstance(text, str):
        return Other(number, sender)
    second_hand = "edited" if edited else "passed on" if _passed_on(plain) else ""
    at = _whole(plain.get("date"))
    return Said(
        number, sender, text, _whole(plain.get("message_id")), None if at is None else float(at), second_hand
    )


def _passed_on(plain: Plain) -> bool:
    return any(
        plain.get(name) for name in ("forward_origin", "forward_date", "via_bot", "is_automatic_forward")
    )


def _pressed(number: int, plain: Plain) -> Update:
    below = plain.get("message")
    message = below if isinstance(below, dict) else {}
    sender = _sender(message, plain)
    callback, data = plain.get("id"), plain.get("data")
    if not isinstance(callback, str) or not isinstance(data, str):
        return Other(number, sender)
    return Pressed(number, sender, callback, data, _whole(message.get("message_id")))


def _sender(chat_of: Plain, user_of: Plain) -> Sender:
    """Return who sent something; a channel, or somebody who speaks as a chat, is no user."""
    chat, user = chat_of.get("chat"), user_of.get("from")
    chat_id = _whole(chat.get("id")) if isinstance(chat, dict) else None
    if not isinstance(user, dict) or user_of.get("sender_chat") or user.get("is_bot") is True:
        return Sender(chat_id, None)
    name = user.get("username") or user.get("first_name") or ""
    return Sender(chat_id, _whole(user.get("id")), one_line(str(name), LONGEST_NAME))


def _whole(value: Any) -> int | None:
    """Return a whole number that a database takes, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62:
        return value
    return None
