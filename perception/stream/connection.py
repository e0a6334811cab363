"""The thread that keeps a stream connected and reads it.

The law:
1. A connection is left when it is old (the exchange ends it after 24 hours), silent, announced to
   end, or fails in any way; then the next is made, with backoff, and subscribes to everything again.
2. The first streams are named in the URL, further ones in SUBSCRIBE messages, four a second at most.
3. Reading never waits for whoever uses what was read. Pings are answered by the library, in a thread
   of its own; a lost peer is noticed by the silence, so no pings of ours are sent.
"""

import json
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from domain.ports import Clock
from perception.settings import StreamSettings
from perception.stream.cuttable_socket import Line
from perception.stream.feed import StreamFeed
from perception.stream.reconnect import Pace

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LOOK_SECONDS = 0.2
FAREWELL_SECONDS = 0.5
STREAMS_AT_ONCE = 100
SUBSCRIBE_GAP_SECONDS = 0.25
TOO_BIG = 1009

log = structlog.get_logger()


class StreamConnection:
    """Connects, reads and connects again until closed; `feed` is told what comes and when it breaks."""

    def __init__(
        self,
        settings: StreamSettings,
        streams: Sequence[str],
        feed: StreamFeed,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._streams = tuple(streams)
        self._feed = feed
        self._clock = clock
        self._pace = Pace(settings, clock.monotonic, jitter)
        self._closing = Event()
        self._line = Line()
        self._number = 0
        self._asked_to_leave: tuple[int, str] | None = None
        self._thread = Thread(target=self._run, name="binance-stream-reader", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def leave(self, number: int, reason: str) -> None:
        """Ask for connection `number` to be left for a new one; an earlier one is left already."""
        self._asked_to_leave = (number, reason)

    def close(self, timeout_seconds: float) -> None:
        """End the connection and the thread: politely at first, then by cutting the line."""
        self._closing.set()
        if self._thread.is_alive() and self._feed.connected:
            self._thread.join(timeout_seconds / 2)
        self._line.cut()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds / 2)

    def _run(self) -> None:
        while not self._closing.wait(self._pace.wait()):
            self._number += 1
            self._pace.tried()
            began = self._clock.monotonic()
            planned, reason = self._attend()
            heard = self._feed.heard_since(began)
            if self._feed.connected:
                self._feed.down()
            self._pace.ended(lasted=self._clock.monotonic() - began, heard=heard, planned=planned)
            if not self._closing.is_set():
                log.info("stream ended", reason=reason, connection=self._number)

    def _attend(self) -> tuple[bool, str]:
        """Connect and read until the end; return whether it was ours to end, and why it ended."""
        self._line = Line()
        if self._closing.is_set():  # `close` may have cut the line before this one
            return True, "closed"
        try:
            return True, self._connected()
        except Exception as error:  # noqa: BLE001  # whatever ends a connection, the next one is due
            if _code(error) == TOO_BIG:
                self._feed.missed(f"message exceeds {self._settings.max_bytes} bytes")
            return False, type(error).__name__
        finally:
            self._line.close()

    def _connected(self) -> str:
        from websockets.sync.client import connect  # noqa: PLC0415  # an extra, and needed by this thread only

        began = self._clock.monotonic()
        ends = time.monotonic() + self._settings.open_timeout_seconds
        parts = urlsplit(self._settings.base_url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        sock = self._line.open(parts.hostname or "", port, lambda: ends - time.monotonic())
        with connect(
            f"{self._settings.base_url}/stream?streams={'/'.join(self._streams[:STREAMS_AT_ONCE])}",
            sock=sock,
            compression=None,
            open_timeout=max(ends - time.monotonic(), 0.001),
            close_timeout=FAREWELL_SECONDS,
            ping_interval=None,
            max_size=self._settings.max_bytes,
        ) as wire:
            self._feed.up()
            log.info("stream connected", connection=self._number, streams=len(self._streams))
            return self._listen(wire, began)

    def _listen(self, wire: "ClientConnection", began: float) -> str:
        requests = self._requests()
        next_request = began
        while not (reason := self._due(began)):
            if requests and self._clock.monotonic() >= next_request:
                wire.send(requests.pop(0))
                next_request = self._clock.monotonic() + SUBSCRIBE_GAP_SECONDS
            try:
                body = wire.recv(timeout=LOOK_SECONDS, decode=False)
            except TimeoutError:
                continue
            self._feed.message(self._number, body)
        return reason

    def _due(self, began: float) -> str:
        """Return why the connection should be left now, or ""."""
        if self._closing.is_set():
            return "closed"
        asked = self._asked_to_leave
        if asked is not None and asked[0] == self._number:
            return asked[1]
        if self._clock.monotonic() - began >= self._settings.max_age_seconds:
            return "age"
        if self._feed.silence() > self._settings.watchdog_seconds:
            return "silence"
        return ""

    def _requests(self) -> list[str]:
        """Return the SUBSCRIBE messages for the streams that the URL does not name."""
        starts = range(STREAMS_AT_ONCE, len(self._streams), STREAMS_AT_ONCE)
        parts = (self._streams[start : start + STREAMS_AT_ONCE] for start in starts)
        return [
            json.dumps({"method": "SUBSCRIBE", "params": part, "id": number})
            for number, part in enumerate(parts, 1)
        ]


def _code(error: Exception) -> int | None:
    """Return the code of the close frame we sent, where the error is the end of a connection."""
    sent = getattr(error, "sent", None)
    return getattr(sent, "code", None)
