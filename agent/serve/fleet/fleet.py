"""The agents of a home: which there are, what each is doing, and commands to it."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from agent.answers.agents import AlarmKind, Health, Readiness, Supervised
from agent.host.listeners import Listeners
from agent.host.log import say
from agent.serve.fleet.keeper import News
from agent.serve.fleet.watched import Watched
from agent.serve.mirror.store import remove
from agent.settings.home import PUT_ASIDE, Home
from agent.settings.version import code_version
from domain.errors import BadInput, BoydError
from domain.ports import Clock

LOOK_SECONDS = 1.0
ON_SERVER_SECONDS = 5.0
FIRST_SECONDS = 10.0
"""How long the start waits for the first look at every journal, at most."""

RESTING = 8
"""Agents at rest whose fold stays in memory, 3 MB each; of the others it is made again when asked for."""

AMISS = frozenset({AlarmKind.DEAD, AlarmKind.HALTED, AlarmKind.KILLED, AlarmKind.IN_DOUBT})
"""Alarms that say an agent does not do its work."""

ASIDE = PUT_ASIDE

Listener = Callable[[Watched, News], None]


class Unknown(BadInput):
    """There is no agent of that name."""


class Fleet:
    """The agents of a home, found again every second by a thread of its own."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.home = home
        self.clock = clock
        self.problem: str | None = None
        """Why the journals cannot be listed, None where they can."""
        self.own: Callable[[], Mapping[str, Supervised]] = dict
        """Returns the agents of our own that are there whether they have a journal or not."""
        self.once_ready: Callable[[], None] | None = None
        """Called once, by the fleet's thread, when every journal was read."""
        self._agents: dict[str, Watched] = {}
        self._listeners = Listeners[Watched, News]()
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boyd-fleet", daemon=True)

    def names(self) -> list[str]:
        """Return the agents there are, by name: an order that stays while they come and go."""
        return list(self._agents)

    def get(self, name: str) -> Watched:
        """Return an agent. Raises Unknown where there is none of that name."""
        watched = self._agents.get(name)
        if watched is None:
            known = ", ".join(self._agents) or "none"
            raise Unknown(f"agent {name[:100]}: not in this home; there are: {known}")
        return watched

    def all(self) -> list[Watched]:
        """Return every agent."""
        return list(self._agents.values())

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a listener told what becomes of agents, in threads of theirs; it must not wait.

        Returns what ends it.
        """
        return self._listeners.subscribe(listener)

    def health(self) -> Health:
        """Return how many agents there are, how many run, and how many are amiss."""
        agents = self.all()
        amiss = sum(_amiss(each) for each in agents if not ASIDE.search(each.name))
        running = sum(each.running for each in agents)
        return Health(
            ok=self.problem is None and not amiss,
            version=code_version(),
            agents=len(agents),
            running=running,
            amiss=amiss,
        )

    def readiness(self) -> Readiness:
        """Return the rows still to be read of each journal; an agent at full speed keeps nobody waiting."""
        agents = self.all()
        ready = all(each.looked.is_set() and (each.outpaced or not each.mirror.behind) for each in agents)
        return Readiness(ready=ready, behind={each.name: each.mirror.behind for each in agents})

    def start(self) -> None:
        """Begin to watch; every journal that is there now is known on return."""
        self._look()
        self._thread.start()

    def close(self) -> None:
        """End it; the agents go on."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(10)
        for each in self.all():
            each.close()

    def look(self) -> None:
        """Find journals now, as whoever has just begun one asks."""
        self._look()

    def _run(self) -> None:
        while not self._closing.wait(ON_SERVER_SECONDS if self.home.server else LOOK_SECONDS):
            self._look()
            self._release()
            if (due := self.once_ready) is not None and self.readiness().ready:
                self.once_ready = None
                due()

    def _release(self) -> None:
        """Let go of folds of agents at rest, those not asked for the longest, beyond some."""
        resting = [each.mirror for each in self.all() if not each.running and each.mirror.loaded]
        for mirror in sorted(resting, key=lambda each: each.used)[:-RESTING]:
            mirror.release()

    def add(self, name: str) -> None:
        """Have an agent of our own here at once, before it has a journal."""
        with self._guard:
            if name in self._agents or name not in (own := self.own()):
                return
            new = self._found(name, own)
            self._agents = dict(sorted([*self._agents.items(), (name, new)]))
        self._begin(new)

    def _begin(self, watched: Watched) -> None:
        watched.start()
        self._tell(watched, News.FOUND)

    def _look(self) -> None:
        try:
            listed = self.home.all_names()
            self.problem = None
        except (BoydError, OSError) as fault:
            if self.problem is None:
                say("error", "the journals cannot be listed", why=str(fault))
            self.problem = str(fault)
            return
        with self._guard:
            before, own = self._agents, self.own()
            names = sorted({*listed, *own})
            self._agents = {name: before.get(name) or self._found(name, own) for name in names}
            gone = [each for name, each in before.items() if name not in self._agents]
            new = [each for each in self._agents.values() if each.name not in before]
        for each in gone:
            each.close()
            with suppress(OSError):
                remove(each.mirror.path)
            self._tell(each, News.REMOVED)
        for each in new:
            self._begin(each)

    def _found(self, name: str, own: Mapping[str, Supervised]) -> Watched:
        watched = Watched(self.home, name, self.clock, self._tell)
        watched.supervised = own.get(name)
        return watched

    def _tell(self, watched: Watched, news: News) -> None:
        self._listeners.tell(watched, news)


def _amiss(watched: Watched) -> bool:
    with suppress(BoydError):
        return any(alarm.kind in AMISS for alarm in watched.row().alarms)
    return True
