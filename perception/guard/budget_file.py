"""The record of a budget's spending: in memory, or in a small JSON file that outlives the process."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from domain.private import private_folder
from edge.files import write_whole
from edge.typed_json import typed

LOCK_SECONDS = 1.0
LARGEST_FILE = 1_000_000


class Spending(msgspec.Struct):
    """Send times of charged requests and the end of a silence, in ms since 1970 (UTC)."""

    sent: list[int] = []
    silent_until: int = 0


class Unreadable(Exception):
    """The file is there and does not hold a Spending."""


class Unwritable(Exception):
    """The file cannot be locked, read or replaced; the text names it and says why."""


class BudgetRecord(Protocol):
    """Keeps one Spending."""

    def peek(self) -> Spending:
        """Return what is kept, without waiting for a lock. Raises Unreadable or Unwritable."""
        ...

    def update(self, change: Callable[[Spending], None], spoilt: Callable[[], Spending]) -> Spending:
        """Load, change and keep; return what is kept now. `spoilt` replaces what cannot be read."""
        ...


class BudgetMemory:
    """Forgets with the process."""

    def __init__(self) -> None:
        self._spending = Spending()

    def peek(self) -> Spending:
        """Return what is kept."""
        return self._spending

    def update(self, change: Callable[[Spending], None], spoilt: Callable[[], Spending]) -> Spending:  # noqa: ARG002
        """Change what is kept; memory is never spoilt."""
        change(self._spending)
        return self._spending


class BudgetFile:
    """Keeps it in `path`, mode 0600, replaced atomically under a lock that other processes respect."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def peek(self) -> Spending:
        """Return what the file holds; it is replaced whole, so no lock is needed to read it."""
        try:
            return self._read()
        except OSError as error:
            reason = self._why(error)
        raise Unwritable(reason)

    def update(self, change: Callable[[Spending], None], spoilt: Callable[[], Spending]) -> Spending:
        """Load, change and keep, durable on return. Raises Unwritable; nothing was charged then."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 50 ms, needed at a request only

        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            private_folder(self._path.parent)
            with FileLock(lock, timeout=LOCK_SECONDS, mode=0o600):
                return self._changed(change, spoilt)
        except Timeout:
            reason = f"budget file {self._path.name}: held by another process"
        except OSError as error:
            reason = self._why(error)
        raise Unwritable(reason)

    def _why(self, error: OSError) -> str:
        return f"budget file {self._path.name}: {(error.strerror or type(error).__name__).lower()}"

    def _changed(self, change: Callable[[Spending], None], spoilt: Callable[[], Spending]) -> Spending:
        try:
            spending = self._read()
            before = msgspec.json.encode(spending)
        except Unreadable:
            spending, before = spoilt(), b""
        change(spending)
        after = msgspec.json.encode(spending)
        if after != before:
            write_whole(self._path, after)
        return spending

    def _read(self) -> Spending:
        try:
            with self._path.open("rb") as file:
                body = file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return Spending()
        try:
            spending = typed(body, Spending)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unreadable from None
        return spending
