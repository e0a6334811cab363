"""The feed of a running agent: its journal's rows, told as they are written to whoever follows.

JSON lines at the control socket, after a `FollowRequest`:

    {"result": {"journal_id": "...", "seq": S}}                    where the journal stands
    {"rows": [{"seq": n, "hash": "hex", "event": {...}}, ...]}     rows of one commit; above S, none left out
    {"state": {...LiveState...}}                                   the state of the loop, when it changed
    {"beat": n, "vitals": {...Vitals...}}                          once a second: what no journal tells

Whoever asks for rows `until` one gets the first line and these rows, and nothing else.

Theory of operation. The agent's own work comes first. Rules, each with its reason:

1. A row is told once it is durable and never before: who follows must not know what a crash undoes. The
   journal calls `_put` after its commit, so rows kept aside in an outage come when they are journaled.
2. Whoever writes pays one append to a deque for each follower, and without one a look at None. All else,
   encoding a row's frame included, is done by the follower's own thread; payloads are never encoded twice.
3. Nobody is waited for. One who has not taken `MOST_BYTES`, or takes nothing for `SEND_SECONDS`, is let go:
   the journal has the rows. What goes wrong here ends that connection and nothing else.
4. Rows of the past are read in slices with a pause after each, so that who appends waits for one at most.
5. The state is looked at by the follower's thread now and then. The loop tells it to nobody.
"""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from agent.account.requests import FollowRequest
from agent.answers.account import Vitals
from agent.answers.stream import LiveState
from agent.host import log
from journal.sql import SqliteJournal, SqlJournal
from journal.stored import Stored

MOST = 8
"""Followers at a time."""

MOST_BYTES = 4 * 1024 * 1024
"""Payloads that wait for one follower, at most."""

FEW = 512
"""Rows that are told of what was written before; whoever lacks more reads a copy of the journal."""

SLICE = 128
"""Rows of the past that are read at once: a fraction of a millisecond."""

SLICE_SECONDS = 0.002
SEND_SECONDS = 5.0
LOOK_SECONDS = 0.2
GATHER_SECONDS, MOST_GATHER_SECONDS = 0.03, 0.3
GATHER_ROWS = 1000
"""Pause between two sendings, a second for so many rows: an agent at full speed is hardly interrupted."""

BEAT_SECONDS = 1.0
CLOSE_SECONDS = 2.0

_encoder = msgspec.json.Encoder()


class _Follower:
    """The rows that wait for one connection. `put` is called by who appends, the rest by its own thread."""

    def __init__(self) -> None:
        self.waiting: deque[Sequence[Stored]] = deque()
        self.wake = threading.Event()
        self.over = False
        self._put = self._taken = 0

    def put(self, rows: Sequence[Stored]) -> None:
        """Take note of rows that were written; one who is too far behind is over."""
        if self.over:
            return
        self._put += sum(len(row.payload) for row in rows)
        if self._put - self._taken > MOST_BYTES:
            self.over = True
        else:
            self.waiting.append(rows)
        self.wake.set()

    def take(self) -> list[Sequence[Stored]]:
        """Return what waits, commit by commit."""
        commits = [self.waiting.popleft() for _ in range(len(self.waiting))]
        self._taken += sum(len(row.payload) for rows in commits for row in rows)
        return commits


class JournalFeed:
    """Tells followers of one session's journal.

    `live` says where the loop stands, `vitals` what else only this process knows; from any thread.
    """

    def __init__(
        self, journal: SqlJournal, live: Callable[[], LiveState], vitals: Callable[[], Vitals] = Vitals
    ) -> None:
        self.journal = journal
        self.live = live
        self.vitals = vitals
        self._guard = threading.Lock()
        self._followers: tuple[_Follower, ...] = ()
        self._closing = threading.Event()

    def follow(self, connection: socket.socket, request: FollowRequest) -> None:
        """Tell one who follows until it leaves, lags or the session ends; never raises."""
        follower = _Follower()
        try:
            connection.settimeout(SEND_SECONDS)
            if request.until is not None:
                self._tell_past(connection, request.after or 0, request.until)
                return
            if not self._join(follower):
                connection.sendall(_line({"error": f"{MOST} follow already"}))
                return
            self._tell(connection, follower, request)
        except OSError:
            pass  # it left, or takes nothing
        except Exception as fault:  # noqa: BLE001 -- it ends this connection and nothing else
            log.say("warning", "a follower was let go", why=f"{type(fault).__name__}: {fault}")
        finally:
            self._leave(follower)

    def close(self) -> None:
        """Tell the rest and let everybody go."""
        self._closing.set()
        due = time.monotonic() + CLOSE_SECONDS
        for follower in self._followers:
            follower.wake.set()
        while self._followers and time.monotonic() < due:
            time.sleep(0.01)

    def _join(self, follower: _Follower) -> bool:
        with self._guard:
            if len(self._followers) >= MOST or self._closing.is_set():
                return False
            self._followers = (*self._followers, follower)
            self.journal.committed = self._put
            return True

    def _leave(self, follower: _Follower) -> None:
        with self._guard:
            self._followers = tuple(each for each in self._followers if each is not follower)
            if not self._followers:
                self.journal.committed = None

    def _put(self, rows: Sequence[Stored]) -> None:
        for follower in self._followers:
            follower.put(rows)

    def _tell_past(self, connection: socket.socket, after: int, until: int) -> None:
        """Tell the rows above `after` up to row `until`; of a server nothing is read here."""
        last, _ = self.journal.head()
        connection.sendall(_line({"result": {"journal_id": self.journal.journal_id, "seq": last}}))
        last = min(last, until) if isinstance(self.journal, SqliteJournal) else 0
        while after < last and not self._closing.wait(SLICE_SECONDS):
            rows = self.journal.page(after, min(SLICE, last - after))
            connection.sendall(_rows(rows))
            after = rows[-1].seq

    def _tell(self, connection: socket.socket, follower: _Follower, request: FollowRequest) -> None:
        last, _ = self.journal.head()
        connection.sendall(_line({"result": {"journal_id": self.journal.journal_id, "seq": last}}))
        after = last if request.after is None else request.after
        # Of a server nothing is read here: one that stands still would hold up who appends.
        if 0 < last - after <= FEW and isinstance(self.journal, SqliteJournal):
            connection.sendall(_rows(self.journal.page(after, last - after)))
        latest, beats, beat_due, look_due = None, 0, 0.0, 0.0
        while not follower.over and self.journal.committed is not None:
            closing = self._closing.is_set()  # before what waits is taken: nothing comes after it
            commits = follower.take()
            lines = [_rows(rows) for rows in commits if rows[-1].seq > last]
            now = time.monotonic()
            if now >= look_due:
                state, look_due = self.live(), now + LOOK_SECONDS / 2
                if state != latest:
                    latest = state
                    lines.append(_line({"state": state}))
            if now >= beat_due:
                beats, beat_due = beats + 1, now + BEAT_SECONDS
                lines.append(_line({"beat": beats, "vitals": self.vitals()}))
            if lines:
                connection.sendall(b"".join(lines))
            if closing:
                return
            if commits:
                self._closing.wait(gathering(sum(map(len, commits))))
            follower.wake.wait(LOOK_SECONDS)
            follower.wake.clear()


def gathering(rows: int) -> float:
    """Return the pause after so many rows, s."""
    return min(max(rows / GATHER_ROWS, GATHER_SECONDS), MOST_GATHER_SECONDS)


def _line(value: object) -> bytes:
    return _encoder.encode(value) + b"\n"


def _rows(rows: Sequence[Stored]) -> bytes:
    return b'{"rows":[' + b",".join(map(_row, rows)) + b"]}\n"


def _row(row: Stored) -> bytes:
    return b'{"seq":%d,"hash":"%b","event":%b}' % (row.seq, row.hash.hex().encode(), row.payload)
