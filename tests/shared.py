"""Where tests find the shared market data: one setting, `BOYD_SHARED_DATA`, default ../shared/data."""

import os
import random
import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """Return where the shared data are, or would be."""
    return Path(os.environ.get("BOYD_SHARED_DATA", str(ROOT.parent / "shared" / "data")))


def shared_data(*parts: str) -> Path:
    """Return a path in the shared data; skip the test with a plain reason where it is absent."""
    path = data_folder().joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared data is absent: {path} (set BOYD_SHARED_DATA)")
    return path


def of_the_system(name: str) -> str:
    """Return where a program of the system is, such as chromium, promtool or node.

    Skips the test with a plain reason where it is absent; fails it where `.ci/system` saw to it.
    """
    path = shutil.which(name)
    if path is None and os.environ.get("BOYD_SYSTEM") == "all":
        pytest.fail(f"{name} is not found, and .ci/system found it")
    if path is None:
        pytest.skip(f"{name} is not on this machine; .ci/system installs it")
    return path


def free_port() -> int:
    """Return a port of loopback that is free, and that the system gives nobody who asks for any.

    For what is told its port, or comes back at the one it had: meanwhile any other would be given away.
    """
    try:
        given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        given = 32_768
    chance = random.SystemRandom()
    for port in (*(chance.randrange(max(1_024, given - 16_000), max(1_025, given)) for _ in range(100)), 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as free:
            return int(free.getsockname()[1])
    raise OSError("no port of 127.0.0.1 is free")


def in_time(began: float, limit: float) -> None:
    """Assert that less than `limit` seconds passed since `began` (monotonic), as `within` does."""
    within(time.monotonic() - began, limit)


def within(took: float, limit: float) -> None:
    """Assert that something took less than `limit` seconds.

    Skips with a plain reason where the machine itself gets too little processor time to tell; what took ten
    times as long had another cause.
    """
    if limit <= took < 10 * limit and starved():
        pytest.skip(f"took {took:.1f} s of at most {limit:g} s on a machine starved of processor time")
    assert took < limit


def starved() -> bool:
    """Tell whether processes wait for a processor here: over the last ten seconds, or this one now."""
    return _waited_share() > 0.2 or _waits_now()


def _waited_share() -> float:
    """Return in which share of the last ten seconds somebody on this machine waited, 0 where none can say."""
    try:
        told = Path("/proc/pressure/cpu").read_text()
    except OSError:
        return 0.0
    return float(told.partition("avg10=")[2].split()[0]) / 100


def _waits_now() -> bool:
    """Tell whether 50 ms of processor time take more than 100 ms."""
    wall, used = time.monotonic(), time.process_time()
    while time.process_time() - used < 0.05:
        pass
    return time.monotonic() - wall > 0.1
