"""A market of known candles with its two sides: a WebSocket server that misbehaves as told, and REST.

with StreamServer() as server:
    server.say(kline(candle, final=True))
    server.cut()

Real sockets on loopback, so clients meet real resets, closes and oversized frames.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from domain.candle import RawCandle
from domain.errors import VenueFault
from domain.ports import CandleRequest, Clock
from domain.times import MINUTE_MS, millis

PATIENCE_SECONDS = 90.0


def eventually(true: Callable[[], object], what: str = "it") -> None:
    """Wait until `true` is; fail after a time no machine needs."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < ends, f"{what} did not come true in {PATIENCE_SECONDS:g} s"
        time.sleep(0.002)


def kline(
    candle: RawCandle,
    *,
    final: bool,
    symbol: str = "BTCUSDT",
    interval: str = "1m",
    length: int = MINUTE_MS,
    event_ms: int | None = None,
    fields: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return a kline event as Binance sends it; `fields` replaces some of its `k`."""
    event = event_ms if event_ms is not None else candle.time + (length if final else 1)
    told: dict[str, object] = {
        "t": candle.time, "T": candle.time + length - 1, "s": symbol, "i": interval, "f": 1, "L": 2,
        "o": f"{candle.open:.8f}", "c": f"{candle.close:.8f}", "h": f"{candle.high:.8f}",
        "l": f"{candle.low:.8f}", "v": f"{candle.volume:.8f}", "n": 2, "x": final,
        "q": "1.0", "V": "1.0", "Q": "1.0", "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": event, "s": symbol, "k": {**told, **(fields or {})}}


def combined(event: dict[str, object], stream: str = "btcusdt@kline_1m") -> dict[str, object]:
    """Return an event as a combined stream wraps it."""
    return {"stream": stream, "data": event}


class StreamServer:
    """Takes WebSocket connections on 127.0.0.1; what it does with them is told from outside.

    `refusing` answers handshakes with 503. `greeting` runs for each new connection with its number.
    """

    def __init__(self, *, ping_interval: float | None = None, ping_timeout: float = 5.0) -> None:
        self.refusing = False
        self.greeting: Callable[[int], None] = lambda _number: None
        self.paths: list[str] = []
        self.heard: list[tuple[float, str | bytes]] = []
        self.said = 0
        self._lock = threading.Lock()
        self._wires: list[ServerConnection] = []
        self._server = serve(
            self._attend, "127.0.0.1", 0, compression=None, close_timeout=0.5,
            process_request=self._let_in, ping_interval=ping_interval, ping_timeout=ping_timeout,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """URL without a path."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """Connections made so far."""
        with self._lock:
            return len(self.paths)

    @property
    def wire(self) -> ServerConnection:
        """The newest connection."""
        with self._lock:
            return self._wires[-1]

    @property
    def open_wires(self) -> int:
        """Connections that stand now."""
        with self._lock:
            return len(self._wires)

    def say(self, *messages: object) -> None:
        """Send messages on every connection: text and bytes as they are, anything else as JSON."""
        for message in messages:
            raw = message if isinstance(message, str | bytes) else json.dumps(message)
            with self._lock:
                wires = list(self._wires)
            for wire in wires:
                with suppress(ConnectionClosed, OSError):
                    wire.send(raw)
                    self.said += 1

    def cut(self) -> None:
        """Break every connection without a word."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            with suppress(OSError):
                wire.socket.shutdown(socket.SHUT_RDWR)

    def hang_up(self, code: int = 1001) -> None:
        """Close every connection politely."""
        with self._lock:
            wires = list(self._wires)
        for wire in wires:
            wire.close(code)

    def _let_in(self, wire: ServerConnection, _request: Request) -> Response | None:
        return wire.respond(HTTPStatus.SERVICE_UNAVAILABLE, "busy") if self.refusing else None

    def _attend(self, wire: ServerConnection) -> None:
        assert wire.request is not None
        with self._lock:
            self.paths.append(wire.request.path)
            self._wires.append(wire)
            number = len(self.paths)
        try:
            self.greeting(number)
            for message in wire:
                self.heard.append((time.monotonic(), message))
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._wires.remove(wire)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self.cut()
        self._thread.join()


class Market:
    """Candles that are known for ever: the one that opens at `time` is always the same."""

    def __init__(self, seed: int = 0, length: int = MINUTE_MS) -> None:
        self.length = length
        self._seed = seed

    def candle(self, time: int) -> RawCandle:
        """Return the final candle that opens at `time`."""
        chance = random.Random(f"{self._seed}:{time}")
        open_, close = (round(50_000 + chance.uniform(-500, 500), 2) for _ in "oc")
        high, low = max(open_, close) + 10, min(open_, close) - 10
        return RawCandle(time, open_, round(high, 2), round(low, 2), close, round(chance.uniform(1, 9), 5))

    def forming(self, time: int, share: float) -> RawCandle:
        """Return that candle as it was after a share of its time: nothing but its open is final."""
        last = self.candle(time)
        close = round(last.open + (last.close - last.open) * share, 2)
        high, low = max(last.open, close), min(last.open, close)
        return RawCandle(time, last.open, high, low, close, round(last.volume * share, 5))

    def between(self, since: int, until: int) -> list[RawCandle]:
        """Return final candles that open in [since, until)."""
        first = -(-since // self.length) * self.length
        return [self.candle(time) for time in range(first, until, self.length)]


class FakeRest:
    """Implements `Provider` from a market, as it stood `lag_ms` ago. Thread-safe.

    `fault` is raised instead of an answer; candles in `holes` do not exist for it.
    `meanwhile` runs while the answer travels.
    """

    name = "rest"

    def __init__(self, market: Market, clock: Clock, *, most: int = 1000) -> None:
        self.market = market
        self.clock = clock
        self.most = most
        self.lag_ms = 0
        self.fault: VenueFault | None = None
        self.holes: set[int] = set()
        self.revised: dict[int, RawCandle] = {}
        self.asked: list[CandleRequest] = []
        self.closed = False
        self.meanwhile: Callable[[], object] = lambda: None

    def candles(self, request: CandleRequest) -> Sequence[RawCandle]:
        """Return candles oldest first, the one that forms as the last row."""
        self.asked.append(request)
        if self.fault is not None:
            raise self.fault
        seen = millis(self.clock.now()) - self.lag_ms
        opened = seen - seen % self.market.length
        rows = self.market.between(max(request.since_ms, 0), opened)
        if request.since_ms <= opened:
            rows.append(self.market.forming(opened, (seen - opened) / self.market.length))
        rows = [self.revised.get(row.time, row) for row in rows if row.time not in self.holes]
        self.meanwhile()
        return [row for row in rows if row.time <= request.now_ms][: min(request.limit, self.most)]

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True
