"""The calls of the Bot API that Boyd makes, and what their answers mean."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import msgspec

from agent.telegram.faults import BotFault, Conflict, Flood, NoAnswer, Rejected, TokenRefused
from agent.telegram.wire import Answered, BotWire
from domain.retry_after import retry_after
from edge.strict_json import shallow

SECONDS = 15.0
"""How long a call may take; one that waits for messages takes that much longer."""

AT_ONCE = 20
"""Updates of one answer: what is read at a time stays small."""

KINDS = ("message", "edited_message", "callback_query")
"""Updates that are asked for."""

MOST_DATA = 64
"""Bytes of a button's data."""

ACKNOWLEDGE = "ack:"
"""How the data of the button below an alert begins; the alert's id follows."""

SOME_SECONDS, MOST_FLOOD_SECONDS = 5.0, 3_600.0

Plain = dict[str, Any]


class Button(NamedTuple):
    """A button below a message: its words, and what is sent when it is pressed (64 bytes at most)."""

    text: str
    data: str


Buttons = Sequence[Sequence[Button]]
"""Rows of buttons."""


class Me(NamedTuple):
    """The bot itself."""

    id: int
    name: str


class UpdateBatch(NamedTuple):
    """Updates as they came, and Telegram's own clock when it sent them, where it was told."""

    updates: list[Plain]
    now: datetime | None


class Bot:
    """A bot, asked by one thread at a time. Raises faults of `agent.telegram.faults`."""

    def __init__(self, base_url: str, token: str) -> None:
        self.wire = BotWire(base_url, token)

    def me(self) -> Me:
        """Return who the bot is."""
        result = self._call("getMe", {})
        if not isinstance(result, dict) or not isinstance(result.get("id"), int):
            raise NoAnswer("getMe: the answer names no bot")
        return Me(result["id"], str(result.get("username", "")))

    def updates(self, offset: int | None, seconds: int) -> UpdateBatch:
        """Wait up to `seconds` for updates.

        `offset` confirms all below it, which are not told again; without one all come that are unconfirmed.
        """
        body: Plain = {"timeout": seconds, "limit": AT_ONCE, "allowed_updates": KINDS}
        if offset is not None:
            body["offset"] = offset
        answer = self.wire.post("getUpdates", body, seconds + SECONDS)
        result = _result("getUpdates", answer)
        if not isinstance(result, list):
            raise NoAnswer("getUpdates: the answer is no list")
        return UpdateBatch([each for each in result if isinstance(each, dict)], _date(answer))

    def send(self, chat: int, text: str, *, buttons: Buttons = (), reply_to: int | None = None) -> int | None:
        """Send a plain text of at most 4,096 characters; return the message's number where it is told."""
        body: Plain = {"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": True}}
        if reply_to is not None:
            body["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
        if buttons:
            body["reply_markup"] = _keyboard(buttons)
        result = self._call("sendMessage", body)
        number = result.get("message_id") if isinstance(result, dict) else None
        return number if isinstance(number, int) else None

    def bare(self, chat: int, message: int) -> None:
        """Take the buttons off a message."""
        with suppress(Rejected):  # it is gone, or has none any more
            self._call("editMessageReplyMarkup", {"chat_id": chat, "message_id": message})

    def pressed(self, callback: str, text: str = "") -> None:
        """Tell who pressed a button that it was heard, with a few words."""
        with suppress(Rejected):  # too late, which is no harm
            self._call("answerCallbackQuery", {"callback_query_id": callback, "text": text[:200]})

    def menu(self, commands: Mapping[str, str]) -> None:
        """Have commands shown in the chat's menu, each with its meaning."""
        rows = [{"command": name, "description": meaning[:256]} for name, meaning in commands.items()]
        self._call("setMyCommands", {"commands": rows})

    def close(self) -> None:
        """Close the connection."""
        self.wire.close()

    def _call(self, method: str, body: Plain) -> Any:
        return _result(method, self.wire.post(method, body, SECONDS))


def _keyboard(buttons: Buttons) -> Plain:
    return {
        "inline_keyboard": [
            [{"text": each.text, "callback_data": each.data} for each in row] for row in buttons
        ]
    }


def _result(method: str, answer: Answered) -> Any:
    """Return what a call came to. Raises what its refusal means."""
    plain = _plain(answer.body)
    if answer.status == 200 and plain.get("ok") is True:
        return plain.get("result")
    raise _refusal(method, answer, plain)


def _plain(body: bytes) -> Plain:
    with suppress(ValueError):
        plain = msgspec.json.decode(shallow(body.decode()))
        return plain if isinstance(plain, dict) else {}
    return {}


def _refusal(method: str, answer: Answered, plain: Plain) -> BotFault:
    status = answer.status
    words = str(plain.get("description", ""))[:300] or "no reason is given"
    text = f"{method}: http {status}: {words}"
    if status == 429:
        return Flood(text, _silence(answer, plain))
    if status == 409:
        return Conflict(text)
    if status in (401, 404) and plain.get("ok") is False:
        return TokenRefused(text, status)
    if 400 <= status < 500 and plain.get("ok") is False:
        return Rejected(text, status)
    return NoAnswer(text)  # 5xx, a redirect, a page of somebody on the way


def _silence(answer: Answered, plain: Plain) -> float:
    parameters = plain.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(asked, int | float) and not isinstance(asked, bool) and asked > 0:
        return min(float(asked), MOST_FLOOD_SECONDS)
    return min(retry_after(answer.headers, default=SOME_SECONDS), MOST_FLOOD_SECONDS)


def _date(answer: Answered) -> datetime | None:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        at = parsedate_to_datetime(answer.headers.get("date", ""))
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
