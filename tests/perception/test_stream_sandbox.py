"""The stream and REST of the sandbox exchange together, through its faults: the exchange's own candles."""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.candle import Candle
from domain.instrument import Instrument
from domain.ports import CandleRequest
from domain.times import SECOND_MS, millis
from perception import build
from perception.chain import Chain
from perception.quality.intake import intake
from perception.settings import BinanceSettings, CacheSettings, PerceptionSettings, StreamSettings
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer
from tests.perception.manual_clock import RunningClock

TICK, LOT = Decimal("0.01"), Decimal("0.00001")
GRID = {
    f"{base}-USDT": Instrument(f"{base}-USDT", base, "USDT", TICK, LOT, LOT, Decimal(5))
    for base in ("BTC", "ETH")
}
WARMUP, SECONDS = 20, 6
PLAN = {
    "fault": [
        {"kind": "disconnect", "start": 1.3, "every": 2.0, "count": 2},
        {"kind": "silence", "start": 2.2, "duration": 1.3},
        {"kind": "shutdown", "start": 4.4, "seconds": 0.3},
    ]
}
SHARED = PerceptionSettings(cache=CacheSettings(ttl_seconds=0))


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def exchange(clock: RunningClock) -> Iterator[SandboxServer]:
    with SandboxServer(clock, SandboxOptions(symbols=tuple(GRID), speed=60, history=100)) as running:
        yield running


def test_through_disconnects_silence_and_shutdown_the_observer_gets_the_exchanges_candles(
    exchange: SandboxServer, clock: RunningClock, tmp_path: Path
) -> None:
    rest = build.binance(BinanceSettings(base_url=exchange.base_url), SHARED, clock, tmp_path)
    settings = StreamSettings(
        base_url=exchange.ws_url, watchdog_seconds=1.0, first_wait_seconds=0.05, settle_seconds=0.3
    )
    stream = build.binance_stream(settings, rest, tuple(GRID), SECOND_MS, clock)
    chain = Chain([stream], None, GRID, SECOND_MS, warmup=WARMUP, clock=clock)
    exchange.load_faults(PLAN)
    got: dict[str, list[Candle]] = {symbol: [] for symbol in GRID}
    kinds: set[str] = set()
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        for symbol in GRID:
            last = got[symbol][-1] if got[symbol] else None
            seen = chain.observe(symbol, last, clock.now())
            got[symbol] += seen.candles
            kinds |= {finding.kind for finding in seen.findings}
        clock.sleep(0.3)
    status, now_ms = stream.status(), millis(clock.now())
    for symbol, candles in got.items():
        rows = rest.candles(CandleRequest(symbol, SECOND_MS, candles[0].time, now_ms, 1000))
        told = intake(GRID[symbol], rows, None, SECOND_MS, now_ms).candles
        assert tuple(candles) == told[: len(candles)]
        assert len(candles) >= WARMUP + SECONDS - 3
    chain.close()
    assert kinds <= {"still_open", "flat"}
    assert status.reconnects >= 3
    assert status.malformed == 0
