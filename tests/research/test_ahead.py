"""The promise: a first result waits for no machine code, and machine code that is made is found."""

from pathlib import Path
from typing import Any

import pytest

from agent.cli.handlers.backtest.command import FEW_CANDLES, NOT_MADE, SOME_CANDLES, engine_for
from agent.cli.handlers.compile import compile_strategies
from domain.errors import BadInput
from reasoning.strategies.registry import STRATEGIES
from research.engine.code_cache import CACHE_VARIABLE
from research.engine.loops import is_made
from tests.research.searching import setup_for, walk


def test_few_candles_need_no_machine_code_and_some_do_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    asked = setup_for([walk(200)], "sma", "rsi")
    assert not is_made([STRATEGIES["sma"]])
    for candles, notes in (
        (FEW_CANDLES // 2, []),
        (FEW_CANDLES // 2 + 1, [NOT_MADE]),
        (SOME_CANDLES // 2, [NOT_MADE]),
    ):
        engine, about = engine_for(asked, uncompiled=False, candles=candles)
        assert (engine.compiled, about) == (False, notes)


def test_a_strategy_that_is_not_there_is_told_with_its_neighbours() -> None:
    with pytest.raises(BadInput, match=r"there is no strategy 'smma'; did you mean sma|sma"):
        compile_strategies(["smma"], None, None, json=True)


def test_what_is_made_ahead_is_found(capsys: Any) -> None:
    compile_strategies(["sma"], None, None, json=False)
    assert "sma  compiled" in capsys.readouterr().out
    assert is_made([STRATEGIES["sma"]])
    engine, about = engine_for(setup_for([walk(200)], "sma"), uncompiled=False, candles=SOME_CANDLES)
    assert engine.compiled
    assert about == []
    assert engine_for(setup_for([walk(200)], "rsi"), uncompiled=False, candles=SOME_CANDLES + 1)[0].compiled
