"""A server without HTTP: the jobs of a home and the agents it began, and nobody to ask."""

from collections.abc import Callable
from contextlib import ExitStack

from agent.host import log
from agent.host.ending import asked_to_end
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
    with ExitStack() as stack:
        stack.enter_context(alone(home))
        keeper = HomeKeeper(home, clock)
        stack.callback(keeper.close)
        mind_manners()
        keeper.start()
        ending = stack.enter_context(asked_to_end())
        ready()
        while not ending.wait(LOOK_SECONDS):
            pass
        return keeper.supervisor.running()
