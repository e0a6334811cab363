"""Many trials on the same candles, each a backtest cut down to its score: the same rules, no tables.

A single voice's votes go straight into the replay's events, features are worked out once per candle
for all trials, and the books are used again. What comes out is what `backtest` comes to, to the bit.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reasoning.kernels.features import PLAN
from reasoning.kernels.strategy import Strategy
from reasoning.own import OwnStrategy
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.backtest import BacktestVoice, Setup, events_of, kept_beside, opened
from research.engine.beside import Misstep
from research.engine.columns import ColumnCache, Crossings, TrialKeys
from research.engine.compiler import compiled, decides_over_columns, plain
from research.engine.exit_tables import Voice, exit_tables, readable
from research.engine.layout import TRADES_AT, ExitTables
from research.engine.recording import Recording
from research.engine.scored import score_books
from research.engine.shared_features import SharedFeatures
from research.engine.signals import CONFIDENCE, EVENT, KNOWN
from research.engine.spans import with_spans
from research.engine.trials_pass import ScorePlan, TrialBatch, alone
from research.statistics.ratios import periods_of
from research.statistics.scoring import FIELDS, day_ends

MOST_TRIALS = 32
"""Trials of one call; fewer where their events find no room."""
LEAST_ROOM = 1024
"""Events there is room for at least."""


class TrialInputs:
    """Candles made ready, and their columns: what the trials of several threads read and none changes.

    Raises BadInput when a series is too short.
    """

    def __init__(self, candles: Sequence[Candles], setup: Setup, *, machine: bool) -> None:
        owned = [_writable(each) for each in candles]
        engine = compiled() if machine else plain()
        self.prepared = Recording(owned, setup.instruments, setup.warmup, engine, setup.beside)
        self.periods = periods_of([each.symbol for each in candles])
        market = self.prepared.market
        self.market = market._replace(blocks=with_spans(market.blocks)) if machine else market
        self.tapes = tuple(zip(self.prepared.columns, self.prepared.series, self.prepared.turns, strict=True))
        day = np.asarray(self.market.blocks.day)
        self.days = int(day[-1]) + 1
        # As int64, for a single backtest's is: machine code of either is that of both.
        self.ends = day[day_ends(self.prepared.instants, self.periods)].astype(np.int64)
        each = zip(self.prepared.tapes, self.prepared.series, strict=True)
        self.columns = [ColumnCache(tape, series) for tape, series in each]
        self.features = [SharedFeatures(len(tape.close)) for tape in self.prepared.tapes]

    def extend(self, shorter: "TrialInputs") -> None:
        """Go on with the columns of candles that these begin with, as a window's that has grown."""
        if len(self.columns) == len(shorter.columns):
            for mine, others in zip(self.columns, shorter.columns, strict=True):
                mine.extend(others)


class TrialRunner:
    """Books that every trial writes anew; for one thread."""

    def __init__(self, inputs: TrialInputs, setup: Setup) -> None:
        self.setup = setup
        self.house = setup.house(inputs.prepared)
        self.slips = inputs.prepared.slips(setup.impacts)
        self.inputs = inputs
        self.prepared = inputs.prepared
        self.machine = inputs.prepared.engine.compiled
        self.equity = np.zeros(inputs.days, dtype=np.int64)
        self.lean = self.machine and len(setup.voices) == 1
        cycles = len(self.prepared.instants)
        self.plan = ScorePlan(inputs.ends, cycles, setup.cash, inputs.periods)
        self._size_books(max(LEAST_ROOM, cycles))
        self.at_once = MOST_TRIALS
        self.stepped: set[str] = set()
        if self.lean:
            self.known: dict[int, FloatArray] = {}
            self.crossings = Crossings()
            self.daily, self.table = np.zeros((MOST_TRIALS, self.days)), np.zeros((MOST_TRIALS, FIELDS))

    @property
    def days(self) -> int:
        """Number of daily returns of each trial."""
        return len(self.inputs.ends)

    def score(self, voices: Sequence[BacktestVoice]) -> tuple[FloatArray, FloatArray]:
        """Run one trial; return its score float64[FIELDS] and daily returns float64[days].

        `voices` are those of the setup, with other parameters.
        """
        table, daily = np.zeros((1, FIELDS)), np.zeros((1, self.days))
        self.score_all([voices], table, daily)
        return table[0], daily[0]

    def score_all(
        self, trials: Sequence[Sequence[BacktestVoice]], table: FloatArray, daily: FloatArray
    ) -> None:
        """Run trials and write each one's score and daily returns into its row."""
        if not self.lean:
            for row, voices in enumerate(trials):
                self._score_full(voices, table[row], daily[row])
            return
        if trials:
            self.score_packs(trials[0][0].strategy, [voices[0].packed for voices in trials], table, daily)

    def score_packs(
        self, strategy: Strategy[Any], packs: Sequence[Any], table: FloatArray, daily: FloatArray
    ) -> None:
        """Run trials of a lone voice, told by their parameters, as `score_all` does."""
        keys = TrialKeys(strategy, packs) if decides_over_columns(strategy, packs) else None
        order = np.arange(len(packs)) if keys is None or len(packs) <= MOST_TRIALS else keys.order()
        done = 0
        while done < len(order):
            rows = order[done : done + self.at_once]
            count = self._batch(strategy, packs, keys, rows)
            table[rows[:count]], daily[rows[:count]] = self.table[:count], self.daily[:count]
            done += count

    def _score_full(self, voices: Sequence[BacktestVoice], row: FloatArray, daily: FloatArray) -> None:
        setup = replace(self.setup, voices=tuple(voices))
        event, confidence, counts = events_of(self.prepared, setup)
        give, (ints, floats) = self.prepared.give, opened(self.prepared, setup, counts)
        books = give(ints), give(floats), give(np.zeros_like(self.equity))
        more = (
            self.house,
            self.inputs.market,
            give(event),
            give(confidence),
            self.slips,
            self.prepared.unheard,
            (exits := self._exits([(each.strategy, each.packed) for each in voices])),
        )
        if self.prepared.engine.replay_many is not None:
            scored = alone(ints, floats, exits), self.plan, daily.reshape(1, -1), row.reshape(1, -1)
            self.prepared.engine.replay_many(*books, *more, *scored)
            return
        self.prepared.engine.replay(*books, *more)
        score: Any = score_books
        score(*books, *self.plan, daily, row)

    def _batch(
        self, strategy: Strategy[Any], packs: Sequence[Any], keys: TrialKeys | None, rows: IntArray
    ) -> int:
        """Run the first of the trials `rows`, as many as find room; return how many."""
        first, count, fitting = self._events(strategy, packs, keys, rows)
        while fitting == 0:
            needed = int(count[0].max()) * len(self.inputs.tapes)
            if needed > self.room:
                self._size_books(needed)
            rows = rows[: self._side_by_side(count)]
            first, count, fitting = self._events(strategy, packs, keys, rows)
        self.at_once = self._side_by_side(count)
        chosen = [packs[row] for row in rows[:fitting]]
        fitting = readable(self.prepared, strategy, chosen)
        exits = self._exits([(strategy, packed) for packed in chosen[:fitting]])
        plans = np.ascontiguousarray(exits.first).reshape(fitting, -1 if len(exits.first) else 0)
        batch = TrialBatch(first[:fitting], count[:fitting], plans, *self.blank)
        more = self.house, self.inputs.market, self.event, self.confidence, self.slips, self.prepared.unheard
        books = self.ints, self.floats, self.equity
        many: Any = self.prepared.engine.replay_many
        many(*books, *more, exits, batch, self.plan, self.daily[:fitting], self.table[:fitting])
        return fitting

    def _exits(self, voices: Sequence[Voice]) -> ExitTables:
        return exit_tables(self.prepared, voices, self.inputs.columns)

    def _side_by_side(self, count: IntArray) -> int:
        """Return of how many trials like these the events find room; `count` int64[trials, symbols]."""
        largest = int(count.max())
        each = (largest + largest // 8 + 1) * len(self.inputs.tapes)
        return min(MOST_TRIALS, max(1, self.room // each))

    def _events(
        self, strategy: Strategy[Any], packs: Sequence[Any], keys: TrialKeys | None, rows: IntArray
    ) -> tuple[IntArray, IntArray, int]:
        """Write the events of the trials `rows`, symbol by symbol.

        Returns where each one's begin, how many, and of how many trials all found room.
        """
        known = strategy.name in self.stepped or not isinstance(strategy, OwnStrategy)
        fitting, symbols = len(rows) if known else 1, len(self.inputs.tapes)
        first, count = (np.zeros((fitting, symbols), dtype=np.int64) for _ in range(2))
        for index in range(symbols):
            share = self.room // symbols
            begins = index * share + share // len(first) * np.arange(len(first) + 1)
            counts = np.zeros(len(first), dtype=np.int64)
            room = self._among(index, keys, rows[: len(first)], begins, counts) if known else None
            if room is None:
                counts[0] = (
                    self._stepped(index, BacktestVoice(strategy, packs[rows[0]]), index * share)
                    - index * share
                )
                room = int(counts[0] <= share)
            fitting = min(fitting, room)
            first[:, index], count[:, index] = begins[:-1], counts
        if fitting:  # else it is stepped once more, for only then was it looked at
            self.stepped.add(strategy.name)
        return first, count, fitting

    def _stepped(self, index: int, voice: BacktestVoice, first: int) -> int:
        """Step the strategy over a tape."""
        find = self.prepared.engine.events(voice.strategy.over_tapes())
        memory = self.prepared.memory(
            index, voice.strategy, voice.packed, kept_beside(replace(self.setup, voices=(voice,)))
        )
        columns, series, turns = self.inputs.tapes[index]
        if index not in self.known:
            self.known[index] = np.zeros(KNOWN * len(self.prepared.tapes[index].close))
        more = self.known[index], *columns, *turns, self.event, self.confidence, first
        try:
            return find(memory, voice.packed, PLAN, series, *more)
        except Misstep as misstep:
            raise misstep.on(self.prepared.tapes[index]) from None

    def _among(
        self, index: int, keys: TrialKeys | None, rows: IntArray, begins: IntArray, counts: IntArray
    ) -> int | None:
        """Ask a strategy that decides over columns where it can vote; return the trials that found room.

        None for another strategy, and one that fails: stepped, it says at which line. `begins` and `counts`
        are as `find_many` takes and fills them.
        """
        if keys is None:
            return None
        asked, (_, series, turns) = keys.asked(rows, self.inputs.columns[index]), self.inputs.tapes[index]
        more = *self.crossings.room, *turns, self.event, self.confidence, begins, counts
        counts[:] = 0

        def fill(known: FloatArray, first: int, until: int) -> None:
            keys.find(*asked.of_none(first, until), PLAN, series, known, *more)

        try:
            known = self.inputs.features[index].known(fill)
            return keys.find(*asked.given, PLAN, series, known, *more)
        except (ArithmeticError, ValueError):
            return self._among(index, keys, rows[:1], begins, counts) if len(rows) > 1 else None

    def _size_books(self, room: int) -> None:
        """Make room for this many events; rows of trades and vetoes need not be blank."""
        self.room = room
        counts = [room, *(0 for _ in self.prepared.tapes[1:])]
        self.ints, self.floats = opened(self.prepared, self.setup, counts, blank=False)
        self.blank = self.ints[: int(self.ints[TRADES_AT])].copy(), self.floats.copy()
        self.event, self.confidence = np.empty(room * EVENT, dtype=np.int64), np.empty(room * CONFIDENCE)


def _writable(candles: Candles) -> Candles:
    """Return candles whose arrays are writable: for others the compiler would make a second version."""
    columns = candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume
    if all(column.flags.writeable for column in columns):
        return candles
    prices = candles.open.copy(), candles.high.copy(), candles.low.copy(), candles.close.copy()
    return Candles(candles.symbol, candles.timeframe_ms, candles.time.copy(), *prices, candles.volume.copy())
