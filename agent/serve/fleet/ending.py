"""The end of an agent's process, and whether it is begun anew: after a crash, and after nothing else.

A session that ended in order has said why, in its last row. A halt, a fault the agent ended by itself, the
kill switch and an order that waits for its operator are for people. An order whose fate is merely open is
not: finding it out is the first thing a new session does, before it trades, and until then nobody asks.
"""

from typing import NamedTuple

from agent.account.client import AccountClient
from agent.serve.fleet.turns import turn
from agent.settings.home import Home
from domain.errors import BoydError
from domain.order import OrderStatus
from journal.reader import SqlReader

BAD_INPUT, AT_ONCE = 2, 130
PATIENCE_SECONDS = 60.0
"""How long a command that has the account open here is waited for."""

TRIES = 5
"""How often a process is begun that ends before its session begins: an exchange may not answer."""


class Sequel(NamedTuple):
    """The sequel of an end: begun `again`, else `halted` with the reason; neither where it was meant."""

    again: bool = False
    halted: str | None = None
    text: str = ""


class Remains(NamedTuple):
    """A journal's word on the last run: its sessions, why the last one ended, and what is for people."""

    sessions: int
    ended: str | None
    kill_switch: str | None
    waiting: tuple[str, ...]


def left(home: Home, name: str) -> Remains:
    """Return what a journal says. Raises BoydError where it cannot be read."""
    client = AccountClient(home, name)
    with turn(name, PATIENCE_SECONDS), client.resting() as opened:
        if opened.last_session() is None:  # it was cut off while it was made
            return Remains(sessions=0, ended=None, kill_switch=None, waiting=())
        state = client.fold(opened).state
    waiting = tuple(
        standing.order.client_id
        for standing in state.ledger.open_orders.values()
        if standing.status is OrderStatus.NEEDS_OPERATOR
    )
    return Remains(state.session, state.ended_reason, state.kill_switch, waiting)


def sessions(home: Home, name: str) -> int:
    """Return how many sessions a journal holds, 0 for none that can be read."""
    try:
        with turn(name, PATIENCE_SECONDS), AccountClient(home, name).resting() as opened:
            return _sessions(opened)
    except (BoydError, OSError):
        return 0


def _sessions(opened: SqlReader) -> int:
    row = opened.last_session()
    return 0 if row is None else getattr(row.event, "session", 0)


def judge(code: int | None, before: int, now: Remains | None, words: str, tries: int) -> Sequel:
    """Return what follows from an end.

    `code` is the exit code where it is known, `before` the sessions there were, `now` what the journal says
    (None where there is none that can be read), `words` its last complaint, `tries` the ends in a row before
    a session began.
    """
    if code == BAD_INPUT:
        return Sequel(halted=words or "its settings were refused")
    if now is None or now.sessions <= before:
        return _unbegun(code, words, tries)
    if now.ended is not None:
        return Sequel(halted=now.ended) if now.ended.startswith("fault") else Sequel(text=now.ended)
    halted = _for_people(code, now)
    return Sequel(halted=halted) if halted else Sequel(again=True, text="it was cut off")


def _unbegun(code: int | None, words: str, tries: int) -> Sequel:
    """Return what follows from an end before a session began."""
    if code == 0:
        return Sequel(text="ended")
    if tries >= TRIES:
        return Sequel(halted=f"ended {tries} times before its session began: {words or 'no reason told'}")
    return Sequel(again=True, text=words)


def _for_people(code: int | None, now: Remains) -> str:
    """Return why a session that was cut off is not begun anew, "" where it is."""
    if code == AT_ONCE:
        return "ended at once, by a second signal"
    if now.kill_switch is not None:
        return f"died while the kill switch was thrown: {now.kill_switch}"
    if now.waiting:
        return f"died with an order for its operator: {', '.join(now.waiting)}"
    return ""
