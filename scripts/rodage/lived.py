"""The agent's process: a session on the recorded minutes, and what the plan does to it from within."""

import json
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agent.account.opened import OpenedAccount
from agent.account.serve import control_server
from agent.drill.processes import Control, Coupled
from agent.drill.scenario import NATIVE
from agent.settings.settings import Options
from domain.candle import Candle
from domain.commands import AdoptAccount
from domain.observation import Observation
from domain.ports import Observer
from domain.times import millis
from scripts.rodage.plan import HOUR_MS, MINUTE_MS, Plan, Planned, Stroke

OUT = {"kind": "error", "status": 503, "method": "*", "path": "/api/*", "count": 10**9}
FILTERS = {"min_notional": "11"}
DEPLOYED = "deploy"


class Wire(NamedTuple):
    """The pipe to the parent: the agent tells where it is each hour, and waits until it may go on."""

    tells: int
    heard: int

    def hour(self, at: int) -> None:
        """Tell the hour and the size of this process, and wait."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        line = {"at": at, "bytes": pages * resource.getpagesize()}
        os.write(self.tells, json.dumps(line).encode() + b"\n")
        os.read(self.heard, 1)


class Staged:
    """The market, and what happens at its minutes."""

    def __init__(
        self, inner: Observer, plan: Plan, after: int, wire: Wire, act: Callable[[Stroke], None]
    ) -> None:
        self.inner = inner
        self.plan = plan
        self.left = [each for each in plan.strokes if each.minute > after]
        self.wire = wire
        self.act = act
        self.hour = -1

    def observe(self, symbol: str, after: Candle | None, now: Any) -> Observation:
        """Observe, once what is due has happened."""
        at = millis(now)
        minute = (at - self.plan.start_ms) // MINUTE_MS
        while self.left and self.left[0].minute <= minute:
            self._strike(self.left.pop(0))
        if at // HOUR_MS != self.hour:
            self.hour = at // HOUR_MS
            self.wire.hour(at)
        return self.inner.observe(symbol, after, now)

    def _strike(self, planned: Planned) -> None:
        os.write(
            self.wire.tells, json.dumps({"stroke": planned.stroke, "minute": planned.minute}).encode() + b"\n"
        )
        self.act(planned.stroke)

    def close(self) -> None:
        """Close the market."""
        self.inner.close()


def live(options: Options, plan: Plan, port: int, after: int, wire: Wire) -> None:
    """Run the agent from where its journal ends, and let happen what comes behind minute `after`."""
    control = Control(port)
    with OpenedAccount(options) as launch:
        server = control_server(launch)
        server.start()

        def act(stroke: Stroke) -> None:
            match stroke:
                case Stroke.KILL | Stroke.RESTORE:
                    os.kill(os.getpid(), signal.SIGKILL)
                case Stroke.DEPLOY:
                    launch.inbox.stop(DEPLOYED)
                case Stroke.OUTAGE:
                    control.ask("POST", "/sandbox/faults", {"fault": [OUT]})
                case Stroke.BACK:
                    control.ask("DELETE", "/sandbox/faults")
                case Stroke.FILTER:
                    control.ask("POST", "/sandbox/filters", {"symbol": NATIVE, "fields": FILTERS})
                case Stroke.DISK:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

        market = Coupled(launch.session.cycle.observer, Control(port))
        launch.session.cycle.observer = Staged(market, plan, after, wire, act)
        try:
            launch.run()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            server.close()


def adopt(options: Options) -> None:
    """Take the account over as it is, as an operator does after a restore."""
    with OpenedAccount(options) as launch, launch.session.once("adopted: restored"):
        launch.handler.handle(AdoptAccount(reason="restored"))
