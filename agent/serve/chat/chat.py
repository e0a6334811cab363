"""The chat: a thread takes updates from Telegram, and each is answered or carried out in a strand of its own.

Theory of operation. Rules, each with its reason:

1. Nothing is waited for by the thread that takes updates: no answer, no command, no message on its way. So a
   kill is heard whatever else goes on, and every kill and exit has a strand of its own.
2. A command's number is on the disk before it is carried out (`taken`), and its key in the journal is made of
   that number: whatever dies when, it is carried out once. One whose end was not seen is told of, not done.
3. A command that was sent more than two minutes ago is not carried out, and that is said: who sent it has
   turned to other means by then. Its age is measured by Telegram's own clock, and goes on while it waits.
4. Each update is judged by its chat and its user before anything of it is read.
5. That nothing can be kept on the disk stops no exit: the journal knows its key.
"""

import threading
from collections import deque
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

from agent.answers.chat import ChatAnswer
from agent.host import log
from agent.serve.chat.carrying import STRAND, Carrying
from agent.serve.chat.hearing import Acknowledge, Hearing
from agent.serve.chat.outbox import ChatOutbox
from agent.serve.chat.queries import InfoDesk
from agent.serve.chat.steering import Helm
from agent.serve.chat.strands import Strands
from agent.serve.chat.strangers import Doorkeeper
from agent.serve.chat.taken import Command, TakenNumbers
from agent.serve.chat.watch import ChatWatch
from agent.telegram.client import Bot, UpdateBatch
from agent.telegram.faults import BotFault, Conflict, Flood, TokenRefused, hidden
from agent.telegram.updates import read
from agent.telegram.words import WORDS
from edge.waits import ceiling

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
CONFLICT_WAIT, TOKEN_WAIT = 5.0, 60.0
REMEMBERED = 1_000
"""Numbers of updates that are known to have been seen, whatever they were."""

SHOWN = 20
"""Commands that are shown, the latest."""

END_SECONDS = 20.0
"""How long the end waits for commands under way."""


class ChatParts(NamedTuple):
    """The parts of a chat: its bots (one takes, one sends), who may ask, and what it works with."""

    taking: Bot
    sending: Bot
    doorkeeper: Doorkeeper
    desk: InfoDesk
    helm: Helm
    watch: ChatWatch
    file: Path
    acknowledge: Acknowledge
    poll_seconds: int = 50


class Chat:
    """The loop; `start` and `close` are for whoever serves."""

    def __init__(self, life: ChatParts) -> None:
        self.life = life
        self.clock = life.helm.clock
        self.outbox = ChatOutbox(life.sending, self.clock)
        self.strands = Strands(_failed)
        self._hearing: Hearing | None = None
        self._taken: TakenNumbers | None = None
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._offset: int | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boyd-chat", daemon=True)

    def start(self) -> None:
        """Begin; Telegram need not be there."""
        self.outbox.start()
        self._thread.start()

    def close(self) -> None:
        """Take nothing more, wait for commands under way, and send what is to be said of them."""
        self._closing.set()
        self.life.taking.wire.cut()
        if self._thread.ident is not None:
            self._thread.join(5)
        self.strands.wait(END_SECONDS, STRAND)
        self.outbox.close()
        if self._taken is not None:
            self._taken.close()

    def answer(self) -> ChatAnswer:
        """Return how it stands, from any thread."""
        hearing, taken, watch = self._hearing, self._taken, self.life.watch
        return ChatAnswer(
            on=True,
            bot=hearing.bot_name if hearing else None,
            failures=watch.failures,
            conflicts=watch.conflicts,
            turned_away=self.life.doorkeeper.turned_away,
            commands=taken.latest(SHOWN) if taken else [],
        )

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                hearing = self._hearing or self._begin()
                self._take(hearing, self.life.taking.updates(self._offset, self.life.poll_seconds))
            except BotFault as fault:
                if not self._closing.is_set():
                    self.life.watch.failed(fault)
                    self._closing.wait(self._pause(fault))
            except Exception as fault:  # noqa: BLE001 -- one odd answer is no end of the chat
                _failed(fault)
                self._closing.wait(FIRST_WAIT)
        self.life.taking.close()

    def _pause(self, fault: BotFault) -> float:
        if isinstance(fault, Flood):
            return fault.seconds
        if isinstance(fault, TokenRefused):
            return TOKEN_WAIT
        if isinstance(fault, Conflict):
            return CONFLICT_WAIT
        return ceiling(self.life.watch.failures, FIRST_WAIT, LONGEST_WAIT)

    def _begin(self) -> Hearing:
        """Learn who the bot is, and say what an earlier server left undone."""
        life, me = self.life, self.life.taking.me()
        with suppress(BotFault):  # the commands work without their menu
            life.taking.menu({word.name: word.meaning for word in WORDS})
        taken = self._taken = TakenNumbers(life.file, me.id)
        carrying = Carrying(life.helm, taken, self.outbox, self.strands)
        hearing = Hearing(life.desk, carrying, self.outbox, self.strands, life.acknowledge)
        hearing.bot_name = me.name
        for each in taken.cut_off(self.clock.now()):
            self.outbox.say(each.chat, _cut_off(each), urgent=True)
        log.say("info", "telegram: takes commands", bot=me.name)
        self._hearing = hearing
        return hearing

    def _take(self, hearing: Hearing, batch: UpdateBatch) -> None:
        """Take updates up; those seen before are passed over. The next poll confirms them.

        Numbers begin anew after a week of silence: where there is nothing to confirm, all are asked for.
        """
        self.life.watch.works()
        updates = [each for each in map(read, batch.updates) if each is not None]
        for update in updates:
            if update.number in self._seen:
                continue
            self._seen.append(update.number)
            try:
                if self.life.doorkeeper.admits(update.sender):
                    hearing.heard(update, batch.now or self.clock.now())
            except Exception as fault:  # noqa: BLE001 -- the next one may be a kill
                _failed(fault)
        self._offset = max(each.number for each in updates) + 1 if updates else None
        if batch.updates and not updates:  # nothing that can be confirmed: it comes again at once
            self._closing.wait(FIRST_WAIT)


def _cut_off(command: Command) -> list[str]:
    return [
        f"{command.what} of {command.at.astimezone(UTC):%H:%M:%S} UTC: the server ended in the midst of it.",
        "It is not done a second time: look at /status, then ask again if need be.",
        f"#{command.number}",
    ]


def _failed(fault: Exception) -> None:
    log.say("error", "telegram: a fault", why=hidden(f"{type(fault).__name__}: {fault}"))
