"""Closed trades and what they add up to."""

from collections.abc import Iterator, Sequence

from agent.answers.journals import TradeRow
from agent.answers.learned import PerformanceAnswer, Period, ProfitAnswer, TradeGroup
from agent.telegram.texts.amounts import money, rate, share, span, stamp

Lines = Iterator[str]
MOST_VETOES = 5


def trades(rows: Sequence[TradeRow], quote: str | None) -> Lines:
    """Yield closed trades, the newest first."""
    if not rows:
        yield "no trade has closed yet"
    for each in rows:
        yield (
            f"{stamp(each.closed)} {each.symbol} {money(each.pnl, quote, signed=True)} "
            f"({share(each.earned, signed=True)}) by {each.exit}"
        )
        held = span(60 * each.held_minutes)
        yield f"  {each.quantity} from {each.entry_price} to {each.exit_price}, {held}"


def periods(answer: ProfitAnswer) -> Lines:
    """Yield what days, weeks or months came to, the newest first."""
    yield f"by {answer.by}, {answer.quote or 'in quote'} (UTC): equity's change, trades closed"
    for each in answer.rows:
        name = f"{each.begin:%Y-%m}" if answer.by is Period.MONTH else f"{each.begin:%Y-%m-%d}"
        won = f", {rate(each.wins, each.trades)}" if each.trades else ""
        yield f"{name}  {money(each.change, signed=True)} ({share(each.change_share, signed=True)}){won}"
    if not answer.rows:
        yield "no cycle has ended yet"


def performance(answer: PerformanceAnswer) -> Lines:
    """Yield profit by symbol, voice and ending, and what the vetoes did."""
    if not answer.totals.trades:
        yield "no trade has closed yet"
        return
    yield f"{answer.totals.trades} trades, {money(answer.totals.pnl, answer.quote, signed=True)}"
    for title, groups in (
        ("by symbol", answer.by_symbol),
        ("by voice", answer.by_voice),
        ("by ending", answer.by_exit),
    ):
        yield from _groups(title, groups)
    rules = sorted(answer.rules.items(), key=lambda each: -each[1].vetoes)[:MOST_VETOES]
    if rules:
        yield "vetoes"
        yield from (
            f"  {name}: {rule.vetoes}, saved {share(rule.saved, signed=True)}" for name, rule in rules
        )


def _groups(title: str, groups: Sequence[TradeGroup]) -> Lines:
    if groups:
        yield title
    for each in groups:
        yield f"  {each.name}: {money(each.pnl, signed=True)}, {rate(each.wins, each.trades)}"
