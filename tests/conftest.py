"""What every test shares: its surroundings, and Hypothesis without wall-clock limits, for machines differ.

`make test` tries the same examples each time, so that a run says something of the change and not of the
dice. `make test ARGS="-m hypothesis --hypothesis-profile=search"` tries others each time, to find what
nobody thought of; what it finds becomes an `@example`.
"""

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import surroundings

surroundings.settle()

HANDLERS = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
SLOW = (HealthCheck.too_slow,)
settings.register_profile("boyd", deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("search", deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.load_profile("boyd")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that it does not run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Refuse a test that leaves signals changed: a later one of its process would wait for Ctrl-C in vain."""
    result = yield
    left = {each: signal.getsignal(each) for each in HANDLERS if signal.getsignal(each) != HANDLERS[each]}
    for each in left:
        signal.signal(each, HANDLERS[each])
    assert not left, f"left behind: {left}"
    return result


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Let what is collected be: it lives to the end, and each search for garbage would go through it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
