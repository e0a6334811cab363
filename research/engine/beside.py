"""The user's kernels run in plain Python beside the machine code made of them, and held against it.

The two differ in kind where machine code says nothing: `math` gives NaN or infinity where Python raises, a
power that is too large is infinite, whole numbers beyond 64 bits wrap. So a strategy is stepped in Python
too, over all candles or, of many, over those where such things show: the first ones, the oddest, some
in between. Each stretch begins with the memory that machine code came to there; votes and what is said with
them must be the same to the bit, the memory to a millionth, for a power may be rounded otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from reasoning.kernels.features import features_warmup
from reasoning.kernels.indicators import Memory
from reasoning.own import OwnStrategy, StrategyFault, first_line
from research.engine.informed import cut
from research.engine.layout import EVENT_TURN
from research.engine.signals import CONFIDENCE, EVENT, KNOWN, find_events
from research.engine.tape import Tape

MOST, STRETCH, SPREAD = 12_000, 500, 4
"""Candles stepped of one series at most, and of one stretch; stretches at no odd index."""
NEAR = 1e-6

Find = Callable[..., int]
Stretch = tuple[int, int]


class Misstep(Exception):  # it never leaves research
    """A strategy's fault, and the index of the candle at which it happened."""

    def __init__(self, fault: StrategyFault, index: int) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.place = index

    def on(self, tape: Tape) -> StrategyFault:
        """Return the fault with the tape's candle."""
        return self.fault.at(tape.symbol, int(tape.time[self.place]))


class Pass(NamedTuple):
    """The arguments of `find_events`, but for the memory."""

    packed: tuple[Any, ...]
    plan: Any
    series: Any
    known: Any
    opened: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    time: Any
    turn_of: Any
    cycle_of: Any
    event: Any
    confidence: Any
    first: int

    @property
    def columns(self) -> tuple[Any, ...]:
        """Candles, and in which turn and cycle each is news."""
        return self[4:12]

    def of(self, begin: int, end: int) -> "Pass":
        """Return the candles of a stretch, with room of their own for what is said about them."""
        count = len(self.close)
        series = np.concatenate([self.series[k * count + begin : k * count + end] for k in range(3)])
        columns = [each[begin:end] for each in self.columns]
        room = end - begin
        event, confidence = np.zeros(room * EVENT, dtype=np.int64), np.zeros(room * CONFIDENCE)
        return Pass._make((self.packed, self.plan, series, np.zeros(KNOWN), *columns, event, confidence, 0))

    def listed(self) -> "Pass":
        """Return it as plain Python takes it."""
        return Pass._make(each.tolist() if isinstance(each, np.ndarray) else each for each in self)


def compare(strategy: OwnStrategy[Any], machine: Find, blank: Any, built: Pass, rows: int) -> None:
    """Step a strategy in Python beside what machine code wrote up to row `rows`. Raises Misstep.

    `blank` is its memory before the first candle.
    """

    def memory_at(end: int) -> Any:
        memory = blank.copy()
        if end:
            machine(memory, *built.of(0, end))
        return memory

    for stretch in stretches(built, memory_at):
        _compare(strategy, machine, built, stretch, rows, memory_at)


def _compare(
    strategy: OwnStrategy[Any],
    machine: Find,
    built: Pass,
    stretch: Stretch,
    rows: int,
    memory_at: Callable[[int], Any],
) -> None:
    begin, end = stretch
    size = strategy.size_for(built.packed)
    before = cut(memory_at(begin), size, begin, end)
    memory = strategy.restored(before.tolist())
    text, count = _in_python(strategy, memory, built, stretch)
    turns = built.turn_of[begin:end]
    index = _first_difference(_written(built, rows, turns), _rows(text, 0, count))
    if index is not None:
        where = begin + int(np.flatnonzero(turns == index)[0])
        raise _differ(strategy, "another vote, confidence or level", where)
    slot = _apart(memory_at(end)[:size], list(memory)[:size])
    if slot is not None:
        where = _since(strategy, machine, before, built, stretch)
        raise _differ(strategy, f"another value in memory[{slot}]", where)


def _differ(strategy: OwnStrategy[Any], what: str, index: int) -> Misstep:
    words = f"{what} as machine code than in Python (math, a large power or whole number?); try --uncompiled"
    return Misstep(strategy.fault(words, first_line(strategy.step)), index)


def _in_python(strategy: OwnStrategy[Any], memory: Memory, built: Pass, stretch: Stretch) -> tuple[Pass, int]:
    """Run `find_events` over a stretch; the candles before it are there for features only."""
    begin, end = stretch
    start = max(begin - features_warmup(built.plan), 0)
    part = built.of(start, end).listed()
    index = start - 1

    def step(*given: Any) -> int:
        nonlocal index
        index += 1
        return strategy.take(*given) if index >= begin else 0

    try:
        return part, find_events(step, strategy.say, memory, *part)
    except StrategyFault as fault:
        raise Misstep(fault, index) from None


Rows = tuple[Any, Any]


def _rows(built: Pass, first: int, last: int) -> Rows:
    ints = np.asarray(built.event[first * EVENT : last * EVENT], dtype=np.int64).reshape(-1, EVENT)
    floats = np.asarray(built.confidence[first * CONFIDENCE : last * CONFIDENCE], dtype=np.float64).reshape(
        -1, CONFIDENCE
    )
    return ints, floats.view(np.int64)


def _written(built: Pass, rows: int, turns: Any) -> Rows:
    """Return the rows machine code wrote about candles of these turns."""
    ints, floats = _rows(built, built.first, rows)
    mine = np.isin(ints[:, EVENT_TURN], turns)
    return ints[mine], floats[mine]


def _first_difference(one: Rows, other: Rows) -> int | None:
    """Return the turn of the first row in which two differ."""
    count = min(len(one[0]), len(other[0]))
    same = np.all(one[0][:count] == other[0][:count], axis=1) & np.all(
        one[1][:count] == other[1][:count], axis=1
    )
    differing = np.flatnonzero(~same)
    first = int(differing[0]) if len(differing) else count
    turns = [int(each[0][first, EVENT_TURN]) for each in (one, other) if first < len(each[0])]
    return min(turns) if turns else None


def _apart(machine: Any, python: Sequence[float]) -> int | None:
    """Return the first index in which two memories differ by more than rounding."""
    same = np.isclose(machine, np.asarray(python), rtol=NEAR, atol=NEAR, equal_nan=True)
    return None if same.all() else int(np.flatnonzero(~same)[0])


def _since(strategy: OwnStrategy[Any], machine: Find, before: Any, built: Pass, stretch: Stretch) -> int:
    """Return the candle after which the two memories differ, stepping one after another."""
    ours, theirs = strategy.restored(before.tolist()), before.copy()
    silent = np.full_like(built.turn_of[:1], -1)
    for index in range(*stretch):
        one = built.of(index, index + 1)._replace(turn_of=silent)
        machine(theirs, *one)
        candle = (each[0] for each in one.listed()[4:10])
        strategy.take(ours, built.packed, *map(float, candle))
        if _apart(theirs, ours) is not None:
            return index
    return stretch[1] - 1


def stretches(built: Pass, memory_at: Callable[[int], Any]) -> Iterator[Stretch]:
    """Yield the stretches of candles to step, oldest first and apart from one another."""
    count = len(built.close)
    if count <= MOST:
        yield 0, count
        return
    done = MOST // 2
    yield 0, done
    for index in sorted(_odd(built, memory_at)):
        begin, end = max(index - STRETCH // 5, done), min(index + STRETCH, count)
        if begin < end:
            yield begin, end
            done = end


def _odd(built: Pass, memory_at: Callable[[int], Any]) -> set[int]:
    """Return candles of which a strategy could make something odd, and some in between."""
    count = len(built.close)
    ranges, gaps = built.high - built.low, np.abs(np.diff(built.close, prepend=built.close[0]))
    odd = {int(find(each)) for each in (ranges, built.close, built.volume) for find in (np.argmin, np.argmax)}
    odd |= {int(np.argmax(gaps)), int(np.argmin(gaps[1:])) + 1}
    odd |= {count * each // (SPREAD + 1) for each in range(1, SPREAD + 1)} | {count - STRETCH}
    return odd | _not_finite(count, memory_at)


def _not_finite(count: int, memory_at: Callable[[int], Any]) -> set[int]:
    """Return the candle that left a NaN or an infinity in the memory for good."""
    if np.isfinite(memory_at(count)).all():
        return set()
    sound, spoilt = 0, count
    while spoilt - sound > 1:
        middle = (sound + spoilt) // 2
        finite = np.isfinite(memory_at(middle)).all()
        sound, spoilt = (middle, spoilt) if finite else (sound, middle)
    return {sound}
