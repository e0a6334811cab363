"""The processes of one case, forked from a worker that has one thread: the exchange, and the agent.

Forked, not started anew: a second of imports each would be most of a thousand runs. What is killed is
a real process with SIGKILL, and what it leaves is a real journal and a real account at the exchange.
"""

import faulthandler
import http.client
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from agent.account.opened import OpenedAccount
from agent.drill.bare import Watch
from agent.drill.facts import Fact, unheard
from agent.drill.scenario import NATIVE, SYMBOL
from agent.host.clock import SystemClock
from agent.host.failpoints import VARIABLE
from agent.host.lifeline import end_with
from agent.settings.settings import Options
from domain.candle import Candle
from domain.commands import AdoptAccount, Reconcile
from domain.events import OrdersIntended
from domain.observation import Observation
from domain.ports import Observer
from edge.strict_json import shallow
from platforms.binance import platform as _platform  # noqa: F401 -- or every agent would import it anew
from platforms.sandbox.exchange.exchange import Terms
from platforms.sandbox.exchange.rules import changed, rules_of
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer

RUN_SECONDS = 60.0
TELL_SECONDS = RUN_SECONDS - 2
"""When an agent that has not ended tells what it is at."""
LOOK_SECONDS = 0.002
PLENTY = 10**6
USUAL = Fact()
UNWELL = 3
"""Exit code of an agent that ended with a fault of its own."""


class Control:
    """Asks the sandbox what only a test may ask."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the sandbox's answer. Raises OSError when it is gone, ValueError when it refuses."""
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise ValueError(f"{method} {path}: the sandbox answers {answer.status} {content[:200]!r}")
        return json.loads(shallow(content or b"null"))

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class Coupled:
    """Lets the exchange stand where the recording stands, before the agent decides on it."""

    def __init__(self, inner: Observer, control: Control) -> None:
        self.inner = inner
        self.control = control

    def observe(self, symbol: str, after: Candle | None, now: Any) -> Observation:
        """Observe, and move the exchange there."""
        observation = self.inner.observe(symbol, after, now)
        if observation.quote is not None:
            price = str(Decimal(observation.quote.price) * Decimal("0.01"))
            self.control.ask("POST", "/sandbox/price", {"symbol": NATIVE, "price": price})
        return observation

    def close(self) -> None:
        """Close both."""
        self.inner.close()
        self.control.close()


def forked(work: Callable[[], None], log: Path, seconds: float = 0.0) -> int:
    """Run `work` in a child that ends with us, return its number; what it raises goes to `log`.

    Where it has not ended after `seconds`, if any, the log tells what each of its threads is at; a process
    that waits to tell that forks no other, which would wait for ever for the thread that tells.
    """
    sys.stdout.flush()
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    code = 0
    try:
        end_with(parent)
        with log.open("ab", buffering=0) as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        if seconds:
            faulthandler.dump_traceback_later(seconds, file=2)
        work()
    except BaseException:  # noqa: BLE001 -- the child ends here whatever happens
        traceback.print_exc()
        sys.stderr.flush()
        code = UNWELL
    os._exit(code)


def key_of(folder: Path) -> str:
    """Return the key of a case's own account: accounts are locked by their keys."""
    return f"drill-{folder.name.encode().hex()}"


def exchange(folder: Path, fact: Fact = USUAL) -> tuple[int, int]:
    """Start a fresh sandbox exchange; return its process and its port.

    What stood bare there, and for how long, it keeps in the folder's file `bare.json`.
    """
    read, write = os.pipe()

    def serve() -> None:
        os.close(read)
        terms = Terms(commission=Decimal(fact.commission))
        built = SandboxOptions(
            symbols=(SYMBOL,),
            rules={SYMBOL: changed(rules_of(SYMBOL), dict(fact.filters))},
            prices={SYMBOL: "50000"},
            terms=terms,
            weight_limit=PLENTY,
            orders_limit=PLENTY,
            key=key_of(folder),
            secret=key_of(folder),
        )
        with SandboxServer(SystemClock(), built) as server:
            Watch(server.exchange).keep(folder / "bare.json")
            os.write(write, str(server.port).encode())
            os.close(write)
            signal.pause()

    child = forked(serve, folder / "exchange.log")
    os.close(write)
    port = os.read(read, 16)
    os.close(read)
    if not port:
        raise OSError(f"the sandbox did not start: {(folder / 'exchange.log').read_text()[-500:]}")
    return child, int(port)


def run_agent(options: Options, port: int, fuse: str, fact: Fact = USUAL) -> None:
    """Run the session to the end of the candles; dies where `fuse` says."""
    os.environ[VARIABLE] = fuse
    fact.distort()
    with OpenedAccount(options) as launch:
        if fact.unheard:
            launch.session.listeners.append(unheard)
        launch.session.cycle.observer = Coupled(launch.session.cycle.observer, Control(port))
        launch.run()


def adopt_agent(options: Options) -> None:
    """Take the account over as it is, as an operator does after the journal was restored."""
    os.environ.pop(VARIABLE, None)
    with OpenedAccount(options) as launch, launch.session.once("adopted: restored"):
        launch.handler.handle(AdoptAccount(reason="restored"))


def settle_agent(options: Options, report: Path) -> None:
    """Run a session without a loop: resolve, protect, compare; write what stands then to `report`."""
    os.environ.pop(VARIABLE, None)
    with OpenedAccount(options) as launch:
        session = launch.session

        def come_to_rest() -> dict[str, Any]:
            reconciler, clock = session.reconciler, session.inbox.clock
            until = clock.monotonic() + 15
            while True:
                reconciler.tick(session.started.at)
                ledger = session.state.ledger
                if (not ledger.unresolved() and not ledger.pending_exits) or clock.monotonic() > until:
                    break
                time.sleep(0.05)
            reviewed: dict[str, Any] = msgspec.to_builtins(launch.handler.handle(Reconcile()))
            return reviewed | _standing(launch)

        with session.once("drill"):
            result = come_to_rest()
        report.write_text(json.dumps(result))


def _standing(launch: OpenedAccount) -> dict[str, Any]:
    ledger = launch.session.state.ledger
    rows = (row.event for row in launch.journal.rows())
    intended = {
        each.client_id for event in rows if isinstance(event, OrdersIntended) for each in event.orders
    }
    stops = {symbol: sum(s.order.lots for s in ledger.resting(symbol)) for symbol in ledger.positions}
    return {
        "intended": sorted(intended),
        "positions": {symbol: held.lots for symbol, held in ledger.positions.items()},
        "resting": stops,
        "trades": ledger.trades,
    }


def wait(child: int, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> int | None:
    """Wait for a child; return its exit code, minus the signal that killed it, or None when it hangs."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        meanwhile()
        time.sleep(LOOK_SECONDS)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def stop(child: int) -> None:
    """End a child at once."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
