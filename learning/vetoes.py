"""Veto watching: a vetoed entry is followed until its stop, its target or its horizon.

Within one candle the order of prices is unknown, so the stop counts first. A candle that opens beyond
a level leaves at its open, as an order resting there would.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.candle import Candle
from domain.errors import LocalFault
from domain.instrument import Instrument
from domain.lesson import Context, Lesson, Pending
from domain.money import PPM
from domain.times import millis
from learning.settings import LearningSettings


class _Ending(NamedTuple):
    exit: str
    price: int  # ticks
    time: int  # open of the candle it ended in, ms


def watch(
    context: Context, rule: str, entry: int, stop: int, target: int, settings: LearningSettings
) -> Pending:
    """Return a vetoed entry to be watched; prices in ticks, `stop` and `target` 0 for none.

    A level already passed (it may be what the veto was for) ends the entry at the next open.
    Raises LocalFault when `entry` is no price.
    """
    if entry <= 0:
        raise LocalFault(f"vetoed entry of {context.symbol} at {entry} ticks, must be above 0")
    return Pending(context, rule, entry, stop, target, settings.veto_horizon_candles)


def advance(
    pending: Pending,
    candles: Sequence[Candle],
    instrument: Instrument,
    cost_ppm: int,
    learned_at: datetime,
) -> Pending | Lesson:
    """Show a vetoed entry the closed candles that came after it, oldest first.

    Returns the lesson when they end it, else the entry with fewer candles left. `cost_ppm` is what
    one way would have cost, fee and slippage together, in parts per million of its notional; it is
    taken at entry and again at the end.
    """
    left = pending.candles_left
    for candle in candles:
        left -= 1
        ending = _ending(pending, candle, left)
        if ending is not None:
            return _lesson(pending, ending, instrument, cost_ppm, learned_at)
    return Pending(pending.context, pending.rule, pending.entry, pending.stop, pending.target, left)


def advance_all(
    pendings: Sequence[Pending],
    symbol: str,
    candles: Sequence[Candle],
    instrument: Instrument,
    cost_ppm: int,
    learned_at: datetime,
    settings: LearningSettings,
) -> tuple[list[Pending], list[Lesson]]:
    """Show one symbol's new candles to every vetoed entry: return those still open and the lessons.

    The same as `advance` on each, but an entry whose levels lie outside the candles' range is not
    looked at further. With learning off nothing is watched any more.
    """
    if not settings.enabled:
        return [], []
    if not candles:
        return list(pendings), []
    low = min(candle.low for candle in candles)
    high = max(candle.high for candle in candles)
    count = len(candles)
    still: list[Pending] = []
    lessons: list[Lesson] = []
    for pending in pendings:
        context = pending.context
        if context.symbol != symbol:
            still.append(pending)
            continue
        left, stop, target = pending.candles_left - count, pending.stop, pending.target
        if left > 0 and low > stop and (high < target or target == 0):
            still.append(Pending(context, pending.rule, pending.entry, stop, target, left))
            continue
        outcome = advance(pending, candles, instrument, cost_ppm, learned_at)
        if isinstance(outcome, Lesson):
            lessons.append(outcome)
        else:
            still.append(outcome)
    return still, lessons


def _ending(pending: Pending, candle: Candle, left: int) -> _Ending | None:
    stop, target = pending.stop, pending.target
    opened = candle.open
    if stop and opened <= stop:
        return _Ending("stop", opened, candle.time)
    if target and opened >= target:
        return _Ending("target", opened, candle.time)
    if stop and candle.low <= stop:
        return _Ending("stop", stop, candle.time)
    if target and candle.high >= target:
        return _Ending("target", target, candle.time)
    return None if left > 0 else _Ending("horizon", candle.close, candle.time)


def _lesson(
    pending: Pending, ending: _Ending, instrument: Instrument, cost_ppm: int, learned_at: datetime
) -> Lesson:
    ratio = ending.price / pending.entry
    return Lesson(
        kind="veto",
        context=pending.context,
        learned_at=learned_at,
        result=ratio - 1.0 - (1.0 + ratio) * cost_ppm / PPM,
        exit=ending.exit,
        held_ms=max(0, ending.time - millis(pending.context.at)),
        entry=pending.entry * instrument.tick,
        leave=ending.price * instrument.tick,
        rule=pending.rule,
    )
