"""The keeping of a home beside all answers: its agents looked after, jobs done, people told and heard.

It needs nothing that speaks HTTP, so it is the whole of `agent serve --without-http`.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from agent.serve.alerting.alerting import alerting_of
from agent.serve.chat.made import chat_of
from agent.serve.fleet.fleet import Fleet, Unknown
from agent.serve.fleet.supervisor import Supervisor
from agent.serve.scheduling import Scheduling
from agent.settings.home import Busy, Home
from agent.settings.upkeep.reading import upkeep
from domain.ports import Clock
from domain.private import private_folder

LOG_NAME = "serve.log"
NICER = 5


class HomeKeeper:
    """The agents of a home with their supervisor, its jobs, its alerts and its chat.

    `tokens` are secrets that nobody is shown. Raises BadInput for sections of the home that cannot be meant,
    before anything is begun.
    """

    def __init__(self, home: Home, clock: Clock, tokens: Iterable[str] = ()) -> None:
        bot = upkeep(home).telegram
        bot.secret()
        self.jobs = Scheduling(home, clock)
        self.fleet = Fleet(home, clock)
        self.alerting = alerting_of(self.fleet, clock)
        self.supervisor = self._supervisor(home, clock)
        self.chat = chat_of(home, self.fleet, clock, bot, self.supervisor, tokens=tokens)

    def _supervisor(self, home: Home, clock: Clock) -> Supervisor:
        """Return the supervisor of our own agents, begun, whose word on each stands in the agent's row."""

        def changed(name: str) -> None:
            self.fleet.add(name)
            with suppress(Unknown):
                self.fleet.get(name).supervised = supervisor.of(name)

        supervisor = Supervisor(home, clock, changed)
        self.fleet.own = supervisor.there
        self.fleet.subscribe(lambda watched, _news: changed(watched.name))
        supervisor.start()
        return supervisor

    def start(self) -> None:
        """Begin with everything but the supervisor, which is begun before this process is made nice."""
        self.fleet.start()
        for each in (self.alerting, self.chat, self.jobs):
            if each is not None:
                each.start()

    def close(self) -> None:
        """End it all; the agents go on."""
        for each in (self.jobs, self.alerting, self.chat):
            if each is not None:
                each.close()
        self.supervisor.close()
        self.fleet.close()


def mind_manners() -> None:
    """Let the agents of this machine come first."""
    with suppress(OSError):
        os.nice(NICER)


def folder(home: Home) -> Path:
    """Return the folder of what this server keeps, all of it to be made again but logins and keys."""
    return home.root / "serve"


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold the home for this server. Raises Busy where another process serves it."""
    private_folder(folder(home))
    lock = FileLock(folder(home) / "lock", timeout=0, mode=0o600)
    holder = folder(home) / "process"
    try:
        lock.acquire()
    except Timeout:
        with suppress(OSError):
            raise Busy(f"this home is served already, by process {holder.read_text().strip()}") from None
        raise Busy("this home is served already") from None
    try:
        holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        lock.release()
