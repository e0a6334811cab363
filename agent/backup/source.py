"""Rows of a journal that may be in use: from the server, from the running agent, or from its file.

Another process cannot read an open file, and copying one of a gigabyte for an hour's rows is a waste. So a
running agent is asked for what is new, in slices it does not notice; what it does not say comes from a copy.
A journal at rest is read where it lies for a moment, or copied where much is wanted: who starts an agent does
not wait for it.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple, Protocol

import msgspec

from agent.account.address import Peer, address, peer_of, stopped
from agent.account.client import AccountClient
from agent.account.requests import FollowRequest, ToldBeginning, ToldRow
from agent.settings.home import Home
from domain.errors import JournalFault
from edge.typed_json import reader
from journal.codec import decode, index
from journal.history import PAGE, History
from journal.stored import Stored

FEW = 20_000
"""Rows that are asked of a running agent, or read while a lock is held; more come from a copy."""

SECONDS = 5.0
_CHUNK = 1024 * 1024


class RowSource(Protocol):
    """A journal to take rows from."""

    @property
    def journal_id(self) -> str:
        """Id of the journal."""

    @property
    def last(self) -> int:
        """The last row there is."""

    def rows(self, after: int) -> Iterator[Stored]:
        """Yield the rows above `after` up to the last, unchecked. Raises JournalFault."""


class Unheard(JournalFault):
    """The running agent stopped telling: what is missing is read in another way."""


class OfHistory(NamedTuple):
    """Rows of an open journal."""

    opened: History

    @property
    def journal_id(self) -> str:
        """Id of the journal."""
        return self.opened.journal_id

    @property
    def last(self) -> int:
        """The last row there is."""
        return self.opened.head()[0]

    def rows(self, after: int) -> Iterator[Stored]:
        """Yield the rows above `after`."""
        last = self.last
        while after < last:
            page = self.opened.page(after, min(PAGE, last - after))
            if not page:
                raise JournalFault(f"row {after + 1} is missing: the journal had {last} rows")
            yield from page
            after = page[-1].seq


class _Line(msgspec.Struct):
    rows: tuple[ToldRow, ...] = ()
    result: ToldBeginning | None = None
    error: str = ""


_decode_line: Callable[[bytes], _Line] = reader(_Line)


class OfAgent:
    """Rows that a running agent tells. Raises Unheard where none does."""

    def __init__(self, home: Home, name: str) -> None:
        self.home = home
        self.name = name
        with closing(self._asked(0, 0)) as connection:
            beginning = next(_lines(connection)).result
        if beginning is None:
            raise Unheard("the agent does not tell its rows: it is of another version")
        self._journal_id, self._last = beginning.journal_id, beginning.seq

    @property
    def journal_id(self) -> str:
        """Id of the journal."""
        return self._journal_id

    @property
    def last(self) -> int:
        """The last row there is."""
        return self._last

    def rows(self, after: int) -> Iterator[Stored]:
        """Yield the rows above `after`; the columns they are found by follow from what they say."""
        with closing(self._asked(after, self.last)) as connection:
            for line in _lines(connection):
                if line.result is not None and line.result.journal_id != self.journal_id:
                    raise Unheard("another journal is told now")
                for row in line.rows:
                    yield _stored(row)
                    after = row.seq
                if after >= self.last:
                    return
        raise Unheard(f"the agent told its rows up to {after} of {self.last}")

    def _asked(self, after: int, until: int) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(SECONDS)
            with address(self.home.control(self.name)) as where:
                connection.connect(where)
            self._believed(peer_of(connection))
            connection.sendall(msgspec.json.encode(FollowRequest(after, until)) + b"\n")
        except OSError as error:
            connection.close()
            raise Unheard(f"no agent answers: {error}") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _believed(self, peer: Peer) -> None:
        owner = self.home.owner(self.name)
        if not peer.trusted or stopped(peer.pid) or (owner is not None and peer.pid not in (None, owner)):
            raise Unheard("whoever listens there does not hold this account, or is stopped")


def _lines(connection: socket.socket) -> Iterator[_Line]:
    """Yield what is told after the greeting, until it ends. Raises Unheard."""
    text, greeted = b"", False
    while True:
        try:
            data = connection.recv(_CHUNK)
        except OSError as error:
            raise Unheard(f"the agent fell silent: {error}") from None
        if not data:
            raise Unheard("the agent is gone")
        *lines, text = (text + data).split(b"\n")
        for line in lines:
            if greeted:
                yield _said(line)
            greeted = True


def _said(line: bytes) -> _Line:
    try:
        report = _decode_line(line)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unheard(f"what the agent tells cannot be read: {error}") from None
    if report.error:
        raise Unheard(report.error)
    return report


def _stored(row: ToldRow) -> Stored:
    payload = bytes(row.event)
    found_by = index(decode(payload))
    return Stored(
        row.seq,
        found_by.at,
        _tag(payload, found_by.kind),
        found_by.cycle_id,
        payload,
        bytes.fromhex(row.hash),
    )


def _tag(payload: bytes, kind: str) -> str:
    """Return the kind as the row was written with: that of an old program may be another word."""
    begin = b'{"type":"'
    if payload.startswith(begin):
        return payload[len(begin) : payload.index(b'"', len(begin))].decode()
    return kind


@contextmanager
def source(home: Home, name: str, known: Callable[[str], int], *, ask: bool = True) -> Iterator[RowSource]:
    """Open a journal of the home to take rows from; `known` says how many are known of one by its id.

    Raises BadInput, JournalFault where it cannot be read.
    """
    agent = _told(home, name) if ask and not home.server and home.held(name) else None
    if agent is not None and agent.last - known(agent.journal_id) <= FEW:
        yield agent
        return
    client = AccountClient(home, name)
    if home.server or home.held(name):
        with client.journal() as opened:
            yield OfHistory(opened)
        return
    with client.resting() as opened:
        if opened.head()[0] - known(opened.journal_id) <= FEW:
            yield OfHistory(opened)
            return
    with client.journal() as opened:
        yield OfHistory(opened)


def _told(home: Home, name: str) -> OfAgent | None:
    with suppress(Unheard):
        return OfAgent(home, name)
    return None
