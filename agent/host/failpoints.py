"""Dying on purpose: a process killed before or after any durable write and any message to the venue.

`BOYD_FAILPOINT=N` makes the agent kill itself with SIGKILL at the Nth such point; `N:FILE` appends the
name of each point it passes to FILE as well (0 never kills). It is how `agent drill` proves the order
protocol; without the variable nothing is wrapped.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.events import Event
from domain.order import Balance, Order, Receipt
from domain.ports import Journal, Platform

VARIABLE = "BOYD_FAILPOINT"


class Fuse:
    """Counts points passed and kills the process at the chosen one."""

    def __init__(self, at: int, log: Path | None = None) -> None:
        self.at = at
        self.log = log
        self.count = 0

    def reach(self, name: str) -> None:
        """Pass a point, or die there."""
        self.count += 1
        if self.log is not None:
            with self.log.open("a") as out:
                out.write(f"{name}\n")
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def armed() -> Fuse | None:
    """Return the fuse the environment asks for, or None. Raises ValueError for one that is no number."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    number, _, log = text.partition(":")
    return Fuse(int(number), Path(log) if log else None)


class _Wrapped:
    """Passes everything on to what it wraps."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self.inner = inner
        self.fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def around(self, name: str, method: str, *arguments: Any) -> Any:
        """Call the wrapped method between two points."""
        self.fuse.reach(f"before {name}")
        result = getattr(self.inner, method)(*arguments)
        self.fuse.reach(f"after {name}")
        return result


class FusedJournal(_Wrapped):
    """A journal that may die around each commit."""

    def append(self, *events: Event) -> None:
        """Append between two points."""
        kinds = "+".join(type(event).__name__ for event in events)
        self.around(f"commit {kinds}", "append", *events)


class FusedPlatform(_Wrapped):
    """A venue before and after each message to which the process may die."""

    def place(self, order: Order) -> Receipt:
        """Send between two points."""
        return self.around(f"send {order.purpose}", "place", order)  # type: ignore[no-any-return]  # passed on

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Send between two points."""
        return self.around("send OCO", "place_oco", stop, target)  # type: ignore[no-any-return]  # passed on

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Cancel between two points."""
        return self.around("cancel", "cancel", symbol, client_id)  # type: ignore[no-any-return]  # passed on

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Ask between two points."""
        return self.around("query", "query", symbol, client_id)  # type: ignore[no-any-return]  # passed on

    def open_orders(self) -> Sequence[Receipt]:
        """Ask between two points."""
        return self.around("open orders", "open_orders")  # type: ignore[no-any-return]  # passed on

    def balances(self) -> dict[str, Balance]:
        """Ask between two points."""
        return self.around("balances", "balances")  # type: ignore[no-any-return]  # passed on


def fused(journal: Journal, platform: Platform, fuse: Fuse | None) -> tuple[Journal, Platform]:
    """Return journal and platform, wrapped when there is a fuse."""
    if fuse is None:
        return journal, platform
    wrapped: Any = FusedJournal(journal, fuse), FusedPlatform(platform, fuse)
    return wrapped[0], wrapped[1]
