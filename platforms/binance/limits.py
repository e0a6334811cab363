"""The exchange's limits as its answers tell them: weight used, and silence when it asks for it."""

import threading
from collections.abc import Mapping
from datetime import datetime

from domain.errors import RateLimited
from domain.ports import Clock
from domain.times import millis
from platforms.binance.ban import Ban

WEIGHT_HEADER = "x-mbx-used-weight-1m"
BAN_SECONDS = 120.0
"""How long to be silent after a 418 that does not say: bans begin at two minutes."""
SLOW_SECONDS = 10.0
LIMIT_CODES = (-1003, -1015)
"""Too many requests, too many orders."""


class Weights:
    """Counts the weight used in the running minute and keeps silent while told to, over restarts too."""

    def __init__(self, clock: Clock, limit: int, reserved: float, ban: Ban | None = None) -> None:
        self.clock = clock
        self.limit = limit
        self.reserved = reserved
        self._lock = threading.Lock()
        self._used = 0
        self._minute: datetime | None = None
        self._silent_until: float | None = None
        self._ban = ban or Ban()
        left_ms = self._ban.left_ms(millis(clock.now()))
        if left_ms:
            self._silent_until = clock.monotonic() + left_ms / 1000

    def admit(self, *, vital: bool) -> None:
        """Let a request go, or raise RateLimited without one. `vital` are cancels, queries and exits."""
        with self._lock:
            if self._silent_until is not None:
                left = self._silent_until - self.clock.monotonic()
                if left > 0:
                    raise RateLimited(f"the exchange asked for silence, {left:.1f} s are left")
                self._silent_until = None
            share = self.limit if vital else self.limit * (1 - self.reserved)
            if self._minute == self._now() and self._used >= share:
                raise RateLimited(f"request weight {self._used} of {share:.0f} used in this minute")

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in what an answer's status and headers say of the limits."""
        used, asked = headers.get(WEIGHT_HEADER, ""), headers.get("retry-after", "")
        with self._lock:
            if _number(used):
                # Answers overtake each other: within a minute the exchange only ever counts up.
                before = self._used if self._minute == self._now() else 0
                self._used, self._minute = max(int(used), before), self._now()
            if status in (418, 429):
                default = BAN_SECONDS if status == 418 else SLOW_SECONDS
                self._silence(float(asked) if _number(asked) else default)

    def refused(self, code: int, status: int) -> None:
        """Take in an error code; one of a limit asks for silence though the status may not say so."""
        if code in LIMIT_CODES and status not in (418, 429):
            with self._lock:
                self._silence(SLOW_SECONDS)

    def _silence(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        self._silent_until = max(until, self._silent_until or until)
        self._ban.keep(millis(self.clock.now()), seconds)

    def _now(self) -> datetime:
        return self.clock.now().replace(second=0, microsecond=0)


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9
