"""A paper agent of our own, and once a rehearsal: something to look at from the first minute on."""

import os
from contextlib import suppress

from agent.serve.fleet import processes
from agent.serve.fleet.supervisor import Supervisor
from agent.settings.home import Busy, Home
from agent.settings.load import load

NAME, REHEARSAL = "paper", "rehearsal"
PAUSE = "2"
"""Seconds between two cycles, where the settings say nothing of it: a minute is long for who looks on."""


def begin_paper(home: Home, supervisor: Supervisor) -> None:
    """Begin the paper agent unless it runs, and the rehearsal where the home has none.

    Raises BadSettings where the home's settings are none.
    """
    given = load({"home": home.root, "mode": "paper", "journal": NAME}).model_fields_set
    paced = given & {"interval_seconds", "schedule"}
    settings = {"mode": "paper"} | ({} if paced else {"interval_seconds": PAUSE})
    with suppress(Busy):
        supervisor.begin(NAME, settings, "operator")
    if not home.server and not home.journal(REHEARSAL).exists():
        words = [*processes.AGENT, "run", "--plain", f"--home={home.root}", "--mode=paper", "--rehearse"]
        words += ["--provider=simulated", f"--journal={REHEARSAL}", "--cycles=1"]
        with suppress(OSError):
            processes.begin(words, supervisor.file.errors(REHEARSAL), os.environ)
