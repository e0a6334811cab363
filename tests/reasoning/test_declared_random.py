"""Whatever a decide says: the loop, columns and machine code vote as plain Python does, to the bit."""

import random
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reasoning.own import OwnMemory
from research.engine import machine_code
from tests.reasoning.grammar import decided, evaluated
from tests.reasoning.samples import walk
from tests.reasoning.told import HEAD, numbers, over_columns, told, with_features, written

SEEDS = st.integers(0, 10_000)


@given(data=st.data(), seed=SEEDS, n=st.integers(2, 12), share=st.floats(0.1, 4.0))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loop_and_columns_say_what_plain_python_says(
    tmp_path: Path, data: st.DataObject, seed: int, n: int, share: float
) -> None:
    text, plain = decided(lambda choices: data.draw(st.sampled_from(choices)))
    strategy = written(tmp_path, text)[0].Made.strategy
    packed, candles = strategy.params(n=n, share=share).packed(), walk(60, seed)
    said = told(strategy, packed, candles)
    expected = evaluated(plain, strategy, packed, candles)
    assert [(signal.vote, signal.confidence) for signal, _ in said] == expected
    assert [signal if signal.vote else None for signal, _ in said] == over_columns(strategy, packed, candles)
    assert all(reason == f"{signal.confidence:.3f}" for signal, reason in said if signal.vote)


def test_machine_code_says_the_same_and_keeps_to_its_memory(tmp_path: Path) -> None:
    import numba  # noqa: PLC0415  # half a second, and this test alone

    candles = walk(400, 5)
    for seed in range(50):  # until one votes
        text, plain = decided(random.Random(seed).choice, tests=4)
        strategy = written(tmp_path, text, HEAD)[0].Made.strategy
        packed = strategy.params(n=7, share=1.5).packed()
        if sum(vote != 0 for vote, _ in evaluated(plain, strategy, packed, candles)) > 5:
            break
    machine_code.register()
    njit: Any = numba.njit
    step = njit(error_model="python")(strategy.step)
    listed, array = OwnMemory([0.0] * strategy.size(packed)), np.zeros(strategy.size(packed))
    expected = evaluated(plain, strategy, packed, candles)
    votes = 0
    for (candle, features), (vote, confidence) in zip(with_features(candles), expected, strict=True):
        assert (
            strategy.step(listed, packed, *numbers(candle)) == step(array, packed, *numbers(candle)) == vote
        )
        assert list(listed) == array.tolist()
        if vote:
            votes += 1
            said = strategy.signal(array, packed, vote, candle.close + 0.0, features)
            assert said.confidence == confidence
    assert votes > 5
