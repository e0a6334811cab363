"""Trades of a session and of its backtest side by side, and what tells each pair apart, to the cash unit."""

from typing import NamedTuple

from agent.answers.report import PairRow
from domain.money import cash_text
from domain.times import utc


class TradeSide(NamedTuple):
    """One closed trade of either side; amounts in cash units, times in ms."""

    opened_ms: int
    closed_ms: int
    lots: int
    bought: int
    sold: int
    fees: int
    slippage: int
    pnl: int
    exit: str


class DifferenceParts(NamedTuple):
    """A difference in cash units by what made it; the four add up to it."""

    size: int
    entry: int
    exit: int
    fees: int
    slippage: int


ENDED, LATER, SIZE, PRICES, FEES = (
    "ended by another order",
    "ended on another candle",
    "another quantity",
    "other prices",
    "other fees",
)


def parts(session: TradeSide, backtest: TradeSide) -> DifferenceParts:
    """Return what the session's trade earned more than the backtest's, by its reasons.

    The backtest's amounts are brought to the session's quantity; what that rounds off counts as size.
    """
    lots, whole = session.lots, backtest.lots
    bought, sold = backtest.bought * lots // whole, backtest.sold * lots // whole
    entry, exit_, fees = bought - session.bought, session.sold - sold, backtest.fees - session.fees
    size = session.pnl - backtest.pnl - entry - exit_ - fees
    return DifferenceParts(size, entry, exit_, fees, session.slippage - backtest.slippage * lots // whole)


ROUNDED, SHARE = 4, 10_000
"""Fees that differ by so many cash units, or by no more than their ten-thousandth, are rounded otherwise.

An exchange rounds the fee of each fill, and to the coin it takes it in; a backtest rounds up that of each
order. Rates differ by much more than that.
"""


def identical(session: TradeSide, backtest: TradeSide) -> bool:
    """Say whether two trades are equal in every amount and ended in the same way; fees but for rounding."""
    fees, pnl = backtest.fees - session.fees, session.pnl - backtest.pnl
    rounded = abs(fees) <= max(ROUNDED, session.fees // SHARE) and pnl == fees
    return rounded and session[2:] == backtest._replace(fees=session.fees, pnl=session.pnl)[2:]


def reason(
    session: TradeSide, backtest: TradeSide, split: DifferenceParts, timeframe_ms: int
) -> tuple[str, str]:
    """Return the first thing that tells two trades apart, and all of it in words."""
    words = []
    if session.exit != backtest.exit:
        words.append((ENDED, f"{session.exit}, in the backtest {backtest.exit}"))
    later = (session.closed_ms - backtest.closed_ms) / timeframe_ms
    if abs(later) >= 1:
        words.append((LATER, f"{later:+.0f} candles"))
    if session.lots != backtest.lots:
        words.append((SIZE, f"{session.lots / backtest.lots - 1:+.1%}"))
    if split.entry or split.exit:
        entry = (session.bought / session.lots) / (backtest.bought / backtest.lots) - 1
        exit_ = (session.sold / session.lots) / (backtest.sold / backtest.lots) - 1 if backtest.sold else 0.0
        words.append((PRICES, f"entry {entry * 10_000:+.1f} bp, exit {exit_ * 10_000:+.1f} bp"))
    if split.fees:
        words.append((FEES, ""))
    kind = words[0][0] if words else FEES
    return kind, "; ".join(f"{name}: {text}" if text else name for name, text in words)


def both(
    symbol: str, session: TradeSide, backtest: TradeSide, timeframe_ms: int, decimals: int
) -> tuple[PairRow, str]:
    """Return two trades of one entry as they are told, and what tells them apart, "" where nothing does."""
    split = parts(session, backtest)
    same = identical(session, backtest)
    kind, why = ("", "") if same else reason(session, backtest, split, timeframe_ms)
    money = {name: cash_text(value, decimals) for name, value in split._asdict().items()}
    row = PairRow(
        symbol=symbol,
        opened=utc(session.opened_ms),
        session=cash_text(session.pnl, decimals),
        backtest=cash_text(backtest.pnl, decimals),
        difference=cash_text(session.pnl - backtest.pnl, decimals),
        session_exit=session.exit,
        backtest_exit=backtest.exit,
        why=why,
        **money,
    )
    return row, kind


def alone(symbol: str, side: TradeSide, why: str, decimals: int, *, session: bool) -> PairRow:
    """Return a trade that only one side made."""
    pnl = cash_text(side.pnl, decimals)
    return PairRow(
        symbol=symbol,
        opened=utc(side.opened_ms),
        session=pnl if session else None,
        backtest=None if session else pnl,
        difference=pnl if session else cash_text(-side.pnl, decimals),
        session_exit=side.exit if session else None,
        backtest_exit=None if session else side.exit,
        why=why,
    )
