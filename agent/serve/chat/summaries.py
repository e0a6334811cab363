"""The day of an agent in words: the command `agent summary`, in a process of its own."""

import subprocess

from agent.host.shown import shown
from agent.serve.fleet.processes import AGENT
from agent.settings.home import Home
from domain.errors import LocalFault

SECONDS = 120.0
LONGEST = 300


def summary(home: Home, name: str) -> list[str]:
    """Return the lines of a summary as of now. Raises LocalFault where there is none to be had."""
    words = [*AGENT, "summary", f"--home={home.root}", f"--journal={name}"]
    try:
        done = subprocess.run(  # noqa: S603 -- our own command, and a name that was checked
            words, capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise LocalFault(f"the summary of {name} is not ready after {SECONDS:g} s") from None
    if done.returncode:
        raise LocalFault(shown(done.stderr.strip().partition("\n")[0])[:LONGEST] or "there is no summary")
    return done.stdout.splitlines()
