"""Swings, breaks, levels, blocks and gaps: as defined, known only when confirmed, the same however told."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle
from reasoning.kernels.features import PLAN, features_now, features_size, features_step
from reasoning.kernels.levels import LEVELS_SIZE, sweep, touch
from reasoning.kernels.strategy import Strategy
from reasoning.kernels.structure import (
    BREAK,
    HIGH,
    LOW,
    NEW_HIGH,
    NEW_LOW,
    TREND,
    pays,
    structure_size,
    structure_step,
)
from reasoning.strategies.fair_value_gap import FVG
from reasoning.strategies.liquidity_sweep import SWEEP
from reasoning.strategies.order_block import BLOCK
from reasoning.strategies.registry import STRATEGIES
from tests.reasoning import reference
from tests.reasoning.reference import History, Said
from tests.reasoning.samples import ticks, walk
from tests.seeded import present

PAIRS: list[tuple[Strategy[Any], Callable[[list[Candle]], list[Said]]]] = [
    (SWEEP, reference.sweeps), (BLOCK, reference.order_blocks), (FVG, reference.gaps),
]  # fmt: skip  # a strategy and its slow twin
IDS = [strategy.name for strategy, _ in PAIRS]


def said(strategy: Strategy[Any], candles: list[Candle]) -> list[Said]:
    """Step a strategy over candles; return its votes with their levels."""
    packed = strategy.params().packed()
    memory, shared = [0.0] * strategy.size(packed), [0.0] * features_size(PLAN)
    votes = []
    for place, candle in enumerate(candles):
        numbers = [float(part) for part in (*candle[1:], 0)]
        features_step(shared, PLAN, *numbers[1:5])
        signal = strategy.on_candle(memory, packed, features_now(shared, PLAN), *numbers)
        assert strategy.explain(memory, packed, signal)
        if signal.vote:
            assert signal.stop_ppm == 0
            parts = signal.base + signal.trend + signal.volume + signal.volatility
            assert signal.confidence == min(100.0, parts)
            votes.append(Said(place, signal.vote, signal.stop, signal.target))
    return votes


@pytest.mark.parametrize(("strategy", "slow"), PAIRS, ids=IDS)
@pytest.mark.parametrize(
    ("name", "count"),
    present(
        ("seeded/1h/BTC-USDT", 3_000),
        ("crypto/1h/BTC-USDT_1h_2017-2023.csv.gz", 4_000),
        ("crypto/1h/ETH-USDT_1h_2018-2023.csv.gz", 4_000),
    ),
)
def test_hours_are_read_as_by_the_slow_reference(
    name: str, count: int, strategy: Strategy[Any], slow: Callable[[list[Candle]], list[Said]]
) -> None:
    candles = ticks(name, count)
    votes = said(strategy, candles)
    assert votes == slow(candles)
    assert {vote.vote for vote in votes} == {1, -1}
    assert len(votes) > 10


@pytest.mark.parametrize(("strategy", "slow"), PAIRS, ids=IDS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_short_walks_are_read_alike(
    strategy: Strategy[Any], slow: Callable[[list[Candle]], list[Said]], seed: int
) -> None:
    candles = walk(150, seed)
    assert said(strategy, candles) == slow(candles)


@pytest.mark.parametrize("name", sorted(STRATEGIES))
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 250))
@settings(max_examples=12)
def test_what_comes_later_changes_nothing(name: str, seed: int, cut: int) -> None:
    strategy, candles = STRATEGIES[name], walk(250, seed)
    whole = _votes(strategy, candles)
    assert _votes(strategy, candles[:cut]) == whole[:cut]
    assert not any(whole[: strategy.warmup(strategy.params().packed()) - 1])


def _votes(strategy: Strategy[Any], candles: list[Candle]) -> list[int]:
    packed = strategy.params().packed()
    memory = [0.0] * strategy.size(packed)
    return [strategy.step(memory, packed, *(float(part) for part in candle[1:])) for candle in candles]


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_swings_trend_and_breaks_are_those_of_the_whole_history(seed: int) -> None:
    candles = walk(200, seed)
    history = History(candles)
    memory = [0.0] * structure_size(5)
    breaks = []
    for place, candle in enumerate(candles):
        structure_step(memory, 0, 5, float(candle.high), float(candle.low), float(candle.close))
        assert memory[HIGH] == (history.seen(1, place) or [0])[-1]
        assert memory[LOW] == (history.seen(-1, place) or [0])[-1]
        assert (memory[NEW_HIGH] > 0) == any(known == place for known, _ in history.swings[1])
        assert (memory[NEW_LOW] > 0) == any(known == place for known, _ in history.swings[-1])
        assert memory[TREND] == history.trend(place)
        if memory[BREAK]:
            breaks.append((place, 1 if memory[BREAK] > 0 else -1, abs(memory[BREAK]) == 1))
    assert breaks == history.breaks


def test_an_equal_high_beside_it_is_no_swing() -> None:
    highs = [1, 2, 3, 4, 5, 9, 9, 5, 4, 3, 2, 1, 1]
    memory = [0.0] * structure_size(5)
    for high in highs:
        structure_step(memory, 0, 5, float(high), 1.0, 1.0)
    assert memory[HIGH] == 0.0


def test_swings_exactly_a_thousandth_apart_are_one_level() -> None:
    memory = [0.0] * LEVELS_SIZE
    touch(memory, 0, 100_000.0, 0.001, 1.0)
    touch(memory, 0, 100_100.0, 0.001, 2.0)
    assert sweep(memory, 0, 1, 100_049.0, 100_051.0, 0.0, 2, 3) == 100_049.0
    apart = [0.0] * LEVELS_SIZE
    touch(apart, 0, 100_000.0, 0.001, 1.0)
    touch(apart, 0, 100_101.0, 0.001, 2.0)
    assert sweep(apart, 0, 1, 99_000.0, 200_000.0, 0.0, 2, 3) == 0.0


@pytest.mark.parametrize(("bars", "reclaimed"), [(0, True), (3, True), (4, False)])
def test_a_level_is_reclaimed_within_three_more_bars_or_never(bars: int, *, reclaimed: bool) -> None:
    memory = [0.0] * LEVELS_SIZE
    touch(memory, 0, 1000.0, 0.001, 1.0)
    touch(memory, 0, 1000.0, 0.001, 2.0)
    for _ in range(bars):
        assert sweep(memory, 0, 1, 990.0, 995.0, 0.0, 2, 3) == 0.0
    found = sweep(memory, 0, 1, 980.0 if bars else 990.0, 1001.0, 0.0, 2, 3)
    assert (found > 0.0) is reclaimed
    assert sweep(memory, 0, 1, 900.0, 2000.0, 0.0, 2, 3) == 0.0, "it has retired either way"


def test_reward_over_risk_exactly_at_the_minimum_pays() -> None:
    assert pays(1, 100.0, 90.0, 115.0, 1.5) == 1
    assert pays(1, 100.0, 90.0, 114.0, 1.5) == 0
    assert pays(-1, 100.0, 110.0, 85.0, 1.5) == 1
    assert pays(1, 100.0, 100.0, 120.0, 1.5) == 0


def _candle(time: int, open_: int, high: int, low: int, close: int) -> Candle:
    return Candle(time, open_, high, low, close, 1.0)


def _gap_then(last: Candle) -> list[Candle]:
    first = [_candle(0, 10_000, 10_010, 9_990, 10_000), _candle(1, 10_000, 10_100, 10_000, 10_090)]
    return [*first, _candle(2, 10_090, 10_150, 10_050, 10_140), last]


def test_a_gap_filled_to_its_middle_is_bought_with_its_own_stop() -> None:
    # the gap goes from 10,010 to 10,050, its middle is 10,030
    assert said(FVG, _gap_then(_candle(3, 10_140, 10_140, 10_030, 10_100))) == [
        Said(3, 1, int(10_010 * 0.999), 10_100 + 2 * (10_100 - int(10_010 * 0.999)))
    ]
    assert said(FVG, _gap_then(_candle(3, 10_140, 10_140, 10_031, 10_100))) == []
    assert said(FVG, _gap_then(_candle(3, 10_140, 10_140, 9_990, 10_000))) == [], "closed through"


def test_a_mirrored_gap_is_sold() -> None:
    mirrored = [
        _candle(c.time, *(20_000 - price for price in (c.open, c.low, c.high, c.close)))
        for c in _gap_then(_candle(3, 10_140, 10_140, 10_030, 10_100))
    ]
    (vote,) = said(FVG, mirrored)
    assert (vote.place, vote.vote, vote.stop) == (3, -1, 10_000)
