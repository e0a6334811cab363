"""Pair lists over a recording: who is off the list at every instant at which the loop would make it anew.

Candles are measured as the loop's fold has them by then (`perception.pairs.tape`) and judged by the same
function, so both come to the same list. What an account does is not asked, so it is done once for all trials.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.instrument import Instrument
from perception.pairs.filters import PairMeasures, listed
from perception.pairs.settings import PairListSettings
from perception.pairs.tape import MOST_UNITS, UNITS, PairCoverage, PairWindow, begin_of, measured, measures_of
from research.data.candles import FloatArray, IntArray
from research.engine.tape import Tape


@dataclass(frozen=True)
class PairRule:
    """A pair list's settings, and the spread in bp that counts for every symbol."""

    settings: PairListSettings
    spread_bp: float


class MeasuredTape:
    """One tape with what was traded up to each candle, in whole units; `first` is when its symbol's began."""

    def __init__(self, tape: Tape, instrument: Instrument, rule: PairRule, first: int) -> None:
        tick = instrument.tick
        self.tape = tape
        self.rule = rule
        self.covered = PairCoverage(first, first)
        self.high: FloatArray = np.multiply(tape.high, tick, dtype=np.float64)
        self.low: FloatArray = np.multiply(tape.low, tick, dtype=np.float64)
        product = tape.close * tick * tape.volume * UNITS
        units = np.where(product > 0, np.rint(np.minimum(product, MOST_UNITS)), 0.0).astype(np.int64)
        self.sums: IntArray = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(units)])

    def at(self, at_ms: int) -> PairMeasures:
        """Return the symbol's measurements by the candles that have closed by an instant."""
        tape, window_ms = self.tape, self.rule.settings.window_ms
        turn = int(np.searchsorted(tape.turn_ms, at_ms, side="right")) - 1
        end = int(tape.turn_end[turn]) if turn >= 0 else 0
        if end == 0:
            return measures_of(tape.symbol, None, at_ms, window_ms, self.rule.spread_bp)
        begin = int(np.searchsorted(tape.time[:end], begin_of(at_ms, window_ms)))
        window = PairWindow(0, 0.0, 0.0)
        if begin < end:
            units = int(self.sums[end] - self.sums[begin])
            window = PairWindow(units, float(self.high[begin:end].max()), float(self.low[begin:end].min()))
        return measured(tape.symbol, at_ms, window_ms, self.covered, window, self.rule.spread_bp)


def flags_of(
    tapes: Sequence[Tape], instruments: Sequence[Instrument], instants: IntArray, rule: PairRule
) -> tuple[int, int, IntArray]:
    """Return the first list's number, how many there are, and who is off them, symbol by symbol (1 is off).

    A list's number is its instant over the time between two lists.
    """
    numbers, first = np.unique(instants // rule.settings.refresh_ms, return_index=True)
    count = int(numbers[-1] - numbers[0]) + 1
    off = np.zeros((len(tapes), count), dtype=np.int64)
    columns = [
        MeasuredTape(tape, grid, rule, int(tape.time[0]))
        for tape, grid in zip(tapes, instruments, strict=True)
    ]
    for number, index in zip((numbers - numbers[0]).tolist(), first.tolist(), strict=True):
        at_ms = int(instants[index])
        pairs = listed([each.at(at_ms) for each in columns], rule.settings)
        off[:, number] = [each.off is not None for each in pairs]
    return int(numbers[0]), count, off.reshape(-1)
