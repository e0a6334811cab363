"""A Bot API on loopback, as strict as the real one: long polling, confirmation by offset, limits, refusals.

Faults are given by method: each answers one call in place of the usual answer, or beside it.
"""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from agent.host.clock import SystemClock

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-canary"  # noqa: S105 -- of nobody
BOT = 110201543
NOW = SystemClock().now
CHAT = USER = 4711
WAIT_SECONDS = 90.0

Plain = dict[str, Any]


class Fault(NamedTuple):
    """An answer in place of the usual one. `delivered`: it is done all the same. `seconds`: after so long."""

    status: int = 200
    body: bytes | None = None
    delivered: bool = False
    seconds: float = 0.0
    cut: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def refusal(status: int, words: str, **parameters: Any) -> Fault:
    """Return a refusal in the Bot API's own form."""
    plain: Plain = {"ok": False, "error_code": status, "description": words}
    if parameters:
        plain["parameters"] = parameters
    return Fault(status, json.dumps(plain).encode())


FLOOD = refusal(429, "Too Many Requests: retry after 1", retry_after=1)
CONFLICT = refusal(409, "Conflict: terminated by other getUpdates request; make sure that only one runs")
BAD_GATEWAY = Fault(502, b"<html>bad gateway</html>")


class Sent(NamedTuple):
    """A call that was done."""

    method: str
    body: Plain

    @property
    def text(self) -> str:
        return str(self.body.get("text", ""))

    @property
    def buttons(self) -> list[Plain]:
        """The buttons below it, row by row."""
        rows = self.body.get("reply_markup", {}).get("inline_keyboard", [])
        return [each for row in rows for each in row]


class BotApi:
    """The server's memory; what is said to it is an update, what it is sent is kept in order."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.calls: list[Sent] = []
        """Everything that was asked, refused or not."""
        self.sent: list[Sent] = []
        """What was done."""
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.date_shift = 0.0
        self.confirmed = 0
        self._updates: list[Plain] = []
        self._next = 1_000
        self._message = 100
        self._polls = 0
        self._changed = threading.Condition()
        self.closing = False

    # What people do.

    def say(self, text: str, *, chat: int = CHAT, user: int = USER, age: float = 0.0, **more: Any) -> int:
        """Send a message to the bot, and return its update's number."""
        message = {
            "message_id": self._new_message(),
            "date": int(NOW().timestamp() + self.date_shift - age),
            "chat": {"id": chat, "type": "private"},
            "from": {"id": user, "is_bot": False, "first_name": "Anna", "username": "anna"},
            "text": text,
        } | more
        return self.put({"message": message})

    def press(self, button: Plain, *, chat: int = CHAT, user: int = USER) -> int:
        """Press a button."""
        message = {"message_id": self._new_message(), "chat": {"id": chat, "type": "private"}, "date": 0}
        who = {"id": user, "is_bot": False, "first_name": "Anna", "username": "anna"}
        callback = {"id": f"cb{self._message}", "from": who, "message": message}
        return self.put({"callback_query": callback | {"data": button["callback_data"]}})

    def put(self, update: Plain, number: int | None = None) -> int:
        """Have an update taken, of the next number unless one is given."""
        with self._changed:
            if number is None:
                number, self._next = self._next, self._next + 1
            self._updates.append({"update_id": number} | update)
            self._changed.notify_all()
            return number

    def _new_message(self) -> int:
        with self._changed:
            self._message += 1
            return self._message

    # What tests look at.

    def texts(self) -> list[str]:
        """The texts that were sent, in order."""
        with self._changed:
            return [each.text for each in self.sent if each.method == "sendMessage"]

    def wait(self, found: Callable[[Sent], bool], seconds: float = WAIT_SECONDS, after: int = 0) -> Sent:
        """Wait until something of a kind was done, and return it."""
        with self._changed:
            self._changed.wait_for(lambda: any(map(found, self.sent[after:])), seconds)
            for each in self.sent[after:]:
                if found(each):
                    return each
        raise AssertionError([each.text or each.method for each in self.sent])

    def answer(self, words: str, after: int = 0) -> Sent:
        """Wait for a message that holds words."""
        return self.wait(lambda each: each.method == "sendMessage" and words in each.text, after=after)

    def asked(self, text: str, words: str, **given: Any) -> Sent:
        """Say something and wait for the answer that holds words."""
        after = len(self.sent)
        self.say(text, **given)
        return self.answer(words, after)

    def settled(self, number: int) -> None:
        """Wait until an update was confirmed."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.confirmed > number, WAIT_SECONDS), self.confirmed

    # What the bot asks.

    def do(self, method: str, body: Plain) -> tuple[int, Plain]:
        with self._changed:
            self.calls.append(Sent(method, body))
        wrong = _wrong(method, body)
        if wrong:
            return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {wrong}"}
        if method == "getUpdates":
            return self._get_updates(body)
        with self._changed:
            self.sent.append(Sent(method, body))
            self._changed.notify_all()
        if method == "getMe":
            me = {"id": BOT, "is_bot": True, "first_name": "Boyd", "username": "boyd_bot"}
            return 200, {"ok": True, "result": me}
        if method == "sendMessage":
            return 200, {"ok": True, "result": {"message_id": self._new_message()}}
        return 200, {"ok": True, "result": True}

    def _get_updates(self, body: Plain) -> tuple[int, Plain]:
        offset, due = body.get("offset"), time.monotonic() + min(body.get("timeout", 0), 2)
        with self._changed:
            if offset is not None:
                self._updates = [each for each in self._updates if each["update_id"] >= offset]
                self.confirmed = max(self.confirmed, offset)
                self._changed.notify_all()
            self._polls += 1
            mine = self._polls
            self._changed.wait_for(
                lambda: self._updates or self.closing or mine != self._polls, max(0, due - time.monotonic())
            )
            if mine != self._polls:
                return 409, {"ok": False, "error_code": 409, "description": "Conflict: terminated by other"}
            return 200, {"ok": True, "result": self._updates[: body.get("limit", 100)]}

    def fault(self, method: str) -> Fault | None:
        with self._changed:
            waiting = self.faults[method]
            return waiting.popleft() if waiting else None


def _wrong(method: str, body: Plain) -> str:
    if method != "sendMessage":
        return ""
    text = body.get("text", "")
    if not text.strip():
        return "message text is empty"
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > 4_096:
        return "message is too long"
    if body.get("parse_mode"):
        return "can't parse entities"
    rows = body.get("reply_markup", {}).get("inline_keyboard", [])
    if any(len(each["callback_data"].encode()) > 64 for row in rows for each in row):
        return "BUTTON_DATA_INVALID"
    return ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: BotApi

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate((timestamp or NOW().timestamp()) + self.api.date_shift, usegmt=True)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(content or b"{}")
        _, token, method = self.path.split("/", 2)
        if token != f"bot{self.api.token}":
            self._answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            return
        fault = self.api.fault(method)
        if fault is None:
            self._answer(*self.api.do(method, body))
            return
        if fault.delivered:
            self.api.do(method, body)
        else:
            self.api.calls.append(Sent(method, body))
        time.sleep(fault.seconds)
        if fault.cut:
            self.close_connection = True
            return
        self._write(fault.status, fault.body or b"", fault.headers)

    def _answer(self, status: int, plain: Plain) -> None:
        self._write(status, json.dumps(plain).encode())

    def _write(self, status: int, content: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        try:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(content)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # whoever asked has left
            self.close_connection = True


class Served(NamedTuple):
    """A Bot API that listens."""

    url: str
    api: BotApi


@contextmanager
def bot_api(port: int = 0) -> Iterator[Served]:
    """Serve a Bot API until the block ends."""
    api = BotApi()
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", api)
    finally:
        with api._changed:
            api.closing = True
            api._changed.notify_all()
        server.shutdown()
        server.server_close()
        thread.join()
