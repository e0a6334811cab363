"""The prices that filters measure by: the exchange's reference price, else its average, else the last one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.ports import Clock
from platforms.binance import codes
from platforms.binance.answers import field, number
from platforms.binance.client import ApiError, Wire

FRESH_SECONDS = 120.0
"""Age beyond which a price is not used: then the quote at which an order was decided is."""


class Prices:
    """The reference prices last asked for, by the exchange's name of a symbol."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.wire = wire
        self.clock = clock
        self._found: dict[str, tuple[Decimal, float]] = {}
        self._has_reference = True

    def ask(self, native: str, minutes: int) -> None:
        """Ask for a symbol's price; `minutes` as its filters have it. Raises VenueFault unanswered."""
        price = self._reference(native)
        if price is None:
            path = "avgPrice" if minutes else "ticker/price"
            price = number(self._get(path, native), "price")
        self._found[native] = price, self.clock.monotonic()

    def get(self, native: str) -> Decimal | None:
        """Return the price asked last, or None when it is too old."""
        price, at = self._found.get(native, (Decimal(0), float("-inf")))
        return price if price and self.clock.monotonic() - at <= FRESH_SECONDS else None

    def _reference(self, native: str) -> Decimal | None:
        """Return the reference price; None where the symbol, or the whole exchange, has none."""
        if not self._has_reference:
            return None
        try:
            answer = self._get("referencePrice", native)
        except ApiError as error:
            if error.code == codes.NO_REFERENCE_PRICE:  # this symbol has none; others may
                return None
            if error.status != 404:
                raise
            self._has_reference = False
            return None
        value = (
            answer.get("referencePrice") if isinstance(answer, Mapping) else field(answer, "referencePrice")
        )
        return None if value is None else number(answer, "referencePrice")

    def _get(self, path: str, native: str) -> Any:
        return self.wire.call("get", path, {"symbol": native}, signed=False)
