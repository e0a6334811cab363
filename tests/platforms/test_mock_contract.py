"""The paper exchange keeps the contract of every platform."""

import pytest

from tests.platforms.contract import PlatformContract
from tests.platforms.world import PaperWorld, World


class TestMockTradingPlatform(PlatformContract):
    @pytest.fixture
    def world(self) -> World:
        return PaperWorld()
