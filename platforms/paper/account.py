"""The paper account's book: cash, holdings, the orders that work, and what they hold back."""

from collections.abc import Iterable, Mapping

from domain.instrument import Instrument
from domain.money import from_cash, notional, show_cash
from domain.order import Balance, Fill, Side
from platforms.fills import BUY
from platforms.paper.working_order import WorkingOrder


class PaperAccount:
    """Cash in cash units, holdings in lots by symbol, working orders in order of placement.

    What is held back is derived from the working orders, so the two cannot disagree. Orders of
    one group hold back once, the most any of them needs.
    """

    def __init__(self, cash: int, holdings: dict[str, int]) -> None:
        self.cash = cash
        self.holdings = holdings
        self.working: dict[str, WorkingOrder] = {}

    def group(self, name: str) -> list[WorkingOrder]:
        """Return the working orders of a group."""
        return [each for each in self.working.values() if each.group == name]

    def locked_cash(self, besides: str = "") -> int:
        """Return the cash held back, leaving out one group."""
        buys = (each for each in self.working.values() if each.side == BUY)
        return _held(buys, besides)

    def locked_lots(self, symbol: str, besides: str = "") -> int:
        """Return the lots of a symbol held back, leaving out one group."""
        working = self.working.values()
        return _held((each for each in working if each.side != BUY and each.order.symbol == symbol), besides)

    def shortfall(self, wanted: WorkingOrder, need: int, instrument: Instrument) -> str | None:
        """Say what is missing for `need` (cash units for a buy, lots for a sale), or None."""
        if wanted.side == BUY:
            free = self.cash - self.locked_cash(besides=wanted.group)
            return None if free >= need else _short_of_cash(free, need, instrument)
        free = self.holdings[instrument.symbol] - self.locked_lots(instrument.symbol, besides=wanted.group)
        if free >= need:
            return None
        have, want = instrument.quantity(free), instrument.quantity(need)
        return f"free {have:f} below needed {want:f} {instrument.base}"

    def apply(self, fill: Fill, cash_factor: int) -> None:
        """Move cash and holdings as a fill says."""
        value = notional(fill.price, fill.lots, cash_factor)
        if fill.side is Side.BUY:
            self.cash -= value + fill.fee
            self.holdings[fill.symbol] += fill.lots
        else:
            self.cash += value - fill.fee
            self.holdings[fill.symbol] -= fill.lots

    def balances(self, quote: str, instruments: Mapping[str, Instrument]) -> dict[str, Balance]:
        """Return every asset, free and held back."""
        locked = self.locked_cash()
        balances = {quote: Balance(self.cash - locked, locked)}
        for symbol, lots in self.holdings.items():
            locked = self.locked_lots(symbol)
            balances[instruments[symbol].base] = Balance(lots - locked, locked)
        return balances


def _held(orders: Iterable[WorkingOrder], besides: str) -> int:
    by_group: dict[str, int] = {}
    for each in orders:
        if each.group != besides:
            by_group[each.group] = max(each.lock, by_group.get(each.group, 0))
    return sum(by_group.values())


def _short_of_cash(free: int, need: int, instrument: Instrument) -> str:
    decimals = instrument.cash_decimals
    have, want = show_cash(free, decimals), show_cash(need, decimals)
    if have == want:  # they differ beyond the decimals shown: show all
        have, want = f"{from_cash(free, decimals):f}", f"{from_cash(need, decimals):f}"
    return f"free {have} below needed {want} {instrument.quote}"
