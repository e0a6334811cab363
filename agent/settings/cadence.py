"""Cycles by a schedule: its longest pause against what one cycle looks back over."""

from collections.abc import Iterable

from agent.settings.schedule import Schedule
from domain.instrument import Instrument
from domain.times import TIMEFRAMES, lasting
from perception.quality.continuity import MOST_CANDLES, reach


def check(schedule: Schedule, instruments: Iterable[Instrument], timeframe: str, warmup: int) -> None:
    """Raise ValueError where candles between two cycles would be seen by none of them."""
    pause = schedule.longest_gap().total_seconds()
    step = TIMEFRAMES[timeframe]
    for each in instruments:
        span = reach(each.asset_class, step, warmup) * step / 1000
        if pause > span:
            raise ValueError(
                f"schedule {schedule.rule} pauses for {lasting(1000 * pause)}, and a cycle looks back over "
                f"{lasting(1000 * span)} of {each.symbol}: candles would be left out. Cycle more often, take "
                f"longer candles than {timeframe}, or set perception.warmup_candles (it is {warmup}, "
                f"at most {MOST_CANDLES - 2} count)"
            )
