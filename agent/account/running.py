"""The running agent of an account, as a command in another terminal finds and asks it.

Nothing heavy is imported here: what an agent is told reaches it as soon as the command line is read.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from agent.account.requests import NotListening, Request, Silent
from agent.settings.home import PREFIX, Busy, Home, default_home
from domain.commands import Command, Exit
from domain.errors import LocalFault
from domain.replies import Reply

ENDING_SECONDS = 3.0
"""How long an agent that ends, or that starts, may keep its account unheard before a command gives up."""

STOP_SECONDS = 20.0
"""The same for an exit: an agent that starts hears as soon as it has read its journal and the venue."""

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 0.4
"""How soon an agent takes its lock again, several times over."""

T = TypeVar("T")


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

    def ask(self, request: Request) -> Any:
        """Ask the running agent something; None where there is none. Raises Unanswering."""
        socket = self.home.control(self.name)
        # Nobody has the account: whoever answers there is no agent of ours.
        if not socket.exists() or not (self.home.held(self.name) or self._takes_it_again(socket)):
            return None
        owner = self.home.owner(self.name)
        try:
            from agent.account import asking  # noqa: PLC0415  # at rest nobody listens

            return asking.ask(socket, request, owner=owner)
        except NotListening:
            return None
        except Silent as silent:
            raise Unanswering(self.name, str(silent), silent.pid or owner) from None

    def _takes_it_again(self, socket: Path) -> bool:
        """Say whether who listens there takes the lock: an agent whose lock file was deleted does."""
        due = time.monotonic() + AGAIN_SECONDS
        from agent.account import asking  # noqa: PLC0415

        if not asking.listens(socket):
            return False
        while not (held := self.home.held(self.name)) and time.monotonic() < due:
            time.sleep(AGAIN_SECONDS / 20)
        return held

    def have(self, request: Request) -> Any:
        """Ask the running agent something; None where there is none, and one that was ending is gone.

        One that is starting is waited for. Raises Unanswering.
        """
        due = time.monotonic() + (STOP_SECONDS if isinstance(request, Exit) else ENDING_SECONDS)
        while True:
            live = self.ask(request)
            if live is not None or not self.home.held(self.name, LOOK_SECONDS):
                return live
            if time.monotonic() >= due:
                raise Unanswering(self.name, "is not to be reached", self.home.owner(self.name))

    @staticmethod
    def reply(live: Any) -> Reply:
        """Return an answer as what it is. Raises LocalFault for one in another version's words."""
        try:
            reply: Reply = msgspec.convert(live, Reply)
        except msgspec.ValidationError:
            raise LocalFault(
                "the running agent answered, but in the words of another version of Boyd: what was asked may "
                "have been done. Look with `agent status` and `agent positions`, and restart it"
            ) from None
        return reply

    def have_or(self, alone: Callable[[], T], command: Command) -> Reply | T:
        """Have the running agent carry out a command, or open with `alone` what is free to do it here.

        Where another was faster in opening it, an agent that starts or a second command, that one is asked.
        The command's key is the same all along: whoever carried it out does not do so twice. Raises
        Unanswering.
        """
        while True:
            live = self.have(command)
            if live is not None:
                return self.reply(live)
            try:
                return alone()
            except Busy:
                if not self.home.held(self.name):
                    raise  # not the journal's lock: an agent of another home has the account
