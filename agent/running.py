"""The running agent of an account, as a command in another terminal finds and asks it.

Nothing heavy is imported here: what an agent is told reaches it as soon as the command line is read.
"""

import os
from pathlib import Path
from typing import Any

import platformdirs

from agent import control
from agent.home import Busy, Home

ENDING_SECONDS = 3.0
"""How long an agent that ends may keep its account before a command gives up."""

PREFIX = "AGENT_"


def default_home() -> Path:
    """Return where journals, caches and the configuration live unless told otherwise."""
    return Path(platformdirs.user_data_dir("boyd", appauthor=False))


def home_named(home: Path | None) -> Home:
    """Return the home a person named, else that of the environment, else the default."""
    return Home(home or Path(os.environ.get(f"{PREFIX}HOME") or default_home()))


class Unanswering(Busy):
    """An agent has the account, so nobody else may open it, and does not answer."""

    def __init__(self, name: str, how: str, process: int | None) -> None:
        self.process = process
        number = "its process" if process is None else str(process)
        super().__init__(
            f"the agent of journal {name} is alive but {how} (process {process or 'unknown'}); nothing was "
            f"done. If it was stopped: kill -CONT {number}. If it stays silent: kill -9 {number}, then again"
        )


class Running:
    """Whoever runs the account `name` of a home, if anybody does."""

    def __init__(self, home: Home, name: str) -> None:
        self.home = home
        self.name = name

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have the running agent do something; None where there is none. Raises Unanswering."""
        socket = self.home.control(self.name)
        # Nobody has the account: whoever answers there is no agent of ours.
        if not socket.exists() or not self.home.held(self.name):
            return None
        owner = self.home.owner(self.name)
        try:
            return control.ask(socket, do, owner=owner, **arguments)
        except control.NotListening:
            return None
        except control.Silent as silent:
            raise Unanswering(self.name, str(silent), silent.pid or owner) from None

    def have(self, do: str, **arguments: Any) -> Any:
        """Have the running agent do something; None where there is none, and one that was ending is gone."""
        live = self.ask(do, **arguments)
        if live is None and self.home.held(self.name, ENDING_SECONDS):
            raise Unanswering(self.name, "is not to be reached", self.home.owner(self.name))
        return live
