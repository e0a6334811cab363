"""Speed of safety: what stopping, killing and asking cost on a long journal, beside folding all of it.

The whole fold, of a copy of the file, is what these commands did before there were checkpoints; both are
measured in one run, in processor time of one process. From the word typed to the exchange is measured with
the real command on a sandbox exchange, by the wall clock, imports included.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from agent import wiring
from agent.account.client import AccountClient
from agent.explain.why import explain
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from benchmarks.candles import ROOT
from benchmarks.figures import Figure, Section, ratio
from benchmarks.loop.long_journals import HELD, KEY, NAME, options_of, write
from benchmarks.plan import Plan
from benchmarks.processes import AGENT, environment, scratch
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer

LOOK_SECONDS = 0.002


def safety(plan: Plan) -> Section:
    """Write one long journal, fold it once as the first start does, and then ask and stop, pass by pass."""
    made = SandboxOptions(prices={"BTC-USDT": "50000"}, key=KEY, secret=KEY, balances=_balances())
    with SandboxServer(SystemClock(), made) as server, scratch(plan.disk) as folder:
        options = options_of(folder, server.base_url)
        Home(folder).make()
        plan.say(f"writing {plan.long_cycles} cycles")
        write(options, plan.long_cycles)
        reader = AccountClient(Home(folder), NAME)
        first = _cpu(reader.status)
        whole, status, last, middle = [], [], [], []
        for number in range(1, plan.passes + 1):
            plan.say(f"status and why, pass {number} of {plan.passes}")
            whole.append(_cpu(lambda: _whole(reader)))
            status.append(_cpu(reader.status))
            last.append(_cpu(lambda: reader.why(None)))
            middle.append(_cpu(lambda: reader.why(plan.long_cycles // 2 + 7)))
        why = _cpu(lambda: _whole_why(reader))
        plan.say("kill and flatten as typed")
        _keep_compiled(folder)
        killed = _typed(folder, "kill", lambda: None)
        flat = _typed(folder, "flatten", lambda: _received(server))
    return Section(
        "safety",
        f"a journal of {plan.long_cycles:,} cycles, {plan.passes} passes",
        (
            Figure("whole fold of a copy (status before)", "ms", tuple(whole)),
            Figure("status", "ms", tuple(status)),
            ratio("whole fold / status", whole, status),
            Figure("why by a whole fold (before)", "ms", (why,)),
            Figure("why, the last cycle", "ms", tuple(last)),
            ratio("why before / the last cycle", [why] * len(last), last),
            Figure("why, a cycle in the middle", "ms", tuple(middle)),
            ratio("why before / in the middle", [why] * len(middle), middle),
            Figure("first status without a checkpoint", "ms", (first,)),
            Figure("kill, typed to journaled (wall)", "ms", (killed.ended,), "< 1000"),
            Figure("kill, processor", "ms", (killed.processor,)),
            Figure("flatten, typed to exchange (wall)", "ms", (flat.reached,), "< 1000"),
            Figure("flatten, typed to flat (wall)", "ms", (flat.ended,)),
            Figure("flatten, processor", "ms", (flat.processor,)),
        ),
    )


def _balances() -> dict[str, str]:
    return {"USDT": str(Decimal(10_000) - HELD * 50_000), "BTC": str(HELD)}


def _cpu(do: Callable[[], object]) -> float:
    """Return the processor's milliseconds."""
    began = time.process_time()
    do()
    return 1000 * (time.process_time() - began)


def _whole(reader: AccountClient) -> None:
    with reader.journal() as copied:
        wiring.parts(recorded_options(copied), copied)


def _whole_why(reader: AccountClient) -> None:
    with reader.journal() as copied:
        explain(copied, None)


def _received(server: SandboxServer) -> float | None:
    exchange = server.exchange
    return time.perf_counter() if any(each.received for each in exchange.requests.values()) else None


class Typed(NamedTuple):
    """The times of a command, in ms: until something was reached, until it ended, and of the processor."""

    reached: float
    ended: float
    processor: float


def _keep_compiled(home: Path) -> None:
    """Have what a stop imports compiled and kept: compiling it is the first run's after an installation."""
    needed = "import agent.cli.handlers.emergency, agent.account.opening, platforms.binance.platform"
    subprocess.run([sys.executable, "-c", needed], env=environment(home), cwd=ROOT, check=True)


def _typed(home: Path, command: str, reached: Callable[[], float | None]) -> Typed:
    """Run a command and time it."""
    spent = _children()
    keys = {"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": KEY, "XDG_STATE_HOME": str(home / "state")}
    env = environment(home) | keys
    began, at = time.perf_counter(), None
    words = [*AGENT, command, "--reason", "bench", "--journal", NAME]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=env, stdout=pipe, stderr=subprocess.STDOUT, cwd=ROOT) as run:
        while run.poll() is None:
            at = at or reached()
            time.sleep(LOOK_SECONDS)
        said = run.stdout.read().decode() if run.stdout else ""
    ended = time.perf_counter()
    if run.returncode:
        raise SystemExit(f"agent {command} ended with {run.returncode}: {said}")
    return Typed(1000 * ((at or ended) - began), 1000 * (ended - began), _children() - spent)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (used.ru_utime + used.ru_stime)
