"""Where tests find the shared market data: one setting, `BOYD_SHARED_DATA`, default ../shared/data."""

import os
import shutil
import time
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


def in_time(began: float, limit: float) -> None:
    """Assert that less than `limit` seconds passed since `began` (monotonic).

    Skips with a plain reason where the machine itself gets too little processor time to tell.
    """
    took = time.monotonic() - began
    if took >= limit and starved():
        pytest.skip(f"took {took:.1f} s of at most {limit:g} s on a machine starved of processor time")
    assert took < limit


def starved() -> bool:
    """Tell whether 50 ms of processor time take more than 100 ms here and now."""
    wall, used = time.monotonic(), time.process_time()
    while time.process_time() - used < 0.05:
        pass
    return time.monotonic() - wall > 0.1
