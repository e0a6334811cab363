"""The account's own events by the WebSocket API: they say which order to ask for, REST says what is true.

So a message that is lost, repeated or out of order costs a question at most. Trouble with the stream is
never fatal: orders are looked at by REST every few seconds all the same.
"""

import json
import logging
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from websockets.sync.client import ClientConnection, connect

from domain.ports import Clock
from edge.strict_json import shallow
from edge.waits import full_jitter
from platforms.binance.settings import BinanceTradingSettings

KEPT = 1000
"""Orders heard of and not yet asked for; beyond it all are looked at."""
QUEUED = 100
LAST_WORDS = ("serverShutdown", "eventStreamTerminated")
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
QUIET_SECONDS = 60.0
OLDEST_SECONDS = 23.5 * 3600
LOOK_SECONDS = 0.5
MOST_BYTES = 1024 * 1024

log = structlog.get_logger()

_unheard = logging.getLogger("platforms.binance.frames")
"""What the WebSocket library may log to: nothing of it is kept, for its frames show the key."""
_unheard.disabled = True
_unheard.propagate = False


class UserData:
    """Listens in a thread of its own until closed; `touched` tells which orders something happened to."""

    def __init__(self, settings: BinanceTradingSettings, clock: Clock, now_ms: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self.now_ms = now_ms
        self.connected = False
        self.connections = 0
        self._signer = settings.signer()
        self._lock = threading.Lock()
        self._touched: dict[str, None] = {}
        self._missed = True
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boyd-user-data", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def touched(self) -> tuple[list[str], bool]:
        """Return client ids heard of since the last call, and whether events may have been missed."""
        with self._lock:
            ids, missed = list(self._touched), self._missed
            self._touched.clear()
            self._missed = False
            return ids, missed

    def close(self) -> None:
        """Stop listening, within a second or so."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        failures = 0
        while not self._end.is_set():
            began = self.clock.monotonic()
            try:
                self._connection()
            except Exception as error:  # noqa: BLE001 -- whatever came over the wire, listening goes on
                # Only the kind: a handshake's words may repeat what was sent.
                log.warning("account events interrupted", error=type(error).__name__)
            self.connected = False
            with self._lock:
                self._missed = True
            if self.clock.monotonic() - began > QUIET_SECONDS:
                failures = 0
            failures += 1
            self._end.wait(full_jitter(failures, FIRST_WAIT, LONGEST_WAIT, random.random()))  # noqa: S311 -- jitter, no secret

    def _connection(self) -> None:
        """Connect, subscribe and listen until the connection is to be left."""
        settings = self.settings
        with connect(
            settings.socket_url, open_timeout=settings.timeout_seconds, close_timeout=1.0, proxy=None,
            max_size=MOST_BYTES, max_queue=QUEUED, logger=_unheard,
        ) as socket:  # fmt: skip
            self._subscribe(socket)
            self._listen(socket)

    def _subscribe(self, socket: ClientConnection) -> None:
        """Send the signed subscription: parameters by name, not percent-encoded."""
        key = self.settings.api_key
        if key is None or self._signer is None:
            raise ValueError("no key")
        params: dict[str, Any] = {
            "apiKey": key.get_secret_value(),
            "recvWindow": self.settings.recv_window_ms,
            "timestamp": self.now_ms(),
        }
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        signed = self._signer.sign(text)
        request = {
            "id": "1",
            "method": "userDataStream.subscribe.signature",
            "params": params | {"signature": signed},
        }
        socket.send(json.dumps(request))
        answer = json.loads(shallow(socket.recv(timeout=self.settings.timeout_seconds, decode=True)))
        if not isinstance(answer, dict) or answer.get("status") != 200:
            raise ValueError("subscription refused")
        with self._lock:
            self._missed = True  # what happened before nobody told
        self.connected = True
        self.connections += 1

    def _listen(self, socket: ClientConnection) -> None:
        """Take events until the connection breaks, is to be left, or is a day old."""
        began = self.clock.monotonic()
        while not self._end.is_set() and self.clock.monotonic() - began < OLDEST_SECONDS:
            try:
                text = socket.recv(timeout=LOOK_SECONDS, decode=True)
            except TimeoutError:
                continue
            if not self.heard(json.loads(shallow(text))):
                return

    def heard(self, message: Any) -> bool:
        """Take in one message; False when the connection is to be left for another."""
        if not isinstance(message, dict):
            return True
        event = message.get("event", message)
        if not isinstance(event, dict):
            return True
        if event.get("e") in LAST_WORDS:
            return False
        if event.get("e") == "executionReport":
            # Of a cancel, `c` is the cancel's own id and `C` the order's.
            self._touch(each for each in (event.get("C"), event.get("c")) if isinstance(each, str) and each)
        return True

    def _touch(self, ids: Iterable[str]) -> None:
        with self._lock:
            self._touched.update(dict.fromkeys(ids))
            if len(self._touched) > KEPT:
                self._touched.clear()
                self._missed = True
