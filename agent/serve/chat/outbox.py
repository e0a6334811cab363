"""The outbox of the chat: one thread that sends, the answers to commands before those to questions.

What nobody answers is sent again, for its time: it may have arrived before, which is no harm. `Retry-After`
is obeyed. Nobody waits for it.
"""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from agent.host import log
from agent.telegram.clean import parts
from agent.telegram.client import Bot, Buttons
from agent.telegram.faults import BotFault, Flood, Rejected
from domain.ports import Clock
from edge.waits import ceiling

MOST = 500
"""Messages that wait; of more the least urgent are left out."""

URGENT, PRESSED, USUAL, SOMETIME = (0, 3_600.0), (1, 30.0), (2, 600.0), (3, 600.0)
"""The urgency of each kind, the lowest first, and how long it is tried."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
FLUSH_SECONDS = 2.0


def _sent(bot: Bot, chat: int, text: str, buttons: Buttons, reply_to: int | None) -> None:
    bot.send(chat, text, buttons=buttons, reply_to=reply_to)


class _Sending(NamedTuple):
    """A call that waits: its urgency (the lowest first), its number, when it is of no use any more."""

    urgency: int
    number: int
    until: float
    what: str
    do: Callable[[Bot], object]


class ChatOutbox:
    """Sends through a bot of its own; from any thread."""

    def __init__(self, bot: Bot, clock: Clock) -> None:
        self.bot = bot
        self.clock = clock
        self._numbers = itertools.count()
        self._waiting: list[_Sending] = []
        self._more = threading.Condition()
        self._closing = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="boyd-chat-out", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def say(
        self,
        chat: int,
        lines: Iterable[str],
        *,
        urgent: bool = False,
        buttons: Buttons = (),
        reply_to: int | None = None,
    ) -> None:
        """Send lines to a chat, in as many messages as they need; buttons stand below the last."""
        texts = parts(lines)
        for index, text in enumerate(texts):
            below = buttons if index == len(texts) - 1 else ()
            send = partial(_sent, chat=chat, text=text, buttons=below, reply_to=reply_to)
            self._put(*(URGENT if urgent else USUAL), f"message to {chat}", send)

    def pressed(self, callback: str, text: str = "") -> None:
        """Tell who pressed a button that it was heard."""
        self._put(*PRESSED, "answer to a button", lambda bot: bot.pressed(callback, text))

    def bare(self, chat: int, message: int) -> None:
        """Take the buttons off a message."""
        self._put(*SOMETIME, "buttons off", lambda bot: bot.bare(chat, message))

    def _put(self, urgency: int, seconds: float, what: str, do: Callable[[Bot], object]) -> None:
        sending = _Sending(urgency, next(self._numbers), self.clock.monotonic() + seconds, what, do)
        with self._more:
            heapq.heappush(self._waiting, sending)
            if len(self._waiting) > MOST:
                left_out = max(self._waiting)
                self._waiting.remove(left_out)
                heapq.heapify(self._waiting)
                log.say("warning", "telegram: too much waits, a message is left out", sending=left_out.what)
            self._more.notify_all()

    def close(self) -> None:
        """Send what waits, for a moment, and end."""
        with self._more:
            self._ending = True
            self._more.notify_all()
        if self._thread.ident is not None:
            self._thread.join(FLUSH_SECONDS)
        self._closing.set()
        self.bot.wire.cut()
        if self._thread.ident is not None:
            self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        while (sending := self._next()) is not None:
            self._send(sending)
        self.bot.close()

    def _next(self) -> _Sending | None:
        with self._more:
            self._more.wait_for(lambda: self._waiting or self._ending)
            return heapq.heappop(self._waiting) if self._waiting and not self._closing.is_set() else None

    def _send(self, sending: _Sending) -> None:
        """Send one, again until it arrives, is refused, or is of no use any more."""
        failures = 0
        while not self._closing.is_set():
            try:
                sending.do(self.bot)
            except Flood as fault:
                wait = fault.seconds
            except Rejected as fault:
                log.say("warning", "telegram: not sent", sending=sending.what, why=str(fault))
                return
            except BotFault as fault:
                failures += 1
                wait = ceiling(failures, FIRST_WAIT, LONGEST_WAIT)
                if failures == 1:
                    log.say("warning", "telegram: sent again", sending=sending.what, why=str(fault))
            else:
                return
            if self.clock.monotonic() + wait > sending.until:
                log.say("error", "telegram: given up", sending=sending.what)
                return
            self._closing.wait(wait)
