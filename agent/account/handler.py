"""Carrying out commands on an open account: the one way in, whoever asks and from whatever thread.

Rules, each with its reason:

1. A command takes a turn between two cycles (`Inbox.turn`), so nothing else changes the account beside it.
   A kill and a stop act before that, as flags: they wait for nobody.
2. What was asked is journaled before its effect, or in one transaction with it, and what came of it after.
   So the journal remembers keys: the same key again is answered from there, after a restart too, and
   nothing is done.
3. No bookkeeping refuses an exit. A key that was used for something else, or an answer of former times that
   no longer holds (flat then, and a position now), are no reason not to sell: then it is carried out.
4. A share of a position is the one exit that is not carried out twice, for it would sell a share of what is
   left. Where its end is not on record the asker has to look; selling all stays possible.
5. What cannot be meant is refused before anything is journaled or done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import msgspec

from agent.account.dispatch import new_key
from agent.account.effects import EFFECTS, Desk, refuse
from agent.host import log
from agent.loop.inbox import Urgent
from agent.loop.session import Session
from agent.wiring import Parts
from domain.commands import (
    ALL,
    AdoptAccount,
    ClosePosition,
    Command,
    Flatten,
    Kill,
    Reconcile,
    ResetKill,
    Stop,
    WriteOffPosition,
    digest,
    named,
)
from domain.errors import BadInput, EndUnknown, JournalFault
from domain.events import CommandAnswered
from domain.replies import Flattened, KillSwitch, Paused, PositionClosed, Reply, Stopping, recalled

TURN_SECONDS = 25.0
"""How long a command that is no exit waits for the cycle under way."""

URGENT_SECONDS = 1.0
"""How long who kills or stops waits to have it journaled; the loop does it when it can."""


class Handler:
    """Carries out commands on one open account."""

    def __init__(self, session: Session, parts: Parts, now: Callable[[], datetime]) -> None:
        self.session = session
        self.parts = parts
        self.now = now
        self.state = session.state

    def handle(self, command: Command) -> Reply:
        """Carry out a command, or answer from memory where it was carried out before.

        Raises BadInput for what cannot be meant, Unproven for parameters whose evidence is not enough,
        NotRunning where the session has ended by now: nothing was done, but for a kill that was heard before.
        """
        command = named(command, new_key)
        if isinstance(command, Urgent) and not (isinstance(command, Stop) and self._answered(command)):
            self.session.inbox.at_once(command)
        try:
            with self._turn(command):
                self.session.journal_urgent(self.now())
                known = self._answered(command)
                if known is not None:
                    return self._noted(self._now(command, known))
                self._refuse(command)
                return self._answer(command, EFFECTS[type(command)](self._desk(), command))
        except TimeoutError:
            return _unheard(command)

    @contextmanager
    def _turn(self, command: Command) -> Iterator[None]:
        seconds = URGENT_SECONDS if isinstance(command, Kill | Stop) else TURN_SECONDS
        with self.session.inbox.turn(None if isinstance(command, Flatten | ClosePosition) else seconds):
            yield

    def _refuse(self, command: Command) -> None:
        """Raise BadInput for what cannot be meant; a close gone on with may have nothing left to sell."""
        known = self.state.commands.get(command.key)
        if known is None or known.digest != digest(command):
            refuse(self._desk(), command)

    def _desk(self) -> Desk:
        return Desk(self.session, self.parts, self.now())

    def _answered(self, command: Command) -> Reply | None:
        """Return what came of a command that was carried out before and is not to be carried out again.

        Raises BadInput for a key of another command, EndUnknown for a share whose end is not on record.
        """
        known = self.state.commands.get(command.key)
        reply = recalled(known, command)
        if known is None or known.digest != digest(command):
            return None
        if isinstance(command, ClosePosition) and command.share != ALL:
            return reply or _lost_share(command)
        return reply if self._still_so(command, reply) else None

    def _still_so(self, command: Command, reply: Reply | None) -> bool:
        """Say whether what an exit came to still holds; other commands are not carried out twice anyway."""
        ledger = self.state.ledger
        if isinstance(reply, Flattened | PositionClosed):
            only = command.symbol if isinstance(command, ClosePosition) else ""
            held = any(only in ("", each) and not ledger.small(each) for each in ledger.positions)
            waiting = any(only in ("", each.order.symbol) for each in ledger.open_orders.values())
            thrown = isinstance(command, ClosePosition) or self.state.kill_switch is not None
            return reply.flat and thrown and not held and not waiting
        return not isinstance(command, Kill) or self.state.kill_switch is not None

    def _now(self, command: Command, reply: Reply) -> Reply:
        """Return a remembered answer as it is true now: what was paused then may run by now.

        Nothing is done again: a reset that comes late must not undo a kill it knew nothing of.
        """
        inbox = self.session.inbox
        if isinstance(command, ResetKill):
            return KillSwitch(kill_switch=self.state.kill_switch)
        if isinstance(reply, Paused):
            return Paused(paused=inbox.paused)
        if isinstance(reply, Stopping):
            return Stopping(stopping=inbox.stopping)
        return reply

    def _answer(self, command: Command, reply: Reply) -> Reply:
        """Journal what came of a command, unless that was done with its effect."""
        known = self.state.commands.get(command.key)
        if known is None or known.reply is None:
            # It is done by now: an answer that cannot be written is no reason to say that it failed.
            with suppress(JournalFault):
                self.session.record.write(CommandAnswered(self.now(), command.key, reply))
        log.say(
            "info",
            "command",
            did=type(command).__name__,
            by=command.by,
            reason=command.reason,
            key=command.key,
            **({"symbol": command.symbol} if isinstance(command, ClosePosition) else {}),
        )
        return self._noted(reply)

    def _noted(self, reply: Reply) -> Reply:
        """Return a reply with what became of events that could not be journaled."""
        note = getattr(self.session.journal, "note", str)()
        if note and isinstance(reply, KillSwitch | Flattened | PositionClosed):
            return msgspec.structs.replace(reply, unjournaled=note)
        return reply


class BriefHandler(Handler):
    """Carries out one command on an account that no agent runs, in a session of its own."""

    @contextmanager
    def _turn(self, command: Command) -> Iterator[None]:
        """Begin a session, unless there is nothing to do in it. Raises BadInput before anything is begun."""
        if self._answered(command) is not None:
            yield
            return
        self._refuse(command)
        with self.session.once(_ending(command)):
            yield


def _lost_share(command: ClosePosition) -> Reply:
    raise EndUnknown(
        f"key {command.key!r}: how selling a share of {command.symbol} ended is not on record; look at "
        "`agent positions`, then ask under another key, or close all of it"
    )


def _unheard(command: Command) -> Reply:
    """Return the answer to what acts at once though the loop is busy. Raises BadInput for others."""
    if isinstance(command, Kill):
        return KillSwitch(kill_switch=command.reason)
    if isinstance(command, Stop):
        return Stopping(stopping=True)
    raise BadInput(f"the cycle under way has not ended in {TURN_SECONDS:g} s: nothing was done; ask again")


def _ending(command: Command) -> str:
    """Return why a session ends that was begun for one command."""
    match command:
        case ClosePosition():
            return f"close {command.symbol}: {command.reason}"
        case Flatten():
            return f"flatten: {command.reason}"
        case AdoptAccount():
            return f"adopted: {command.reason}"
        case WriteOffPosition():
            return f"written off: {command.reason}"
        case Reconcile():
            return "reconciled"
    return type(command).__name__
