"""The sandbox exchange as a world of the contract suite, traded through the Binance adapter."""

import itertools
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from pydantic import SecretStr

from agent.host.clock import SystemClock
from domain.instrument import Instrument
from domain.ports import Platform
from platforms.binance.platform import BinancePlatform
from platforms.binance.settings import BinanceTradingSettings
from platforms.sandbox.exchange.exchange import Terms
from platforms.sandbox.server.options import KEY, SECRET, SandboxOptions
from platforms.sandbox.server.server import SandboxServer
from tests.platforms.world import BTC

PRICE = "50000"


def served(**options: object) -> SandboxServer:
    """Return a sandbox whose market stands until it is moved; commissions are zero unless asked for."""
    free = Terms(commission=Decimal(0), volume_share=Decimal(1))
    values: dict[str, object] = {"prices": {"BTC-USDT": PRICE}, "terms": free}
    return SandboxServer(SystemClock(), SandboxOptions(**(values | options)))  # type: ignore[arg-type]  # as given


def settings(server: SandboxServer, **more: object) -> BinanceTradingSettings:
    values: dict[str, object] = {
        "base_url": server.base_url, "api_key": SecretStr(KEY), "api_secret": SecretStr(SECRET),
        "user_data": False, "poll_seconds": 0.1,
    }  # fmt: skip
    return BinanceTradingSettings.model_validate(values | more)


class SandboxWorld:
    """A sandbox with one market. Volume at a price is what the next resting orders may take."""

    def __init__(self, server: SandboxServer, **more: object) -> None:
        self.server = server
        self.exchange = server.exchange
        self.binance = BinancePlatform(["BTC-USDT"], settings(server, **more), SystemClock())
        self.platform: Platform = self.binance
        self.instrument: Instrument = BTC
        self.clock = SystemClock()

    def now(self) -> datetime:
        return self.platform.time()

    def price(self, ticks: int) -> Decimal:
        return self.instrument.price(ticks)

    def move(self, price: int) -> None:
        self.exchange.set_price("BTCUSDT", self.price(price), None)
        self.binance.poller.looked_at = 0.0

    def trade(self, price: int, lots: int) -> None:
        before = self.exchange.markets["BTCUSDT"].price
        self.exchange.set_price("BTCUSDT", self.price(price), self.instrument.quantity(lots))
        self.exchange.set_price("BTCUSDT", before, Decimal(0))
        self.binance.poller.looked_at = 0.0


def ids() -> Iterator[str]:
    return (f"id-{number}" for number in itertools.count())
