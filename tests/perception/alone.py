"""A function of a test in a process of its own, where no other thread allocates anything."""

import subprocess
import sys

from tests.shared import ROOT


def alone(module: str, function: str) -> int:
    """Return what a function of a module of the tests returns there, a whole number."""
    code = f"from {module} import {function}; print({function}())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)
