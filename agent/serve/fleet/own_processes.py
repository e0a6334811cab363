"""The processes of our own agents, begun and watched by one thread; begun anew after a crash."""

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import agent.account.opening  # noqa: F401  # a stop waits for no file, and meets none of another version
from agent.host import log
from agent.serve.fleet import processes
from agent.serve.fleet.ending import sessions
from agent.serve.fleet.own import OwnAgent, OwnFile
from agent.serve.fleet.processes import Life
from agent.serve.fleet.sequel import sequel_of
from agent.settings.home import Home
from domain.ports import Clock
from domain.private import private_folder

LOOK_SECONDS = 0.25

FIRST_SECONDS, MOST_SECONDS = 1.0, 300.0

STEADY_SECONDS = 600.0
"""An agent that ran so long begins its pauses anew."""

PATIENCE_SECONDS = 60.0
"""How long a command to stop may take before SIGTERM says it once more."""


class OwnProcesses:
    """Begins, watches and begins anew the processes of our own agents."""

    def __init__(self, home: Home, clock: Clock, changed: Callable[[str], None] = lambda _name: None) -> None:
        self.home = home
        self.clock = clock
        self.changed = changed
        self.file = OwnFile(home.root / "serve")
        self._own: dict[str, OwnAgent] = {}
        self._lives: dict[str, Life] = {}
        self._lock = threading.RLock()
        self._asked: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="boyd-supervisor", daemon=True)

    def start(self) -> None:
        """Adopt the agents an earlier server began, and begin to watch."""
        private_folder(self.file.folder)
        for each in self.file.read():
            self._own[each.name] = each
            if each.pid:
                self._lives[each.name] = Life(each.pid, each.born)
        self._thread.start()

    def close(self) -> None:
        """Watch no longer; the agents go on."""
        self._closed = True
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def names(self) -> list[str]:
        """Return the names of our own agents."""
        with self._lock:
            return list(self._own)

    def _work(self) -> None:
        while not self._closed:
            with suppress(queue.Empty):
                task = self._asked.get(timeout=LOOK_SECONDS)
                if task is not None:
                    task()
            try:
                self.look()
            except Exception as fault:  # noqa: BLE001 -- one agent's fault keeps nobody from watching the others
                log.say("error", "supervisor", why=repr(fault))

    def look(self) -> None:
        """Look after every agent of our own once; the thread does so four times a second."""
        for name in self.names():
            with self._lock:
                own, life = self._own[name], self._lives.get(name)
            if life is not None and not processes.lives(life):
                self._ended(own, life)
            elif life is not None:
                self._watch(own, life)
            elif own.wanted and own.next_start is not None and self.clock.now() >= own.next_start:
                self._begin(name)

    def _watch(self, own: OwnAgent, life: Life) -> None:
        now = self.clock.now()
        if own.pauses and own.began_at and now - own.began_at >= timedelta(seconds=STEADY_SECONDS):
            own.pauses = 0
        if own.stop_asked and now - own.stop_asked >= timedelta(seconds=PATIENCE_SECONDS):
            own.stop_asked = None
            own.halted = "was asked to stop and goes on: its cycle has not ended; SIGTERM was sent"
            log.say("warning", "agent asked to end once more", agent=own.name, pid=life.pid)
            processes.ask_to_end(life)
            self._told(own)

    def _begin(self, name: str) -> None:
        before = sessions(self.home, name)
        with self._lock:
            own = self._own[name]
            own.next_start, own.halted, own.stop_asked = None, None, None
            own.before = before
            own.began_at = self.clock.now()
            try:
                life = processes.begin(
                    processes.command_line(self.home, self._journal(own), own.settings),
                    self.file.errors(name),
                    os.environ,
                )
            except OSError as error:
                own.halted, own.wanted = f"cannot be started: {error.strerror or error}", False
                own.tries += 1
            else:
                self._lives[name] = life
                own.pid, own.born = life.pid, life.born
        log.say(
            "info",
            "agent begun",
            agent=name,
            pid=own.pid,
            by=own.by,
            reason=own.reason,
            why=own.halted or "",
        )
        self._told(own)

    def _journal(self, own: OwnAgent) -> str | None:
        """Return the journal to name; on a server an exchange account names its own."""
        return None if self.home.server and own.settings.get("mode") in ("testnet", "live") else own.name

    def _ended(self, own: OwnAgent, life: Life) -> None:
        sequel = sequel_of(self.home, own, life, self.file.errors(own.name))
        with self._lock:
            self._lives.pop(own.name, None)
            own.pid, own.born, own.stop_asked = 0, "", None
            own.failed = sequel.text if sequel.again else None
            if not own.wanted or not sequel.again:
                own.wanted, own.halted = False, sequel.halted
            else:
                pause = min(FIRST_SECONDS * 2**own.pauses, MOST_SECONDS)
                own.pauses += 1
                own.restarts += 1
                own.next_start = self.clock.now() + timedelta(seconds=pause)
        log.say(
            "warning" if sequel.halted or (sequel.again and own.wanted) else "info",
            "agent ended",
            agent=own.name,
            code=processes.code_of(life),
            again=sequel.again and own.wanted,
            why=sequel.halted or sequel.text,
        )
        self._told(own)

    def _told(self, own: OwnAgent) -> None:
        with self._lock:
            self.file.write(list(self._own.values()))
        self.changed(own.name)
