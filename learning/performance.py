"""The totals of lessons: per voice, per vetoing rule, and over all. What has no basis is None, never 0."""

from collections.abc import Iterable, Sequence
from functools import reduce

import msgspec

from domain.lesson import Beliefs, Lesson
from learning.hedge import fold
from learning.settings import LearningSettings


class VoiceRecord(msgspec.Struct, frozen=True):
    """A voice's trades (those it spoke in), how often it was right, and its weight now.

    `mean_result` is the mean return after costs of doing as it said: the opposite where it spoke
    against.
    """

    trades: int
    right: int
    mean_result: float
    weight: float


class RuleRecord(msgspec.Struct, frozen=True):
    """A rule's vetoes whose outcome is known: losses it avoided, gains it missed, and the balance.

    `mean_result` is what the vetoed entries would have returned on average after costs, `saved` the
    sum of returns the rule kept us from, turned round: above 0 it earned its keep.
    """

    vetoes: int
    losses_avoided: int
    gains_missed: int
    mean_result: float
    saved: float


class Totals(msgspec.Struct, frozen=True):
    """All closed trades; a trade wins when it earns after costs. Cash amounts in cash units.

    `win_rate` and `mean_result` are None without trades, `profit_factor` (won over lost) without a
    loss.
    """

    trades: int
    wins: int
    win_rate: float | None
    profit_factor: float | None
    mean_result: float | None
    pnl: int
    gross: int
    fees: int
    slippage: int


class Performance(msgspec.Struct, frozen=True):
    """Records by name, in the order of the first lesson of each, and the totals."""

    voices: dict[str, VoiceRecord]
    rules: dict[str, RuleRecord]
    totals: Totals


def performance(lessons: Iterable[Lesson], settings: LearningSettings) -> Performance:
    """Return what lessons add up to, in the journal's order."""
    learned = list(lessons)
    trades = [lesson for lesson in learned if lesson.kind == "trade"]
    beliefs = reduce(lambda held, lesson: fold(held, lesson, settings), learned, Beliefs())
    return Performance(_voices(trades, beliefs), _rules(learned), _totals(trades))


def _voices(trades: Sequence[Lesson], beliefs: Beliefs) -> dict[str, VoiceRecord]:
    results: dict[str, list[float]] = {}
    for lesson in trades:
        for voice in lesson.context.voices:
            if voice.vote:
                results.setdefault(voice.name, []).append(lesson.result if voice.vote > 0 else -lesson.result)
    return {
        name: VoiceRecord(len(own), sum(result > 0 for result in own), _mean(own), beliefs.weight(name))
        for name, own in results.items()
    }


def _rules(learned: Sequence[Lesson]) -> dict[str, RuleRecord]:
    results: dict[str, list[float]] = {}
    for lesson in learned:
        if lesson.kind == "veto":
            results.setdefault(lesson.rule, []).append(lesson.result)
    return {
        rule: RuleRecord(
            vetoes=len(own),
            losses_avoided=sum(result < 0 for result in own),
            gains_missed=sum(result > 0 for result in own),
            mean_result=_mean(own),
            saved=-sum(own),
        )
        for rule, own in results.items()
    }


def _totals(trades: Sequence[Lesson]) -> Totals:
    won = sum(lesson.pnl for lesson in trades if lesson.pnl > 0)
    lost = -sum(lesson.pnl for lesson in trades if lesson.pnl < 0)
    wins = sum(lesson.pnl > 0 for lesson in trades)
    return Totals(
        trades=len(trades),
        wins=wins,
        win_rate=wins / len(trades) if trades else None,
        profit_factor=won / lost if lost else None,
        mean_result=_mean([lesson.result for lesson in trades]) if trades else None,
        pnl=won - lost,
        gross=sum(lesson.gross for lesson in trades),
        fees=sum(lesson.fees for lesson in trades),
        slippage=sum(lesson.slippage for lesson in trades),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
