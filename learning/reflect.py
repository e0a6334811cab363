"""From a closed trade to its lesson."""

from datetime import datetime

from domain.account import Trade
from domain.errors import LocalFault
from domain.instrument import Instrument
from domain.lesson import Context, Lesson
from domain.times import millis


def reflect(
    trade: Trade,
    context: Context,
    ending: str,
    instrument: Instrument,
    learned_at: datetime,
) -> Lesson:
    """Return the lesson of a closed trade.

    `ending` says how it ended ("stop", "target" or "signal"). `result` is profit after all costs over
    what was paid at entry; `entry` and `leave` are average fill prices in the quote currency.
    Raises LocalFault when trade, context and instrument are not of one symbol.
    """
    if not trade.symbol == context.symbol == instrument.symbol:
        raise LocalFault(
            f"trade of {trade.symbol} met the context of {context.symbol} and the grid of {instrument.symbol}"
        )
    quote_per_cash = instrument.tick / (trade.lots * instrument.cash_factor)
    return Lesson(
        kind="trade",
        context=context,
        learned_at=learned_at,
        result=trade.pnl / trade.bought,
        exit=ending,
        held_ms=millis(trade.closed_at) - millis(trade.opened_at),
        entry=trade.bought * quote_per_cash,
        leave=trade.sold * quote_per_cash,
        pnl=trade.pnl,
        gross=trade.gross,
        fees=trade.fees,
        slippage=trade.slippage,
    )
