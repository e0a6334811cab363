"""The intake of raw candles: put on the grid, checked, flagged, never repaired.

A bad candle is kept out and named in a finding; nothing is filled in, smoothed or corrected. The
result does not depend on the order of the raw candles or on how often each was sent, except that of
two believable versions of one candle the later sent counts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from domain.candle import Candle, LastPrice, RawCandle
from domain.instrument import Instrument
from domain.observation import Finding
from domain.times import DAY_MS, MINUTE_MS, MONTH_MS, closing, grid, slot, utc
from perception.quality.collar import FACTOR, LEVEL_CANDLES, believable, collar, near
from perception.quality.ticks import fault_of, follower, rounded

MAX_FINDINGS = 20
MAX_OF_A_KIND = 5
EARLIEST_MS = -(10**13)
"""Open times before the year 1654 are garbage, and too small for a datetime soon after."""
CLOSED_HOURS_MS = 4 * DAY_MS
"""Longest silence that is no gap on a market with opening hours: a long weekend."""


class Intake(NamedTuple):
    """The result of an intake.

    `candles` are closed and new, strictly rising in time. `quote` is the last known price. `doubted`
    are candles kept out for a price jump that later candles may yet confirm: offer them again. `refused` are
    all that were kept out for one, those among them, on the grid.
    """

    candles: tuple[Candle, ...]
    quote: LastPrice | None
    findings: tuple[Finding, ...] = ()
    doubted: tuple[RawCandle, ...] = ()
    refused: tuple[Candle, ...] = ()


def intake(
    instrument: Instrument,
    raw: Sequence[RawCandle],
    after: Candle | None,
    timeframe_ms: int,
    now_ms: int,
) -> Intake:
    """Return the closed candles of `raw` that are newer than `after`, the quote and every flaw found.

    `now_ms` is the instant the answer was true: a candle is closed when it opened at least one
    timeframe before. A jump to a third or to three times the last close is kept out until
    LEVEL_CANDLES candles in a row stand on the new level.
    """
    if len(raw) == 1 and after is not None:
        candle = follower(instrument, raw[0], after, timeframe_ms)
        closed_ms = 0 if candle is None else closing(candle.time, timeframe_ms)
        if candle is not None and closed_ms <= now_ms:
            return Intake((candle,), LastPrice(candle.close, closed_ms), flat(candle))
    return _Inspection(instrument, after, timeframe_ms, now_ms).run(raw)


def flat(candle: Candle) -> tuple[Finding, ...]:
    """Return the finding that nobody traded in a candle, if so."""
    return () if candle.volume else (Finding("flat", "no trade in this candle", candle.time),)


def summarised(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return at most MAX_FINDINGS findings, MAX_OF_A_KIND of each kind, and one that counts the rest."""
    if len(findings) <= MAX_OF_A_KIND:
        return tuple(findings)
    shown: list[Finding] = []
    kinds: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for finding in findings:
        kinds[finding.kind] += 1
        if kinds[finding.kind] <= MAX_OF_A_KIND and len(shown) < MAX_FINDINGS:
            shown.append(finding)
        else:
            rest[finding.kind] += 1
    if rest:
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(rest.items()))
        shown.append(Finding("more", f"{rest.total()} more: {counts}"))
    return tuple(shown)


class _Inspection:
    """One batch of raw candles on its way through the checks."""

    def __init__(self, instrument: Instrument, after: Candle | None, timeframe_ms: int, now_ms: int) -> None:
        self.instrument = instrument
        self.after = after
        self.timeframe_ms = timeframe_ms
        self.now_ms = now_ms
        self.always_open = instrument.asset_class == "crypto"
        # Exchanges with opening hours start their candles when they open: any whole minute will do.
        self.schedule_ms = grid(timeframe_ms) if self.always_open else min(timeframe_ms, MINUTE_MS)
        self.findings: list[Finding] = []
        self.last_seen: Candle | None = None

    def run(self, raw: Sequence[RawCandle]) -> Intake:
        """Check a batch and return what it came to."""
        self._order(raw)
        versions = self._versions(raw)
        level = self._level(versions)
        sound = self._choose(versions, level)
        closed = [c for c in sound if closing(c.time, self.timeframe_ms) <= self.now_ms]
        kept, doubted, jumps = collar(closed, level)
        for candle, detail in jumps:
            self._flag("jump", detail, candle.time)
        self._follow(kept)
        quote = self._quote(kept, sound[len(closed) :])
        again = {candle.time for candle in doubted}
        held = tuple(row for row in raw if row.time in again)
        believed = {candle.time for candle in kept}
        refused = tuple(candle for candle in closed if candle.time not in believed)
        return Intake(tuple(kept), quote, summarised(self.findings), held, refused)

    def _flag(self, kind: str, detail: str, time: int) -> None:
        self.findings.append(Finding(kind, detail, time))

    def _order(self, raw: Sequence[RawCandle]) -> None:
        for earlier, later in pairwise(raw):
            if later.time < earlier.time:
                self._flag("out_of_order", f"sent after the candle of {earlier.time}", later.time)

    def _versions(self, raw: Sequence[RawCandle]) -> dict[int, list[Candle]]:
        """Return the sound versions of each candle newer than `after`, in the order sent."""
        versions: dict[int, list[Candle]] = {}
        for row in raw:
            if self.after is not None and row.time < self.after.time:
                continue
            candle = self._candle(row) if self._timely(row.time) else None
            if candle is None:
                continue
            if self.after is not None and row.time == self.after.time:
                self._again(candle, self.after)
            else:
                versions.setdefault(row.time, []).append(candle)
        return versions

    def _timely(self, time: int) -> bool:
        if time > self.now_ms:
            self._flag("future", f"opens {time - self.now_ms} ms after now", time)
        elif time % self.schedule_ms or time < EARLIEST_MS:
            self._flag("off_schedule", f"opens {time % self.schedule_ms} ms off the timeframe's grid", time)
        else:
            return True
        return False

    def _candle(self, row: RawCandle) -> Candle | None:
        """Put a candle on the tick grid, or flag it and return None when it cannot be believed."""
        fault = fault_of(row, self.instrument)
        if fault is not None:
            self._flag(*fault, row.time)
            return None
        candle, exact = rounded(row, self.instrument)
        if not exact:
            self._flag("off_grid", f"prices {row[1:5]} are off the tick {self.instrument.tick:g}", row.time)
        return candle

    def _again(self, candle: Candle, after: Candle) -> None:
        self.last_seen = after
        if candle != after:
            self._flag("revised", f"was {tuple(after[1:])}, is now {tuple(candle[1:])}", candle.time)

    def _level(self, versions: dict[int, list[Candle]]) -> int:
        """Return the close the first new candle must be near: the last one, else one typical of the first."""
        if self.after is not None:
            return self.after.close
        first = [versions[time][-1].close for time in sorted(versions)[:LEVEL_CANDLES]]
        return median_low(first) if first else 0

    def _choose(self, versions: dict[int, list[Candle]], level: int) -> list[Candle]:
        """Return one version of each candle, oldest first: the last sent that the collar believes."""
        chosen: list[Candle] = []
        for time in sorted(versions):
            sent = versions[time]
            candle = sent[-1]
            if len(sent) > 1:
                self._flag("duplicate", f"sent {len(sent)} times, {len(set(sent))} different", time)
                candle = next((version for version in reversed(sent) if near(version, level)), candle)
            if near(candle, level):
                level = candle.close
            chosen.append(candle)
        return chosen

    def _follow(self, candles: Iterable[Candle]) -> None:
        """Flag what is missing between candles, and candles in which nobody traded."""
        earlier = self.after
        for later in candles:
            step = later.time - earlier.time if earlier is not None else 0
            missing = self._between(earlier, later)
            if earlier is not None and missing > 0 and (self.always_open or step > CLOSED_HOURS_MS):
                self._flag(
                    "gap", f"{missing} candles missing after {utc(earlier.time).isoformat()}", later.time
                )
            self.findings.extend(flat(later))
            earlier = later

    def _between(self, earlier: Candle | None, later: Candle) -> int:
        """Return how many candles are missing between two."""
        if earlier is None:
            return 0
        if self.timeframe_ms == MONTH_MS:
            return slot(later.time, MONTH_MS) - slot(earlier.time, MONTH_MS) - 1
        return (later.time - earlier.time) // self.timeframe_ms - 1

    def _quote(self, kept: Sequence[Candle], forming: Sequence[Candle]) -> LastPrice | None:
        """Return the forming candle's close, else the last close; None while it cannot be believed."""
        for candle in forming:
            left = closing(candle.time, self.timeframe_ms) - self.now_ms
            self._flag("still_open", f"closes in {left} ms", candle.time)
        if not forming:
            last = kept[-1] if kept else self.last_seen
            return (
                LastPrice(last.close, min(closing(last.time, self.timeframe_ms), self.now_ms))
                if last
                else None
            )
        price, last = forming[-1].close, kept[-1] if kept else self.after
        if last is not None and not believable(price, last.close):
            self._flag(
                "jump",
                f"quote {price} against a last close of {last.close}, limit x{FACTOR}",
                forming[-1].time,
            )
            return None
        return LastPrice(price, self.now_ms)
