"""A home with a real agent that trades on the simulated market, and a real server of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from agent.account import asking
from agent.settings.home import Home
from tests.serve.served import Served, serving
from tests.shared import free_port

AGENT = "alpha"
MARKET = (
    "--mode",
    "paper",
    "--provider",
    "simulated",
    "--symbol",
    "BTC-USDT",
    "--symbol",
    "ETH-USDT",
    "--plain",
)
SEEDED = 136
"""Cycles before the page is looked at: by then a trade was closed, an entry denied, something learned, and
a position is held, for 45 cycles more."""
START_SECONDS = 90.0


class Running(NamedTuple):
    """An agent's process."""

    name: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Keep it from doing anything, though it lives, until the block ends."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def _command(home: Path, name: str, *more: str) -> tuple[list[str], dict[str, str]]:
    environment = os.environ | {"AGENT_HOME": str(home)}
    return [
        str(Path(sys.executable).with_name("agent")),
        "run",
        *MARKET,
        "--journal",
        name,
        *more,
    ], environment


def seed(home: Path, name: str = AGENT, cycles: int = SEEDED) -> None:
    """Run so many cycles at once."""
    command, environment = _command(home, name, "--cycles", str(cycles), "--speed", "max")
    subprocess.run(command, env=environment, check=True, capture_output=True)


@contextmanager
def running(home: Path, name: str = AGENT, interval: float = 1.0) -> Iterator[Running]:
    """Keep an agent running until the block ends, which begins when commands reach it."""
    command, environment = _command(home, name, "--cycles", "0", "--interval", str(interval))
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            due = time.monotonic() + START_SECONDS
            while not asking.listens(Home(home).control(name)):
                assert time.monotonic() < due, f"agent {name} does not begin"
                time.sleep(0.05)
            yield Running(name, process)
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


class Rig:
    """The home, its server, which may be ended and begun again at the same address."""

    def __init__(self, home: Path, agent: Running) -> None:
        self.home = home
        self.agent = agent
        self.served: Served

    def __enter__(self) -> Self:
        """Begin to serve."""
        self.serve()
        return self

    def __exit__(self, *_: object) -> None:
        """End the server."""
        self.cut()

    @property
    def url(self) -> str:
        """The server's address."""
        return self.served.url

    def serve(self, port: int = 0) -> None:
        """Begin to serve."""
        self._context = serving(self.home, port=port or free_port())
        self.served = self._context.__enter__()

    def cut(self) -> int:
        """End the server, as a restart does; returns its port."""
        port = int(self.served.url.rsplit(":", 1)[1])
        self._context.__exit__(None, None, None)
        return port

    def ask(self, path: str, seconds: float = START_SECONDS) -> Any:
        """Return an answer of the API, asked again until there is one."""
        end = time.monotonic() + seconds
        while (answer := self.served.read(f"/api/v1/{path}")).status != 200:
            assert time.monotonic() < end, answer.content
            time.sleep(0.1)
        return answer.json

    def page(self, path: str) -> list[dict[str, Any]]:
        """Return the rows of a page of the API, asked again until there is one."""
        end = time.monotonic() + START_SECONDS
        while not (rows := self.ask(path)["items"]):
            assert time.monotonic() < end, f"{path}: no row"
            time.sleep(0.1)
        return list(rows)


@contextmanager
def rigged(home: Path) -> Iterator[Rig]:
    """A seeded agent that runs, and a server of its home."""
    seed(home)
    with running(home) as agent, Rig(home, agent) as rig:
        yield rig
