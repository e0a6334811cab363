"""What machine code takes in silence and Python does not is found in a backtest all the same."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.settings.settings import Options
from agent.settings.user_strategies import LOADED, load_file
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from reasoning.own import OwnStrategy, StrategyFault
from reasoning.strategies.registry import STRATEGIES
from research.engine import beside, looked
from research.engine.backtest import BacktestVoice, Setup, backtest
from research.engine.compiler import compiled, plain
from research.search.trials import TrialInputs, TrialRunner
from tests.own.faulty import TEXT
from tests.research import made

BODY = {
    1: "        memory[1] = math.log(close - close)  # domain",
    2: "        memory[1] = math.sqrt(low - high - 1.0)  # root",
    3: "        memory[1] = close ** 400.0  # power",
    4: "        memory[1] = float((seen * 4003000004) * 4003000004)  # wraps",
    5: "        if (seen * 4003000004) * 4003000004 < 0:\n            return -1  # votes",
}
WORDS = {
    1: "ValueError: math domain error",
    2: "ValueError: math domain error",
    3: "OverflowError: ",
    4: "another value in memory[1] as machine code than in Python",
    5: "another vote, confidence or level as machine code than in Python",
}
MARK = "    if due and packed[0] == 1:\n"


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> OwnStrategy[Any]:
    folder = tmp_path_factory.mktemp("home") / "strategies"
    folder.mkdir(mode=0o700)
    begin, end = TEXT.index(MARK), TEXT.index("    if seen % 5 == 0 or due:")
    cases = "".join(f"    if due and packed[0] == {kind}:\n{body}\n" for kind, body in BODY.items())
    path = folder / "silent.py"
    path.write_text("import math\n" + (TEXT[:begin] + cases + TEXT[end:]).replace("NAME", "silent"))
    path.chmod(0o600)
    for known in (LOADED, STRATEGIES):
        known.pop("silent", None)
    sys.modules.pop("silent", None)
    sys.path[:] = [each for each in sys.path if not Path(each, "silent.py").exists()]
    found = load_file(path)
    assert isinstance(found, OwnStrategy)
    return found


def setup(candles: Any, strategy: OwnStrategy[Any], kind: int, when: int) -> Setup:
    base = setup_of(options_for(Options(), [candles]))
    return Setup(**{**vars(base), "voices": (BacktestVoice(strategy, (kind, when)),)})


SHORT = made.walk("BTC-USDT", 700, seed=7)
LONG = made.walk("BTC-USDT", 3_000, seed=8)


def candle(series: Any, place: int) -> str:
    return f"{np.datetime64(int(series.time[place]), 'ms')}".replace("T", " ")[:19]


@pytest.mark.parametrize("kind", sorted(BODY))
def test_a_backtest_finds_it_with_line_and_candle(silent: OwnStrategy[Any], kind: int) -> None:
    with pytest.raises(StrategyFault) as raised:
        backtest([SHORT], setup(SHORT, silent, kind, 300), compiled())
    said = str(raised.value)
    assert said.startswith("strategy silent, silent.py:")
    assert WORDS[kind] in said
    assert said.endswith(f"at the candle of {candle(SHORT, 299)} of BTC-USDT")
    if kind <= 3:
        with pytest.raises(StrategyFault) as plainly:
            backtest([SHORT], setup(SHORT, silent, kind, 300), plain())
        assert str(plainly.value) == said, "the same words as in Python"


@pytest.fixture
def sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have few candles looked at, so that a short series is a long one."""
    monkeypatch.setattr(beside, "MOST", 1_000)
    monkeypatch.setattr(beside, "STRETCH", 50)


def test_of_many_candles_the_odd_ones_are_looked_at(silent: OwnStrategy[Any], sparse: None) -> None:
    del sparse
    widest = int(np.argmax(LONG.high - LONG.low))
    assert widest > 500
    for place in (480, widest + 5, 2_990):
        with pytest.raises(StrategyFault, match=f"{candle(LONG, place)}"):
            backtest([LONG], setup(LONG, silent, 4, place + 1), compiled())
    assert backtest([LONG], setup(LONG, silent, 0, 0), compiled()).equity.tolist() == (
        backtest([LONG], setup(LONG, silent, 0, 0), plain()).equity.tolist()
    )


def test_what_left_no_number_in_the_memory_is_found_wherever_it_was(
    silent: OwnStrategy[Any], sparse: None
) -> None:
    del sparse
    for place in (777, 1_234, 1_777, 2_345):
        with pytest.raises(StrategyFault, match=f"{candle(LONG, place)}"):
            backtest([LONG], setup(LONG, silent, 1, place + 1), compiled())


def test_a_search_looks_with_its_first_parameters(silent: OwnStrategy[Any]) -> None:
    wanted = setup(SHORT, silent, 1, 100)
    with pytest.raises(BadInput, match="math domain error"):
        TrialRunner(TrialInputs([SHORT], wanted, machine=True), wanted).score(wanted.voices)


def test_it_is_done_once_for_the_same_sources_parameters_and_candles(
    silent: OwnStrategy[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    inner = OwnStrategy.take

    def counted(self: Any, *given: Any) -> int:
        nonlocal steps
        steps += 1
        return inner(self, *given)

    monkeypatch.setattr(OwnStrategy, "take", counted)
    series = made.walk("BTC-USDT", 600, seed=int(np.random.default_rng().integers(2**31)))
    for expected in (599, 599):
        backtest([series], setup(series, silent, 0, 0), compiled())
        assert steps == expected, "the last candle has not closed"
    backtest([series], setup(series, silent, 0, 1), compiled())
    assert steps == 2 * 599, "other parameters"


def test_one_process_looks_at_so_many_candles(tmp_path: Path) -> None:
    notes = looked.Looked(tmp_path, "sources", 12_000)
    columns = [tuple(np.full(20_000, each) for _ in range(7)) for each in range(6)]
    assert [notes.due(4, (1,), each) for each in columns] == [True] * 5 + [False]
