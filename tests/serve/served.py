"""A server of a home in a thread of the test: the real one, on a free port of loopback."""

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agent.host.clock import SystemClock
from agent.serve.access.tokens import Tokens, tokens_of
from agent.serve.app import Server
from agent.serve.process import Announced, Serving, run
from agent.settings.home import Home
from domain.ports import Clock
from tests.serve.asking import Answer, ask

START_SECONDS = 90.0


class Served(NamedTuple):
    """A server that listens."""

    url: str
    login: str
    home: Home
    tokens: Tokens
    server: Server

    @property
    def refusals(self) -> Mapping[str, int]:
        """How many calls were refused, by kind."""
        return self.server.audit.counts

    def settled(self) -> None:
        """Wait until every journal that is there was read."""
        for each in self.server.asking.fleet.all():
            assert each.looked.wait(START_SECONDS)

    def read(self, path: str, **given: Any) -> Answer:
        """Ask with the token that may only read."""
        return ask(self.url, "GET", path, token=self.tokens.read, **given)

    def trade(self, method: str, path: str, **given: Any) -> Answer:
        """Ask with the token that may trade."""
        return ask(self.url, method, path, token=self.tokens.trade, **given)


@contextmanager
def serving(root: Path, clock: Clock | None = None, **options: Any) -> Iterator[Served]:
    """Serve a home until the block ends; whatever the server raised is raised here."""
    said: queue.Queue[Announced | Exception] = queue.Queue()
    home = Home(root)

    def work() -> None:
        try:
            run(home, Serving(**{"port": 0, **options}), clock or SystemClock(), said.put)
        except Exception as error:  # noqa: BLE001 -- raised in the test
            said.put(error)

    thread = threading.Thread(target=work, name="served")
    thread.start()
    announced = said.get(timeout=START_SECONDS)
    if isinstance(announced, Exception):
        thread.join()
        raise announced
    try:
        yield Served(announced.url, announced.login, home, tokens_of(root), announced.server)
    finally:
        announced.end()
        thread.join(START_SECONDS)
        assert not thread.is_alive()
    if not said.empty():
        raise AssertionError(said.get())
