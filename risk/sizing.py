"""The size of an entry in lots: the risk budget, then every cap, always rounded down.

Equity x risk share x confidence x volatility x streak, over the loss of one lot at the stop with
all costs (facts/trading.md, "Sizing"); or a stake, which is what the entry is worth. The caps are those
the gate would deny, so what is sized passes them, and the edge that a promoted voice sees, where there is
one; a fixed quantity is left as it is and the gate decides.
"""

from typing import NamedTuple

from domain.instrument import Instrument
from domain.kelly import kelly
from domain.kernel import kernel
from domain.money import share_down, show_cash
from risk.facts import AccountFacts, Entry
from risk.limits import Limits, Sizing, trade_limit
from risk.stake import lots_within

BY_BUDGET = 0
BY_TRADE_LOSS = 1
BY_EXPOSURE = 2
BY_CONCENTRATION = 3
BY_CASH = 4
BY_FIXED = 5
BY_CONFIDENCE = 6
BY_NOTHING = 7
BY_STAKE = 8
BY_EDGE = 9
"""Codes of what bound a size; BY_NOTHING when price or stop is missing."""

CAPS = {
    BY_TRADE_LOSS: "per_trade_loss",
    BY_EXPOSURE: "portfolio_exposure",
    BY_CONCENTRATION: "concentration",
    BY_CASH: "free cash",
    BY_EDGE: "edge",
}

KELLY = 0.25
"""The share of Kelly's bet that is made, for an edge is an estimate: MacLean, Thorp and Ziemba, "Good and bad
properties of the Kelly criterion", 2010."""


class Size(NamedTuple):
    """Lots, the code of what bound them, the risk budget and the binding cap, both in cash units."""

    lots: int
    bound: int
    budget: int
    cap: int


@kernel
def risk_budget(entry: Entry, book: AccountFacts, risk_ppm: int) -> int:
    """Return what may be lost at the stop, in cash units, rounded down.

    Confidence counts from 0 to 100, the ratio of baseline ATR to ATR from 0.5 to 1.5 (NaN as 0.5);
    three wins in a row leave 80 %, two losses 70 %.
    """
    sure = min(entry.confidence, 100.0) if entry.confidence > 0.0 else 0.0
    calm = min(entry.atr_ratio, 1.5) if entry.atr_ratio > 0.5 else 0.5
    streak = 1_000_000
    if book.win_streak >= 3:
        streak = 800_000
    if book.loss_streak >= 2:
        streak = 700_000
    budget = share_down(max(book.equity, 0), risk_ppm)
    budget = share_down(budget, int(sure * 10_000.0))
    budget = share_down(budget, int(calm * 1_000_000.0))
    return share_down(budget, streak)


@kernel
def edge_ppm(chance: float, payoff: float) -> int:
    """Return the share of equity, in ppm, that an edge allows to be lost at the stop, rounded down.

    A quarter of Kelly's; 0 where the entry loses on average, and for what is no number.
    """
    share = KELLY * kelly(chance, payoff)
    return min(int(share * 1_000_000.0), 1_000_000) if share > 0.0 else 0


@kernel
def tighter(size: Size, bound: int, cap: int, lots: int) -> Size:
    """Return the size a cap leaves; one that binds equally is not named."""
    if lots < size.lots:
        return Size(lots, bound, size.budget, cap)
    return size


@kernel
def room(equity: int, share_ppm: int, taken: int) -> int:
    """Return what a share of equity leaves beside what is taken, in cash units, not below 0."""
    return max(share_down(max(equity, 0), share_ppm) - taken, 0)


@kernel
def size_entry(entry: Entry, book: AccountFacts, limits: Limits, sizing: Sizing) -> Size:
    """Return the lots of an entry and what bound them; 0 lots when nothing may be bought."""
    if sizing.fixed == 1:
        return Size(entry.fixed_lots, BY_FIXED, 0, 0)
    if entry.price <= 0 or entry.stop <= 0:
        return Size(0, BY_NOTHING, 0, 0)
    if sizing.stake > 0 or sizing.stake_ppm > 0:
        worth = sizing.stake
        if sizing.stake_ppm > 0:
            worth = share_down(max(book.equity, 0), sizing.stake_ppm)
        lots = worth // entry.cash_factor // entry.price
        return capped(Size(lots, BY_STAKE, worth, worth), entry, book, limits)
    if not entry.confidence >= sizing.min_confidence:
        return Size(0, BY_CONFIDENCE, 0, 0)
    budget = risk_budget(entry, book, sizing.risk_ppm)
    lots = lots_within(budget, entry.price, entry.stop, entry.cash_factor, entry.cost_ppm)
    return capped(Size(lots, BY_BUDGET, budget, budget), entry, book, limits)


@kernel
def capped(size: Size, entry: Entry, book: AccountFacts, limits: Limits) -> Size:
    """Return a size cut down to every cap: loss of the trade, exposure, concentration, cash, its edge."""
    price, factor, cost = entry.price, entry.cash_factor, entry.cost_ppm
    cap = trade_limit(limits, book.equity)
    size = tighter(size, BY_TRADE_LOSS, cap, lots_within(cap, price, entry.stop, factor, cost))
    cap = room(book.equity, limits.total_exposure_ppm, book.exposure)
    size = tighter(size, BY_EXPOSURE, cap, cap // factor // price)
    cap = room(book.equity, limits.concentration_ppm, book.symbol_exposure)
    size = tighter(size, BY_CONCENTRATION, cap, cap // factor // price)
    cap = max(book.free, 0)
    size = tighter(size, BY_CASH, cap, lots_within(cap, price, 0, factor, cost))
    if entry.payoff > 0.0:
        cap = share_down(max(book.equity, 0), edge_ppm(entry.chance, entry.payoff))
        size = tighter(size, BY_EDGE, cap, lots_within(cap, price, entry.stop, factor, cost))
    return size


def explain(size: Size, entry: Entry, sizing: Sizing, instrument: Instrument) -> str:
    """Say what bound a size, as in "risk budget 100.00 capped by per_trade_loss 5.00: 0.0066 BTC"."""
    quantity = f"{instrument.quantity(size.lots).normalize():f} {instrument.base}"
    if size.bound == BY_FIXED:
        return f"fixed quantity: {quantity}"
    if size.bound == BY_NOTHING:
        return f"no {'stop below the price' if entry.price > 0 else 'price'} to size by: {quantity}"
    if size.bound == BY_CONFIDENCE:
        return (
            f"confidence {entry.confidence:g} below the sizing minimum {sizing.min_confidence:g}: {quantity}"
        )
    what = "stake" if sizing.stake > 0 or sizing.stake_ppm > 0 else "risk budget"
    budget = f"{what} {show_cash(size.budget, instrument.cash_decimals)}"
    if size.bound in (BY_BUDGET, BY_STAKE):
        return f"{budget}: {quantity}"
    cap = show_cash(size.cap, instrument.cash_decimals)
    why = ""
    if size.bound == BY_EDGE:
        why = f" (p {entry.chance:.3f} at least, gains {entry.payoff:.2f} of losses)"
    return f"{budget} capped by {CAPS[size.bound]} {cap}{why}: {quantity}"
