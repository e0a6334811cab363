"""A server without HTTP: the jobs of a home and the agents it began, and nobody to ask."""

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from agent.host import log
from agent.serve.keeping import LOG_NAME, HomeKeeper, alone, mind_manners
from agent.settings.home import Home
from domain.ports import Clock

Ready = Callable[[], None]
LOOK_SECONDS = 1.0


def serve_without_http(home: Home, clock: Clock, ready: Ready) -> list[str]:
    """Be the server of a home until a signal asks for the end; return the agents of our own that go on.

    Raises BadSettings for sections that cannot be meant, Busy where another process serves this home.
    """
    home.make()
    log.start(home.root, (), LOG_NAME)
    ending = threading.Event()
    with ExitStack() as stack:
        stack.enter_context(alone(home))
        keeper = HomeKeeper(home, clock)
        stack.callback(keeper.close)
        mind_manners()
        keeper.start()
        _end_by_signal(ending)
        ready()
        while not ending.wait(LOOK_SECONDS):
            pass
        return keeper.supervisor.running()


def _end_by_signal(ending: threading.Event) -> None:
    def asked(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
