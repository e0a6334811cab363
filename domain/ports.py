"""The ports: what a floor above may ask of a room, whatever stands behind it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from domain.advice import AdviserAnswer
from domain.candle import Candle, LastPrice, RawCandle
from domain.events import Event
from domain.instrument import Instrument
from domain.observation import Headline, Observation
from domain.order import Balance, Order, Receipt


class Clock(Protocol):
    """The source of time; only the shell asks it."""

    def now(self) -> datetime:
        """Return the current instant, aware."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Pacer(Protocol):
    """Says when the next cycle is due."""

    def next(self) -> datetime | None:
        """Wait for the next cycle and return its instant, or None when there is none."""
        ...


class CandleRequest(NamedTuple):
    """Candles of `symbol` from `since_ms` (open time, inclusive) up to `now_ms`, at most `limit`."""

    symbol: str
    timeframe_ms: int
    since_ms: int
    now_ms: int
    limit: int


class Provider(Protocol):
    """A source of candles. Errors are VenueFaults; their texts never hold a key."""

    @property
    def name(self) -> str:
        """Name as in the settings."""
        ...

    def candles(self, request: CandleRequest) -> Sequence[RawCandle]:
        """Return candles oldest first; the last may still be open (its open time says so)."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class NewsProvider(Protocol):
    """A source of headlines."""

    def headlines(self, symbol: str, since: datetime, limit: int) -> Sequence[Headline]:
        """Return headlines about `symbol` published after `since`, newest first."""
        ...


class Observer(Protocol):
    """Perception as the loop sees it."""

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return what is new for `symbol` since the candle `after`, as known at `now`.

        Raises VenueFault when nothing at all can be said.
        """
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class Certainty(NamedTuple):
    """The proof that an order the venue does not know never arrived.

    `not_founds` answers in a row must say so, the last of them more than `horizon_ms` of the venue's
    time after the order was sent. An order not sent within `send_ms` of its intent is not sent at all.
    """

    horizon_ms: int
    not_founds: int
    send_ms: int


class Platform(Protocol):
    """A place that carries out orders. A refusal is a receipt with a reason, never an exception."""

    @property
    def name(self) -> str:
        """Name of the venue."""
        ...

    @property
    def certainty(self) -> Certainty:
        """Say when "not found" may be believed."""
        ...

    def time(self) -> datetime:
        """Return the venue's time as well as it is known, without asking the venue."""
        ...

    def instrument(self, symbol: str) -> Instrument:
        """Return the grid and filters of a symbol. Raises BadInput for one it does not trade."""
        ...

    def changed(self) -> Sequence[Instrument]:
        """Return instruments that changed since last asked; from now on the platform counts on them."""
        ...

    def mark(
        self, symbol: str, candles: Sequence[Candle], quote: LastPrice | None, doubted: Sequence[Candle] = ()
    ) -> None:
        """Show the market to a platform that simulates one; a real venue ignores it.

        `doubted` are candles the price collar does not believe: they may trigger a stop, and fill nothing.
        """
        ...

    def blocked(self) -> Mapping[str, str]:
        """Say why no entry is possible, by symbol ("" for every symbol), as known without asking the venue.

        Never raises: it is asked in every cycle, and nothing in it holds an exit back.
        """
        ...

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        """Say why no order of a symbol is taken now, "" when one may be; never raises.

        A stop is not given up for a sale that cannot be made: with the `sale` in mind the venue is asked
        afresh, without it what is known is told. The receipt of an order that was not sent, or was refused,
        for this reason begins its own with NOT_TRADING.
        """
        ...

    def place(self, order: Order) -> Receipt:
        """Send one order, once. Raises OutcomeUnknown when the answer leaves its fate open."""
        ...

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Send a stop and a target of which the first to trigger cancels the other."""
        ...

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Cancel an order and return where it stands; one that is done stays as it is.

        Raises VenueFault when the answer does not tell; the order then stands as it did.
        """
        ...

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Return where an order stands with all its fills, or None when the venue has no such order.

        Raises VenueFault when it cannot be told: that is no "not found".
        """
        ...

    def open_orders(self) -> Sequence[Receipt]:
        """Return every order that rests at the venue."""
        ...

    def poll(self) -> Sequence[Receipt]:
        """Return what happened to orders since the last poll: new fills and new states, in order."""
        ...

    def balances(self) -> dict[str, Balance]:
        """Return holdings by asset name: cash units for the quote asset, lots for a base asset."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


class Adviser(Protocol):
    """A model behind a wire. Bytes in, bytes out: neither is read here."""

    def ask(self, question: bytes, seconds: float) -> AdviserAnswer:
        """Send a question's body, once, and return what came back within `seconds`.

        Never raises and never takes longer: the connection is cut then, and the answer says so in its fault.
        """
        ...


class Row(msgspec.Struct, frozen=True):
    """One journal row: its sequence from 1, the event, the hash that chains it (hex)."""

    seq: int
    event: Event
    hash: str


class Records(Protocol):
    """Read access to a journal."""

    @property
    def journal_id(self) -> str:
        """Twelve hex digits given at creation."""
        ...

    def rows(self, after: int = 0, without: tuple[bytes, ...] = ()) -> Iterator[Row]:
        """Return rows with a sequence above `after`, oldest first, checking the chain on the way.

        Those whose payload begins with one of `without` are left out, and not decoded.
        """
        ...

    def sessions(self) -> Iterator[Row]:
        """Return the rows that start a session, oldest first."""
        ...

    def last_session(self) -> Row | None:
        """Return the row that starts the last session, None before the first."""
        ...

    def last_cycle(self) -> int | None:
        """Return the highest cycle id there is, or None before the first cycle."""
        ...

    def find_cycle(self, cycle_id: int) -> Sequence[Row]:
        """Return the rows of one cycle, oldest first; empty when there is none."""
        ...

    def session_of(self, seq: int) -> Row | None:
        """Return the row that starts the session row `seq` belongs to, None where none was started before."""
        ...

    def mentions(self, after: int, texts: Collection[bytes], until: int | None = None) -> Iterator[Row]:
        """Return rows above `after`, up to `until`, whose payload holds one of `texts`, oldest first."""
        ...

    def head(self) -> tuple[int, str]:
        """Return sequence and hash of the last row; (0, the genesis hash) when empty."""
        ...

    def hash_at(self, seq: int) -> str:
        """Return a row's hash (hex), of row 0 the genesis hash. Raises JournalFault without such a row."""
        ...


class Journal(Records, Protocol):
    """The append-only memory. Everything else is a fold of it."""

    def append(self, *events: Event) -> None:
        """Append events in one transaction, durable on return. Raises JournalFault; never retry."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...
