"""Closed trades gathered under a name each, from lists: what the mirror's sums must come to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from agent.answers.journals import TradeRow
from agent.answers.learned import Lessons, PerformanceAnswer, TotalsAnswer, TradeGroup


class _Result(NamedTuple):
    """A closed trade's profit as text, and its return where something was bought."""

    pnl: str
    earned: float | None


def performance_answer(
    trades: Sequence[TradeRow], lessons: Lessons, spoke: Mapping[tuple[int, str], Iterable[str]], quote: str
) -> PerformanceAnswer:
    """Return what closed trades come to, and the records of lessons; `spoke` has who wanted to buy.

    Its keys are cycle and symbol of an entry.
    """
    results = [(each, _Result(each.pnl, each.earned)) for each in trades]
    return PerformanceAnswer(
        quote=quote,
        totals=_totals(trades),
        by_symbol=_gathered((trade.symbol, result) for trade, result in results),
        by_hour=_gathered((f"{trade.opened:%H}", result) for trade, result in results),
        by_voice=_gathered(
            (voice, result)
            for trade, result in results
            for voice in spoke.get((trade.entry_cycle, trade.symbol), ())
        ),
        by_exit=_gathered((trade.exit, result) for trade, result in results),
        voices=lessons.voices,
        rules=lessons.rules,
    )


def _totals(trades: Sequence[TradeRow]) -> TotalsAnswer:
    amounts = [Decimal(each.pnl) for each in trades]
    won, lost = sum(each for each in amounts if each > 0), sum(each for each in amounts if each < 0)
    returns = [Decimal(each.pnl) / Decimal(each.bought) for each in trades]
    return TotalsAnswer(
        trades=len(trades),
        wins=sum(each > 0 for each in amounts),
        win_rate=sum(each > 0 for each in amounts) / len(trades) if trades else None,
        profit_factor=float(won / -lost) if lost else None,
        mean_result=float(sum(returns)) / len(trades) if trades else None,
        pnl=total(each.pnl for each in trades),
        gross=total(each.gross for each in trades),
        fees=total(each.fees for each in trades),
        slippage=total(each.slippage for each in trades),
    )


def total(amounts: Iterable[str]) -> str:
    """Return the exact sum of decimal texts, without the zeros at its end."""
    return f"{sum(map(Decimal, amounts), Decimal()).normalize():f}"


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
