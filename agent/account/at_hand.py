"""A journal read wherever it is to be had, without a copy of it where that can be helped.

At rest it is read where it lies, its lock held for one look at a time, so that whoever stops the account or
trades it gets in between. A running agent tells a few rows at a time over its socket, for no other process
may open its file; one that is too old for that, or silent, has its file copied. Each row is checked against
the chain as ever, so it does not matter where it came from, nor that an agent began or ended meanwhile.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from agent.account.requests import ReadRequest
from agent.account.running import Running, Unanswering
from agent.answers.amounts import decoded_as
from agent.answers.journals import JournalPart
from agent.settings.home import Busy, Home
from domain.errors import BadInput, JournalFault
from journal.at_rest import RestingFile
from journal.history import PAGE, History
from journal.stored import Stored

MOST = 128
"""Rows a running agent tells at a time: about a hundred kilobytes, a millisecond of its time."""

AHEAD = 4096
"""Rows read at a time by whoever reads on and on: what opening the file costs is little beside them."""

GAP_SECONDS = 0.06
"""Longer than anybody takes between two looks at a lock."""

HELD_SECONDS = 0.02
"""How long looks that follow one another hold the lock together, before a gap is left for others."""

BUSY_SECONDS = 2.0
"""How long an account that is taken, by nobody who answers, is waited for before its file is copied."""

T = TypeVar("T")


def told(journal: History, request: ReadRequest) -> JournalPart:
    """Return what a running agent answers who reads its journal. Raises JournalFault."""
    rows: Sequence[Stored] = ()
    numbers: Sequence[int] = ()
    match request.what:
        case "rows":
            rows = journal.page(request.after, min(request.limit, MOST))
        case "cycle":
            numbers = journal.cycle_rows(request.cycle)
        case "sessions":
            numbers = journal.session_rows()
        case "last_cycle":
            last = journal.last_cycle()
            numbers = () if last is None else (last,)
    return JournalPart(journal.journal_id, *journal.head(), tuple(rows), tuple(numbers))


def copied(location: Path | str, name: str) -> History:
    """Open a copy of a journal, or one on a server as it is. Raises BadInput, JournalFault."""
    from journal.reader import open_reader  # noqa: PLC0415  # SQLAlchemy, which is needed for nothing else

    return open_reader(location, account=name)


class AtHand(History):
    """The journal `name` of a home, as far as it went when it was opened. Raises BadInput, JournalFault."""

    def __init__(self, home: Home, name: str) -> None:
        self._home = home
        self._name = name
        self._running = Running(home, name)
        self._location = home.journal_location(name)
        self._copy: History | None = None
        self._ahead: Sequence[Stored] = ()
        self._let_go = self._held = 0.0
        self.taken = False
        """True where somebody had the account when its rows were read last."""
        self._id = ""
        self._id, self._head = self._read(
            lambda here: (here.journal_id, here.head()),
            ReadRequest("head"),
            lambda part: (part.journal_id, (part.seq, part.hash)),
        )

    @property
    def journal_id(self) -> str:
        """Id of the journal."""
        return self._id

    def head(self) -> tuple[int, str]:
        """Return sequence and hash (hex) of the last row there was when it was opened."""
        return self._head

    def page(self, after: int, limit: int) -> Sequence[Stored]:
        """Return at most `limit` rows with a sequence above `after`, unchecked."""
        if limit < PAGE:
            return self._page(after, limit)
        known = self._ahead
        if not known or not known[0].seq <= after + 1 <= known[-1].seq:
            known = self._ahead = self._page(after, AHEAD)
        skipped = max(0, after + 1 - known[0].seq) if known else 0
        return known[skipped : skipped + limit]

    def _page(self, after: int, limit: int) -> Sequence[Stored]:
        return self._read(
            lambda here: here.page(after, limit),
            ReadRequest("rows", after=after, limit=limit),
            lambda part: part.rows,
        )

    def cycle_rows(self, cycle_id: int) -> Sequence[int]:
        """Return the sequences of a cycle's rows."""
        asked = ReadRequest("cycle", cycle=cycle_id)
        return self._read(lambda here: here.cycle_rows(cycle_id), asked, lambda part: part.numbers)

    def session_rows(self) -> Sequence[int]:
        """Return the sequences of the rows that start a session."""
        asked = ReadRequest("sessions")
        return self._read(lambda here: here.session_rows(), asked, lambda part: part.numbers)

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is."""
        asked = ReadRequest("last_cycle")
        return self._read(lambda here: here.last_cycle(), asked, lambda part: next(iter(part.numbers), None))

    def close(self) -> None:
        """Let go of a copy, where there is one."""
        if self._copy is not None:
            self._copy.close()

    def _read(
        self, here: Callable[[History], T], asked: ReadRequest, answer: Callable[[JournalPart], T]
    ) -> T:
        until = time.monotonic() + BUSY_SECONDS
        while self._copy is None and not self._home.server and time.monotonic() < until:
            try:
                part = self._asked(asked)
                self.taken = part is not None
                if part is not None:
                    return answer(part)
                with suppress(Busy):
                    return self._look(here)
            except (Unanswering, BadInput, JournalFault, OSError):
                break  # whatever is wrong, a copy tells it or does without
        self.taken = not self._home.server and self._home.held(self._name)
        if self._copy is None:
            self._copy = copied(self._location, self._name)
            self._refuse_another(self._copy.journal_id)
        return here(self._copy)

    def _asked(self, request: ReadRequest) -> JournalPart | None:
        """Return what a running agent tells; None where none runs. Raises BadInput for one that cannot."""
        live = self._running.ask(request)
        if live is None:
            return None
        part = decoded_as(JournalPart, live)
        self._refuse_another(part.journal_id)
        return part

    def _look(self, here: Callable[[History], T]) -> T:
        """Look at the journal where it lies. Raises Busy, BadInput in a home that is only for reading."""
        self._leave_gap()
        with self._home.lock(self._name):
            began = time.monotonic()
            try:
                with RestingFile(self._home.journal(self._name)) as opened:
                    self._refuse_another(opened.journal_id)
                    return here(opened)
            finally:
                self._let_go = time.monotonic()
                self._held += self._let_go - began

    def _leave_gap(self) -> None:
        since = time.monotonic() - self._let_go
        if since < GAP_SECONDS and self._held < HELD_SECONDS:
            return
        time.sleep(max(0.0, GAP_SECONDS - since))
        self._held = 0.0

    def _refuse_another(self, journal_id: str) -> None:
        if self._id and journal_id != self._id:
            raise JournalFault(f"journal {self._name} was put aside meanwhile, and another one begun")
