"""Strategies that add to what they hold, as it falls or as it rises, for tests."""

from collections.abc import Iterator

import pytest

from reasoning.declare import exits, integer, number
from reasoning.strategies.registry import STRATEGIES
from tests.research.leaving import Entering


class ByFall(Entering):
    """Two more as it falls, and all after a while."""

    name = "adds-falls"
    fall = number(-0.006, -0.2, -0.001)
    share = number(0.5, 0.1, 1.0)
    minutes = integer(900, 5, 10_000)
    exits = exits(add={fall: share, -0.012: 1.0}, after=minutes)


class ByRise(Entering):
    """One more as it rises; a share is sold later, and the stop is raised."""

    name = "adds-rises"
    exits = exits(add={0.004: 0.8}, partial={0.012: 0.4}, trail_atr=2.5, roi={0: 0.03}, after=1_500)


@pytest.fixture(scope="module")
def adding() -> Iterator[None]:
    """Have the strategies of this file among those that may speak."""
    with pytest.MonkeyPatch.context() as patch:
        for each in (ByFall, ByRise):
            patch.setitem(STRATEGIES, each.strategy.name, each.strategy)
        yield
