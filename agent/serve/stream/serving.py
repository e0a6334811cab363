"""A stream on the wire: the beginning, the way from history into the present, beats, and the end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import msgspec

from agent.answers.stream import CoveredJournal, Dropped, Gap, Hello
from agent.serve.mirror.ingest import StreamLine
from agent.serve.stream.client import Client
from agent.serve.stream.cursor import written
from agent.serve.stream.frames import BEAT, RETRY_MS, rows, told
from agent.serve.stream.relay import ANEW, Covered, Relay
from agent.settings.version import code_version
from domain.errors import BoydError
from edge.typed_json import typed

BEAT_SECONDS = 10.0
LAST_SECONDS = 3.0
"""How long a client that is closed may take to read what it is told last."""

SEND_SECONDS = 30.0
FIRST_SECONDS = 10.0
AGAIN_SECONDS = 0.2
PAGE, PAGE_BYTES = 500, 64 * 1024
MOST_BUFFERED = 32 * 1024
"""Bytes in the server's own buffer of a stream, beside the piece that is sent, before it waits."""

MOST_CLIENTS, MOST_READERS = 400, 320
"""Streams at a time; who may only read leaves some to who may trade."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
FULL = "there are {most} streams already: close one, or try again later"
LOGGED_OUT = "the login has ended"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The wishes of a client: agents, kinds, the place to go on from, and whether its login still holds.

    `trusted` is one that may trade.
    """

    agents: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    after: int | dict[str, int] | None = None
    trusted: bool = True
    allowed: Callable[[], bool] = lambda: True


class OpenStream:
    """One stream, from its first byte to its last."""

    def __init__(
        self, relay: Relay, wanted: Subscription, send: Send, transport: asyncio.Transport | None
    ) -> None:
        self.relay = relay
        self.wanted = wanted
        self.send = send
        self.transport = transport
        self._checked = 0.0
        self._sent = 0.0
        self._beats: asyncio.TimerHandle

    async def run(self, receive: Receive) -> None:
        """Serve until the client leaves, is dropped, or the server ends."""
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=MOST_BUFFERED)
        await self.send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        most = MOST_CLIENTS if self.wanted.trusted else min(MOST_READERS, MOST_CLIENTS)
        if self.relay.seats >= most:
            reason = FULL.format(most=most)
            await self._end(f"retry: {10 * RETRY_MS}\n".encode() + told("dropped", Dropped(reason=reason)))
            return
        self.relay.seats += 1
        try:
            await self._seated(receive)
        finally:
            self.relay.seats -= 1

    async def _seated(self, receive: Receive) -> None:
        await self._piece(f"retry: {RETRY_MS}\n\n".encode())
        await self._opened()
        client = Client(self.wanted.agents, self.wanted.kinds, await self._asked(), self.relay.waiting)
        loop = asyncio.get_running_loop()
        client.dropping = lambda: _later(loop, self._cut)
        watching = asyncio.create_task(_until_left(receive, client))
        self._beating(client, loop)
        try:
            self._begin(client)
            await self._live(client)
        except ConnectionError:
            self._cut()
            await watching  # until the server has noticed it would complain that the answer is not whole
        finally:
            self.relay.clients.discard(client)
            client.clear()
            self._beats.cancel()
            self.relay.dropped += client.slow
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _opened(self) -> None:
        """Wait until the journals were read, for a while: a server that has just begun reads them first."""
        for _ in range(int(FIRST_SECONDS / 0.05)):
            if self.relay.ready or self.relay.closing:
                return
            await asyncio.sleep(0.05)

    async def _asked(self) -> dict[str, int]:
        """Return the rows after which the client wants to go on, by journal.

        A bare number is of the one journal covered. Where there are several by now it is of the one that was
        begun first: the others came while the client was away, and it has nothing of them.
        """
        after = self.wanted.after
        if isinstance(after, dict):
            return after
        names = [name for name in self.relay.journals if not self.wanted.agents or name in self.wanted.agents]
        if after is None or not names:
            return {}
        if after == 0 or len(names) == 1:
            return dict.fromkeys(names, after)
        begun = [await asyncio.to_thread(_begun, self.relay.journals[name]) for name in names]
        first = min(zip(begun, names, strict=True))[1]
        return dict.fromkeys(names, 0) | {first: after}

    def _begin(self, client: Client) -> None:
        """Say hello and join: from here on nothing is missed."""
        relay, gaps = self.relay, []
        for name in relay.covered(client):
            journal = relay.journals[name]
            edge = max(journal.position, journal.watched.mirror.target)
            after = client.asked.get(name, edge if self.wanted.after is None else 0)
            if after > edge:
                gaps.append(told("gap", Gap(agent=name, after=0, reason=ANEW)))
                after = 0
            client.positions[name] = after
        client.put(self._hello(client))
        for gap in gaps:
            client.put(gap)
        relay.clients.add(client)
        if relay.closing:
            client.end(b"")

    def _hello(self, client: Client) -> bytes:
        names = self.relay.covered(client)
        agents = {
            name: CoveredJournal(
                journal_id=self.relay.journals[name].id,
                seq=self.relay.journals[name].position,
                after=client.positions[name],
            )
            for name in names
        }
        single = client.positions[names[0]] if len(names) == 1 else None
        # Who named no place has one from now on, even if it is cut off before the first row.
        cursor = written(client.positions, names) if self.wanted.after is None and names else None
        return told("hello", Hello(version=code_version(), agents=agents, seq=single), cursor)

    async def _live(self, client: Client) -> None:
        while True:
            self._check(client)
            if client.over:
                await self._last(client)
                return
            if client.waits:
                await self._piece(client.take())
                continue
            lagging = self.relay.lagging(client)
            if lagging is not None:
                await self._page(client, lagging)
                continue
            self.relay.join(client)
            await client.wake.wait()
            client.wake.clear()

    def _beating(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        """Have a beat sent where nothing else was for long; a timer a stream, not one an event."""
        quiet = loop.time() - self._sent
        if quiet >= BEAT_SECONDS:
            client.put(BEAT)
            quiet = 0.0
        self._beats = loop.call_later(BEAT_SECONDS - quiet, self._beating, client, loop)

    def _check(self, client: Client) -> None:
        """See now and then, however much there is to send, that the login still holds."""
        now = asyncio.get_running_loop().time()
        if now - self._checked >= BEAT_SECONDS:
            self._checked = now
            if not self.wanted.allowed():
                client.end(told("dropped", Dropped(reason=LOGGED_OUT)))

    async def _page(self, client: Client, journal: Covered) -> None:
        """Have the next rows of history sent; the next look says whether there are more."""
        after, until, journal_id = client.positions.get(journal.name, 0), journal.position, journal.id
        lines = await self._history(client, journal, after, until)
        if lines is None:
            await asyncio.sleep(AGAIN_SECONDS)
            return
        if journal.id != journal_id or self.relay.journals.get(journal.name) is not journal:
            return  # begun anew meanwhile, or gone
        covered = self.relay.covered(client)
        chunk = rows(journal.name, lines, frozenset(), client.positions, covered)
        client.put(chunk, asked_for=True)
        client.positions[journal.name] = lines[-1].seq if lines else max(after, until)
        self.relay.relieve()

    async def _history(
        self, client: Client, journal: Covered, after: int, until: int
    ) -> list[StreamLine] | None:
        """Return the next rows when it is this client's turn, None while the mirror is made anew."""
        mirror = journal.watched.mirror
        async with self.relay.reading:
            if client.over:
                return []
            try:
                lines = await asyncio.to_thread(
                    mirror.events, after, PAGE, client.kinds, most_bytes=PAGE_BYTES
                )
            except BoydError:
                return None
        return lines if mirror.head >= until else None

    async def _piece(self, chunk: bytes) -> None:
        """Send a piece. Raises ConnectionError where the client takes nothing for long."""
        self._sent = asyncio.get_running_loop().time()
        message = {"type": "http.response.body", "body": chunk, "more_body": True}
        if self.transport is not None and not self.transport.get_write_buffer_size():
            await self.send(message)  # nobody has to wait, so nobody has to be timed
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.send(message)
        except TimeoutError:
            raise ConnectionError("the client reads nothing") from None

    async def _last(self, client: Client) -> None:
        """Send what waits still, and close; who does not take it is cut off."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                while client.waits:
                    chunk = client.take()
                    await self.send({"type": "http.response.body", "body": chunk, "more_body": client.waits})
        except TimeoutError:
            raise ConnectionError("the client reads nothing") from None

    async def _end(self, chunk: bytes) -> None:
        """Send the last piece and close; who does not take even that is cut off."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self.send({"type": "http.response.body", "body": chunk, "more_body": False})
        except TimeoutError:
            raise ConnectionError("the client reads nothing") from None

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()


async def _until_left(receive: Receive, client: Client) -> None:
    """Notice that a client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end(b"", keep=False)


def _begun(journal: Covered) -> str:
    """Return when a journal was begun, as its first row tells."""
    first = journal.watched.mirror.events(0, 1, frozenset())
    at: Mapping[str, Any] = typed(first[0].body, dict[str, Any]) if first else {}
    return str(at.get("at", ""))


def _later(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    loop.call_later(LAST_SECONDS, work)
