"""What candles go through before the loop sees them: put on the grid, checked, flagged, never repaired.

A bad candle is kept out and named in a finding; nothing is filled in, smoothed or corrected. The
result does not depend on the order of the raw candles or on how often each was sent, except that of
two believable versions of one candle the later sent counts.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf, isfinite
from statistics import median_low
from typing import NamedTuple

from domain.candle import Candle, Quote, RawCandle
from domain.instrument import Instrument
from domain.money import MAX_CASH
from domain.observation import Finding
from domain.times import DAY_MS, MINUTE_MS, utc
from perception.collar import LEVEL_CANDLES, collar, near

MAX_FINDINGS = 20
MAX_OF_A_KIND = 5
OFF_GRID = 0.01
"""How far from a tick, in ticks, a price may lie before it is off the grid: floats carry noise."""
CLOSED_HOURS_MS = 4 * DAY_MS
"""Longest silence that is no gap on a market with opening hours: a long weekend."""

_PRICES = ("open", "high", "low", "close")


class Intake(NamedTuple):
    """What raw candles came to.

    `candles` are closed and new, strictly rising in time. `quote` is the last known price. `doubted`
    are candles kept out for a price jump that later candles may yet confirm: offer them again.
    """

    candles: tuple[Candle, ...]
    quote: Quote | None
    findings: tuple[Finding, ...] = ()
    doubted: tuple[RawCandle, ...] = ()


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
        clean = _clean(instrument, raw[0], after, timeframe_ms, now_ms)
        if clean is not None:
            return clean
    return _Inspection(instrument, after, timeframe_ms, now_ms).run(raw)


def _clean(
    instrument: Instrument, row: RawCandle, after: Candle, timeframe_ms: int, now_ms: int
) -> Intake | None:
    # The common case of a driven session, in about 2 µs: one sound candle that follows the last.
    time, open_, high, low, close, volume = row
    closes = time + timeframe_ms
    if time - after.time != timeframe_ms or time % timeframe_ms or closes > now_ms:
        return None
    if not (0 < low <= open_ <= high < inf and low <= close <= high and 0 < volume < inf):
        return None
    tick = instrument.tick
    o, h, l, c = open_ / tick, high / tick, low / tick, close / tick  # noqa: E741  # the field's letters
    candle = Candle(time, round(o), round(h), round(l), round(c), volume)
    off = abs(o - candle.open) + abs(h - candle.high) + abs(l - candle.low) + abs(c - candle.close)
    if off > OFF_GRID or candle.low < 1 or not near(candle, after.close):
        return None
    if candle.high * instrument.cash_factor > MAX_CASH:
        return None
    return Intake((candle,), Quote(candle.close, closes))


def on_grid(instrument: Instrument, price: float) -> int | None:
    """Return a raw price in ticks, or None when it is no price: not finite, not positive, too large."""
    if not 0 < price < inf:
        return None
    ticks = round(price / instrument.tick)
    return ticks if 0 < ticks <= MAX_CASH // instrument.cash_factor else None


class _Inspection:
    """One batch of raw candles on its way through the checks."""

    def __init__(self, instrument: Instrument, after: Candle | None, timeframe_ms: int, now_ms: int) -> None:
        self.instrument = instrument
        self.after = after
        self.timeframe_ms = timeframe_ms
        self.now_ms = now_ms
        self.always_open = instrument.asset_class == "crypto"
        # Exchanges with opening hours start their candles when they open: any whole minute will do.
        self.schedule_ms = timeframe_ms if self.always_open else min(timeframe_ms, MINUTE_MS)
        self.findings: list[Finding] = []

    def run(self, raw: Sequence[RawCandle]) -> Intake:
        """Check a batch and return what it came to."""
        self._order(raw)
        versions = self._sound(raw)
        level = self._level(versions)
        ordered = [self._one(versions[time], level) for time in sorted(versions)]
        closed = [c for c in ordered if c.time + self.timeframe_ms <= self.now_ms]
        forming = ordered[len(closed) :]
        sifted = collar(closed, level)
        for candle, detail in sifted.jumps:
            self._flag("jump", detail, candle.time)
        self._flat(sifted.kept)
        self._gaps(sifted.kept)
        quote = self._quote(sifted.kept, forming, level)
        doubted = {candle.time for candle in sifted.doubted}
        held = tuple(row for row in raw if row.time in doubted)
        return Intake(tuple(sifted.kept), quote, summarised(self.findings), held)

    def _flag(self, kind: str, detail: str, time: int | None = None) -> None:
        self.findings.append(Finding(kind, detail, time))

    def _order(self, raw: Sequence[RawCandle]) -> None:
        for earlier, later in pairwise(raw):
            if later.time < earlier.time:
                self._flag("out_of_order", f"sent after the candle of {_stamp(earlier.time)}", later.time)

    def _sound(self, raw: Sequence[RawCandle]) -> dict[int, list[Candle]]:
        """Return the versions of each acceptable candle newer than `after`, in the order sent."""
        versions: dict[int, list[Candle]] = {}
        for row in raw:
            if self.after is not None and row.time < self.after.time:
                continue
            candle = self._candle(row) if self._timely(row.time) else None
            if candle is None:
                continue
            if self.after is not None and row.time == self.after.time:
                self._revised(candle, self.after)
                continue
            versions.setdefault(row.time, []).append(candle)
        return versions

    def _timely(self, time: int) -> bool:
        if time > self.now_ms:
            self._flag("future", f"opens {time - self.now_ms} ms after now", time)
            return False
        if time % self.schedule_ms:
            self._flag("off_schedule", f"opens {time % self.schedule_ms} ms off the timeframe's grid", time)
            return False
        return True

    def _candle(self, row: RawCandle) -> Candle | None:
        """Put a candle on the tick grid; flag it and return None when it cannot be believed."""
        prices = row[1:5]
        if not all(map(isfinite, row[1:])):
            return self._refuse("not_finite", f"prices {prices}, volume {row.volume}", row.time)
        if min(prices) <= 0 or row.volume < 0:
            return self._refuse("not_positive", f"prices {prices}, volume {row.volume}", row.time)
        if not (row.low <= min(row.open, row.close) and max(row.open, row.close) <= row.high):
            detail = f"open {row.open} and close {row.close} not within low {row.low} to high {row.high}"
            return self._refuse("high_low", detail, row.time)
        largest = MAX_CASH // self.instrument.cash_factor
        if row.high / self.instrument.tick > largest:
            return self._refuse("too_large", f"high {row.high} exceeds {largest} ticks", row.time)
        return self._round(row)

    def _round(self, row: RawCandle) -> Candle | None:
        tick = self.instrument.tick
        ticks = [round(price / tick) for price in row[1:5]]
        for name, price, whole in zip(_PRICES, row[1:5], ticks, strict=True):
            if abs(price / tick - whole) > OFF_GRID:
                self._flag("off_grid", f"{name} {price} is off the tick {tick}", row.time)
                break
        if ticks[2] < 1:
            return self._refuse("not_positive", f"low {row.low} is 0 ticks of {tick}", row.time)
        return Candle(row.time, *ticks, row.volume)

    def _refuse(self, kind: str, detail: str, time: int) -> None:
        self._flag(kind, detail, time)

    def _revised(self, candle: Candle, after: Candle) -> None:
        if candle != after:
            self._flag("revised", f"was {_shown(after)}, is now {_shown(candle)}", candle.time)

    def _level(self, versions: dict[int, list[Candle]]) -> int | None:
        """Return the close that the first new candle must be near: the last one, else a typical one."""
        if self.after is not None:
            return self.after.close
        first = [versions[time][-1].close for time in sorted(versions)[:LEVEL_CANDLES]]
        return median_low(first) if first else None

    def _one(self, versions: list[Candle], level: int | None) -> Candle:
        """Choose among a candle's versions: the last sent, unless only an earlier one is near the level."""
        chosen = versions[-1]
        if len(versions) > 1:
            differ = f", {len(set(versions))} different" if len(set(versions)) > 1 else ""
            self._flag("duplicate", f"sent {len(versions)} times{differ}", chosen.time)
            believable = [v for v in versions if level is None or near(v, level)]
            chosen = (believable or versions)[-1]
        return chosen

    def _flat(self, candles: Iterable[Candle]) -> None:
        for candle in candles:
            if candle.volume == 0:
                self._flag("flat", "no trade in this candle", candle.time)

    def _gaps(self, candles: Sequence[Candle]) -> None:
        chain = [*([self.after] if self.after else []), *candles]
        for earlier, later in pairwise(chain):
            step = later.time - earlier.time
            missing = step // self.timeframe_ms - 1
            if missing > 0 and (self.always_open or step > CLOSED_HOURS_MS):
                self._flag("gap", f"{missing} candles missing after {_stamp(earlier.time)}", later.time)

    def _quote(self, kept: Sequence[Candle], forming: Sequence[Candle], level: int | None) -> Quote | None:
        """Return the forming candle's close, else the last close; None while it cannot be believed."""
        last = kept[-1] if kept else self.after
        reference = last.close if last else level
        for candle in forming:
            self._flag("still_open", f"closes in {candle.time + self.timeframe_ms - self.now_ms} ms", candle.time)
        if forming:
            price = forming[-1].close
            if reference is not None and not 3 * price > reference > price / 3:
                self._flag("jump", f"quote {price} against the last close {reference}", forming[-1].time)
                return None
            return Quote(price, self.now_ms)
        return None if last is None else Quote(last.close, min(last.time + self.timeframe_ms, self.now_ms))
