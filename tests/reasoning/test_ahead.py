"""What was looked at ahead is not stepped twice, and nothing comes of having looked."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.candle import Candle
from domain.observation import Observation
from reasoning.kernels.indicators import Memory
from reasoning.kernels.strategy import Strategy
from reasoning.minds import StrategyRunner
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES
from tests.learning.outcomes import patient
from tests.reasoning.samples import observation, walk

CANDLES = walk(120, seed=5)
SETTINGS = ReasoningSettings(strategies=("rsi", "sma"))

FASTER = ReasoningSettings.model_validate({"sma": {"fast": 3, "slow": 7}}).packed("sma")

LOOKS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(("", "preview", "votes", "other", "retune", "both"))),
    max_size=30,
)


def seen(candles: Sequence[Candle], series: str = "one") -> Observation:
    return replace(observation(list(candles)), series=series)


@patient
@given(LOOKS, st.integers(0, 40))
def test_a_mind_that_looked_ahead_is_the_one_that_did_not(looks: list[tuple[int, str]], begin: int) -> None:
    plain, looking = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    place, series = begin, "one"
    for mind in (plain, looking):
        mind.orient(seen(CANDLES[:begin], series))
    for count, how in looks:
        if how == "other":
            looking.preview(seen(CANDLES[place : place + count + 1], series))
            series = "two" if count == 3 else series
        now = seen(CANDLES[place : place + count], series)
        place += count
        if how in ("preview", "both"):
            looking.preview(now)
        voted = looking.votes([now]) if how in ("votes", "both") else None
        if how == "retune":
            looking.votes([now])
            for mind in (plain, looking):
                mind.retune("sma", FASTER)
        oriented = plain.orient(now)
        assert looking.orient(replace(now, advice=())) == oriented
        assert voted in (None, any(each.vote for _, each, _ in oriented.signals))
        assert looking == plain


def test_a_candle_that_was_looked_at_is_not_stepped_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stepped: list[float] = []
    rsi = STRATEGIES["rsi"]
    take = type(rsi).take

    def counted(strategy: Strategy[Any], memory: Memory, packed: Any, *candle: float) -> int:
        stepped.append(candle[-1])
        return take(strategy, memory, packed, *candle)

    monkeypatch.setattr(type(rsi), "take", counted)
    mind = StrategyRunner(ReasoningSettings(strategies=("rsi",)))
    mind.orient(seen(CANDLES[:60]))
    stepped.clear()
    now = seen(CANDLES[60:61])
    assert mind.votes([now]) is mind.votes([now])
    mind.orient(replace(now, advice=()))
    assert stepped == [CANDLES[60].time] * 2, "once a look, and none in orient"
