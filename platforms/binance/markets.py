"""The status of our markets: by the listing, and by what the exchange last refused.

A market that is known to be closed is not sold into: its stop would be given up for nothing, and could not be
put back. A status nobody described bars entries only.
"""

from collections.abc import Mapping
from typing import Any

from domain.errors import BadInput
from domain.ports import Clock
from platforms.binance.filters import TRADING

CLOSED = frozenset(
    (
        "PRE_TRADING", "POST_TRADING", "END_OF_DAY", "HALT", "AUCTION_MATCH", "BREAK", "CANCEL_ONLY",
        "POST_ONLY",
    )
)  # fmt: skip
"""Statuses in which no market order is taken: those of enums.md (a5e0bc3), and older ones."""

LOOK_SECONDS = 1.0
GONE_SECONDS = 60.0
"""How often the status of a closed market is read, and of one that is not listed."""
FILTER_SECONDS = 10.0
"""How often the filters of a market are read again that refuse a sale."""
REFUSED_SECONDS = 60.0
"""How long a refusal without a status to it is believed, where nothing is tried meanwhile."""


class States:
    """The status of each market. Every method is quick and asks nobody."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.missing: set[str] = set()
        self._unread: dict[str, str] = {}
        self._status: dict[str, str] = {}
        self._no_spot: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}
        self._looked: dict[str, float] = {}

    def told(self, symbol: str, status: str, *, spot: bool) -> None:
        """Take in a market's status as listed."""
        self.missing.discard(symbol)
        self._unread.pop(symbol, None)
        if self._status.get(symbol) in CLOSED and status not in CLOSED:
            self.taken(symbol)  # what was refused while it was closed says nothing now
        self._status[symbol] = status
        (self._no_spot.discard if spot else self._no_spot.add)(symbol)

    def gone(self, symbol: str) -> None:
        """Take in that a symbol is not listed."""
        self.missing.add(symbol)

    def unreadable(self, symbol: str, status: str, why: str) -> None:
        """Take in that a symbol is listed in a way that cannot be read."""
        self.missing.discard(symbol)
        self._status[symbol] = status
        self._unread[symbol] = why

    def refused(self, symbol: str, words: str) -> None:
        """Take in that the exchange takes no order of a symbol, in its words."""
        self._refused[symbol] = words, self.clock.monotonic() + REFUSED_SECONDS

    def taken(self, symbol: str) -> None:
        """Take in that the exchange would take an order of a symbol."""
        self._refused.pop(symbol, None)

    def look_due(self, symbol: str, seconds: float = LOOK_SECONDS) -> bool:
        """Say whether a market's listing is to be read again after so long, and count it as read."""
        now = self.clock.monotonic()
        pause = GONE_SECONDS if symbol in self.missing else seconds
        if now - self._looked.get(symbol, float("-inf")) < pause:
            return False
        self._looked[symbol] = now
        return True

    def halted(self, symbol: str) -> bool:
        """Say whether a market is closed by its listing, so that its status is worth reading again."""
        return symbol in self.missing or self._status.get(symbol) in CLOSED

    def closed(self, symbol: str) -> str:
        """Say why no order of a symbol is taken now, "" as far as is known."""
        if symbol in self.missing:
            return "the exchange does not list it"
        status = self._status.get(symbol, TRADING)
        if status in CLOSED:
            return f"its market is {status}"
        words, until = self._refused.get(symbol, ("", 0.0))
        return words if self.clock.monotonic() < until else ""

    def blocked(self, symbol: str) -> str:
        """Say why no entry in a symbol is to be made, "" when nothing speaks against it."""
        closed = self.closed(symbol)
        if closed:
            return closed
        if symbol in self._unread:
            return f"its listing cannot be read: {self._unread[symbol]}"
        if symbol in self._no_spot:
            return "spot trading of it is not allowed"
        status = self._status.get(symbol, TRADING)
        return "" if status == TRADING else f"its status is {status or 'not told'}"


def refuse_futures(row: Mapping[str, Any], symbol: str) -> None:
    """Raise BadInput for a row of a futures exchange, which is no place for spot orders."""
    kind = row.get("contractType") or (row.get("marginAsset") and "futures")
    if kind:
        raise BadInput(
            f"this is a futures exchange: it lists {symbol} as a contract ({str(kind)[:30]}), settled in "
            f"{str(row.get('marginAsset'))[:10]}; give the address of a spot exchange (exchange.base_url)"
        )
