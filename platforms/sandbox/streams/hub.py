"""The hub of streams: market and user data, their listeners, and the faults that strike on the way."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from platforms.sandbox.exchange.account_events import AccountEvent
from platforms.sandbox.exchange.exchange import Exchange
from platforms.sandbox.exchange.market import MarketEvent
from platforms.sandbox.faults.plan import FaultPlan
from platforms.sandbox.requests.render import user_event
from platforms.sandbox.streams.names import Stream, messages, parse

USER = "user"
CLOSE, CUT = object(), object()
"""What a listener's queue holds at its end: a farewell, or a cut wire."""
BACKLOG = 10_000
"""Messages a connection may be behind before it is hung up on."""


@dataclass(eq=False)
class Listener:
    """One connection: texts to be sent, in order, and the streams it asked for.

    `users` numbers its user-data subscriptions, `of_session` those that end with its logon; `connected` and
    `authorised` are times in ms, the latter None without a logon.
    """

    loop: asyncio.AbstractEventLoop
    combined: bool = False
    queue: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    streams: dict[str, Stream | None] = field(default_factory=dict)
    users: list[int] = field(default_factory=list)
    of_session: list[int] = field(default_factory=list)
    connected: int = 0
    authorised: int | None = None

    def send(self, value: Any) -> None:
        """Queue a message; from any thread."""
        self.send_text(json.dumps(value, separators=(",", ":")))

    def send_text(self, text: str) -> None:
        """Queue a text as it is; from any thread."""
        if self.queue.qsize() < BACKLOG:
            self._put(text)
        else:
            self.close()

    def close(self, *, abruptly: bool = False) -> None:
        """End the connection after what is queued."""
        self._put(CUT if abruptly else CLOSE)

    def _put(self, value: Any) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.queue.put_nowait, value)

    def names(self) -> Iterable[str]:
        """Return what a stream fault may name."""
        return [*self.streams, *([USER] if self.users else [])]


class Hub:
    """Passes what happens on the exchange to the connections. Every change is made under its lock."""

    def __init__(self, exchange: Exchange, plan: FaultPlan) -> None:
        self.listeners: set[Listener] = set()
        self._exchange = exchange
        self._plan = plan
        self._silent: list[tuple[str, int | None]] = []
        self._kept: dict[str, Any] | None = None
        self._next_user = 0
        exchange.market_listeners.append(self._market)
        exchange.user_listeners.append(self._user)

    def join(self, listener: Listener, names: Iterable[str] = ()) -> None:
        """Let a connection listen."""
        with self._exchange.lock:
            listener.connected = self._exchange.time
            listener.streams.update({name: parse(name) for name in names})
            self.listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        """Forget a connection."""
        with self._exchange.lock:
            self.listeners.discard(listener)

    def drop(self, listener: Listener, names: Iterable[str]) -> None:
        """End streams of a connection."""
        with self._exchange.lock:
            for name in names:
                listener.streams.pop(name, None)

    def join_user(self, listener: Listener) -> int:
        """Send the account's events to a connection; return the subscription's number."""
        with self._exchange.lock:
            number = self._next_user
            self._next_user += 1
            listener.users.append(number)
            return number

    def silence(self, pattern: str, until: int | None) -> None:
        """Send nothing on streams of this name until then."""
        self._silent.append((pattern, until))

    def speak(self) -> None:
        """Let every stream speak again."""
        self._silent.clear()

    def disconnect(self, pattern: str, *, abruptly: bool = True) -> None:
        """Hang up on connections that have a stream of this name."""
        for listener in self._with(pattern):
            listener.close(abruptly=abruptly)

    def announce(self, pattern: str) -> None:
        """Tell connections that the server is about to go."""
        event = {"e": "serverShutdown", "E": self._exchange.time}
        for listener in self._with(pattern):
            if listener.users:
                for number in listener.users:
                    listener.send({"subscriptionId": number, "event": event})
            else:
                listener.send({"stream": "serverShutdown", "data": event} if listener.combined else event)

    def _with(self, pattern: str) -> list[Listener]:
        return [
            one
            for one in self.listeners
            if pattern == "*" or any(fnmatchcase(n, pattern) for n in one.names())
        ]

    def _is_silent(self, name: str) -> bool:
        now = self._exchange.now
        self._silent = [row for row in self._silent if row[1] is None or row[1] > now]
        return any(fnmatchcase(name, pattern) for pattern, _ in self._silent)

    def _market(self, event: MarketEvent) -> None:
        built: dict[str, list[dict[str, Any]]] = {}
        for listener in self.listeners:
            for name, stream in listener.streams.items():
                if stream is None or self._is_silent(name):
                    continue
                if name not in built:
                    built[name] = messages(stream, event)
                for message in built[name]:
                    listener.send({"stream": name, "data": message} if listener.combined else message)

    def _user(self, happened: AccountEvent) -> None:
        event = user_event(happened)
        struck = {fault.kind for fault in self._plan.for_event(event["e"], self._exchange.now)}
        if "miss" in struck or self._is_silent(USER):
            return
        if "reorder" in struck and self._kept is None:
            self._kept = event  # held back until the next one has gone ahead of it
            return
        late, self._kept = self._kept, None
        for one in (event, *([event] if "duplicate" in struck else []), *([late] if late else [])):
            for listener in self.listeners:
                for number in listener.users:
                    listener.send({"subscriptionId": number, "event": one})
