"""The account's own events by the WebSocket API: they say which order to ask for, REST says what is true.

So a message that is lost, repeated or out of order costs a question at most. Trouble with the stream is
never fatal: orders are looked at by REST every few seconds all the same.
"""

import hashlib
import hmac
import json
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from domain.ports import Clock
from domain.times import millis
from platforms.binance.settings import BinanceTradingSettings

KEPT = 1000
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
QUIET_SECONDS = 60.0
OLDEST_SECONDS = 23.5 * 3600
LOOK_SECONDS = 0.5
MOST_BYTES = 1024 * 1024

log = structlog.get_logger()


class UserData:
    """Listens in a thread of its own until closed; `touched` tells which orders something happened to."""

    def __init__(self, settings: BinanceTradingSettings, clock: Clock, now_ms: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self.now_ms = now_ms
        self.connected = False
        self.connections = 0
        self._touched: deque[str] = deque(maxlen=KEPT)
        self._missed = True
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boyd-user-data", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def touched(self) -> tuple[list[str], bool]:
        """Return client ids heard of since the last call, and whether events may have been missed."""
        missed, self._missed = self._missed or len(self._touched) == KEPT, False
        ids = []
        while self._touched:
            ids.append(self._touched.popleft())
        return list(dict.fromkeys(ids)), missed

    def close(self) -> None:
        """Stop listening, within a second or so."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._end.is_set():
            began = self.clock.monotonic()
            try:
                with connect(
                    self.settings.socket_url, open_timeout=self.settings.timeout_seconds, max_size=MOST_BYTES,
                    close_timeout=1.0, proxy=None,
                ) as socket:  # fmt: skip
                    self._subscribe(socket)
                    self._listen(socket)
            except (OSError, WebSocketException, TimeoutError, ValueError) as error:
                log.warning("account events interrupted", error=type(error).__name__)
            self.connected = False
            self._missed = True
            if self.clock.monotonic() - began > QUIET_SECONDS:
                wait = FIRST_WAIT
            self._end.wait(wait * random.random())  # noqa: S311 -- jitter, no secret
            wait = min(wait * 2, LONGEST_WAIT)

    def _subscribe(self, socket: ClientConnection) -> None:
        """Send the signed subscription: parameters by name, not percent-encoded."""
        key, secret = self.settings.api_key, self.settings.api_secret
        if key is None or secret is None:
            raise ValueError("no key")
        params: dict[str, Any] = {
            "apiKey": key.get_secret_value(),
            "recvWindow": self.settings.recv_window_ms,
            "timestamp": self.now_ms(),
        }
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        signed = hmac.new(secret.get_secret_value().encode(), text.encode(), hashlib.sha256).hexdigest()
        request = {
            "id": "1",
            "method": "userDataStream.subscribe.signature",
            "params": params | {"signature": signed},
        }
        socket.send(json.dumps(request))
        answer = json.loads(socket.recv(timeout=self.settings.timeout_seconds))
        if answer.get("status") != 200:
            raise ValueError("subscription refused")
        self.connected = True
        self.connections += 1

    def _listen(self, socket: ClientConnection) -> None:
        """Take events until the connection breaks, is to be left, or is a day old."""
        began = self.clock.monotonic()
        while not self._end.is_set() and self.clock.monotonic() - began < OLDEST_SECONDS:
            try:
                text = socket.recv(timeout=LOOK_SECONDS)
            except TimeoutError:
                continue
            message = json.loads(text)
            event = message.get("event") if isinstance(message, dict) else None
            if not isinstance(event, dict):
                continue
            if event.get("e") in ("serverShutdown", "eventStreamTerminated"):
                return
            if event.get("e") == "executionReport":
                self._heard(event)

    def _heard(self, event: dict[str, Any]) -> None:
        # Of a cancel, `c` is the cancel's own id and `C` the order's.
        for name in ("C", "c"):
            client_id = event.get(name)
            if isinstance(client_id, str) and client_id:
                self._touched.append(client_id)


def exchange_millis(now: Callable[[], Any]) -> Callable[[], int]:
    """Return a clock in milliseconds out of one of instants."""
    return lambda: millis(now())
