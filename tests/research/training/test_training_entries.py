"""An entry of the past is what the loop would have read, and its label what the loop would have learned."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.candle import Candle, LastPrice
from domain.lesson import Context, Lesson
from domain.model import Barriers
from domain.observation import Observation, Source
from domain.times import HOUR_MS, utc
from learning.settings import LearningSettings
from learning.vetoes import advance, watch
from reasoning.kernels.entry_inputs import NAMES
from reasoning.kernels.model_inputs import INPUTS, LOOK_BACK, model_inputs
from reasoning.minds import StrategyRunner
from reasoning.models import inputs_of
from research.engine.compiler import plain
from research.engine.recording import Recording
from research.training.entries import Entries, entries_of
from tests.agent.trained import model
from tests.seeded import market

HELD = Barriers(stop_atr=0.0, target_atr=0.0, horizon=24, cost_ppm=1852)
COUNT = 1_500


@cache
def learned(barriers: Barriers = HELD) -> tuple[Entries, Recording, StrategyRunner]:
    candles = [market("seeded/1h/BTC-USDT", COUNT)]
    options = options_for(Settings(reasoning={"rsi": {"period": 5}}), candles)
    setup = setup_of(options)
    prepared = Recording(candles, setup.instruments, setup.warmup, plain())
    return entries_of(candles, setup, prepared, barriers), prepared, StrategyRunner(options.reasoning)


def test_the_loop_reads_the_same_bits() -> None:
    entries, prepared, mind = learned()
    tape = prepared.tapes[0]
    rows = {int(start): row for start, row in zip(entries.start, entries.inputs.tolist(), strict=True)}
    columns = (tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume)
    candles = [Candle(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    recent: list[Candle] = []
    compared = 0
    for index, candle in enumerate(candles):
        recent.append(candle)
        seen = Observation(
            symbol="BTC-USDT", source=Source.RECORDED, provider="x", series="x", candles=(candle,),
            fetched_at=utc(candle.time + HOUR_MS), quote=LastPrice(candle.close, candle.time),
        )  # fmt: skip
        signals = mind.orient(seen).signals
        turn = int(np.searchsorted(tape.turn_end, index + 1))
        start = int(tape.turn_ms[turn]) if turn < len(tape.turn_ms) else -1
        if start in rows:
            row = inputs_of(model(), recent, signals)
            assert row == rows[start]
            old, count = inputs_of(model(reads=1), recent, signals), len(NAMES[1])
            assert old == [*row[:count], *row[-2:]], "an older model is read what it was trained on"
            compared += 1
    assert compared == len(rows) > 20


def test_a_label_is_what_the_watcher_of_vetoes_learns() -> None:
    entries, prepared, _ = learned(replace_(target_atr=3.0, stop_atr=2.0))
    tape, grid = prepared.tapes[0], prepared.instruments[0]
    columns = (tape.time, tape.open, tape.high, tape.low, tape.close, tape.volume)
    candles = [Candle(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    assert {bool(each) for each in entries.won} == {True, False}
    for start, end, result in zip(entries.start, entries.end, entries.result, strict=True):
        first = next(index for index, candle in enumerate(candles) if candle.time >= start)
        entry = candles[first].open
        before = candles[first - 15 : first]
        ranges = [max(b.high, a.close) - min(b.low, a.close) for a, b in pairwise(before)]
        spread = sum(reversed(ranges)) / 14
        context = Context(0, grid.symbol, utc(int(start)), 50.0, "", ())
        stop, target = max(1, entry - round(2.0 * spread)), entry + max(1, round(3.0 * spread))
        pending = watch(context, "", entry, stop, target, LearningSettings(veto_horizon_candles=24))
        lesson = advance(pending, candles[first:], grid, 1852, utc(int(start)))
        assert isinstance(lesson, Lesson)
        assert (lesson.result, int(start) + lesson.held_ms + HOUR_MS) == (result, end)


def replace_(**more: float) -> Barriers:
    return Barriers(more["stop_atr"], more["target_atr"], HELD.horizon, HELD.cost_ppm)


def test_an_entry_whose_end_is_not_known_has_no_label() -> None:
    entries, prepared, _ = learned()
    last = int(prepared.tapes[0].time[-1]) + HOUR_MS
    assert (entries.end <= last).all()
    assert (entries.end > entries.start).all()


def test_what_comes_later_changes_no_input() -> None:
    entries, *_ = learned()
    half = replace(entries).inputs[: len(entries) // 2]
    cut = [market("seeded/1h/BTC-USDT", COUNT)[: COUNT * 3 // 4]]
    options = options_for(Settings(reasoning={"rsi": {"period": 5}}), cut)
    setup = setup_of(options)
    short = entries_of(cut, setup, Recording(cut, setup.instruments, setup.warmup, plain()), HELD)
    assert len(short) > len(half)
    assert short.inputs[: len(half)].tolist() == half.tolist()


def test_the_numbers_are_those_of_their_version() -> None:
    """Models of version 1 are read these very numbers for ever."""
    close = [100.0 + index % 7 + 0.25 * index for index in range(LOOK_BACK)]
    high, low = [each + 1.5 for each in close], [each - 0.75 for each in close]
    volume = [10.0 + index % 5 for index in range(LOOK_BACK)]
    inputs = [0.0] * len(INPUTS)
    model_inputs(high, low, close, volume, LOOK_BACK - 1, 1_672_581_600_000, 62.5, 0.03, 2, inputs, 0)
    assert NAMES[1] == INPUTS
    assert inputs == pytest.approx(PINNED, rel=1e-12)


PINNED = [
    0.47232103350970756, 0.07667952843542167, 0.7389989552963786, 1.0438195615197963, 2.0716282185074255,
    0.8993624189989868, 1.229499248469463, 0.9166666666666666, 1.0008688097306688, 56.60377358490566,
    -0.5548414899389923, 13.688850490584406, 1.0834782608695617, 0.3333333333333333, 14.0, 2.0, 6.0, 62.5,
    1.1778260869565216, 2.0,
]  # fmt: skip
