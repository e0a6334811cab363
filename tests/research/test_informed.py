"""The promise: candles that strategies look at lie in memory once, however many trials step over them."""

import os
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from agent.wiring.backtests import options_for, setup_of
from research.data.candles import FloatArray
from research.engine import informed, recording
from research.engine.compiler import plain
from research.engine.informed import Behind, enough
from research.engine.recording import Recording
from tests.leading import registered, with_holes
from tests.research.test_parity_informative import settings

SOL, BTC, ETH = (with_holes(each, seed) for seed, each in enumerate(("SOL-USDT", "BTC-USDT", "ETH-USDT")))
TRIALS, LARGE = 20, 200_000


@pytest.fixture(scope="module", autouse=True)
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"))


def test_trials_share_what_lies_behind_and_write_in_front_alone() -> None:
    numbers = np.arange(LARGE, dtype=np.float64) + 1.0
    shared = Behind(numbers)
    tracemalloc.start()
    try:
        memories = [shared.memory(size) for size in range(5, 5 + TRIALS)]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < numbers.nbytes / 10
    for size, memory in enumerate(memories, 5):
        memory[: size + 2] = -1.0
    fresh = [shared.memory(size) for size in (0, 7)]
    assert fresh[0].tolist() == numbers.tolist()
    assert fresh[1].tolist() == [0.0] * 7 + numbers.tolist()
    assert memories[3][10:].tolist() == numbers[2:].tolist()


def test_without_a_file_in_memory_or_with_a_huge_memory_each_has_a_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = np.arange(9, dtype=np.float64)
    monkeypatch.setattr(informed, "ROOM", 4)
    wide = Behind(numbers).memory(6)
    monkeypatch.delattr(os, "memfd_create")
    narrow = Behind(numbers).memory(6)
    assert wide.tolist() == narrow.tolist() == [0.0] * 6 + numbers.tolist()


def test_more_candles_kept_than_are_waited_for_are_no_second_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = setup_of(options_for(settings(), [SOL], [BTC, ETH]), (), [BTC, ETH])
    prepared = Recording([SOL], setup.instruments, setup.warmup, plain(), setup.beside)
    (voice,) = setup.voices
    made: list[int] = []

    def counted(own: Any, others: Any, symbols: Sequence[Any], kept: int) -> FloatArray:
        made.append(kept)
        return informed.behind(own, others, symbols, kept)

    monkeypatch.setattr(recording, "behind", counted)
    memories = {kept: prepared.memory(0, voice.strategy, voice.packed, kept) for kept in (900, 5_000, 10_000)}
    least = enough(prepared.tapes[0], prepared._looked_at, voice.strategy.informative)
    assert made == [least]
    assert 1 <= least <= 80
    assert memories[900] == memories[10_000]
    blank, size = [0.0] * voice.strategy.size_for(voice.packed), len(memories[900])
    for kept in (least, 5_000):
        alone = informed.behind(prepared.tapes[0], prepared._looked_at, voice.strategy.informative, kept)
        assert blank + alone.tolist() == memories[900]
    prepared.memory(0, voice.strategy, voice.packed, 1)
    assert made == [least, 1]
    assert len(prepared._behind) == 1  # the other is let go
    assert size > len(blank) + len(SOL)
