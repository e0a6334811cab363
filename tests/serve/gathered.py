"""Closed trades gathered under a name each, from lists: what the mirror's sums must come to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from agent.answers.journals import TradeRow
from agent.answers.learned import LessonRow, Lessons, PerformanceAnswer, TradeGroup


class _Result(NamedTuple):
    """A closed trade's profit as text, and its return where something was bought."""

    pnl: str
    earned: float | None


def performance_answer(trades: Sequence[TradeRow], lessons: Lessons, quote: str | None) -> PerformanceAnswer:
    """Return what trades and lessons of one account come to; a voice's trades are those it spoke for."""
    results = [(each, _Result(each.pnl, each.earned)) for each in trades]
    return PerformanceAnswer(
        quote=quote,
        totals=lessons.totals,
        by_symbol=_gathered((trade.symbol, result) for trade, result in results),
        by_hour=_gathered((f"{trade.opened:%H}", result) for trade, result in results),
        by_voice=_gathered(_spoken_for(lessons.lessons)),
        by_exit=_gathered((trade.exit, result) for trade, result in results),
        voices=lessons.voices,
        rules=lessons.rules,
    )


def _spoken_for(lessons: Iterable[LessonRow]) -> Iterable[tuple[str, _Result]]:
    for each in lessons:
        if each.kind == "trade":
            for voice, vote in each.voices.items():
                if vote > 0:
                    yield voice, _Result(each.pnl, each.result)


def _gathered(results: Iterable[tuple[str, _Result]]) -> list[TradeGroup]:
    """Return one row a name, in the order of the names; sums of decimal texts are exact."""
    groups: dict[str, list[_Result]] = defaultdict(list)
    for name, result in results:
        groups[name].append(result)
    return [_row(name, groups[name]) for name in sorted(groups)]


def _row(name: str, results: list[_Result]) -> TradeGroup:
    amounts = [Decimal(each.pnl) for each in results]
    returns = [each.earned for each in results if each.earned is not None]
    return TradeGroup(
        name=name,
        trades=len(results),
        wins=sum(each > 0 for each in amounts),
        pnl=f"{sum(amounts):f}",
        mean_result=sum(returns) / len(returns) if returns else None,
    )
