"""The exchange's limits as its answers tell them: weight used, and silence when it asks for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.errors import RateLimited
from domain.ports import Clock

WEIGHT_HEADER = "x-mbx-used-weight-1m"
BAN_SECONDS = 120.0
"""How long to be silent after a 418 that does not say: bans begin at two minutes."""
SLOW_SECONDS = 10.0


class Weights:
    """Counts the weight used in the running minute and keeps silent while told to."""

    def __init__(self, clock: Clock, limit: int, reserved: float) -> None:
        self.clock = clock
        self.limit = limit
        self.reserved = reserved
        self.used = 0
        self.minute: datetime | None = None
        self.silent_until: float | None = None

    def admit(self, *, vital: bool) -> None:
        """Let a request go, or raise RateLimited without one. `vital` are cancels, queries and exits."""
        if self.silent_until is not None:
            left = self.silent_until - self.clock.monotonic()
            if left > 0:
                raise RateLimited(f"the exchange asked for silence, {left:.1f} s are left")
            self.silent_until = None
        share = self.limit if vital else self.limit * (1 - self.reserved)
        if self.minute == self._minute() and self.used >= share:
            raise RateLimited(f"request weight {self.used} of {share:.0f} used in this minute")

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in what an answer says of the limits."""
        used = headers.get(WEIGHT_HEADER, "")
        if used.isdecimal():
            self.used, self.minute = int(used), self._minute()
        if status in (418, 429):
            asked = headers.get("retry-after", "")
            default = BAN_SECONDS if status == 418 else SLOW_SECONDS
            seconds = float(asked) if asked.isdecimal() else default
            self.silent_until = self.clock.monotonic() + seconds

    def _minute(self) -> datetime:
        return self.clock.now().replace(second=0, microsecond=0) + timedelta(0)
