"""A request's parameters, read with the exchange's own complaints."""

import re
from collections.abc import Mapping
from decimal import Decimal

from platforms.sandbox.exchange.errors import (
    CLIENT_ID,
    NUMBER,
    RequestRefused,
    empty,
    illegal,
    invalid,
    mandatory,
)
from platforms.sandbox.exchange.numbers import EIGHT

DAY_MS = 86_400_000
MICROSECONDS = 10**15
"""A time above this is in microseconds."""

_NUMBER = re.compile(NUMBER)
_CLIENT_ID = re.compile(CLIENT_ID)
_INTEGER = re.compile(r"^[0-9]{1,20}$")
SYMBOL = r"^[\w\-._&&[^a-z]]{1,50}$"
"""As Binance tells it, in Java's words: letters and digits of any script but a to z."""
_SYMBOL = re.compile(r"(?:[^\Wa-z]|[-.]){1,50}")


class Params:
    """Texts by name. Every method raises ApiError for what Binance would refuse."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def values(self) -> Mapping[str, str]:
        """All parameters as they were sent."""
        return self._values

    @property
    def names(self) -> frozenset[str]:
        """Names of all parameters sent."""
        return frozenset(self._values)

    def raw(self, name: str) -> str | None:
        """Return a parameter as it was sent, or None."""
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Return a parameter that must be there and not empty."""
        value = self._values.get(name)
        if not value:
            raise mandatory(name)
        return value

    def symbol(self) -> str:
        """Return the symbol."""
        value = self.text("symbol")
        if not _SYMBOL.fullmatch(value):
            raise illegal("symbol", SYMBOL)
        return value

    def number(self, name: str, *, word: str = "") -> Decimal:
        """Return a decimal above 0, at most eight places."""
        value = self.text(name)
        if not _NUMBER.match(value):
            raise illegal(name, NUMBER)
        number = Decimal(value)
        if number % EIGHT:
            raise RequestRefused(-1111, f"Parameter '{name}' has too much precision.")
        if number <= 0:
            raise RequestRefused(-1013, f"Invalid {word or name}.")
        return number

    def integer(self, name: str) -> int | None:
        """Return a whole number from 0 up, or None when not sent."""
        if name not in self._values:
            return None
        value = self._values[name]
        if not _INTEGER.match(value):
            raise illegal(name, "^[0-9]{1,20}$") if value else empty(name)
        return int(value)

    def span(self) -> tuple[int | None, int | None]:
        """Return `startTime` and `endTime` in ms; both may be sent in microseconds. Raises ApiError -1127."""
        start, end = self.time("startTime"), self.time("endTime")
        if start is not None and end is not None and end - start > DAY_MS:
            raise RequestRefused(-1127, "More than 24 hours between startTime and endTime.")
        return start, end

    def time(self, name: str) -> int | None:
        """Return a time in ms, or None when not sent."""
        value = self.integer(name)
        return value // 1000 if value is not None and value > MICROSECONDS else value

    def limit(self, default: int, most: int, name: str = "limit") -> int:
        """Return how many rows are wanted."""
        value = self.integer(name)
        if value is None:
            return default
        if not 1 <= value <= most:
            raise invalid(name)
        return value

    def client_id(self, name: str) -> str | None:
        """Return a client's id, or None when not sent."""
        if name not in self._values:
            return None
        value = self._values[name]
        if not value:
            raise empty(name)
        if not _CLIENT_ID.match(value):
            raise illegal(name, CLIENT_ID)
        return value
