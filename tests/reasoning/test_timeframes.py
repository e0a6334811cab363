"""Several timeframes in one strategy: a longer candle is seen when it has closed, and never before."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from agent.settings.instruments import instrument
from agent.verify.lookahead import prove
from domain.candle import Candle
from domain.errors import BadInput
from domain.regrid import Regrid
from domain.times import HOUR_MS, MINUTE_MS, TIMEFRAMES, utc
from reasoning.declare import Undeclarable
from reasoning.indicators.moving import EMA
from reasoning.kernels.higher import HIGHER_SIZE, LAST, TIME, higher_step
from reasoning.kernels.strategy import Strategy
from reasoning.kernels.subset import compilable
from reasoning.memories import SymbolMemory
from reasoning.news.sentiment import SentimentSettings
from reasoning.remembered import KEPT, ConfiguredStrategy
from research.data.candles import Candles
from research.data.resample import resample
from tests.reasoning.samples import walk
from tests.reasoning.told import numbers, over_columns, told, written

BASE = 5 * MINUTE_MS
FRAMES = """
from reasoning.declare import ema, macd, timeframe, vwap, pivots

class Frames(Declared):
    length = integer(3, 2, 20)
    hour = timeframe("1h")
    trend = ema(length, on=hour)
    slower = ema(4, of=trend)
    quarter = rsi(5, on="15m")
    quick = ema(9)

    def decide(self, now, last):
        if crossed_above(now.quick, now.trend) and now.quarter > 40:
            return buy(reason=f"{now.hour.close:.0f} {now.trend!r} {now.slower!r} {now.quarter!r}")
        if falling(now.hour.close):
            return sell(reason=f"{now.hour.close:.0f} {now.trend!r} {now.slower!r} {now.quarter!r}")
        return nothing(f"{now.hour.close:.0f} {now.trend!r} {now.slower!r} {now.quarter!r}")
"""


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Strategy[Any]:
    module, _ = written(tmp_path_factory.mktemp("frames"), FRAMES)
    strategy: Strategy[Any] = module.Frames.strategy.at(BASE)
    return strategy


def with_gaps(count: int = 900, seed: int = 3) -> list[Candle]:
    """A walk of five minutes that begins inside an hour and lacks candles, whole hours among them."""
    draw = np.random.default_rng(seed)
    steps = np.where(draw.random(count) > 0.95, draw.choice([2, 3, 12, 30], count), 1)
    times = 1_680_000_000_000 // HOUR_MS * HOUR_MS + 7 * BASE + np.cumsum(steps) * BASE
    return [each._replace(time=time) for each, time in zip(walk(count, seed), times.tolist(), strict=True)]


def as_series(candles: Sequence[Candle], base: int = BASE) -> Candles:
    columns = [np.array(each) for each in zip(*candles, strict=True)]
    return Candles("BTC-USDT", base, columns[0], *(each.astype(np.float64) for each in columns[1:]))


def closed(candles: Sequence[Candle], timeframe_ms: int) -> Candles:
    """The longer candles that had closed with the last of these, but for one whose beginning was not seen."""
    longer = resample(as_series(candles), timeframe_ms)
    return longer[int(longer.time[0] < candles[0].time) :] if len(longer) else longer


def averages(values: Sequence[float], length: int) -> Iterator[float]:
    memory = [0.0] * EMA.size(length)
    return (EMA.step(memory, 0, length, each) for each in values)


def test_the_numbers_are_those_of_the_longer_candles_that_had_closed(frames: Strategy[Any]) -> None:
    candles, packed = with_gaps(), frames.pack(frames.params())
    said = told(frames, packed, candles)
    for index in range(frames.warmup_for(packed) - 1, len(candles), 23):
        hours = closed(candles[: index + 1], HOUR_MS).close.tolist()
        trend = list(averages(hours, 3))
        slower = list(averages(trend[2:], 4))
        assert said[index][1].split()[:3] == [f"{hours[-1]:.0f}", repr(trend[-1]), repr(slower[-1])]
    assert {signal.vote for signal, _ in said} == {1, 0, -1}


def test_its_lines_are_drawn_once_known(frames: Strategy[Any]) -> None:
    packed = frames.pack(frames.params())
    memory, drawn = frames.blank(packed), []
    for candle in with_gaps(400):
        frames.take(memory, packed, *numbers(candle), float(candle.time))
        drawn.append({each.name: each.value for each in frames.drawn(memory, packed)})
    assert "trend" not in drawn[3 * 12 + 9]
    assert all(each["trend"] > 0.0 for each in drawn[3 * 12 + 10 :])


def test_a_longer_candle_moves_nothing_until_it_has_closed_and_crosses_once(frames: Strategy[Any]) -> None:
    candles, packed = with_gaps(), frames.pack(frames.params())
    said = told(frames, packed, candles)
    hours = [closed(candles[: index + 1], HOUR_MS).time.tolist()[-1:] for index in range(len(candles))]
    falls = [index for index, (signal, _) in enumerate(said) if signal.vote < 0]
    assert len(falls) > 20
    assert all(hours[index] != hours[index - 1] for index in falls)


def test_what_is_said_stays_wherever_the_data_are_cut(frames: Strategy[Any]) -> None:
    proof = prove(frames, frames.pack(frames.params()), with_gaps(500))
    assert proof.proved, proof


@pytest.mark.parametrize("name", ["15m", "4h", "1d", "3d", "1w"])
def test_a_longer_candle_is_that_of_resampling(name: str) -> None:
    length, memory = TIMEFRAMES[name], [0.0] * HIGHER_SIZE
    base = 15 * MINUTE_MS if length < 10**8 else 2 * HOUR_MS
    begin = 1_680_000_000_000 // HOUR_MS * HOUR_MS + (0 if length < HOUR_MS else base)
    candles = [each._replace(time=begin + index * base) for index, each in enumerate(walk(900, 5))]
    made = [
        [int(memory[TIME]), *memory[LAST : LAST + 5]]
        for candle in candles
        for part in range(2)
        if higher_step(memory, 0, length, base, part, float(candle.time), *map(float, candle[1:]))
    ]
    longer = resample(as_series(candles, base), length)
    whole = longer[int(longer.time[0] < candles[0].time) :]
    assert [each[0] for each in made] == whole.time.tolist()
    for column, values in enumerate((whole.open, whole.high, whole.low, whole.close, whole.volume), 1):
        assert [each[column] for each in made] == pytest.approx(values.tolist(), rel=1e-12)
    assert len(made) > 3


def test_two_candles_close_with_one_where_the_data_have_a_gap() -> None:
    memory, candle = [0.0] * HIGHER_SIZE, (1.0, 2.0, 1.0, 2.0, 1.0)
    closed_ = [
        higher_step(memory, 0, 3 * BASE, BASE, part, float(minutes * MINUTE_MS), *candle)
        for minutes in (0, 5, 25)
        for part in range(2)
    ]
    assert closed_ == [0, 0, 0, 0, 1, 1]


def test_warm_up_counts_the_strategy_s_own_candles(frames: Strategy[Any], tmp_path: Path) -> None:
    body = """
class Calm(Declared):
    trend = ema(50, on="4h")

    def decide(self, now):
        if now.close > now.trend:
            return buy()
"""
    module, _ = written(tmp_path, body)
    calm = module.Calm.strategy
    for base, each in ((BASE, 48), (15 * MINUTE_MS, 16)):
        bound = calm.at(base)
        assert bound.warmup_for(bound.pack(bound.params())) == 50 * each + each - 1
    packed = frames.pack(frames.params())
    first = next(
        index
        for index, (_, reason) in enumerate(told(frames, packed, with_gaps()))
        if "warming" not in reason
    )
    assert first == frames.warmup_for(packed) - 1


def test_a_timeframe_that_is_none_of_whole_candles_is_refused_by_name(frames: Strategy[Any]) -> None:
    for wrong, length in ((10 * MINUTE_MS, "600000 ms"), (HOUR_MS, "1h")):
        with pytest.raises(
            BadInput, match=rf"strategy {frames.name}: timeframe 15m is no multiple .* {length};"
        ):
            frames.at(wrong)
    with pytest.raises(BadInput, match=r"is of several timeframes; say which its candles have"):
        Strategy.pack(type(frames)(**{**vars(frames), "timeframe_ms": 0}), frames.params())


@pytest.mark.parametrize(
    ("line", "told_"),
    [
        ('trend = ema(5, on="7h")', "timeframe '7h' is none; "),
        ('trend = ema(5, on="1M")', "timeframe '1M' is none; "),
        ("trend = ema(5, on=3)", 'write a timeframe such as on="4h"'),
        ('trend = ema(5, of=rsi(4, on="1h"), on="4h")', "is fed with an indicator of other candles"),
        (
            'trend = correlation(5, of=[rsi(4, on="1h"), "close"])',
            "is fed with an indicator of other candles",
        ),
        ('one, trend = timeframe("1h"), timeframe("1h")', "trend is one again; declare it once"),
    ],
)
def test_what_cannot_be_declared_says_what_to_write(line: str, told_: str, tmp_path: Path) -> None:
    head = "from reasoning.declare import *\nfrom reasoning.declare import correlation, ema, rsi, timeframe\n"
    body = f"class Wrong(Declared):\n    {line}\n\n    def decide(self, now):\n        return nothing()\n"
    with pytest.raises(Undeclarable) as refusal:
        written(tmp_path, body, head)
    assert told_ in str(refusal.value)


LATE = """
from reasoning.declare import pivots, swings, vwap

class Late(Declared):
    session = vwap()
    levels = pivots(1)
    swing = swings(2)

    def decide(self, now, last):
        swung = crossed_above(now.swing.high, now.swing.low - 1)
        if crossed_above(now.session, 1) or rising(now.levels.r1) or swung:
            return buy(reason=f"{last.session:g} {last.levels.r1:g} {last.swing.high:g}")
"""


def test_a_crossing_with_a_number_that_is_none_yet_votes_for_nothing(tmp_path: Path) -> None:
    module, _ = written(tmp_path, LATE)
    late = module.Late.strategy
    candles = [each._replace(time=each.time + 3 * HOUR_MS + MINUTE_MS) for each in walk(1_600, 3)]
    said = told(late, late.pack(late.params()), candles)
    sessions = {utc(each.time).day for each in candles}
    votes = [reason.split() for signal, reason in said if signal.vote]
    assert len(sessions) > 1
    assert len(votes) > 5
    assert all(levels != "0" for _, levels, _ in votes)
    assert not any(signal.vote for signal, _ in said[:50])
    over = over_columns(late, late.pack(late.params()), candles)
    assert [signal if signal.vote else None for signal, _ in said] == over
    assert compilable(late) is None


def test_as_many_candles_are_kept_as_a_new_grid_needs_to_vote_at_once(tmp_path: Path) -> None:
    body = """
class Long(Declared):
    trend = ema(9, on="4h")

    def decide(self, now):
        return buy(confidence=90) if now.close > 0 else nothing()
"""
    module, _ = written(tmp_path, body)
    strategy = module.Long.strategy.at(MINUTE_MS)
    packed = strategy.pack(strategy.params())
    needed = strategy.warmup_for(packed)
    assert needed > KEPT
    memory = SymbolMemory("BTC-USDT", (ConfiguredStrategy(strategy, packed),), SentimentSettings(), {})
    memory.start("test")
    said = [memory.step(each)[0].vote for each in walk(needed + 100, 2)]
    assert said.index(1) == needed - 1
    old = instrument("BTC-USDT", {})
    memory.regrid(Regrid(old, msgspec.structs.replace(old, tick_size=old.tick_size / 10)))
    assert len(memory.recent) == needed
    assert memory.step(walk(needed + 101, 2)[-1])[0].vote == 1
