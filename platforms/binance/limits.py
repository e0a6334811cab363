"""The exchange's limits as its answers tell them: weight used, and silence when it asks for it.

A ban that is ignored grows (from two minutes to three days), so a silence is kept, over restarts too; it is
never believed to be longer than the longest ban. An exit alone may be tried in it: once in TRY_AGAIN_SECONDS
a check of it goes out, and unless that is refused too, what is vital follows for TRY_SECONDS: long enough for
a cancel, a sale and the question what became of them. So a true ban is met by one request in half a minute,
and no stop is cancelled for a sale that is held back.
"""

import threading
from collections.abc import Mapping
from datetime import datetime

from domain.errors import RateLimited
from domain.ports import Clock
from domain.retry_after import retry_after
from domain.times import millis
from platforms.binance.ban import Ban

WEIGHT_HEADER = "x-mbx-used-weight-1m"
BAN_SECONDS = 120.0
"""How long to be silent after a 418 that does not say: bans begin at two minutes."""
SLOW_SECONDS = 10.0
LIMIT_CODES = (-1003, -1015)
"""Too many requests, too many orders."""
BELIEVED = 5
"""A count of so many times the limit is no count: the exchange refuses long before, and says so."""
TRY_SECONDS = 15.0
TRY_AGAIN_SECONDS = 30.0
"""How long, and how often, exits are tried although the exchange asked for silence."""
BEGIN_SECONDS = 3.0
"""How long in such a time a further exit may still begin: its last request must fall into it."""


class RequestWeight:
    """Counts the weight used in the running minute and keeps silent while told to, over restarts too."""

    def __init__(self, clock: Clock, limit: int, reserved: float, ban: Ban | None = None) -> None:
        self.clock = clock
        self.limit = limit
        self.reserved = reserved
        self._lock = threading.Lock()
        self._used = 0
        self._minute: datetime | None = None
        self._silent_until: float | None = None
        self._try_from = self._try_until = float("-inf")
        self._ban = ban or Ban()
        left_ms = self._ban.left_ms(millis(clock.now()))
        if left_ms:
            self._silent_until = clock.monotonic() + left_ms / 1000

    def admit(self, *, vital: bool, exits: bool = False) -> None:
        """Let a request go, or raise RateLimited without one.

        `vital` are cancels, queries and exits: the last share of the weight is theirs. `exits` is the check
        an exit begins with: it may be tried in a silence, and then what is vital.
        """
        with self._lock:
            if self._silent_until is not None:
                left = self._silent_until - self.clock.monotonic()
                if left > 0:
                    if not (vital and self._tried(exits=exits)):
                        raise RateLimited(f"the exchange asked for silence, {left:.1f} s are left")
                    return
                self._silent_until = None
            share = self.limit if vital else self.limit * (1 - self.reserved)
            if self._minute == self._now() and self._used >= share:
                raise RateLimited(f"request weight {self._used} of {share:.0f} used in this minute")

    def _tried(self, *, exits: bool) -> bool:
        """Say whether a vital request may be tried in a silence; an exit begins the time for it."""
        now = self.clock.monotonic()
        if exits and now >= self._try_from:
            self._try_from, self._try_until = now + TRY_AGAIN_SECONDS, now + TRY_SECONDS
        left = self._try_until - now
        return left > (TRY_SECONDS - BEGIN_SECONDS if exits else 0.0)

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in what an answer's status and headers say of the limits."""
        used = headers.get(WEIGHT_HEADER, "")
        with self._lock:
            if _number(used) and int(used) <= self.limit * BELIEVED:
                # Answers overtake each other: within a minute the exchange only ever counts up.
                before = self._used if self._minute == self._now() else 0
                self._used, self._minute = max(int(used), before), self._now()
            if status in (418, 429):
                default = BAN_SECONDS if status == 418 else SLOW_SECONDS
                self._silence(retry_after(headers, default=default))

    def refused(self, code: int, status: int) -> None:
        """Take in an error code; one of a limit asks for silence though the status may not say so."""
        if code in LIMIT_CODES and status not in (418, 429):
            with self._lock:
                self._silence(SLOW_SECONDS)

    def _silence(self, seconds: float) -> None:
        now = self.clock.monotonic()
        until = now + seconds
        self._silent_until = max(until, self._silent_until or until)
        # The first try waits as long as any other: the exchange has just said no.
        self._try_from, self._try_until = max(self._try_from, now + TRY_AGAIN_SECONDS), float("-inf")
        self._ban.keep(millis(self.clock.now()), seconds)

    def _now(self) -> datetime:
        return self.clock.now().replace(second=0, microsecond=0)


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9
