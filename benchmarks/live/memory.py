"""Resident size of an agent that trades for an hour on the market stream of the sandbox exchange."""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import psutil

from benchmarks.candles import ROOT
from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB, slope
from benchmarks.processes import AGENT, Failed, environment

MINUTES = 60.0
SAMPLES = 60
KEYS = {"BINANCE_API_KEY": "sandbox-key", "BINANCE_API_SECRET": "sandbox-secret"}


def memory(folder: Path) -> Section:
    """Run `agent run --mode testnet` on one-second candles and sample its resident size."""
    with _sandbox(folder) as url:
        samples, cycles = _watch(folder, url)
    settled = samples[len(samples) // 10 :]
    first, last = settled[0][1], settled[-1][1]
    figures = (
        Figure("RSS after a tenth", "MB", (first / MB,)),
        Figure("RSS at the end", "MB", (last / MB,)),
        Figure("RSS largest", "MB", (max(size for _, size in samples) / MB,), "< 120"),
        Figure("slope", "KB/h", (slope(settled) * 3600 / 1000,), "flat"),
        Figure("cycles", "1/s", (cycles / (60 * MINUTES),)),
    )
    title = f"an agent {MINUTES:g} minutes on the sandbox's streams, a candle and a cycle a second"
    return Section("memory", title, figures, (_curve(samples),))


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    words = [*AGENT, "sandbox", "--port", "0", "--speed", "60", "--json"]
    env = environment(folder)
    with subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as exchange:
        try:
            said = "".join(takewhile(lambda line: line != "}\n", exchange.stdout or ()))
            if not said:
                raise Failed("agent sandbox said nothing")
            yield str(json.loads(said + "}")["base_url"])
        finally:
            exchange.terminate()


def _watch(folder: Path, url: str) -> tuple[Sequence[tuple[int, int]], int]:
    """Return samples (seconds, bytes) over the minutes and the cycles that were run."""
    words = [
        "run",
        "--mode",
        "testnet",
        "--base-url",
        url,
        "--symbol",
        "BTC-USDT",
        "--timeframe",
        "1s",
        "--json",
    ]
    env = environment(folder) | KEYS | {"XDG_STATE_HOME": str(folder / "state")}
    del env["AGENT_BINANCE__BASE_URL"]  # candles come from the sandbox, too
    samples = []
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        agent = psutil.Popen([*AGENT, *words], cwd=ROOT, env=env, stdout=out, stderr=err)
        began = time.monotonic()
        for number in range(1, SAMPLES + 1):
            until = began + number * 60 * MINUTES / SAMPLES
            time.sleep(max(until - time.monotonic(), 0.0))
            if agent.poll() is not None:
                err.seek(0)
                raise Failed(f"the agent ended early, exit code {agent.returncode}:\n{err.read()}")
            samples.append((int(time.monotonic() - began), int(agent.memory_info().rss)))
        agent.terminate()
        agent.wait(60)
        out.seek(0)
        return samples, sum('"cycle"' in line for line in out)


def _curve(samples: Sequence[tuple[int, int]]) -> str:
    chosen = samples[:: max(len(samples) // 6, 1)]
    return "MB at minute: " + ", ".join(f"{size / MB:.1f} at {at / 60:.0f}" for at, size in chosen)
