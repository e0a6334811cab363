"""The holdings of an account: cash, positions, the dust beside them, and fees paid in other assets."""

from dataclasses import dataclass, field
from datetime import datetime

from agent.state.dust import Elsewhere, commission_cost, raised, step_units, worth
from domain.account import Position, Trade, apply_fill, gather
from domain.instrument import Instrument
from domain.money import asset_text
from domain.order import Fill, Side
from domain.regrid import Regrid

BOOKS = 3
"""The version of the rules that an account is counted by. 1 rounded each fill's fee to lots and had no dust
in equity; 2 watched no entry that a voice held back, and weighed voices by every lesson of an earlier
cycle."""

TAKE_OVER = "mend it at the exchange, then `agent reconcile --adopt --reason ...`"


@dataclass(eq=False)
class Holdings:
    """The fold of fills into an account; the ledger adds its orders and the day's counters."""

    books: int = BOOKS
    instruments: dict[str, Instrument] = field(default_factory=dict)
    cash: int = 0
    untracked: dict[str, int] | None = None
    marks: dict[str, int] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    gathering: dict[str, Position] = field(default_factory=dict)
    dust: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    unpriced: set[str] = field(default_factory=set)
    slack: dict[str, int] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)

    def take(self, fill: Fill) -> Trade | None:
        """Take in a fill; return the trade it closed."""
        symbol, factor = fill.symbol, self.instruments[fill.symbol].cash_factor
        self._dust(symbol, fill.dust)
        held = self.positions.get(symbol) or self._gathered(fill)
        position, trade, cash = apply_fill(held, fill, factor, self._beside(fill))
        self.cash += cash
        if position is not None:
            self._hold(position, fill.commission if self._withholds(fill) else 0)
        if trade is not None:
            del self.positions[symbol]
        if fill.odd:
            self.odd[symbol] = fill.odd
        for asset, units in fill.slack.items():
            self.slack[asset] = self.slack.get(asset, 0) + units
        return trade

    def _dust(self, symbol: str, units: int) -> None:
        """Count units of a base asset as dust, or as no longer there."""
        if units:
            self.dust[symbol] = self.dust.get(symbol, 0) + units

    def _gathered(self, fill: Fill) -> Position | None:
        """Return what the same order bought before that is no whole lot yet."""
        before = self.gathering.pop(fill.symbol, None)
        return before if before is not None and before.entry_id == fill.client_id else None

    def _withholds(self, fill: Fill) -> bool:
        """Say whether a fill's commission was taken of what it bought."""
        return fill.side is Side.BUY and fill.commission_asset == self.instruments[fill.symbol].base

    def _hold(self, position: Position, withheld: int = 0) -> None:
        """Hold a position, less what was withheld, as whole lots and dust."""
        symbol = position.symbol
        dust = self.dust.get(symbol, 0)
        if self.books > 1 and (dust or withheld):
            step = step_units(self.instruments[symbol])
            position, self.dust[symbol] = gather(position, step, dust, withheld)
        if position.lots or self.books == 1:
            self.positions[symbol] = position
        else:
            self.positions.pop(symbol, None)
            self.gathering[symbol] = position

    def _beside(self, fill: Fill) -> int:
        """Take in a commission that is no cash and not of what was bought; return its worth in cash units."""
        if not fill.commission_asset or self._withholds(fill):
            return 0
        instrument = self.instruments[fill.symbol]
        if fill.commission_asset == instrument.base:
            self._dust(fill.symbol, -fill.commission)
            return commission_cost(fill, instrument)
        return self._third(fill.commission_asset, fill.commission)

    def _third(self, asset: str, units: int) -> int:
        """Take in a fee in a third asset; return its worth, 0 where no price of it is known."""
        pair = next((each for each in self.instruments.values() if each.base == asset), None)
        mark = self.marks.get(pair.symbol) if pair else None
        value = -worth(-units, mark, pair) if pair and mark else 0
        ours = 0
        if pair and self.untracked is not None:
            ours = units - min(max(self.untracked.get(asset, 0), 0), units)
            self.untracked[asset] = self.untracked.get(asset, 0) - (units - ours)
            self._dust(pair.symbol, -ours)
            if pair.symbol in self.positions:
                self._hold(self.positions[pair.symbol])
        before = self.elsewhere.get(asset, Elsewhere())
        unseen = value * (units - ours) // units if units else 0
        unvalued = 0 if value or not units else units
        self.elsewhere[asset] = Elsewhere(
            before.units + units, before.unvalued + unvalued, before.cash + unseen
        )
        if unvalued:
            self.unpriced.add(asset)
        return value

    def count_on(self, instrument: Instrument) -> Regrid | None:
        """Count on an instrument from now on; return how what is held was carried over to it, if it was."""
        known = self.instruments.get(instrument.symbol)
        self.instruments[instrument.symbol] = instrument
        if known is None or self.books == 1:
            return None
        change = Regrid(known, instrument)
        symbol = instrument.symbol
        if not change.changes:
            return None
        if symbol in self.marks:
            self.marks[symbol] = change.ticks(self.marks[symbol])
        if symbol in self.gathering:
            self.gathering[symbol] = change.position(self.gathering[symbol])
        if symbol in self.positions:
            self._carry(change, self.positions.pop(symbol))
        return change

    def _carry(self, change: Regrid, before: Position) -> None:
        """Carry a position over; what the new lots cannot hold is dust."""
        after, step = change.position(before), step_units(change.new)
        self._dust(before.symbol, before.lots * step_units(change.old) - after.lots * step)
        if after.lots:
            self._hold(after)

    def sweep(self, at: datetime, only: str = "") -> None:
        """Make lots of dust that is worth an order, of one symbol or of all: it is to be sold."""
        swept = [symbol for symbol in self.dust if only in ("", symbol)]
        for symbol in swept if self.books > 1 else ():
            before = self.positions.get(symbol)
            mark, instrument = self.marks.get(symbol), self.instruments[symbol]
            position, self.dust[symbol] = raised(before, self.dust[symbol], mark, instrument, at)
            if position is not None:
                self.positions[symbol] = position

    def unread(self) -> dict[str, str]:
        """Return what these books cannot answer for, by symbol ("" for all): no entry is made on it."""
        reasons = {symbol: f"{odd}; {TAKE_OVER}" for symbol, odd in self.odd.items()}
        if self.unpriced:
            units = {each: self.elsewhere[each].unvalued for each in sorted(self.unpriced)}
            fees = ", ".join(f"{asset_text(amount)} {asset}" for asset, amount in units.items())
            reasons[""] = f"fees of {fees} have no price here and profit does not contain them; {TAKE_OVER}"
        return reasons

    def dust_values(self) -> dict[str, int]:
        """Return what the dust of each symbol with a mark is worth, in cash units."""
        return {
            symbol: worth(units, self.marks[symbol], self.instruments[symbol])
            for symbol, units in self.dust.items()
            if symbol in self.marks
        }

    def forgive(self, untracked: dict[str, int]) -> dict[str, int]:
        """Count what an operator took over as right: nothing is off, and dust that is not there is none.

        Returns what lies aside, none of it below 0.
        """
        self.slack.clear()
        self.odd.clear()
        self.unpriced.clear()
        left = dict(untracked)
        for symbol in self.dust:
            base = self.instruments[symbol].base
            missing = min(left.get(base, 0), 0)
            self.dust[symbol] += missing
            left[base] = left.get(base, 0) - missing
        return left
