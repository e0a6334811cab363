"""Lessons for a question: those that were known when the candle closed, and no other. Pure.

A lesson that was learned later knows how things went on: a backtest or a replay that read it would know
the future. The rule is fixed: same regime first, then the newest; what a lesson says is made of numbers.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.lesson import Lesson

MOST_LESSONS = 5


def known(lessons: Sequence[Lesson], closed_at: datetime) -> tuple[Lesson, ...]:
    """Return the lessons learned before a candle closed; one learned at that very instant is too late."""
    return tuple(each for each in lessons if each.learned_at < closed_at)


def chosen(
    lessons: Sequence[Lesson], closed_at: datetime, symbol: str, regime: str, most: int = MOST_LESSONS
) -> tuple[Lesson, ...]:
    """Return the newest known lessons about a symbol, those of the same regime before others."""
    about = [each for each in known(lessons, closed_at) if each.context.symbol == symbol]
    about.sort(key=lambda each: (each.context.regime == regime, each.learned_at), reverse=True)
    return tuple(about[:most])


def told(lessons: Sequence[Lesson]) -> tuple[str, ...]:
    """Return lessons as texts for a question: no date, no name and no price."""
    return tuple(
        f"{'a purchase' if each.kind == 'trade' else 'a purchase that was held back'} in regime "
        f"{each.context.regime or 'unknown'} with score {each.context.confidence:.0f} "
        f"came to {100.0 * each.result:+.2f} % and ended by {each.exit}"
        for each in lessons
    )
