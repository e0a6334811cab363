"""The age of an event when it comes to a client, for one client and for many."""

import subprocess
import time
from pathlib import Path

from benchmarks.figures import Figure, Section
from benchmarks.serve.processes import agent, clients, server

SECONDS = 15.0
COUNTS = (1, 200)
PACE = ("--provider", "simulated", "--interval", "0.1", "--journal", "a")


def latency(folder: Path) -> Section:
    """Follow an agent that makes ten cycles a second."""
    figures: list[Figure] = []
    for count in COUNTS:
        home = folder / f"latency-{count}"
        home.mkdir()
        with server(home) as served:
            watched = agent(home, *PACE)
            try:
                _wait_for_cycles()
                with clients(served, count, home / "journals" / "a.sock") as figures_of:
                    before = served.processor
                    time.sleep(SECONDS)
                    spent = served.processor - before
                    told = figures_of()
            finally:
                _end(watched)
        name = f"{count} client{'s' * (count > 1)}"
        figures += [
            Figure(f"{name}: age of an event, p50", "ms", (told["p50_ms"],)),
            Figure(f"{name}: age of an event, p99", "ms", (told["p99_ms"],), "< 250"),
            Figure(f"{name}: events", "1/s", (told["events"] / SECONDS,)),
            Figure(f"{name}: server's processor", "us/event", (spent / max(told["events"], 1) * 1e6,)),
            Figure(f"{name}: let go", "clients", (told["gone"],), "0"),
        ]
    title = f"events of an agent with ten cycles a second, {SECONDS:g} s each"
    return Section(
        "latency",
        title,
        tuple(figures),
        ("the age counts from where the agent's feed tells a row, after its commit",),
    )


def _wait_for_cycles() -> None:
    time.sleep(5)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(60)
