"""The pace of a session: when its next cycle is due."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent.loop.pacer import MarketPacer, SchedulePacer, SpeedPacer, WallPacer
from agent.settings.changes import INTERVAL
from agent.settings.schedule import Schedule
from agent.settings.settings import Options
from agent.state.changes import Changed
from domain.ports import Clock, Pacer

if TYPE_CHECKING:
    from agent.wiring.markets import MarketSource  # who only asks for the pause needs no market


def pacer(
    options: Options,
    source: "MarketSource",
    clock: Clock,
    wait: Callable[[float], bool],
    changed: Callable[[], Mapping[str, Changed]] = dict,
) -> Pacer:
    """Return what says when the next cycle is due; `changed` are settings changed while it runs."""

    def pause() -> float:
        each = changed().get(INTERVAL)
        more = {} if each is None else {INTERVAL: float(each.value)}
        return pause_seconds(options.model_copy(update=more) if more else options)

    schedule = schedule_of(options)
    if source.timeline is None and schedule is not None:
        return SchedulePacer(clock, schedule, wait)
    if source.timeline is None:
        return WallPacer(clock, pause, wait)
    if isinstance(options.speed, float | int):
        return SpeedPacer(source.timeline, float(options.speed), wait)
    return MarketPacer(source.timeline, pause, wait)


def schedule_of(options: Options) -> Schedule | None:
    """Return the schedule cycles go by, None where they go at a pace or with a driven market."""
    if options.schedule is None or options.driven:
        return None
    return Schedule(options.schedule, options.schedule_zone)


def pause_seconds(options: Options) -> float:
    """Return the pause between two cycles, the longest where a schedule says when they are.

    Of a driven market it is that where it has no speed of its own.
    """
    schedule = schedule_of(options)
    if schedule is not None:
        return schedule.longest_gap().total_seconds()
    if options.driven and options.speed == "max":
        return 0.0
    if "interval_seconds" in options.model_fields_set:
        return options.interval_seconds
    if not options.driven:
        return min(options.interval_seconds, options.timeframe_ms / 1000)
    # Nobody waits a real minute for a recorded one; an endless simulation is slowed down to be read.
    return 0.0 if options.provider == "recorded" else 1.0
