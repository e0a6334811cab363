"""Rate limits: request weight by the minute, orders by ten seconds and by the day, and bans."""

from dataclasses import dataclass
from typing import Any

from platforms.sandbox.exchange.errors import BANNED, TOO_MANY, RequestRefused

MINUTE_MS, TEN_SECONDS_MS, DAY_MS = 60_000, 10_000, 86_400_000
FIRST_BAN_MS = 120_000
LONGEST_BAN_MS = 3 * DAY_MS
PATIENCE = 10
"""Refusals with 429 in one minute after which the next is a ban."""


@dataclass
class RateWindow:
    """A count that begins anew with each interval of the clock."""

    length: int
    limit: int
    start: int = 0
    count: int = 0

    def add(self, now: int, amount: int) -> int:
        """Count and return how much was used in this interval."""
        start = now // self.length * self.length
        if start != self.start:
            self.start, self.count = start, 0
        self.count += amount
        return self.count

    def left_ms(self, now: int) -> int:
        """Return the time until the interval ends."""
        return self.length - now % self.length


class RateLimits:
    """The remaining rate limits of a client. Times are the exchange's, in ms."""

    def __init__(self, weight: int = 6_000, orders: int = 100, daily_orders: int = 200_000) -> None:
        self.weight = RateWindow(MINUTE_MS, weight)
        self.orders = RateWindow(TEN_SECONDS_MS, orders)
        self.daily = RateWindow(DAY_MS, daily_orders)
        self.banned_until = 0
        self._refused = RateWindow(MINUTE_MS, PATIENCE)
        self._ban_ms = FIRST_BAN_MS

    def count(self, now: int, weight: int) -> None:
        """Count a request. Raises ApiError 429 beyond the limit, 418 while banned."""
        self.check_ban(now)
        if self.weight.add(now, weight) <= self.weight.limit:
            return
        if self._refused.add(now, 1) > PATIENCE:
            self.ban(now, self._ban_ms)
            self._ban_ms = min(self._ban_ms * 2, LONGEST_BAN_MS)
            self.check_ban(now)
        raise self.throttled(self.weight.left_ms(now))

    def check_ban(self, now: int) -> None:
        """Raise ApiError 418 while banned."""
        if now < self.banned_until:
            message = (
                f"Way too much request weight used; IP banned until {self.banned_until}. "
                "Please use WebSocket Streams for live updates to avoid bans."
            )
            raise RequestRefused(-1003, message, BANNED, _retry(self.banned_until - now))

    def ban(self, now: int, length_ms: int) -> None:
        """Refuse everything for a while."""
        self.banned_until = now + length_ms

    def throttled(self, wait_ms: int) -> RequestRefused:
        """Return the error that asks for a pause."""
        message = (
            f"Too much request weight used; current limit is {self.weight.limit} request weight "
            "per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
        )
        return RequestRefused(-1003, message, TOO_MANY, _retry(wait_ms))

    def count_order(self, now: int, amount: int = 1) -> None:
        """Count new orders. Raises ApiError -1015 beyond the limit."""
        for window, words in ((self.orders, "10 SECOND"), (self.daily, "1 DAY")):
            if window.add(now, amount) > window.limit:
                message = f"Too many new orders; current limit is {window.limit} orders per {words}."
                raise RequestRefused(-1015, message, TOO_MANY, _retry(window.left_ms(now)))

    def headers(self, now: int, *, orders: bool) -> dict[str, str]:
        """Return the counts as headers."""
        answer = {"X-MBX-USED-WEIGHT": str(self.weight.add(now, 0))}
        answer["X-MBX-USED-WEIGHT-1M"] = answer["X-MBX-USED-WEIGHT"]
        if orders:
            answer["X-MBX-ORDER-COUNT-10S"] = str(self.orders.add(now, 0))
            answer["X-MBX-ORDER-COUNT-1D"] = str(self.daily.add(now, 0))
        return answer

    def rows(
        self, now: int | None = None, *, weight: bool = True, orders: bool = True
    ) -> list[dict[str, Any]]:
        """Return the limits as `exchangeInfo` gives them, with counts when a time is given."""
        kinds = []
        if weight:
            kinds.append(("REQUEST_WEIGHT", "MINUTE", 1, self.weight))
        if orders:
            kinds += [("ORDERS", "SECOND", 10, self.orders), ("ORDERS", "DAY", 1, self.daily)]
        rows: list[dict[str, Any]] = []
        for kind, interval, number, window in kinds:
            row = {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": window.limit}
            rows.append(row if now is None else row | {"count": window.add(now, 0)})
        return rows


def _retry(wait_ms: int) -> dict[str, str]:
    return {"Retry-After": str(max(1, -(-wait_ms // 1000)))}
