"""The part of the fold that takes in what enters from outside: candles, quotes, reports, grids, pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from agent.state.pair_list import PairFold, seen
from agent.state.trading import TradingState
from domain.events import CycleDecided, GridChanged
from domain.observation import Observation
from domain.order import Receipt
from domain.regrid import Regrid
from learning.vetoes import advance_all
from platforms.impact import LOOK_BACK


class Observed(NamedTuple):
    """The observations of a cycle: the first part of its CycleDecided, folded before any decision on it."""

    cycle_id: int
    at: datetime
    observations: Sequence[Observation]
    updates: Sequence[Receipt]
    blocked: Mapping[str, str]
    beside: Sequence[Observation] = ()
    """The observations of symbols that are only looked at."""


@dataclass(eq=False)
class SeeingState(TradingState):
    """The fold of what a cycle sees, and of the grids that prices and quantities are counted on."""

    def _regrid(self, event: GridChanged) -> None:
        """Count on the grids of an event from now on; what is held is carried over to them."""
        for instrument in event.instruments:
            change = self.ledger.count_on(instrument)
            if change is not None:
                self._carry(change)

    def _carry(self, change: Regrid) -> None:
        symbol = change.new.symbol
        self.slicing.pop(symbol, None)
        self.adding.pop(symbol, None)
        if symbol in self.last:
            self.last[symbol] = change.candle(self.last[symbol])
        if symbol in self.recent:
            self.recent[symbol] = tuple(map(change.candle, self.recent[symbol]))
        if symbol in self.entries:
            self.entries[symbol] = change.approved(self.entries[symbol])
        self.pending = [
            change.pending(each) if each.context.symbol == symbol else each for each in self.pending
        ]
        if self.mind is not None:
            self.mind.regrid(symbol, change)

    def _see(self, event: Observed | CycleDecided) -> None:
        """Take in what entered from outside: candles, quotes, what resting orders did, what is blocked."""
        cycle_id, at, ledger = event.cycle_id, event.at, self.ledger
        if cycle_id <= self.cycle_id:
            ledger.contradict(f"cycle {cycle_id}", f"cycle {cycle_id} does not follow cycle {self.cycle_id}")
        self.cycle_id = self.open_cycle = cycle_id
        self.at = at
        ledger.roll(at)
        ledger.venue_blocks = dict(event.blocked)
        for observation in event.observations:
            if observation.quote is not None:
                ledger.marks[observation.symbol] = observation.quote.price
            if observation.candles:
                self._candles(observation, at)
        for receipt in event.updates:
            self._record_report(receipt)
        ledger.value()

    def _list(self, pairs: PairFold) -> None:
        """Count on a pair list, or on there being none."""
        self.pairs = pairs
        self.ledger.off_list = pairs.off_list

    def _candles(self, observation: Observation, at: datetime) -> None:
        if self.faults:
            self.faults = {each: why for each, why in self.faults.items() if each != observation.symbol}
        anew = self.series.get(observation.symbol, observation.series) != observation.series
        if self.pairs.window_ms:
            tick = self.ledger.instruments[observation.symbol].tick
            self.pairs = seen(self.pairs, observation, tick, anew=anew)
        if anew:
            self.recent.pop(observation.symbol, None)
            # Hindsight never runs from one market's prices into another's.
            self.pending = [each for each in self.pending if each.context.symbol != observation.symbol]
        self.last[observation.symbol] = observation.candles[-1]
        if self.measuring:
            candles = (*self.recent.get(observation.symbol, ()), *observation.candles)
            self.recent[observation.symbol] = candles[-LOOK_BACK:]
        self.series[observation.symbol] = observation.series
        if self.pending:
            instrument = self.ledger.instruments[observation.symbol]
            self.pending, lessons = advance_all(
                self.pending,
                observation.symbol,
                observation.candles,
                instrument,
                self.cost_ppm,
                at,
                self.learning,
            )
            self.new_lessons.extend(lessons)
