"""The promise: a long series' votes, found by pieces of its columns, are those of the stepped strategy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoning.declare import Declared, buy, crossed_above
from reasoning.indicators.kind import COUNT as AT_COUNT
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import ColumnKey
from reasoning.own import OwnStrategy
from reasoning.strategies.registry import STRATEGIES
from research.engine import by_pieces, columns
from research.engine.backtest import backtest, events_of
from research.engine.by_pieces import PieceColumns, in_pieces
from research.engine.compiler import compiled, plain
from research.engine.recording import Recording
from tests.reasoning.indicating import small
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


FORGETS = sorted(name for name, kind in INDICATORS.items() if kind.forgets)


def keys_of(name: str, parameters: tuple[float, ...]) -> list[Any]:
    kind = INDICATORS[name]
    inputs = tuple(number_of(each if each in columns.COLUMNS else "close") for each in kind.inputs)
    return [ColumnKey(name, parameters, inputs, each) for each in kind.outputs]


@pytest.mark.parametrize("until", [160, 181])
def test_a_guess_that_comes_to_the_same_state_goes_on_the_same(
    monkeypatch: pytest.MonkeyPatch, until: int
) -> None:
    """And what forgets does come to it."""
    for name, given in (("filler", plain_filler), ("PIECE", COUNT), ("SETTLED", 110)):
        monkeypatch.setattr(by_pieces, name, given)
    whole, met = cache_of(COUNT), 0
    for name in FORGETS:
        for parameters in (small(INDICATORS[name]), INDICATORS[name].defaults):
            keys = keys_of(name, parameters)
            true, guessed = (PieceColumns(whole._tape, whole._series, keys) for _ in range(2))
            true.fill(0, until)
            guessed.guess(until)
            assert true.forget
            if true.state() != guessed.state():
                assert parameters != small(INDICATORS[name]), name
                continue
            met += 1
            for each in (true, guessed):
                each.fill(until, COUNT)
            assert true.state() == guessed.state()
            for key in keys:
                found = (each._values(key, until, COUNT).tobytes() for each in (true, guessed))
                assert len({*found}) == 1, key
    assert met > len(FORGETS)


class Within(list[float]):
    """A memory in which every place that is asked for is one."""

    def __getitem__(self, at: Any) -> Any:
        assert 0 <= at < len(self)
        return super().__getitem__(at)

    def __setitem__(self, at: Any, value: Any) -> None:
        assert 0 <= at < len(self)
        super().__setitem__(at, value)


@pytest.mark.parametrize("name", FORGETS)
def test_the_count_of_a_kind_that_forgets_says_only_that_enough_were_seen(name: str) -> None:
    whole, kind = cache_of(COUNT), INDICATORS[name]
    for parameters in (small(kind), kind.defaults):
        inputs = [whole.get(each).tolist() for each in keys_of(name, parameters)[0].inputs]
        known, rows = int(kind.warmup(*parameters)) + 1, list(zip(*inputs, strict=True))
        memory = Within([0.0] * int(kind.size(*parameters)))
        for row in rows[:known]:
            kind.step(memory, 0, *parameters, *row)
        assert memory[AT_COUNT] == known
        counted = Within(memory)
        counted[AT_COUNT] += 10_000_000.0
        for row in rows[known:]:
            assert kind.step(memory, 0, *parameters, *row) == kind.step(counted, 0, *parameters, *row)
        assert counted[AT_COUNT] == memory[AT_COUNT] + 10_000_000.0
        assert [*counted][AT_COUNT + 1 :] == [*memory][AT_COUNT + 1 :]


def test_what_remembers_is_found_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_pieces, "filler", plain_filler)
    whole, inner = (
        cache_of(COUNT),
        ColumnKey("obv", (), tuple(map(number_of, INDICATORS["obv"].inputs)), "value"),
    )
    keys: list[Any] = [ColumnKey("ema", (3,), (inner,), "value")]
    assert not PieceColumns(whole._tape, whole._series, keys).forget


@pytest.mark.parametrize("name", ["rsi", "sma"])
@pytest.mark.parametrize(("processors", "settled"), [(1, 700), (2, 700), (2, 20)])
def test_votes_found_by_pieces_are_those_of_the_stepped_strategy(
    monkeypatch: pytest.MonkeyPatch, name: str, processors: int, settled: int
) -> None:
    """Also those of the second half, found meanwhile, whether or not its columns had settled."""
    monkeypatch.setattr(by_pieces, "processors", lambda: processors)
    monkeypatch.setattr(by_pieces, "SETTLED", settled)
    asked_for: list[tuple[int, int]] = []
    find = by_pieces.PieceVotes.find

    def told(votes: Any, first: int, until: int) -> bytes:
        asked_for.append((first, until))
        return find(votes, first, until)

    monkeypatch.setattr(by_pieces.PieceVotes, "find", told)
    candles = walk(1_500)
    strategy: Any = STRATEGIES[name]
    asked = setup_for([candles], name)
    made = Recording([candles], asked.instruments, asked.warmup, compiled())
    stepped = events_of(made, asked)
    whole = backtest([candles], asked)
    monkeypatch.setattr(by_pieces, "LEAST", 0)
    monkeypatch.setattr(by_pieces, "PIECE", 703)
    monkeypatch.setattr(
        "research.engine.backtest.ROOM", 1_500
    )  # candles an event: they find no room at first
    assert in_pieces(made, 0, strategy, asked.voices[0].packed)
    found = events_of(made, asked)
    count = len(made.tapes[0].close)
    half = count // 2 + settled
    firsts, seconds = asked_for.count((0, half)), asked_for.count((half, count))
    if processors == 1:
        assert {*asked_for} == {(0, count)}
    else:
        assert seconds == firsts * (1 if settled == 700 else 2) > 0  # the second time where none settled
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
