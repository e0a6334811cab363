"""The relay: from the mirrors' threads into the event loop, and there to every client.

Theory of operation. Each journal has a position: the last row that was handed on. A mirror's thread gives
rows over; 30 ms later at most they are encoded once for all clients that want the same and are in step, and
each is given one piece. It is pieces that cost, so the more clients there are the longer rows are gathered.
A client begins by paging through the mirror from where it was to that position; as soon as it is there it is
in step, for both happen in the one thread of the loop. Rows come to a client that is further by itself only
above what it has. So there is no gap and no double, whatever meets whatever.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from agent.answers.stream import AgentNews, Gap
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.keeper import News
from agent.serve.fleet.watched import Watched
from agent.serve.mirror.ingest import StreamLine
from agent.serve.stream import client as clients
from agent.serve.stream.client import Client, Waiting
from agent.serve.stream.frames import rows, told

BATCH_SECONDS = 0.03
GATHER_SECONDS = 0.0001
"""How long rows are gathered for each client there is; to send it a piece takes half of that."""

LOOK_SECONDS = 0.05
READERS = 2
"""Pages of history that are read at once, for all clients: a crowd that catches up waits for its turns."""

NEW_ROWS = 10_000
"""Rows of a journal that is found that are told from its beginning; of a longer one only what is new."""

ANEW = "its journal was begun anew"
LONG = "a journal was found that is long already"
CLOSING = b": the server ends\n\n"


class Covered:
    """A journal as the relay knows it: its id, and the last row that was handed on."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.name = watched.name
        self.id = watched.mirror.journal_id
        self.position = watched.mirror.head


class Relay:
    """Hands on what mirrors and fleet tell. Everything but `offer` and `tell` is for the loop's thread."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.clients: set[Client] = set()
        self.journals: dict[str, Covered] = {}
        self.seats = 0
        """Streams that are open, those that have not begun to listen as well."""
        self.waiting = Waiting()
        self.reading = asyncio.Semaphore(READERS)
        self.dropped = 0
        """Clients that read too slowly, since the start."""
        self.closing = False
        self._ids: set[str] = set()
        self._opening: set[str] = set()
        self._unread: set[str] = set()
        self._leaves: dict[str, Callable[[], None]] = {}
        self._pending: dict[tuple[str, str], list[StreamLine]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def ready(self) -> bool:
        """True once every journal is covered that there is; one that cannot be read holds up nobody."""
        return self._opening <= self._unread

    def start(self) -> None:
        """Begin to hand on."""
        self._loop = asyncio.get_running_loop()
        self._leaves[""] = self.fleet.subscribe(self._news)
        for name in self.fleet.names():
            self._open(self.fleet.get(name))

    def close(self) -> None:
        """End every stream, at once."""
        self.closing = True
        for leave in self._leaves.values():
            leave()
        self._leaves.clear()
        for client in self.clients:
            client.end(CLOSING)

    def offer(self, name: str, journal_id: str, lines: Sequence[StreamLine]) -> None:
        """Take rows over from a mirror's thread; it is not held up."""
        self._call(partial(self._take, name, journal_id, lines))

    def tell(self, kind: str, agent: str | None, body: msgspec.Struct) -> None:
        """Hand on an event that is no row, of one agent or of all, from any thread."""
        self._call(partial(self._spread, kind, agent, told(kind, body)))

    def _call(self, work: Callable[[], None]) -> None:
        if self._loop is not None and not self.closing:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(work)

    def _news(self, watched: Watched, news: News) -> None:
        """Take news over from a thread of the fleet."""
        if news is News.STATE:
            if watched.live is not None:
                self.tell("state", watched.name, watched.live)
            return
        if news is News.FOUND:
            self._call(partial(self._open, watched))
        elif news is News.REMOVED:
            self._call(partial(self._forget, watched.name))
        self.tell("agent", watched.name, AgentNews(agent=watched.name, news=news.value))

    def _open(self, watched: Watched) -> None:
        """Cover a journal as soon as it was read."""
        if watched.name in self._opening or watched.name in self.journals:
            return
        self._opening.add(watched.name)
        mirror = watched.mirror

        def listener(lines: Sequence[StreamLine]) -> None:
            self.offer(watched.name, mirror.journal_id, lines)

        self._leaves[watched.name] = mirror.subscribe(listener)
        self._cover(watched)

    def _cover(self, watched: Watched) -> None:
        if self.closing or watched.name not in self._opening:
            return
        if not watched.looked.is_set() or not watched.mirror.journal_id:
            self._unread |= {watched.name} if watched.looked.is_set() else set()
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._cover, watched)
            return
        self._opening.discard(watched.name)
        self._unread.discard(watched.name)
        journal = Covered(watched)
        moved = journal.id in self._ids
        self._ids.add(journal.id)
        for client in self.clients:
            if client.covers(journal.name):
                self._step_out(client)
                client.positions[journal.name] = self._beginning(client, journal, moved=moved)
        self.journals[journal.name] = journal

    def _beginning(self, client: Client, journal: Covered, *, moved: bool) -> int:
        """Return after which row a client goes on in a journal that is found while it listens."""
        asked = client.asked.get(journal.name)
        if asked is not None and asked <= journal.position:
            return asked
        if moved:  # put aside under another name: it was told under the former
            return journal.position
        if journal.position <= NEW_ROWS:
            return 0
        client.put(told("gap", Gap(agent=journal.name, after=journal.position, reason=LONG)))
        return journal.position

    def _forget(self, name: str) -> None:
        self._opening.discard(name)
        self._unread.discard(name)
        self._leaves.pop(name, lambda: None)()
        if self.journals.pop(name, None) is not None:
            for client in self.clients:
                client.positions.pop(name, None)

    def _take(self, name: str, journal_id: str, lines: Sequence[StreamLine]) -> None:
        self._pending.setdefault((name, journal_id), []).extend(lines)
        if self._due is None:
            loop = asyncio.get_running_loop()
            gather = min(BATCH_SECONDS, GATHER_SECONDS * len(self.clients))
            wait = max(gather, self._flushed + BATCH_SECONDS - loop.time())
            self._due = loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        """Hand on what has gathered."""
        self._due = None
        self._flushed = asyncio.get_running_loop().time()
        pending, self._pending = self._pending, {}
        for (name, journal_id), lines in pending.items():
            journal = self.journals.get(name)
            if journal is None:
                continue  # not covered yet: it is paged through
            if journal_id != journal.id:
                self._anew(journal, journal_id)
            new = [line for line in lines if line.seq > journal.position]
            if new:
                self._hand_on(journal, new)

    def _hand_on(self, journal: Covered, lines: Sequence[StreamLine]) -> None:
        alike: dict[tuple[frozenset[str], frozenset[str]], bytes] = {}
        positions = self.positions()
        late = []
        for client in self.clients:
            if not client.covers(journal.name):
                continue
            if not client.in_step:
                late.append(client)
                continue
            key = (client.agents, client.kinds)
            if key not in alike:
                alike[key] = rows(journal.name, lines, client.kinds, positions, self.covered(client))
            client.put(alike[key])
        for client in late:
            self._hand_to(client, journal, lines)
        journal.position = lines[-1].seq
        for client in late:
            self.join(client)
        self.relieve()

    def _hand_to(self, client: Client, journal: Covered, lines: Sequence[StreamLine]) -> None:
        """Hand rows to a client elsewhere: one that is behind pages on, one ahead has some of them."""
        have = client.positions.get(journal.name, 0)
        if have < journal.position:
            return
        new = [line for line in lines if line.seq > have]
        client.put(rows(journal.name, new, client.kinds, client.positions, self.covered(client)))
        client.positions[journal.name] = max(have, lines[-1].seq)

    def _anew(self, journal: Covered, journal_id: str) -> None:
        """Begin at the first row of a journal that takes a former one's place."""
        journal.id = journal_id
        journal.position = 0
        self._ids.add(journal_id)
        frame = told("gap", Gap(agent=journal.name, after=0, reason=ANEW))
        for client in self.clients:
            if client.covers(journal.name):
                self._step_out(client)
                client.positions[journal.name] = 0
                client.put(frame)

    def relieve(self) -> None:
        """Drop those who have kept something waiting the longest, while too much waits for all together."""
        while self.waiting.size > clients.MOST_TOGETHER:
            crowd = [each for each in self.clients if each.waits and not each.over]
            if not crowd:
                return
            min(crowd, key=lambda each: each.since).drop(clients.CROWDED)

    def _step_out(self, client: Client) -> None:
        """Let a client keep positions of its own, from the relay's on."""
        if client.in_step:
            client.positions = {name: self.journals[name].position for name in self.covered(client)}
            client.in_step = False
        client.wake.set()

    def _spread(self, kind: str, agent: str | None, frame: bytes) -> None:
        for client in self.clients:
            if client.wants(kind) and (agent is None or client.covers(agent)):
                client.put(frame)
        self.relieve()

    def positions(self) -> dict[str, int]:
        """Return the last row handed on of each journal."""
        return {name: journal.position for name, journal in self.journals.items()}

    def covered(self, client: Client) -> list[str]:
        """Return the journals a client's stream covers, in a fixed order."""
        return sorted(name for name in self.journals if client.covers(name))

    def lagging(self, client: Client) -> Covered | None:
        """Return a journal in which a client is behind the relay, None where it is in none."""
        if client.in_step:
            return None
        for name in self.covered(client):
            if client.positions.get(name, 0) < self.journals[name].position:
                return self.journals[name]
        return None

    def join(self, client: Client) -> None:
        """Take a client into step where it has what the relay has handed on, no more and no less."""
        if not client.in_step:
            at = {name: self.journals[name].position for name in self.covered(client)}
            client.in_step = {name: client.positions.get(name, 0) for name in at} == at
