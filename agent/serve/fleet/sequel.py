"""The sequel of an end of an agent's process, by what its journal and its own last words say."""

from pathlib import Path

from agent.serve.fleet import processes
from agent.serve.fleet.ending import Sequel, judge, left
from agent.serve.fleet.own import OwnAgent
from agent.serve.fleet.processes import Life
from agent.settings.home import Home
from domain.errors import BoydError

READER_SECONDS = 1.5
"""How long an account is seen to be taken before it is: a command that reads lets go in a moment."""


def sequel_of(home: Home, own: OwnAgent, life: Life, errors: Path) -> Sequel:
    """Return what follows an end; counts the ends in a row before a session began."""
    try:
        now = left(home, own.name) if _there(home, own.name) else None
    except (BoydError, OSError) as fault:
        words = processes.last_words(errors)
        return Sequel(halted=f"its journal cannot be read: {fault}{words and f'; it said: {words}'}")
    unbegun = now is None or now.sessions <= own.before
    own.tries = own.tries + 1 if unbegun else 0
    if unbegun and home.held(own.name, READER_SECONDS):
        return Sequel(halted="its account is in use by another agent")
    words = processes.last_words(errors)
    return judge(processes.code_of(life), own.before, now, words, own.tries)


def _there(home: Home, name: str) -> bool:
    return name in home.all_names() if home.server else home.journal(name).is_file()
