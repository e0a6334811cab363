"""The market stream at rising rates: what it takes without loss, what it does beyond, and its memory."""

import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

import psutil
from websockets.sync.server import ServerConnection, serve

from agent.host.clock import SystemClock
from benchmarks.figures import Figure, Section
from domain.candle import RawCandle
from domain.ports import CandleRequest
from domain.times import MINUTE_MS
from perception import build
from perception.settings import StreamSettings

SECONDS = 5.0
RATES = (1_000, 10_000)


class _NoHistory:
    """A REST provider that has nothing: only the stream is measured."""

    name = "none"

    def candles(self, request: CandleRequest) -> tuple[RawCandle, ...]:
        """Return nothing."""
        del request
        return ()

    def close(self) -> None:
        """Hold nothing."""


def stream(_folder: Path) -> Section:
    """Send messages at each rate for some seconds and count what was understood and what was dropped."""
    figures: list[Figure] = []
    for rate in RATES:
        sent, understood, dropped, grown = _at_rate(rate)
        name = f"{rate:,}/s asked"
        figures += [
            Figure(f"{name}: sent", "1/s", (sent / SECONDS,)),
            Figure(f"{name}: understood", "1/s", (understood / SECONDS,)),
            Figure(f"{name}: dropped, counted", "%", (100 * dropped / max(sent, 1),)),
            Figure(f"{name}: RSS grown", "MB", (grown / 1e6,)),
        ]
    notes = ("dropped messages are the oldest of a queue of 100; each loss leads to a back-fill by REST",)
    title = f"klines of one symbol for {SECONDS:g} s, sender on the other core"
    return Section("stream", title, tuple(figures), notes)


def _at_rate(rate: int) -> tuple[int, int, int, int]:
    context = multiprocessing.get_context("fork")
    ports: Any = context.SimpleQueue()
    done: Any = context.SimpleQueue()
    sender = context.Process(target=_send, args=(rate, ports, done), daemon=True)
    sender.start()
    settings = StreamSettings(base_url=f"ws://127.0.0.1:{ports.get()}")
    provider = build.binance_stream(settings, _NoHistory(), ["BTC-USDT"], MINUTE_MS, SystemClock())
    process = psutil.Process()
    before = process.memory_info().rss
    provider.start()
    sent = done.get()
    time.sleep(0.5)
    told = provider.status()
    grown = process.memory_info().rss - before
    provider.close()
    sender.kill()
    sender.join()
    return sent, told.messages - told.dropped, told.dropped, grown


def _send(rate: int, ports: Any, done: Any) -> None:
    def handle(connection: ServerConnection) -> None:
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < SECONDS:
            while sent < passed * rate:
                connection.send(_message(sent))
                sent += 1
            time.sleep(0.001)
        done.put(sent)
        time.sleep(5)

    with serve(handle, "127.0.0.1", 0) as server:
        ports.put(server.socket.getsockname()[1])
        server.serve_forever()


def _message(number: int) -> str:
    now = int(SystemClock().now().timestamp() * 1000)
    opened = now // MINUTE_MS * MINUTE_MS
    price = f"{50_000 + number % 100}.00"
    flow = {"v": "1.0", "n": 1, "q": "1.0", "V": "1.0", "Q": "1.0", "f": 1, "L": 1, "B": "0"}
    prices = dict.fromkeys("ohlc", price)
    kline = {"t": opened, "T": opened + MINUTE_MS - 1, "s": "BTCUSDT", "i": "1m", "x": False} | prices | flow
    data = {"e": "kline", "E": now, "s": "BTCUSDT", "k": kline}
    return json.dumps({"stream": "btcusdt@kline_1m", "data": data})
