"""Resident size of a server under a stream: for some minutes, or for an hour with `--minutes 60`."""

import time
from pathlib import Path

import psutil

from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB, slope
from benchmarks.serve.processes import agent, clients, server

MINUTES = 3.0
SAMPLES = 60
CLIENTS = 10
PACE = ("--provider", "simulated", "--interval", "0.05")


def memory(folder: Path) -> Section:
    """Sample a server idle, then with an agent of twenty cycles a second and clients that follow it."""
    home = folder / "memory"
    home.mkdir()
    with server(home) as served:
        time.sleep(2)
        idle = served.resident
        watched = agent(home, *PACE)
        try:
            time.sleep(5)
            with clients(served, CLIENTS) as told:
                samples = _sampled(served.process)
                events = told()["events"]
        finally:
            watched.terminate()
            watched.wait(60)
    settled = samples[len(samples) // 5 :]
    figures = (
        Figure("idle", "MB", (idle / MB,)),
        Figure("after a fifth", "MB", (settled[0][1] / MB,)),
        Figure("at the end", "MB", (settled[-1][1] / MB,)),
        Figure("largest", "MB", (max(size for _, size in samples) / MB,), "< 150"),
        Figure("slope", "KB/h", (slope(settled) * 3600 / 1000,), "flat"),
        Figure("events", "1/s", (events / (60 * MINUTES),)),
    )
    title = f"a server {MINUTES:g} minutes under a stream, {CLIENTS} clients, twenty cycles a second"
    chosen = samples[:: max(len(samples) // 6, 1)]
    curve = "MB at minute: " + ", ".join(f"{size / MB:.1f} at {at / 60:.1f}" for at, size in chosen)
    return Section("memory", title, figures, (curve,))


def _sampled(process: psutil.Process) -> list[tuple[int, int]]:
    began, samples = time.monotonic(), []
    for number in range(1, SAMPLES + 1):
        time.sleep(max(began + number * 60 * MINUTES / SAMPLES - time.monotonic(), 0.0))
        samples.append((int(time.monotonic() - began), int(process.memory_info().rss)))
    return samples
