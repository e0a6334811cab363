"""Proof that an order never arrived: time that has passed on two clocks, and answers in a row.

1. Only a "not found" counts, so many in a row; an answer that finds the order begins anew.
2. The horizon passes on our own clock, which nobody sets, from the first question this process asked: it
   cannot know what passed before. The venue may work on a request for that long, whatever its clock says.
3. It passes on the venue's clock too, from the sending: a request that is older is refused there when it
   comes, though it lay in a wire (or in a machine that was suspended) for hours.
4. A leap of the venue's clock against ours begins 1 to 3 anew: 60 s that nobody lived through prove nothing.
5. However the clocks leap, `LONGEST_SECONDS` of our own are enough: by then the kernel has given up what a
   closed connection still held, and an order is not open for ever because a clock was set back a day.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from domain.order import OrderState
from domain.ports import Certainty
from domain.times import millis

LEAP_MS = 500
"""By how much the venue's clock may move against ours between two answers: measuring is not exact."""

LONGEST_SECONDS = 120.0
"""Time of our own after which nothing sent still arrives: Linux gives up orphaned data after about 100 s."""


class _Asked(NamedTuple):
    """The record of questions about one order: first asked, horizon's start, clocks' distance, answers since.

    `total` counts the answers beyond every leap.
    """

    first: float
    since: float
    shift_ms: float
    answers: int = 0
    total: int = 0


class Absence:
    """Counts "not found" answers of each order and says when they are proof."""

    def __init__(
        self, certainty: Certainty, monotonic: Callable[[], float], venue_time: Callable[[], datetime]
    ) -> None:
        self.certainty = certainty
        self.monotonic = monotonic
        self.venue_time = venue_time
        self.asked: dict[str, _Asked] = {}

    def found(self, client_id: str) -> None:
        """Forget what spoke for an order's absence."""
        self.asked.pop(client_id, None)

    def waited(self, client_id: str) -> float:
        """Return for how many seconds of our own an order has been asked for in vain, or could not be."""
        now = self.monotonic()
        asked = self.asked.setdefault(client_id, _Asked(now, now, self._shift(now)))
        return now - asked.first

    def proven(self, standing: OrderState) -> bool:
        """Count a "not found" and say whether it is proof."""
        name, now = standing.order.client_id, self.monotonic()
        shift = self._shift(now)
        asked = self.asked.get(name) or _Asked(now, now, shift)
        if self.certainty.horizon_ms and abs(shift - asked.shift_ms) > LEAP_MS:
            asked = asked._replace(since=now, answers=0)
        asked = asked._replace(shift_ms=shift, answers=asked.answers + 1, total=asked.total + 1)
        self.asked[name] = asked
        if asked.answers >= self.certainty.not_founds and self._passed(standing, now - asked.since):
            return True
        longest = max(LONGEST_SECONDS, 3 * self.certainty.horizon_ms / 1000)
        return asked.total >= self.certainty.not_founds and now - asked.first > longest

    def _passed(self, standing: OrderState, seconds: float) -> bool:
        """Say whether the horizon is over on both clocks."""
        horizon_ms = self.certainty.horizon_ms
        there = millis(self.venue_time()) - millis(standing.sent_at or standing.at)
        return not horizon_ms or (seconds * 1000 > horizon_ms and there > horizon_ms)

    def _shift(self, now: float) -> float:
        """Return how far the venue's clock is ahead of ours, in ms; only its changes mean anything."""
        return millis(self.venue_time()) - now * 1000
