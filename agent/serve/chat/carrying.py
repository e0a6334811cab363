"""Commands carried out, each once: its number is kept before it is done, its end after.

What steers one agent is done in order; a kill and an exit wait for nothing of this server.
"""

import threading
from functools import partial

from agent.host import log
from agent.serve.chat import steering
from agent.serve.chat.due import OLDEST_SECONDS, ChatRequest
from agent.serve.chat.outbox import ChatOutbox
from agent.serve.chat.steering import Asker, Helm
from agent.serve.chat.strands import Strands
from agent.serve.chat.taken import Command, TakenNumbers, Unkept
from agent.telegram.faults import hidden
from agent.telegram.words import Asked, Way
from domain.errors import BoydError

EXITS = frozenset({Way.KILL, Way.EXIT})
STRAND = "command"
"""How the names of strands begin in which commands are carried out."""


class Carrying:
    """Carries out commands for one bot; from any thread."""

    def __init__(self, helm: Helm, taken: TakenNumbers, outbox: ChatOutbox, strands: Strands) -> None:
        self.helm = helm
        self.taken = taken
        self.outbox = outbox
        self.strands = strands

    def carry_out(self, asked: Asked, due: ChatRequest, agents: list[str]) -> None:
        """Have a command carried out on agents, unless it was before."""
        note = self._kept(asked, due, f"/{asked.word.name} {' '.join(agents)}")
        if note is None:
            return
        left = _Left(len(agents))
        for agent in agents:
            alone = f"{STRAND} {due.number} {agent}" if asked.word.way in EXITS else f"{STRAND} {agent}"
            self.strands.submit(alone, partial(self._carried_out, asked, due, agent, note, left))

    def too_old(self, asked: Asked, due: ChatRequest) -> bool:
        """Say whether a command came too late, and tell who sent it."""
        late = self.helm.clock.monotonic() - due.ends
        if late <= 0:
            return False
        age = OLDEST_SECONDS + late
        log.say("warning", "telegram: too old, not done", did=asked.word.name, age_seconds=round(age))
        text = (
            f"NOT DONE /{asked.word.name}: it was sent {age:.0f} s ago, the limit is {OLDEST_SECONDS:.0f} s. "
            "Send it again if it is still meant"
        )
        self.outbox.say(due.chat, [text], urgent=True, reply_to=due.message)
        return True

    def _kept(self, asked: Asked, due: ChatRequest, what: str) -> str | None:
        """Keep a command's number, and return what to say of that; None where it is not to be done."""
        try:
            if self.taken.take(Command(due.number, self.helm.clock.now(), due.chat, what)):
                return ""
        except Unkept as why:
            log.say("error", "telegram: a number cannot be kept", did=what, why=str(why))
            if asked.word.way in EXITS:  # its key in the journal keeps it from being done twice
                return f"note: {why}"
            lines = [f"NOT DONE {what}: {why}"]
            self.outbox.say(due.chat, lines, urgent=True, reply_to=due.message)
            return None
        log.say("warning", "telegram: seen before, not done again", did=what, number=due.number)
        return None

    def _carried_out(self, asked: Asked, due: ChatRequest, agent: str, note: str, left: "_Left") -> None:
        try:
            if not self.too_old(asked, due):
                lines = [*self._done(asked, due, agent), *([note] if note else []), f"#{due.number}"]
                self.outbox.say(due.chat, lines, urgent=True, reply_to=due.message)
        finally:
            if left.none_is():
                self.taken.ended(due.number, self.helm.clock.now())

    def _done(self, asked: Asked, due: ChatRequest, agent: str) -> list[str]:
        """Carry a command out and return what came of it, a fault in words."""
        who = Asker(due.sender.by, f"telegram-{self.taken.bot}-{due.number}")
        log.say("info", "telegram: command", did=asked.word.name, agent=agent, by=who.by, key=who.key)
        try:
            with log.about(agent):
                return list(steering.carry_out(self.helm, asked, agent, who))
        except BoydError as error:
            return [f"NOT DONE /{asked.word.name} {agent}: {error}"]
        except Exception as fault:  # noqa: BLE001 -- who asked is told, whatever it is
            text = hidden(f"{type(fault).__name__}: {fault}")
            log.say("error", "telegram: a command failed", did=asked.word.name, agent=agent, why=text)
            return [f"/{asked.word.name} {agent} FAILED, look at /status: {text}"]


class _Left:
    """Counts down the agents that a command is still to be carried out on; from any thread."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._guard = threading.Lock()

    def none_is(self) -> bool:
        """Count one as done, and say whether it was the last."""
        with self._guard:
            self._count -= 1
            return self._count <= 0
