"""The link to a running agent's feed: its rows in order, its live state, and its end at once.

A thread reads what the agent pushes as fast as it comes, so that the agent never waits. What is not taken
from here fast enough is left out, and `take` says so: the rows are in the journal.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from agent.account.address import address, peer_of, stopped
from agent.account.requests import FollowRequest, ToldBeginning, ToldRow
from agent.answers.account import Vitals
from agent.answers.stream import LiveState
from agent.serve.mirror.mirror import RawRow
from edge.typed_json import reader

GREETING_SECONDS = 3.0
SILENT_SECONDS = 5.0
"""A beat comes each second: an agent that sends nothing for so long is stopped or stuck."""

MOST_BYTES = 16 * 1024 * 1024
"""Payloads that wait to be written into the mirror."""

CHUNK = 256 * 1024
ENDED = b'"type":"session_ended"'
FAST = 400
"""Rows a second from which an agent turns at full speed: no market makes so many."""

WINDOW_SECONDS = 0.5


class _Line(msgspec.Struct):
    rows: tuple[ToldRow, ...] = ()
    state: LiveState | None = None
    beat: int | None = None
    vitals: Vitals | None = None
    result: ToldBeginning | None = None
    error: str = ""


_decode: Callable[[bytes], _Line] = reader(_Line)
_encode = msgspec.json.Encoder().encode


class RowRate:
    """The rows a second that come."""

    def __init__(self, now: float) -> None:
        self.rate = 0.0
        self._began, self._count = now, 0

    def note(self, rows: int, now: float) -> None:
        """Count rows that came; a beat without any counts too."""
        self._count += rows
        if now - self._began >= WINDOW_SECONDS:
            self.rate = self._count / (now - self._began)
            self._began, self._count = now, 0


class Unlinked(Exception):
    """Nobody is there who can be followed."""


class Link:
    """A connection to one agent. Raises Unlinked where there is none to be had.

    `changed` is called by the thread that reads, whenever something came or the agent is gone.
    """

    def __init__(self, path: Path, owner: int | None, after: int, changed: Callable[["Link"], None]) -> None:
        self.changed = changed
        self.live: LiveState | None = None
        self.vitals = Vitals()
        self.over = False
        """True once nothing more comes."""
        self.ended = False
        """True when the last row that came ended its session."""
        self.heard = time.monotonic()
        self._text = b""
        self._pace = RowRate(self.heard)
        self._closed = False
        self._bytes = 0
        self._rows: deque[RawRow] = deque()
        self._guard = threading.Lock()
        self._socket = _connected(path, owner)
        try:
            self.journal_id, self.seq = self._begin(after)
        except (OSError, ValueError) as error:
            self._socket.close()
            raise Unlinked(str(error)) from None
        self.last = self.seq
        """The last row there is, as far as the agent said."""
        self._thread = threading.Thread(target=self._read, name="boyd-link", daemon=True)
        self._thread.start()

    @property
    def died(self) -> bool:
        """True when the agent was gone before it ended its session."""
        return self.over and not self._closed and not self.ended

    @property
    def silent(self) -> bool:
        """True while an agent that is there sends nothing."""
        return not self.over and time.monotonic() - self.heard > SILENT_SECONDS

    @property
    def fast(self) -> bool:
        """True while an agent turns as fast as it can, and wants what processor there is."""
        return not self.over and self._pace.rate > FAST

    def _begin(self, after: int) -> tuple[str, int]:
        self._line()  # its greeting
        self._socket.sendall(_encode(FollowRequest(after)) + b"\n")
        answer = _decode(self._line())
        if answer.result is None:
            raise ValueError(answer.error or "it cannot be followed: it is of another version")
        return answer.result.journal_id, answer.result.seq

    def _line(self) -> bytes:
        """Return the next line. Raises ConnectionError at the end, TimeoutError where nothing comes."""
        while b"\n" not in self._text:
            data = self._socket.recv(CHUNK)
            if not data:
                raise ConnectionError("the agent is gone")
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line

    def _read(self) -> None:
        self._socket.settimeout(None)
        with suppress(OSError, ValueError):
            while not self._closed:
                self._hear(_decode(self._line()))
                self.heard = time.monotonic()
                self.changed(self)
        self.over = True
        self._socket.close()
        self.changed(self)

    def _hear(self, line: _Line) -> None:
        self.live = line.state or self.live
        self.vitals = line.vitals or self.vitals
        self._pace.note(len(line.rows), time.monotonic())
        if not line.rows:
            return
        self.ended = ENDED in bytes(line.rows[-1].event)[:40]
        rows = [RawRow(row.seq, bytes(row.event), bytes.fromhex(row.hash)) for row in line.rows]
        with self._guard:
            self._bytes += sum(len(row.payload) for row in rows)
            if self._bytes > MOST_BYTES:
                self._rows.clear()
                self._bytes = 0
            else:
                self._rows.extend(rows)
        self.last = rows[-1].seq  # once they can be taken: who then finds none knows that they are left out

    def take(self, limit: int) -> list[RawRow]:
        """Return the next rows; some before them are missing where too many waited."""
        with self._guard:
            rows = [self._rows.popleft() for _ in range(min(limit, len(self._rows)))]
            self._bytes -= sum(len(row.payload) for row in rows)
            return rows

    def close(self) -> None:
        """Let go of the agent, which goes on."""
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)


def _connected(path: Path, owner: int | None) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(GREETING_SECONDS)
    try:
        with address(path) as where:
            connection.connect(where)
        peer = peer_of(connection)
    except OSError as error:
        connection.close()
        raise Unlinked(str(error)) from None
    strange = owner is not None and peer.pid not in (None, owner)
    if not peer.trusted or strange or stopped(peer.pid):
        connection.close()
        raise Unlinked("whoever listens there does not hold this account, or is stopped")
    return connection
