"""Every test here runs under several ways of shaking."""

import sys
from collections.abc import Iterator

import pytest

from tests.concurrency.shaken import Shaken

SEEDS = range(5)


@pytest.fixture(params=SEEDS)
def shaken(request: pytest.FixtureRequest) -> Iterator[Shaken]:
    """Give threads whose turns come at random."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield Shaken(request.param)
    sys.setswitchinterval(usual)
