"""Where tests find the shared market data: one setting, `BOYD_SHARED_DATA`, default ../shared/data."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_data(*parts: str) -> Path:
    """Return a path in the shared data; skip the test with a plain reason where it is absent."""
    base = Path(os.environ.get("BOYD_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared data is absent: {path} (set BOYD_SHARED_DATA)")
    return path
