"""The Binance adapter keeps the promises every platform makes, on a real socket of the sandbox exchange."""

from collections.abc import Iterator

import pytest

from tests.platforms.binance.world import SandboxWorld, served
from tests.platforms.contract import PlatformContract
from tests.platforms.world import World


class TestBinance(PlatformContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        with served() as server:
            made = SandboxWorld(server)
            yield made
            made.platform.close()
