"""What a session came to, in numbers and in lines."""

from functools import partial
from typing import Any

from agent import views
from agent.state import State
from domain.money import show_cash


def summary(state: State, *, cycles: int, reason: str, head: tuple[int, str]) -> dict[str, Any]:
    """Return a session's figures; amounts as decimal texts in quote."""
    with state.lock:
        return {
            "ended": reason,
            "cycles": cycles,
            "cycles_in_journal": state.cycles,
            "outcomes": dict(sorted(state.outcomes.items())),
            "account": views.account(state),
            "positions": views.positions(state),
            "vetoes": dict(state.vetoes.most_common()),
            "journal_rows": head[0],
            "journal_head": head[1],
        }


def lines(state: State, told: dict[str, Any], quote: str) -> list[str]:
    """Return the summary as lines for people."""
    ledger, show = state.ledger, partial(show_cash, decimals=state.ledger.cash_decimals)
    profit = views.profit(ledger)
    wins = f", {ledger.wins} of them won" if ledger.trades else ""
    vetoes = ", ".join(f"{rule} {count}" for rule, count in told["vetoes"].items()) or "none"
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in told["outcomes"].items())
    held = ", ".join(f"{each['quantity']} {each['symbol']}" for each in told["positions"]) or "none"
    costs = f"fees {show(ledger.fees)}, slippage {show(ledger.slippage)}"
    equity = f"{show(ledger.equity)} {quote} (opened with {show(ledger.opening_cash)})"
    gross = show(ledger.gross)
    dust = ", ".join(f"{each['quantity']} {asset}" for asset, each in told["account"]["dust"].items())
    return [
        f"ended     {told['ended']} after {told['cycles']} cycles ({outcomes or 'nothing was new'})",
        f"trades    {ledger.trades} closed{wins}; open positions: {held}",
        f"P&L       {show(profit)} {quote} after costs; closed trades: gross {gross}, {costs}",
        *_elsewhere(told["account"]["fees_elsewhere"]),
        *([f"dust      {dust}, too small to be sold"] if dust else []),
        f"equity    {equity}, max drawdown {ledger.max_drawdown:.2%}",
        f"vetoes    {vetoes}",
        f"journal   {told['journal_rows']} rows, head {told['journal_head'][:16]}",
    ]


def _elsewhere(fees: dict[str, Any]) -> list[str]:
    """Say which fees were paid in a third asset, and which of them the profit does not contain."""
    return [
        f"fees      {paid['amount']} {asset} beside, {paid['unvalued']} of it without a price, in no profit"
        for asset, paid in fees.items()
    ]
