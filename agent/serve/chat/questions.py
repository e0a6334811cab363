"""Questions with buttons: which agent is meant, and whether a command is really to be carried out.

One is answered once, by who asked, in the chat it was asked in, within its life. They are in memory alone:
none outlives the server.
"""

import secrets
import threading
from typing import NamedTuple

from agent.telegram.client import Button
from agent.telegram.words import Asked
from domain.errors import BadInput

LIFE_SECONDS = 60
MOST = 100
"""Questions that wait for an answer; the oldest are forgotten."""

MOST_CHOICES = 20
YES, NO = "y", "n"
MARK = "q"
"""How the data of these buttons begins."""


class AskedBack(NamedTuple):
    """A question: who asked what, and where. With `agents` it is which; without, whether."""

    chat: int
    user: int
    asked: Asked
    agents: tuple[str, ...] = ()
    ends: float = 0.0


class GivenAnswer(NamedTuple):
    """A question that was answered: whether with yes, and with which agent."""

    question: AskedBack
    yes: bool
    agent: str | None = None


class Questions:
    """The questions that wait; from any thread. Times are of a clock that never runs backwards."""

    def __init__(self) -> None:
        self._waiting: dict[str, AskedBack] = {}
        self._guard = threading.Lock()

    def ask(self, question: AskedBack, now: float, yes: str = "Yes") -> list[list[Button]]:
        """Take up a question and return its buttons; `yes` is written on the one that agrees."""
        name = secrets.token_hex(8)
        with self._guard:
            self._waiting[name] = question._replace(ends=now + LIFE_SECONDS)
            while len(self._waiting) > MOST:
                del self._waiting[next(iter(self._waiting))]
        if question.agents:
            return [
                [Button(agent, f"{MARK}:{name}:{index}")]
                for index, agent in enumerate(question.agents[:MOST_CHOICES])
            ]
        return [[Button(yes, f"{MARK}:{name}:{YES}"), Button("No", f"{MARK}:{name}:{NO}")]]

    def answer(self, data: str, chat: int | None, user: int | None, now: float) -> GivenAnswer:
        """Take an answer, once. Raises BadInput for one that is too late, or of somebody else."""
        _, name, given = (*data.split(":"), "", "")[:3]
        with self._guard:
            question = self._waiting.get(name)
            if question is None:
                raise BadInput("this question was answered or is too old: ask again")
            if (question.chat, question.user) != (chat, user):
                raise BadInput("only who asked can answer this")
            del self._waiting[name]
        if now > question.ends:
            raise BadInput(f"this question is older than {LIFE_SECONDS} seconds: ask again")
        if question.agents:
            index = int(given) if given.isdigit() else len(question.agents)
            if index >= len(question.agents):
                raise BadInput("no such choice: ask again")
            return GivenAnswer(question, yes=True, agent=question.agents[index])
        return GivenAnswer(question, yes=given == YES)
