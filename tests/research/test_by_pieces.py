"""The promise: a long series' votes, found by pieces of its columns, are those of the stepped strategy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoning.declare import Declared, buy, crossed_above
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import ColumnKey
from reasoning.own import OwnStrategy
from reasoning.strategies.registry import STRATEGIES
from research.engine import by_pieces, columns
from research.engine.backtest import backtest, events_of
from research.engine.by_pieces import PieceColumns, in_pieces
from research.engine.compiler import compiled, plain
from research.engine.recording import Recording
from tests.research.searching import setup_for, walk
from tests.research.test_columns import cache_of, number_of, plain_filler

COUNT = 240


@pytest.mark.parametrize("piece", [32, 37, 239, 240])
def test_pieces_behind_one_another_are_the_column(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    for each in (columns, by_pieces):
        monkeypatch.setattr(each, "filler", plain_filler)
    monkeypatch.setattr(by_pieces, "PIECE", piece)
    whole = cache_of(COUNT)
    rsi = ColumnKey("rsi", (5,), (number_of("close"),), "value")
    keys: list[Any] = [30.0, *map(number_of, columns.COLUMNS), ColumnKey("ema", (3,), (rsi,), "value")]
    for name in ("mean", "stochastic", "bollinger", "structure", "obv"):
        inputs = tuple(
            number_of(each if each in columns.COLUMNS else "close") for each in INDICATORS[name].inputs
        )
        keys += [
            ColumnKey(name, INDICATORS[name].defaults, inputs, each) for each in INDICATORS[name].outputs
        ]
    built = PieceColumns(whole._tape, whole._series, keys)
    found: list[list[Any]] = [[] for _ in keys]
    for begin in range(0, COUNT, piece):
        until = min(begin + piece, COUNT)
        built.fill(begin, until)
        for key, row in zip(keys, found, strict=True):
            row.extend(built._values(key, begin, until).tolist())
            if begin and (kept := built._pieces.get(key)):
                assert kept.room[0] == row[begin - 1]
    for key, row in zip(keys, found, strict=True):
        assert np.array(row).tobytes() == whole.get(key).tobytes(), key


@pytest.mark.parametrize("name", ["rsi", "sma"])
def test_votes_found_by_pieces_are_those_of_the_stepped_strategy(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    candles = walk(1_500)
    strategy: Any = STRATEGIES[name]
    asked = setup_for([candles], name)
    made = Recording([candles], asked.instruments, asked.warmup, compiled())
    stepped = events_of(made, asked)
    whole = backtest([candles], asked)
    monkeypatch.setattr(by_pieces, "LEAST", 0)
    monkeypatch.setattr(by_pieces, "PIECE", 403)
    monkeypatch.setattr(
        "research.engine.backtest.ROOM", 1_500
    )  # candles an event: they find no room at first
    assert in_pieces(made, 0, strategy, asked.voices[0].packed)
    found = events_of(made, asked)
    assert [each.tobytes() for each in found[:2]] == [each.tobytes() for each in stepped[:2]]
    assert found[2] == stepped[2] != [0]
    result = backtest([candles], asked)
    assert result.equity.tobytes() == whole.equity.tobytes()
    assert result.trades.tobytes() == whole.trades.tobytes()


class Own(Declared):
    """A strategy of somebody's own."""

    name = "own-in-pieces"

    def decide(self, now: Any) -> Any:
        """Vote where the price passes a level."""
        return buy() if crossed_above(now.close, 100) else None


def test_what_is_guarded_short_or_plain_is_stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = walk(300)
    asked = setup_for([candles], "sma")
    made = Recording([candles], asked.instruments, asked.warmup, compiled())
    sma: Any = asked.voices[0]
    assert not in_pieces(made, 0, sma.strategy, sma.packed)
    monkeypatch.setattr(by_pieces, "LEAST", 0)
    assert in_pieces(made, 0, sma.strategy, sma.packed)
    own: Any = OwnStrategy.of(Own.strategy, Path(__file__))
    assert not in_pieces(made, 0, own, own.pack(own.params()))
    unhurried = Recording([candles], asked.instruments, asked.warmup, plain())
    assert not in_pieces(unhurried, 0, sma.strategy, sma.packed)
