"""A session in numbers and in lines, apart from the life of the account it is one of."""

from functools import partial
from typing import NamedTuple

from agent.answers.account import FeePaid, SessionFigures, Summary
from agent.state.state import State
from agent.views import session
from domain.money import cash_text, show_cash


class Before(NamedTuple):
    """The account's counters when a session began; the opening cash and zeros for its first."""

    outcomes: dict[str, int]
    vetoes: dict[str, int]
    trades: int
    wins: int
    gross: int
    fees: int
    slippage: int
    profit: int


NOTHING = Before({}, {}, 0, 0, 0, 0, 0, 0)


def before(state: State) -> Before:
    """Return the counters of an account now, for the summary of a session that begins."""
    ledger = state.ledger
    return Before(
        outcomes=dict(state.outcomes),
        vetoes=dict(state.vetoes),
        trades=ledger.trades,
        wins=ledger.wins,
        gross=ledger.gross,
        fees=ledger.fees,
        slippage=ledger.slippage,
        profit=session.profit(ledger),
    )


def summary(
    state: State, *, cycles: int, reason: str, head: tuple[int, str], since: Before = NOTHING
) -> Summary:
    """Return a session's figures, and the account's as they stand; amounts as decimal texts in quote."""
    with state.lock:
        vetoes = _grown(state.vetoes, since.vetoes)
        return Summary(
            ended=reason,
            cycles=cycles,
            cycles_in_journal=state.cycles,
            outcomes=dict(sorted(_grown(state.outcomes, since.outcomes).items())),
            session=_of_session(state, since),
            account=session.account(state),
            positions=session.positions(state),
            vetoes=dict(sorted(vetoes.items(), key=lambda each: -each[1])),
            journal_rows=head[0],
            journal_head=head[1],
        )


def _grown(now: dict[str, int], then: dict[str, int]) -> dict[str, int]:
    counts = {name: count - then.get(name, 0) for name, count in now.items()}
    return {name: count for name, count in counts.items() if count}


def _of_session(state: State, since: Before) -> SessionFigures:
    now, money = before(state), partial(cash_text, decimals=state.ledger.cash_decimals)
    return SessionFigures(
        trades=now.trades - since.trades,
        wins=now.wins - since.wins,
        profit=money(now.profit - since.profit),
        gross=money(now.gross - since.gross),
        fees=money(now.fees - since.fees),
        slippage=money(now.slippage - since.slippage),
    )


def lines(state: State, report: Summary, quote: str, since: Before = NOTHING) -> list[str]:
    """Return the summary as lines for people: the session's, and in one line the account's life before."""
    ledger, now = state.ledger, before(state)
    show = partial(show_cash, decimals=ledger.cash_decimals)
    vetoes = ", ".join(f"{rule} {count}" for rule, count in report.vetoes.items()) or "none"
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in report.outcomes.items())
    held = ", ".join(f"{each.quantity} {each.symbol}" for each in report.positions) or "none"
    trades, wins = now.trades - since.trades, now.wins - since.wins
    won = f", {wins} of them won" if trades else ""
    costs = f"fees {show(now.fees - since.fees)}, slippage {show(now.slippage - since.slippage)}"
    equity = f"{show(ledger.equity)} {quote} (opened with {show(ledger.opening_cash)})"
    gross, profit = show(now.gross - since.gross), show(now.profit - since.profit)
    dust = ", ".join(f"{each.quantity} {asset}" for asset, each in report.account.dust.items())
    return [
        f"ended     {report.ended} after {report.cycles} cycles ({outcomes or 'nothing was new'})",
        f"trades    {trades} closed{won}; open positions: {held}",
        f"P&L       {profit} {quote} after costs; closed trades: gross {gross}, {costs}",
        *_elsewhere(report.account.fees_elsewhere),
        *([f"dust      {dust}, too small to be sold"] if dust else []),
        f"equity    {equity}, max drawdown {ledger.max_drawdown:.2%}",
        f"vetoes    {vetoes}",
        *_life(now, since, show(now.profit), quote, state.cycles),
        f"journal   {report.journal_rows} rows, head {report.journal_head[:16]}",
    ]


def _elsewhere(fees: dict[str, FeePaid]) -> list[str]:
    """Say which fees were paid in a third asset, and which of them the profit does not contain."""
    return [
        f"fees      {paid.amount} {asset} beside, {paid.unvalued} of it without a price, in no profit"
        for asset, paid in fees.items()
    ]


def _life(now: Before, since: Before, profit: str, quote: str, cycles: int) -> list[str]:
    if not since.outcomes:
        return []
    won = f", {now.wins} of them won" if now.trades else ""
    return [f"in all    {cycles} cycles, {now.trades} trades closed{won}, P&L {profit} {quote}"]
