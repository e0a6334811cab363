"""What every test shares: its surroundings, and Hypothesis without wall-clock limits, for machines differ.

`make test` tries the same examples each time, so that a run says something of the change and not of the
dice. So none is drawn from the constants of whatever modules a worker happens to have loaded, as Hypothesis
would have it. `make test ARGS="-m hypothesis --hypothesis-profile=search"` tries others each time, to find
what nobody thought of; what it finds becomes an `@example`.
"""

import gc
import pkgutil
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.constants_ast import Constants

from tests import left_behind, surroundings

surroundings.settle()

HANDLERS = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
SLOW = (HealthCheck.too_slow,)
settings.register_profile("boyd", deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("search", deadline=None, print_blob=True, suppress_health_check=SLOW)
settings.load_profile("boyd")

CONSTANTS = "hypothesis.internal.conjecture.providers._get_local_constants"
NONE, of_modules = Constants(), pkgutil.resolve_name(CONSTANTS)


def constants() -> Constants:
    """Return the constants that are drawn now and then: only a search takes those of the modules."""
    return NONE if settings.get_current_profile_name() == "boyd" else of_modules()


pytest.MonkeyPatch().setattr(CONSTANTS, constants)


def pytest_configure(config: pytest.Config) -> None:
    """Let what is started be known as this session's."""
    if not hasattr(config, "workerinput"):
        left_behind.begin()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End what tests have left running, when their workers have ended."""
    if not hasattr(config, "workerinput"):
        for each in left_behind.end_with_session():
            sys.stderr.write(f"left behind, and ended: {each}\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that it does not run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Refuse a test that leaves signals changed: a later one of its process would wait for Ctrl-C in vain."""
    try:
        result = yield
    finally:
        left_behind.end_with_test()
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
