"""A scripted exchange, a clock moved by hand that both sides keep, and the platform on them."""

from collections.abc import Iterator

import pytest

from domain.times import millis
from platforms.binance.platform import BinancePlatform
from tests.perception.manual_clock import ManualClock
from tests.platforms.binance.scripted import Scripted, platform


@pytest.fixture
def exchange() -> Iterator[Scripted]:
    with Scripted() as found:
        yield found


@pytest.fixture
def clock(exchange: Scripted) -> ManualClock:
    made = ManualClock()
    exchange.on("GET", "time", lambda _: {"serverTime": millis(made.now())})
    return made


@pytest.fixture
def venue(exchange: Scripted, clock: ManualClock) -> Iterator[BinancePlatform]:
    made = platform(exchange, clock)
    yield made
    made.close()
