"""Closed trades added up: in all, and by symbol, hour of entry, voice, regime and ending.

Money is added up from the trades themselves, in whole cash units, so every sum over groups is the total.
"""

from collections.abc import Callable, Iterable, Sequence

from agent.answers.learned import TotalsAnswer, TradeGroup
from agent.answers.report import CostRow, VetoRow
from agent.views.history import ClosedTrade
from agent.views.session import totals
from domain.lesson import Lesson
from domain.money import PPM, cash_text
from learning.performance import Totals
from platforms.fills import Costs

UNKNOWN = "unknown"
"""The regime of a trade whose entry is not on record."""


def result_of(trade: ClosedTrade) -> float:
    """Return a trade's return on what was paid at entry, after costs; 0 where nothing was."""
    return trade.trade.pnl / trade.trade.bought if trade.trade.bought else 0.0


def totals_of(trades: Sequence[ClosedTrade], decimals: int) -> TotalsAnswer:
    """Return what all trades came to."""
    won = sum(each.trade.pnl for each in trades if each.trade.pnl > 0)
    lost = -sum(each.trade.pnl for each in trades if each.trade.pnl < 0)
    wins, count = sum(each.trade.pnl > 0 for each in trades), len(trades)
    done = Totals(
        trades=count,
        wins=wins,
        win_rate=wins / count if count else None,
        profit_factor=won / lost if lost else None,
        mean_result=sum(map(result_of, trades)) / count if count else None,
        pnl=won - lost,
        gross=sum(each.trade.gross for each in trades),
        fees=sum(each.trade.fees for each in trades),
        slippage=sum(each.trade.slippage for each in trades),
    )
    return totals(done, decimals)


def by(
    trades: Iterable[ClosedTrade], names: Callable[[ClosedTrade], Iterable[str]], decimals: int
) -> list[TradeGroup]:
    """Return trades by the names each goes under, sorted by name."""
    groups: dict[str, list[ClosedTrade]] = {}
    for each in trades:
        for name in names(each):
            groups.setdefault(name, []).append(each)
    return [_group(name, groups[name], decimals) for name in sorted(groups)]


def _group(name: str, trades: Sequence[ClosedTrade], decimals: int) -> TradeGroup:
    return TradeGroup(
        name=name,
        trades=len(trades),
        wins=sum(each.trade.pnl > 0 for each in trades),
        pnl=cash_text(sum(each.trade.pnl for each in trades), decimals),
        mean_result=sum(map(result_of, trades)) / len(trades),
    )


def symbol(trade: ClosedTrade) -> Iterable[str]:
    """Return a trade's symbol."""
    return (trade.trade.symbol,)


def hour(trade: ClosedTrade) -> Iterable[str]:
    """Return the UTC hour of its entry, "00" to "23"."""
    return (f"{trade.trade.opened_at.hour:02d}",)


def voices(trade: ClosedTrade) -> Iterable[str]:
    """Return the voices that spoke for its entry."""
    return [each.name for each in trade.context.voices if each.vote > 0] if trade.context else ()


def regime(trade: ClosedTrade) -> Iterable[str]:
    """Return the market's regime at its entry."""
    return (trade.context.regime if trade.context else UNKNOWN,)


def ending(trade: ClosedTrade) -> Iterable[str]:
    """Return how it ended."""
    return (trade.exit,)


def costs(trades: Sequence[ClosedTrade], assumed: Costs | None, decimals: int) -> list[CostRow]:
    """Return what trading cost by symbol and, as "", in all, beside what a backtest takes for it."""
    names = sorted({each.trade.symbol for each in trades})
    rows = [_cost_row(name, [each for each in trades if each.trade.symbol == name], assumed, decimals)
            for name in names]  # fmt: skip
    return [*rows, _cost_row("", trades, assumed, decimals)] if rows else []


def _cost_row(name: str, trades: Sequence[ClosedTrade], assumed: Costs | None, decimals: int) -> CostRow:
    traded = sum(each.trade.bought + each.trade.sold for each in trades)
    fee, slip = assumed_ppm(assumed)
    paid = sum(each.trade.fees for each in trades), sum(each.trade.slippage for each in trades)
    return CostRow(
        symbol=name,
        trades=len(trades),
        traded=cash_text(traded, decimals),
        fees=cash_text(paid[0], decimals),
        fees_assumed=cash_text(traded * fee // (2 * PPM), decimals),
        slippage=cash_text(paid[1], decimals),
        slippage_assumed=cash_text(traded * slip // (2 * PPM), decimals),
    )


def assumed_ppm(costs: Costs | None) -> tuple[int, int]:
    """Return fee, and slippage with half the spread, of one way of a market order, in two-millionths."""
    return (0, 0) if costs is None else (2 * costs.taker_fee, 2 * costs.slippage + costs.spread)


def vetoes(denied: dict[str, int], lessons: Iterable[Lesson]) -> list[VetoRow]:
    """Return what each rule denied and what came of its watched vetoes, most denials first."""
    results: dict[str, list[float]] = {}
    for each in lessons:
        results.setdefault(each.rule, []).append(each.result)
    names = sorted({*denied, *results}, key=lambda name: (-denied.get(name, 0), name))
    return [_veto(name, denied.get(name, 0), results.get(name, [])) for name in names]


def _veto(rule: str, denied: int, results: Sequence[float]) -> VetoRow:
    return VetoRow(
        rule=rule,
        denied=denied,
        settled=len(results),
        losses_avoided=sum(each < 0 for each in results),
        gains_missed=sum(each > 0 for each in results),
        mean_result=sum(results) / len(results) if results else None,
        saved=-sum(results) if results else 0.0,
    )
