"""The cost of advisers: of a question, of a cycle without an entry, of a replay, and a run's memory.

`python -m benchmarks.advice`. A model server answers at once, in a process of its own, so that what is left
is ours. CPU time of this process alone, threads among it; the best of the passes, with and without in turn.
"""

import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from advice.settings import AdviceSettings
from agent.host.clock import StoppedClock, SystemClock
from agent.settings.user_strategies import load_file
from agent.verify.replay import replay
from benchmarks.processes import scratch, watched
from domain.events import AdviceAsked
from scripts.rehearse_advice.rig import Market, Rehearsed, run

SERVER = (
    "import sys; from platforms.sandbox.model.server import ModelServer\n"
    "with ModelServer(seed=7) as server:\n"
    "    print(server.base_url, flush=True); sys.stdin.read()"
)
QUESTIONS, CYCLES, PASSES = 150, 1_000, 5
EAGER = """from reasoning.declare import Declared, buy


class Eager(Declared):
    def decide(self, now, last):
        return buy(confidence=60)
"""
CONFIG = """
[advice.models.m]
model = "m"
base_url = "{url}/v1"
price_in = 1
price_out = 4
cutoff = 2020-01-01

[advice.advisers.macro]
model = "m"
samples = 1
"""


@contextmanager
def answering() -> Iterator[str]:
    """Give the address of a model server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None  # noqa: S101 -- it is piped
        try:
            yield child.stdout.readline().strip()
        finally:
            child.communicate()


def chosen(url: str) -> AdviceSettings:
    """Return one adviser that is asked once."""
    model = {"model": "m", "base_url": f"{url}/v1", "price_in": "1", "price_out": "4", "cutoff": "2020-01-01"}
    told = {"models": {"m": model}, "advisers": {"macro": {"model": "m", "samples": 1}}, "day_usd": "100"}
    return AdviceSettings.model_validate(told | {"session_usd": "100"})


def spent(work: Callable[[], object]) -> float:
    """Return the CPU seconds of some work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def questions_of(made: Rehearsed) -> list[AdviceAsked]:
    """Return the questions of a session."""
    return [each for each in made.events if isinstance(each, AdviceAsked)]


def bare(url: str, bodies: Sequence[bytes]) -> None:
    """Send bodies one after another, each over a connection of its own."""
    import httpx2  # noqa: PLC0415  # an extra

    context, headers = ssl.create_default_context(), {"content-type": "application/json"}
    for body in bodies:
        with httpx2.Client(verify=context, trust_env=False) as client:
            client.post(f"{url}/v1/chat/completions", content=body, headers=headers)


def overhead(url: str) -> tuple[float, float]:
    """Return CPU ms of a question in a session, without what the cycles cost anyway, and of the bare call."""
    passes = [_overhead(url) for _ in range(PASSES)]
    return 1e3 * min(ours for ours, _ in passes), 1e3 * min(call for _, call in passes)


def _overhead(url: str) -> tuple[float, float]:
    made: list[Rehearsed] = []
    asking = spent(lambda: made.append(run(Market(10_000, 7), chosen(url), QUESTIONS)))
    bodies = [each.question.body.encode() for each in questions_of(made[0])]
    cycles = made[0].session.done
    without = spent(lambda: run(Market(cycles, 7), None))
    call = spent(lambda: bare(url, bodies))
    return (asking - without) / len(bodies), call / len(bodies)


def replayed(url: str, **more: Any) -> tuple[float, float, int]:
    """Return CPU seconds of the replay of so many cycles with advice, of one without, and how many asked."""
    advised, plain = run(Market(CYCLES, 7), chosen(url), **more), run(Market(CYCLES, 7), None, **more)
    clock = StoppedClock(SystemClock())
    times: list[list[float]] = [[], []]
    for _ in range(PASSES):
        for place, made in enumerate((advised, plain)):
            times[place].append(spent(lambda: replay(made.journal, None, clock)))  # noqa: B023 -- at once
    return min(times[0]), min(times[1]), len({each.cycle_id for each in questions_of(advised)})


def replayed_of_all(url: str) -> tuple[float, float, int]:
    """Return as `replayed` of a strategy that wants to buy at each candle, so that each cycle asks."""
    with scratch(None) as folder:
        file = folder / "eager.py"
        file.write_text(EAGER)
        load_file(file)
    return replayed(url, reasoning={"strategies": ["eager"]})


def still(url: str) -> float:
    """Return the ratio of a cycle in memory with advisers, where nobody enters, to one without."""
    silent: dict[str, Any] = {"reasoning": {"strategies": ["rsi"], "rsi": {"lower": 1, "upper": 99}}}
    times: list[list[float]] = [[], []]
    for _ in range(2 * PASSES):
        for place, advice in enumerate((chosen(url), None)):
            times[place].append(spent(lambda: run(Market(CYCLES, 7), advice, **silent)))  # noqa: B023 -- at once
    return min(times[0]) / min(times[1])


def memory(url: str) -> tuple[int, int]:
    """Return the largest RSS of a paper run with an adviser, and of one without, in bytes."""
    words = ["run", "--mode", "paper", "--provider", "simulated", "--speed", "max", "--plain"]
    words += ["--cycles", "400", "--strategy", "rsi"]
    often = ("reasoning.rsi.period=3", "reasoning.rsi.lower=49", "reasoning.rsi.upper=51")
    words += [each for setting in often for each in ("--set", setting)]
    with scratch(None) as folder:
        config = folder / "advised.toml"
        config.write_text(CONFIG.format(url=url))
        return watched([*words, "--config", str(config)], None).rss, watched(words, None).rss


def main() -> None:
    """Measure and print."""
    with answering() as url:
        ours, call = overhead(url)
        print(f"question  {ours:.2f} ms of processor, the bare call {call:.2f}: {ours - call:+.2f} over it")
        print(f"cycle     {still(url):.3f} of one without advisers, nobody enters, in memory")
        for advised, plain, count in (replayed(url), replayed_of_all(url)):
            ratio = advised / plain
            asked = f"{count} of {CYCLES} cycles asked"
            print(f"replay    {advised:.2f} s, {asked}, {plain:.2f} s without: {ratio:.3f}")
        sizes = memory(url)
        print(f"memory    {sizes[0] / 1e6:.0f} MB with an adviser, {sizes[1] / 1e6:.0f} MB without")


if __name__ == "__main__":
    main()
