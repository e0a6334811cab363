"""The promise: a search over columns finds every vote of the stepped strategy, within its memory."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning.declare import (
    Declared,
    buy,
    crossed_above,
    crossed_below,
    ema,
    integer,
    number,
    rsi,
    sell,
    sma,
)
from reasoning.indicators.kind import IndicatorKind
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import ColumnKey
from reasoning.strategies.registry import STRATEGIES
from research.engine import columns, pages
from research.engine.backtest import BacktestVoice
from research.engine.columns import ColumnCache, TrialKeys
from research.engine.crossings import WORD, mark, mark_level, take_marked
from research.engine.fillers import source_of
from research.engine.pages import Pages
from research.engine.shared_features import PART, SharedFeatures
from research.engine.signals import KNOWN
from research.engine.tape import tape_of
from research.search.grid import default_grid
from research.search.trials import TrialInputs, TrialRunner
from tests.research.searching import setup_for, walk

NUMBERS = st.lists(st.integers(-2, 2).map(float), min_size=1, max_size=140)


class Guarded(Declared):
    """Votes that all stand behind crossings: of two means, and of one number with a level."""

    name = "guarded"
    line = number(1_000, 1, 9_000)
    quick, calm = ema(3), sma(9)
    most = 5

    def decide(self, now: Any) -> Any:
        """Vote at crossings."""
        if now.volume > 0 and crossed_above(now.quick, now.calm):
            return buy()
        if crossed_below(now.close, self.line):
            return sell() if now.close < now.calm else buy()
        return buy() if crossed_above(now.quick, self.most) else None


class Levelled(Declared):
    """Votes behind crossings of a parameter with a number, the parameter first, and of two plain levels."""

    name = "levelled"
    line, fast = number(50, 1, 90), integer(14, 2, 90)
    strength = rsi(fast)

    def decide(self, now: Any) -> Any:
        """Vote at crossings."""
        if crossed_above(self.line, now.strength):
            return buy()
        return sell() if crossed_below(self.line, 30) else None


class Open(Declared):
    """A vote that stands behind no crossing."""

    name = "open"
    quick, calm = ema(3), sma(9)

    def decide(self, now: Any) -> Any:
        """Vote where one mean is above the other, too."""
        if crossed_above(now.quick, now.calm):
            return buy()
        return sell() if now.quick < now.calm else None


def marked(pairs: list[tuple[list[float], list[float] | float]], size: int) -> list[int]:
    """Return the candles the search finds that looks at so many at a time."""
    count = len(pairs[0][0])
    bits, found = np.zeros(-(-count // WORD), dtype=np.uint64), np.zeros(count, dtype=np.int32)
    parts = [slice(at, min(at + size, count)) for at in range(0, count, size)]
    for part, (one, other) in itertools.product(parts, pairs):
        line, first, last = np.array(one[part]), part.start // WORD, part.start - 1
        if isinstance(other, float):
            mark_level(line, other, one[last] if part.start else other, first, bits)
        else:
            before, beside = (one[last], other[last]) if part.start else (0.0, 0.0)
            mark(line, np.array(other[part]), before, beside, first, bits)
    with np.errstate(over="ignore"):  # as in machine code, where a product keeps its lowest bits
        result = found[: take_marked(bits, found)].tolist()
    assert not bits.any()
    return list(result)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=4), st.sampled_from([None, -1.0, 0.5]))
def test_every_crossing_is_found_and_nothing_where_no_side_is_new(
    lines: list[list[float]], level: float | None
) -> None:
    count = min(map(len, lines))
    pairs: list[Any] = [(lines[place][:count], lines[place + 1][:count]) for place in range(len(lines) - 1)]
    pairs = pairs if level is None else [(pairs[0][0], level)]
    which = [np.sign(np.subtract(*pair)).astype(int).tolist() for pair in pairs]
    expected = [
        index
        for index in range(count)
        if any(side[index] and (index == 0 or side[index] != side[index - 1]) for side in which)
    ]
    assert marked(pairs, WORD) == marked(pairs, 16 * WORD) == expected


def crossings(strategy: Any, packed: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of columns or levels of parameters."""
    keys = strategy.columns(packed)

    def meant(side: Any) -> Any:
        if side.column >= 0:
            return keys[side.column]
        return float(packed[side.field]) if side.field >= 0 else side.level

    return [(meant(one), meant(other)) for one, other in strategy.sides]


def test_a_decide_tells_the_crossings_its_votes_stand_behind() -> None:
    declared: Any = Guarded.strategy
    packed = declared.pack(declared.params(line=7))
    quick, calm = (key for key in declared.columns(packed) if key.kind in ("ema", "sma"))
    pairs = crossings(declared, packed)
    assert [(getattr(one, "kind", one), getattr(other, "kind", other)) for one, other in pairs] == [
        ("ema", "sma"), ("close", 7.0), ("ema", 5.0),
    ]  # fmt: skip
    assert pairs[0] == (quick, calm)
    assert Open.strategy.sides == ()
    assert {name for name, each in STRATEGIES.items() if each.sides} >= {"rsi", "sma"}


@pytest.mark.parametrize("strategy", [*(STRATEGIES[name] for name in ("rsi", "sma")), Open.strategy])
def test_asked_at_columns_it_votes_as_when_stepped(strategy: Any) -> None:
    candles = walk(1_500)
    asked = setup_for([candles], "sma")
    runner = TrialRunner(TrialInputs([candles], asked, machine=True), asked)
    voice = BacktestVoice(strategy, strategy.pack(strategy.params()))
    rows = runner._stepped(0, voice, 0)  # one way of two, to hold the other against
    stepped = runner.event[: 6 * rows].copy(), runner.confidence[: 2 * rows].copy()
    runner.event[:], runner.confidence[:] = 0, 0
    begins, counts = np.array([0, runner.room]), np.zeros(1, dtype=np.int64)
    keys = TrialKeys(strategy, [voice.packed])
    assert runner._among(0, keys, np.zeros(1, dtype=np.int64), begins, counts) == 1  # as above
    assert counts[0] == rows > 10
    assert runner.event[: 6 * rows].tolist() == stepped[0].tolist()
    assert runner.confidence[: 2 * rows].tolist() == stepped[1].tolist()


def test_columns_keep_within_their_bytes_and_come_back_the_same() -> None:
    candles = walk(800)
    asked = setup_for([candles], "sma")
    made = TrialInputs([candles], asked, machine=True).prepared
    strategy: Any = STRATEGIES["sma"]
    sma_keys = [strategy.columns(strategy.pack(strategy.params(fast=fast)))[0] for fast in range(3, 13)]
    size = 8 * len(made.tapes[0].close)
    columns = ColumnCache(made.tapes[0], made.series[0], most=4 * size)
    first = [columns.get(key).copy() for key in sma_keys]
    assert columns.nbytes <= 4 * size
    assert all(np.array_equal(columns.get(key), was) for key, was in zip(sma_keys, first, strict=True))
    assert len({each.tobytes() for each in first}) == len(first)


@pytest.mark.parametrize("strategy", [*STRATEGIES.values(), Guarded.strategy, Levelled.strategy])
def test_thousands_of_trials_read_the_columns_that_each_would_alone(strategy: Any) -> None:
    if not strategy.columns(strategy.pack(strategy.params())):
        pytest.skip("of several timeframes: it is stepped")
    grid = default_grid(strategy).trials
    packs = [each.packed for each in grid[::7] + grid[::11]]
    keys = TrialKeys(strategy, packs)
    for trial, packed in enumerate(packs):
        used, (row,), (level,), (numbers,) = keys.of(trial)
        told = [used[place] if place >= 0 else None for place in row]
        assert tuple(told[: keys.columns]) == strategy.columns(packed)
        assert numbers.tolist() == [float(each) for each in packed]
        pairs = crossings(strategy, packed)
        expected = [pair if isinstance(pair[0], ColumnKey) else pair[::-1] for pair in pairs]
        crossed = zip(told[keys.columns :: 2], told[keys.columns + 1 :: 2], level.tolist(), strict=True)
        assert [(one, at if other is None else other) for one, other, at in crossed] == expected


def test_what_a_dropped_column_lay_in_is_written_again_and_never_one_that_is_read() -> None:
    candles = walk(1 + pages.LEAST // 8)  # a shorter column lies where the system puts it
    made = TrialInputs([candles], setup_for([candles], "sma"), machine=True).prepared
    strategy: Any = STRATEGIES["sma"]
    fast = [strategy.columns(strategy.pack(strategy.params(fast=each)))[0] for each in range(3, 13)]
    over = [key._replace(inputs=(key,)) for key in fast]  # a mean of a mean: unknown until the first is known
    columns = ColumnCache(made.tapes[0], made.series[0], most=0)
    alone = [ColumnCache(made.tapes[0], made.series[0]).get(key) for key in over]
    held = columns.get(over[0])
    lies = set()
    for key, expected in zip(over, alone, strict=True):
        lies.add(columns.get(key).ctypes.data)
        assert columns.get(key).tobytes() == expected.tobytes()
    assert len(lies) <= 4  # ten means of ten others
    assert held.tobytes() == alone[0].tobytes()


def test_a_single_array_takes_no_more_than_itself_and_many_share_few_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    places = pages._places

    def counted(size: int, count: int) -> Any:
        asked.append(size * count)
        return places(size, count)

    monkeypatch.setattr(pages, "_places", counted)
    arrays, size = Pages(50_000), 8 * 50_000
    held = [arrays.array(50_000)]
    assert size <= sum(asked) < 1.1 * size
    held += [arrays.array(50_000) for _ in range(99)]
    assert len(asked) < 15
    assert sum(asked) < 1.2 * 100 * size
    assert max(asked) <= pages.BLOCK
    for index, array in enumerate(held):
        array[:] = index
    assert [array.min() == array.max() == index for index, array in enumerate(held)] == [True] * 100
    asked.clear()
    del held, array
    assert len([arrays.array(0) for _ in range(100)]) == 100
    assert not asked  # those that were dropped are handed out again


def test_any_run_of_a_grid_reads_few_columns() -> None:
    strategy: Any = STRATEGIES["sma"]
    pairs = [(fast, slow) for fast in range(5, 25) for slow in range(30, 230)]
    packs = [strategy.pack(strategy.params(fast=fast, slow=slow)) for fast, slow in pairs]
    order = TrialKeys(strategy, packs).order()
    assert sorted(order.tolist()) == list(range(len(packs)))
    runs = ([pairs[place] for place in order[first : first + 32]] for first in range(len(packs) - 32))
    read = [len({fast for fast, _ in run}) + len({slow for _, slow in run}) for run in runs]
    assert np.mean(read) < 16  # a row of the grid reads 33
    assert max(read) <= 33


def test_threads_that_want_a_column_get_the_one_that_was_made_once() -> None:
    candles = walk(800)
    made = TrialInputs([candles], setup_for([candles], "sma"), machine=True).prepared
    strategy: Any = STRATEGIES["sma"]
    keys = [
        key for fast in range(3, 13) for key in strategy.columns(strategy.pack(strategy.params(fast=fast)))
    ]
    columns, alone = (ColumnCache(made.tapes[0], made.series[0]) for _ in range(2))
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda _: [columns.get(key) for key in keys], range(4)))
    for place, key in enumerate(keys):
        assert len({id(each[place]) for each in got}) == 1
        assert np.array_equal(got[0][place], alone.get(key))


def test_threads_work_the_features_of_a_tape_out_once_and_each_a_part() -> None:
    count, together = 3 * PART + 1, threading.Barrier(3)
    features, parts = SharedFeatures(count), list[tuple[int, int]]()

    def fill(known: Any, first: int, until: int) -> None:
        if not parts:
            together.wait(timeout=30)  # all three have a part: one alone would never get on
        parts.append((first, until))
        known[KNOWN * first : KNOWN * until] += 1.0

    with ThreadPoolExecutor(3) as pool:
        got = list(pool.map(lambda _: features.known(fill), range(3)))
    assert sorted(parts) == [(0, PART), (PART, 2 * PART), (2 * PART, 3 * PART), (3 * PART, count)]
    assert all(each is got[0] and np.all(each == 1.0) for each in got)


def test_a_part_of_the_features_that_failed_is_worked_out_by_the_next() -> None:
    features = SharedFeatures(PART)

    def fail(_known: Any, _first: int, _until: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features.known(fail)
    parts = list[tuple[int, int]]()
    features.known(lambda _known, first, until: parts.append((first, until)))
    features.known(fail)  # all is known: nothing is asked
    assert parts == [(0, PART)]


def test_an_indicator_of_more_numbers_than_are_kept_is_told_all_the_same() -> None:
    candles = walk(800)
    made = TrialInputs([candles], setup_for([candles], "sma"), machine=True).prepared
    close = ColumnKey("close", (), (), "value")
    key = ColumnKey("bollinger", (20, 2.0), (close,), "lower")
    small, large = (ColumnCache(made.tapes[0], made.series[0], most=most) for most in (1, 2**20))
    assert np.array_equal(small.get(key), large.get(key))
    assert np.all(small.get(key)[20:] < small.get(key._replace(output="middle"))[20:])


def plain_filler(kind: IndicatorKind) -> Any:
    names: dict[str, Any] = {"step": kind.step}
    exec(source_of(kind), names)  # noqa: S102  # what the compiler is handed, without the compiler
    return names["fill"]


def number_of(name: str) -> ColumnKey:
    return ColumnKey(name, (), (), "value")


def cache_of(count: int) -> ColumnCache:
    tape = tape_of(walk(300)[: count + 1], setup_for([walk(300)]).instruments["BTC-USDT"], 1)
    return ColumnCache(tape, np.concatenate((tape.close.astype(float), tape.volume, np.zeros(count))))


def test_a_window_that_has_grown_goes_on_with_every_indicator(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[int] = []

    def counted(kind: IndicatorKind) -> Any:
        fill = plain_filler(kind)

        def counting(memory: Any, *rest: Any) -> None:
            filled.append(len(rest[-1]))
            fill(memory, *rest)

        return counting

    monkeypatch.setattr(columns, "filler", counted)
    for name, kind in INDICATORS.items():
        inputs = tuple(number_of(each if each in columns.COLUMNS else "close") for each in kind.inputs)
        keys = [ColumnKey(name, kind.defaults, inputs, output) for output in kind.outputs]
        first, second, third, anew = (cache_of(count) for count in (90, 91, 240, 240))
        for before, after in ((first, second), (second, third)):
            before.get(keys[0])
            after.extend(before)
        del filled[:]
        grown = [third.get(each).tobytes() for each in keys]
        assert filled == [240 - 91], name
        assert grown == [anew.get(each).tobytes() for each in keys], name


def test_a_window_of_other_candles_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "filler", plain_filler)
    key = ColumnKey("ema", (5,), (number_of("close"),), INDICATORS["ema"].outputs[0])
    one, other, anew = cache_of(90), cache_of(120), cache_of(120)
    one._tape.close[50] += 1
    one.get(key)
    other.extend(one)
    assert other.get(key).tobytes() == anew.get(key).tobytes()
