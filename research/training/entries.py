"""The entries strategies wanted on candles of the past, with what a model reads and what came of them.

An entry is a candle at which the vote, every voice at weight 1, reaches the threshold on the side of buying.
Its label is the lesson of the watcher that follows vetoed entries in the loop (`learning.vetoes`): stop
first, the open of a candle beyond a level, else the close at the horizon, less the costs of both ways. An
entry whose end the candles do not show has no label and is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from domain.candle import Candle
from domain.instrument import Instrument
from domain.lesson import Context, Lesson
from domain.model import Barriers
from domain.times import utc
from learning.settings import LearningSettings
from learning.vetoes import advance, watch
from reasoning.kernels.entry_inputs import NAMES, NEWEST, entry_inputs
from reasoning.kernels.model_inputs import LOOK_BACK, distance_of, mean_range
from reasoning.vote import score_of, side_of
from research.data.candles import Candles, FloatArray, IntArray
from research.engine.backtest import Setup, events_of
from research.engine.layout import (
    EVENT_TURN,
    EVENT_VOICES,
    PER_VOICE,
    STOP_OF,
    STOP_PPM_OF,
    TARGET_OF,
    VOTE,
)
from research.engine.recording import Recording
from research.engine.tape import Tape


@dataclass(frozen=True, eq=False)
class Entries:
    """Labelled entries, oldest first, arrays of one length n.

    `start` is the instant of the decision, `end` the close of the candle the label was known by, in ms (UTC).
    `inputs` float64[n, k] are what a model reads, `result` the net return on what was paid.
    """

    names: tuple[str, ...]
    symbol: IntArray
    start: IntArray
    end: IntArray
    inputs: FloatArray
    result: FloatArray

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.start)

    def __getitem__(self, rows: Any) -> "Entries":
        """Return some of the entries, by mask or places."""
        columns = {each.name: getattr(self, each.name) for each in fields(self)[1:]}
        return Entries(self.names, **{name: column[rows] for name, column in columns.items()})

    @property
    def won(self) -> FloatArray:
        """1 where the net result is above 0, else 0."""
        return (self.result > 0.0).astype(np.float64)


@dataclass(frozen=True)
class _Wanted:
    """An entry as it was wanted: its candle and turn, and the strongest buyer's confidence and levels."""

    newest: int
    turn: int
    confidence: float
    stop_ppm: int
    stop: int
    target: int
    buying: tuple[int, ...]


def names_of(strategies: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all inputs of a model that knows these strategies."""
    return (*NAMES[NEWEST], *(f"is_{name}" for name in strategies))


def entries_of(candles: Sequence[Candles], setup: Setup, prepared: Recording, barriers: Barriers) -> Entries:
    """Return every labelled entry on the candles, oldest first."""
    names = names_of([voice.strategy.name for voice in setup.voices])
    rows: list[tuple[Any, ...]] = []
    events, confidences, counts = events_of(prepared, setup)
    width, voices, first = EVENT_VOICES + PER_VOICE * len(setup.voices), len(setup.voices), 0
    for symbol, count in enumerate(counts):
        part = events.reshape(-1, width)[first : first + count]
        sure = confidences.reshape(-1, 1 + voices)[first : first + count]
        wanted = _wanted(prepared.tapes[symbol], part.tolist(), sure.tolist(), setup.threshold)
        tape, grid = prepared.tapes[symbol], prepared.instruments[symbol]
        rows.extend(
            (symbol, *row)
            for row in _labelled(tape, grid, wanted, barriers, candles[symbol].timeframe_ms, names)
        )
        first += count
    rows.sort(key=lambda row: (row[1], row[0]))
    return Entries(
        names,
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[4] for row in rows], dtype=np.float64).reshape(-1, len(names)),
        np.array([row[3] for row in rows], dtype=np.float64),
    )


def _wanted(
    tape: Tape, events: Sequence[Sequence[int]], confidences: Sequence[Sequence[float]], threshold: float
) -> Iterator[_Wanted]:
    """Yield the votes that are for buying, where the market was quoted and enough candles lie behind."""
    for event, (_, *confidence) in zip(events, confidences, strict=True):
        votes = [event[EVENT_VOICES + PER_VOICE * voice + VOTE] for voice in range(len(confidence))]
        pull = sum(vote * sure for vote, sure in zip(votes, confidence, strict=True))
        turn = event[EVENT_TURN]
        newest = int(tape.turn_end[turn]) - 1
        known = newest + 1 >= LOOK_BACK and tape.turn_quote[turn] > 0
        if not known or side_of(score_of(pull, float(sum(map(abs, votes)))), threshold) <= 0:
            continue
        buying = tuple(voice for voice, vote in enumerate(votes) if vote > 0)
        strongest = max(buying, key=lambda voice: confidence[voice])
        at = EVENT_VOICES + PER_VOICE * strongest
        levels = event[at + STOP_PPM_OF], event[at + STOP_OF], event[at + TARGET_OF]
        yield _Wanted(newest, turn, confidence[strongest], *levels, buying)


def _labelled(
    tape: Tape,
    grid: Instrument,
    wanted: Iterator[_Wanted],
    barriers: Barriers,
    timeframe_ms: int,
    names: Sequence[str],
) -> Iterator[tuple[int, int, float, list[float]]]:
    """Yield start, end, result and inputs of the entries whose end is known."""
    columns = (tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume)
    candles = [Candle(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]
    series = [[float(each) for each in column.tolist()] for column in columns[2:]]
    for each in wanted:
        start = int(tape.turn_ms[each.turn])
        lesson = _label(candles, int(tape.turn_quote[each.turn]), start, each, series, grid, barriers)
        if lesson is not None:
            end = start + lesson.held_ms + timeframe_ms
            inputs = inputs_at(series, candles[each.newest], each, len(names))
            yield start, end, lesson.result, inputs


def inputs_at(series: Sequence[list[float]], candle: Candle, each: _Wanted, count: int) -> list[float]:
    """Return what a model reads of an entry; the kernel of the loop works it out."""
    inputs = [0.0] * count
    distance = distance_of(series[2][each.newest], each.stop_ppm, each.stop)
    buyers = len(each.buying)
    high, low, close, volume = series
    entry_inputs(
        NEWEST, high, low, close, volume, each.newest, candle.time, each.confidence, distance, buyers, inputs
    )
    for voice in each.buying:
        inputs[len(NAMES[NEWEST]) + voice] = 1.0
    return inputs


def _label(
    candles: Sequence[Candle],
    entry: int,
    start: int,
    each: _Wanted,
    series: Sequence[list[float]],
    grid: Instrument,
    barriers: Barriers,
) -> Lesson | None:
    """Return what the watcher says of an entry, None where the candles end before it."""
    stop = each.stop or (entry - entry * each.stop_ppm // 1_000_000 if each.stop_ppm else 0)
    target = each.target
    high, low, close, _ = series
    spread = mean_range(high, low, close, each.newest, 14)
    if barriers.stop_atr:
        stop = max(1, entry - round(barriers.stop_atr * spread))
    if barriers.target_atr:
        target = entry + max(1, round(barriers.target_atr * spread))
    context = Context(0, grid.symbol, utc(start), each.confidence, "", ())
    settings = LearningSettings(veto_horizon_candles=barriers.horizon)
    pending = watch(context, "", entry, stop, target, settings)
    after = candles[each.newest + 1 : each.newest + 1 + barriers.horizon]
    outcome = advance(pending, after, grid, barriers.cost_ppm, utc(start))
    return outcome if isinstance(outcome, Lesson) else None
