"""The processes of a measurement: agents, a server, its clients, each a real command watched from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from agent.serve.keeping import NICER
from benchmarks.candles import ROOT
from benchmarks.processes import AGENT, Failed, environment

READY_SECONDS = 600.0


class Ran(NamedTuple):
    """A run of an agent to its end: wall-clock seconds and processor seconds, its start included.

    And those that server and readers spent meanwhile.
    """

    seconds: float
    processor: float
    server: float = 0.0
    readers: float = 0.0


class Served(NamedTuple):
    """A server that listens, and its process."""

    url: str
    token: str
    process: psutil.Process

    def get(self, path: str) -> bytes:
        """Return the body of one answer. Raises Failed where it is a refusal."""
        connection = self.connection()
        try:
            return asked(connection, path, self.token)
        finally:
            connection.close()

    def connection(self) -> HTTPConnection:
        """Return a connection that may be kept."""
        where = urlsplit(self.url)
        return HTTPConnection(str(where.hostname), where.port, timeout=60)

    def ready(self) -> None:
        """Wait until every journal is read."""
        due = time.monotonic() + READY_SECONDS
        while not json.loads(self.get("/api/v1/ready"))["ready"]:
            if time.monotonic() > due:
                raise Failed("the journals are not read")
            time.sleep(0.05)

    @property
    def resident(self) -> int:
        """Resident bytes."""
        return int(self.process.memory_info().rss)

    @property
    def processor(self) -> float:
        """Processor seconds so far."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)


def asked(connection: HTTPConnection, path: str, token: str) -> bytes:
    """Ask over a kept connection. Raises Failed where it is refused."""
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failed(f"{path}: {answer.status} {body[:200]!r}")
    return body


@contextmanager
def spinning() -> Iterator[None]:
    """Keep one core busy, at the priority of a server."""
    turn = f"import os\nos.nice({NICER})\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", turn]) as process:
        try:
            yield
        finally:
            process.kill()


@contextmanager
def server(home: Path) -> Iterator[Served]:
    """Serve a home on a free port until the block ends."""
    words = [*AGENT, "serve", "--port", "0", "--json"]
    env = environment(home)
    with subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise Failed("agent serve said nothing")
            token = (home / "api-read.token").read_text().strip()
            yield Served(json.loads(line)["url"], token, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(60)


def agent(home: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start an agent and leave it running, without an output."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*AGENT, "run", *words], cwd=ROOT, env=environment(home), stdout=quiet, stderr=quiet
    )


def run(home: Path, *words: str) -> Ran:
    """Run an agent to its end. Raises Failed where it does not end well."""
    began = time.perf_counter()
    process = agent(home, *words)
    _, status, spent = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"agent run {' '.join(words)} failed with exit code {process.returncode}")
    return Ran(time.perf_counter() - began, spent.ru_utime + spent.ru_stime)


@contextmanager
def clients(served: Served, count: int, feed: Path | None = None) -> Iterator[Any]:
    """Have so many clients follow the stream; yields what returns their figures, once and at the end.

    Ages of events are told where the control socket of their agent is given.
    """
    words = [sys.executable, "-m", "benchmarks.serve.clients", served.url, str(count)]
    env = dict(os.environ) | {"BOYD_TOKEN": served.token} | ({"BOYD_FEED": str(feed)} if feed else {})
    with subprocess.Popen(
        words, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise Failed("the clients have no pipes")
        reader, writer = process.stdout, process.stdin
        if reader.readline().strip() != "connected":
            raise Failed("the clients do not connect")

        def figures() -> dict[str, float]:
            writer.close()
            told: dict[str, float] = json.loads(reader.readline())
            return told

        try:
            yield figures
        finally:
            process.kill()


def spread(values: Sequence[float], part: float) -> float:
    """Return the value below which a part of all lies."""
    ranked = sorted(values)
    return ranked[min(int(len(ranked) * part), len(ranked) - 1)]
