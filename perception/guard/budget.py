"""The rate budget of one provider: spacing per second, requests per day, silence asked for.

The law:
1. Every real HTTP request is charged before it is sent, retries too; one that never left is refunded.
2. A day is any 24 hours, so no calendar of the venue can be exceeded by a restart or at midnight.
3. The charge is in the file before the request goes out. A file that cannot be written closes the
   budget; one that cannot be read counts as a day fully used from the moment it is found, and is
   replaced by a readable one that says so, so the lock-out ends by itself.
4. A venue's wish for silence is kept over restarts too: a ban grows when it is ignored.
"""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from threading import Lock

from domain.ports import Clock
from domain.retry_after import LONGEST_SECONDS
from domain.times import DAY_MS, MINUTE_MS, millis, utc
from perception.guard.budget_file import (
    BudgetFile,
    BudgetMemory,
    BudgetRecord,
    Spending,
    Unreadable,
    Unwritable,
)
from perception.guard.faults import Spent


class Budget:
    """Charges the requests of provider `name`.

    `per_second` is a rate, `per_day` a count in any 24 hours (None: no limit). With `path` the day
    and the silence survive a restart.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        per_second: float,
        per_day: int | None = None,
        path: Path | None = None,
    ) -> None:
        self.name = name
        self._clock = clock
        self._gap = 1.0 / per_second
        self._per_day = per_day
        self._ledger: BudgetRecord = BudgetFile(path) if path else BudgetMemory()
        self._lock = Lock()
        self._known: Spending | None = None
        self._next = self._silent_until = clock.monotonic()

    def take(self, left: float) -> int:
        """Charge one request and wait for its turn, less than `left` seconds; return its stamp in ms.

        Raises Spent when the day is used up, silence was asked for, or the turn comes too late.
        """
        with self._lock:
            self._refuse(self._closed())
            wait = max(0.0, self._next - self._clock.monotonic())
            if wait >= left:
                raise Spent(
                    f"{self.name} takes {1 / self._gap:g} requests a second, next turn in {wait:.1f} s"
                )
            stamp = self._charge()
            self._next = self._clock.monotonic() + wait + self._gap
        if wait > 0:
            self._clock.sleep(wait)
        return stamp

    def refund(self, stamp: int) -> None:
        """Take one charge back: that request never left."""
        with self._lock:
            if stamp in self._loaded().sent:
                self._keep(lambda spending: spending.sent.remove(stamp) if stamp in spending.sent else None)

    def silence(self, seconds: float) -> None:
        """Send nothing for so long: the venue asked for it."""
        seconds = min(seconds, LONGEST_SECONDS)
        until = self._now() + ceil(seconds * 1000)

        def hush(spending: Spending) -> None:
            spending.silent_until = max(spending.silent_until, until)

        with self._lock:
            self._loaded()
            self._silent_until = max(self._silent_until, self._clock.monotonic() + seconds)
            self._keep(hush)

    def closed(self) -> str:
        """Return why no request may be sent now, or "" when one may."""
        with self._lock:
            return self._closed()

    @property
    def used_today(self) -> int:
        """Requests charged in the last 24 hours; always 0 without a daily limit."""
        with self._lock:
            return len(self._recent(self._loaded().sent))

    def _closed(self) -> str:
        spending = self._loaded()
        silent = self._silent_until - self._clock.monotonic()
        if silent > 0:
            return f"{self.name} asked for silence, {silent:.0f} s left"
        used = self._recent(spending.sent)
        if self._per_day is None or len(used) < self._per_day:
            return ""
        due = utc(used[-self._per_day] + DAY_MS)
        return f"all {self._per_day} requests a day are used, next after {due:%Y-%m-%d %H:%M} UTC"

    def _refuse(self, reason: str) -> None:
        if reason:
            raise Spent(reason)

    def _charge(self) -> int:
        """Put one request on the ledger, unless other processes have used up the day meanwhile."""
        now = self._now()
        if self._per_day is None:
            return now
        limit = self._per_day

        def spend(spending: Spending) -> None:
            spending.sent = self._recent(spending.sent)
            if len(spending.sent) < limit:
                spending.sent.append(now)
                charged.append(now)

        charged: list[int] = []
        unwritable = self._keep(spend)
        self._refuse(unwritable)
        if not charged:
            self._refuse(self._closed() or f"all {limit} requests a day are used")
        return now

    def _recent(self, sent: list[int]) -> list[int]:
        """Return the stamps of the last 24 hours; one from the future (a clock set back) counts as now."""
        now = self._now()
        return sorted(min(stamp, now) for stamp in sent if stamp > now - DAY_MS)

    def _loaded(self) -> Spending:
        """Return what is known, read from the ledger the first time."""
        if self._known is None:
            try:
                self._known = self._ledger.peek()
            except Unreadable:
                self._keep(lambda _: None)
            except Unwritable:
                return Spending()  # nothing can be charged either, and `take` will say why
            self._start(self._known or Spending())
        return self._known or Spending()

    def _start(self, result: Spending) -> None:
        """Take up where the last process left off."""
        now, here = self._now(), self._clock.monotonic()
        recent = self._recent(result.sent)
        if any(stamp > now + MINUTE_MS for stamp in result.sent):
            self._keep(lambda spending: setattr(spending, "sent", recent))
        silent = min(max(result.silent_until - now, 0) / 1000, LONGEST_SECONDS)
        self._silent_until = max(self._silent_until, here + silent)
        self._next = here + max(0.0, self._gap - (now - max(recent, default=0)) / 1000)

    def _keep(self, change: Callable[[Spending], None]) -> str:
        """Change what the ledger keeps; return why that failed, or ""."""
        try:
            self._known = self._ledger.update(change, self._spoilt)
        except Unwritable as error:
            return str(error)
        return ""

    def _spoilt(self) -> Spending:
        """Stand in for a ledger that cannot be read: the safe reading is that the day is used up."""
        return Spending(sent=[self._now()] * (self._per_day or 0))

    def _now(self) -> int:
        return millis(self._clock.now())
