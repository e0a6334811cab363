"""Start and size of the commands: the server's own, and those that must not pay for it."""

import time
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB
from benchmarks.processes import AGENT, environment, seconds_of, watched
from benchmarks.serve.processes import asked, server, spread

PASSES = 5
ASKED = 500


def startup(folder: Path) -> Section:
    """Time `agent --help`, the size of a paper run, and a server of an empty home."""
    env = environment(folder)
    seconds_of([*AGENT, "--help"], env)  # compiled now
    helps = tuple(seconds_of([*AGENT, "--help"], env) for _ in range(PASSES))
    paper = watched(("run", "--provider", "simulated", "--speed", "max", "--cycles", "2000"), folder)
    starts, answers, sizes = [], [], []
    for number in range(PASSES):
        home = folder / f"empty-{number}"
        home.mkdir()
        began = time.perf_counter()
        with server(home) as served:
            served.get("/api/v1/health")
            starts.append(time.perf_counter() - began)
            sizes.append(served.resident / MB)
            if number == 0:
                connection = served.connection()
                answers = [_one(connection, served.token) for _ in range(ASKED)]
                connection.close()
    figures = (
        Figure("agent --help", "s", helps, "< 0.3"),
        Figure("a paper run: largest", "MB", (paper.rss / MB,), "< 120"),
        Figure("agent serve: until it answers", "s", tuple(starts)),
        Figure("agent serve: resident, idle", "MB", tuple(sizes), "< 150"),
        Figure("GET /api/v1/agents: p50", "ms", (spread(answers, 0.5),)),
        Figure("GET /api/v1/agents: p99", "ms", (spread(answers, 0.99),), "< 25"),
    )
    return Section("startup", "commands that start, and a server of an empty home", figures)


def _one(connection: HTTPConnection, token: str) -> float:
    began = time.perf_counter()
    asked(connection, "/api/v1/agents", token)
    return (time.perf_counter() - began) * 1000
