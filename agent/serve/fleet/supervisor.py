"""The supervisor: agents of our own, each an `agent run` in a process of its own, kept running.

Theory of operation. Rules, each with its reason:

1. A process is begun in a session of its own and outlives us, however we end; what is known of it is in a
   file, and a later server adopts it by its number and the time it began.
2. It is begun anew after a crash, later each time, and after nothing else (`agent.serve.fleet.ending`).
3. Never two on an account: the agent's own locks say so. One that finds its account taken ends by itself.
4. It is asked to stop by the command, then by SIGTERM, and never killed: an order may be on its way. One that
   does not end is told of.
5. One thread begins processes. It exists before this server becomes nice to others, and a process inherits
   the niceness of the thread that begins it: agents are not to trade with less of the processor.
"""

import threading
from collections.abc import Mapping
from typing import Any

import agent.account.opening  # noqa: F401  # a stop waits for no file, and meets none of another version
from agent.account.dispatch import dispatch
from agent.answers.agents import Supervised
from agent.serve.fleet import processes
from agent.serve.fleet.asked import checked, flat, judged
from agent.serve.fleet.own import OwnAgent
from agent.serve.fleet.own_processes import LOOK_SECONDS, OwnProcesses
from agent.settings.given import Settings
from agent.settings.home import Busy, Home
from agent.settings.problems import BadSettings
from domain.commands import Stop
from domain.ports import Clock
from domain.replies import Stopping

ENDING_SECONDS = 5.0


class Supervisor(OwnProcesses):
    """Begins, watches, begins anew and stops agents of our own; from any thread."""

    def of(self, name: str) -> Supervised | None:
        """Return what is known of an agent of our own, None for one that was started elsewhere."""
        with self._lock:
            own = self._own.get(name)
            if own is None:
                return None
            life = self._lives.get(name)
            return Supervised(
                wanted=own.wanted,
                pid=life.pid if life else None,
                restarts=own.restarts,
                next_start=own.next_start,
                halted=own.halted,
                by=own.by,
                reason=own.reason,
                failed=own.failed,
            )

    def there(self) -> dict[str, Supervised]:
        """Return the agents of our own that are there without a journal too: to run, running, or halted.

        One whose account names its journal is there under that name as soon as its process lives.
        """
        with self._lock:
            shown = {name: self.of(name) for name, own in self._own.items() if self._shown(own)}
        return {name: each for name, each in shown.items() if each is not None}

    def _shown(self, own: OwnAgent) -> bool:
        if own.name in self._lives:
            return self._journal(own) is not None
        return own.wanted or own.halted is not None

    def running(self) -> list[str]:
        """Return the names of our own agents whose process lives."""
        with self._lock:
            return [name for name, life in self._lives.items() if processes.lives(life)]

    def begin(
        self, name: str, settings: Mapping[str, Any], by: str, key: str = "", reason: str = ""
    ) -> Supervised:
        """Begin an agent with settings as `agent run` takes them.

        Raises BadInput for a name or settings that cannot be meant, each problem with field, value and limit;
        Busy where an agent of that name runs, or is ours already.
        """
        if (known := self._done(name, key)) is not None:
            return known
        wanted = flat(settings)
        self._fit(judged(name, wanted, self.home), wanted)
        self._wait_for_end(name)
        with self._lock:
            self._refuse_running(name)
            self._own[name] = OwnAgent(name=name, settings=wanted, by=by, key=key, reason=reason)
        return self._now(name)

    def begin_again(
        self,
        name: str,
        settings: Mapping[str, str],
        account: str,
        by: str,
        key: str = "",
        reason: str = "",
    ) -> Supervised:
        """Begin an agent that does not run: with its own settings, or those given where it is none of ours.

        One that waits to be begun anew is begun now.
        Raises Busy where it runs, BadSettings where it trades real money and `account` is not its account.
        """
        if (known := self._done(name, key)) is not None:
            return known
        self._wait_for_end(name)
        with self._lock:
            self._refuse_running(name, waits=True)
            former = self._own.get(name)
            wanted = dict(former.settings if former else settings)
        self._fit(checked(wanted, self.home, name), {"account": account})
        with self._lock:
            self._refuse_running(name, waits=True)
            self._own[name] = OwnAgent(
                name=name,
                settings=wanted,
                by=by,
                key=key,
                reason=reason,
                restarts=former.restarts if former else 0,
            )
        return self._now(name)

    def _fit(self, options: Settings, given: Mapping[str, str]) -> None:
        """Raise BadSettings for a mode that no agent is started in, and for real money that was not named."""
        if options.mode == "quicktest":
            raise BadSettings(["mode = quicktest: that is a test; modes are paper, testnet and live"])
        if options.mode == "live" and given.get("account") != options.account:
            raise BadSettings(["account: mode live needs the account's id with this very request"])

    def _done(self, name: str, key: str) -> Supervised | None:
        """Return what is known of an agent that was begun under this very key, None for another key."""
        with self._lock:
            own = self._own.get(name)
            return self.of(name) if own is not None and key and own.key == key else None

    def _wait_for_end(self, name: str) -> None:
        """Wait a little for a process that was asked to stop and is about to be gone."""
        due = self.clock.monotonic() + ENDING_SECONDS
        while self._ending(name) and self.clock.monotonic() < due:
            self.clock.sleep(LOOK_SECONDS / 5)

    def _ending(self, name: str) -> bool:
        with self._lock:
            own, life = self._own.get(name), self._lives.get(name)
        if own is None or own.wanted or life is None:
            return False
        return not self.home.held(name) and processes.lives(life)

    def _refuse_running(self, name: str, *, waits: bool = False) -> None:
        """Raise Busy where it runs, or is about to; one that only `waits` to be begun anew may be begun."""
        life, own = self._lives.get(name), self._own.get(name)
        if self.home.held(name) or (life is not None and processes.lives(life)):
            raise Busy(f"agent {name} runs already; stop it first")
        if own is not None and own.wanted and not (waits and own.next_start is not None):
            raise Busy(f"agent {name} is about to begin; stop it first, or start it to begin it now")

    def _now(self, name: str) -> Supervised:
        """Have the thread begin it, and return what came of that."""
        done = threading.Event()

        def work() -> None:
            life = self._lives.get(name)
            if life is None or not processes.lives(life):  # its pause may just have ended
                self._begin(name)
            done.set()

        self._asked.put(work)
        done.wait(10.0)
        supervised = self.of(name)
        assert supervised is not None  # noqa: S101 -- nothing forgets one
        return supervised

    def stop(self, name: str) -> None:
        """Keep an agent from being begun again, and send SIGTERM where a command has not ended it in time.

        The command itself is whoever asks' to send. Nothing where it is none of ours. One whose session never
        began is forgotten about: whoever stops it has read why.
        """
        with self._lock:
            own = self._own.get(name)
            if own is None:
                return
            own.wanted, own.next_start = False, None
            own.stop_asked = self.clock.now()
            if own.tries:
                own.halted = None
            self.file.write(list(self._own.values()))
        self.changed(name)

    def end(self, name: str) -> bool:
        """Send SIGTERM to the process of an agent of our own, where it lives, and say whether it did."""
        with self._lock:
            life = self._lives.get(name)
        if life is None or not processes.lives(life):
            return False
        processes.ask_to_end(life)
        return True


def ask_to_stop(supervisor: Supervisor, home: Home, name: str, command: Stop, clock: Clock) -> Any:
    """Have an agent stop: not begun again first, so that its end is not taken for a crash."""
    supervisor.stop(name)
    reply = dispatch(home, name, command, clock)
    if not getattr(reply, "stopping", True):  # its session has not begun: no command reaches it
        return Stopping(stopping=supervisor.end(name))
    return reply
