"""The promise: a backtest in bounded memory is the same backtest, byte for byte, however small its parts."""

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.custom_exit import CONSTANT, DIVIDE, END, NO_REASON, CustomExit
from domain.errors import BadInput
from domain.exits import BY_CUSTOM, ExitPlan
from domain.impact import Impact
from domain.times import HOUR_MS
from reasoning.strategies.registry import STRATEGIES
from reasoning.strategies.rsi import RSI
from research.data.candles import Candles
from research.engine import in_parts, layout, pairs_in_parts
from research.engine.backtest import Setup, backtest, live
from research.engine.compiler import CompiledRules, compiled, plain
from research.engine.in_parts import PLAIN_TIMES, bytes_of
from research.engine.layout import ExitTables
from research.engine.result import Result
from research.engine.tape import tape_of
from research.engine.tape_parts import BACK
from risk.codes import OFF_LIST
from tests.research.leaving import leaving  # noqa: F401  # a fixture
from tests.research.made import START
from tests.research.test_doubted import spoiled
from tests.research.test_parity import EAGER, FOUR
from tests.seeded import market

PORTFOLIO: dict[str, Any] = {**EAGER, "max_positions": 3, "total_exposure": "0.9"}
DIVIDES = CustomExit((CONSTANT, 1.0, CONSTANT, 0.0, DIVIDE, 7.0, END, NO_REASON))
SLOW = ExitPlan(
    roi=((0, 300_000),), after_ms=90 * HOUR_MS, break_even=100_000, trail=9_000_000, leave=DIVIDES
)
KEPT = (
    "FACTOR", "MIN_LOTS", "MIN_CASH", "FIXED_LOTS", "CLASS_AT", "SPOKEN_AT", "MARK", "QUOTE", "QUOTE_MS",
    "LOTS", "BOUGHT", "BOUGHT_REF", "FEES", "OPENED_MS", "STOP", "TARGET", "SINCE", "WANTED", "WANT_LOTS",
    "WANT_STOP_PPM", "WANT_STOP", "WANT_TARGET", "DOUBT", "TRIGGERED", "BOUND", "WANT_LIMIT", "EXIT_PLAN",
    "SOLD_LOTS", "SOLD", "SOLD_REF", "STOP_BY", "WANT_PLAN", "ADDED", "FIRST_LOTS",
)  # fmt: skip
"""Fields of a record that mean the same wherever a part begins: amounts, prices, times, places in books."""


def hours(count: int = 700) -> list[Candles]:
    begins = zip((0, 40, 0, 300), FOUR, strict=True)
    return [market(f"seeded/1h/{each}", 300 + count)[begin : begin + count] for begin, each in begins]


def lived(candles: Sequence[Candles], setup: Setup, engine: CompiledRules, monkeypatch: Any) -> Result:
    """Return a backtest in parts of a day, after comparing it to one in large parts and one in one.

    Votes are kept in memory in the large parts, in a file in those of a day.
    """
    parts: list[int] = []
    least = bytes_of([max(candles, key=len)], engine)

    def counted(*given: Any) -> ExitTables:
        parts.append(1)
        return live(*given)

    monkeypatch.setattr(in_parts, "live", counted)
    whole = backtest(candles, setup, engine)
    assert not parts
    same(whole, backtest(candles, setup, engine, bytes_of(candles, engine) - 1))
    assert len(parts) > 1
    with monkeypatch.context() as patched:
        patched.setattr(in_parts, "_parts", lambda days, *_: pairwise(days.tolist()))
        result = backtest(candles, setup, engine, least)
    same(whole, result)
    return result


def same(whole: Result, result: Result) -> None:
    for field in fields(Result):
        one, other = getattr(whole, field.name), getattr(result, field.name)
        if isinstance(one, np.ndarray):
            assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes()), field.name
        elif field.name != "candles":
            assert one == other, field.name


def asked(candles: Sequence[Candles], strategies: Sequence[str], **given: Any) -> Setup:
    return setup_of(options_for(Settings(reasoning={"strategies": tuple(strategies)}, **given), candles))


@pytest.mark.parametrize("trailing", ["0", "0.004"])
def test_several_voices_trade_alike_in_parts(trailing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    setup = asked(candles, ("rsi", "sma"), risk={**PORTFOLIO, "trailing_stop": trailing})
    result = lived(candles, setup, plain(), monkeypatch)
    assert len(set(result.trades["symbol"].tolist())) == 4
    assert result.trades["entry_cycle"].max() > 500
    assert result.vetoes["cycle"].max() > 500


def test_settings_of_single_pairs_hold_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    own = {"sizing": {"stake": 200}, "reasoning": {"rsi": {"period": 5}}, "risk": {"trailing_stop": "0.01"}}
    setup = asked(candles, ("rsi", "sma"), risk=PORTFOLIO, pairs={"ETH-USDT": own})
    assert setup.own_voices
    assert len(lived(candles, setup, plain(), monkeypatch).trades) > 20


def test_a_kill_switch_stays_from_part_to_part(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    result = lived(candles, asked(candles, ("sma",), risk={**EAGER, "daily_loss": 5}), plain(), monkeypatch)
    assert result.kill_switch_ms is not None
    assert len(result.vetoes) > 20


@pytest.mark.usefixtures("leaving")
def test_every_exit_is_due_in_parts_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    monkeypatch.setitem(STRATEGIES, "rsi", replace(RSI, exits=lambda _packed: SLOW))
    setup = asked(candles, ("rsi", "by-trail", "by-parts"), risk=PORTFOLIO)
    result = lived(candles, setup, plain(), monkeypatch)
    assert len(set(result.trades["ending"].tolist())) > 3
    assert result.divided[0] > 24
    assert result.divided[1] == 7
    spans = result.trades["closed_ms"] - result.trades["opened_ms"]
    assert spans.max() > (BACK + 24) * HOUR_MS, "one began before all that its last part can read"


@pytest.mark.usefixtures("leaving")
@pytest.mark.parametrize("engine", [plain, compiled])
def test_custom_exits_read_the_same_numbers_in_parts(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours(500)
    names = ("by-leave", "by-leave-above", "by-leave-alone") if engine is plain else ("by-leave",)
    setup = asked(candles, names, risk=PORTFOLIO)
    first, *others = setup.voices
    params: Any = first.strategy.params
    own = replace(first, packed=params(patience=120).packed())
    setup = replace(setup, own_voices={"ETH-USDT": (own, *others)})
    result = lived(candles, setup, engine(), monkeypatch)
    assert (result.trades["ending"] == BY_CUSTOM).sum() > 20


@pytest.mark.parametrize(
    "filters",
    [
        {"volume_top": 2, "refresh_minutes": 420},
        {"volatility_most": 15.0, "window_hours": 120, "refresh_minutes": 60, "age_days": 3},
    ],
)
def test_pair_lists_are_the_same_in_parts(filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    monkeypatch.setattr(pairs_in_parts, "AT_ONCE", 20)
    pairs = {"source": "candles", **filters}
    result = lived(
        candles, asked(candles, ("rsi", "sma"), risk=PORTFOLIO, pairlist=pairs), plain(), monkeypatch
    )
    assert OFF_LIST in set(result.vetoes["rule"].tolist())
    assert len(result.trades) > 10


@pytest.mark.parametrize("kind", ["wick", "two in a row", "crash"])
def test_what_is_doubted_is_doubted_in_parts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = spoiled(1, kind), replace(spoiled(2, "spike"), symbol="ETH-USDT")[20:900]
    hourly = [replace(each, timeframe_ms=HOUR_MS, time=each.time * 60 - START * 59) for each in minutes]
    setup = asked(hourly, ("rsi", "sma"), risk=PORTFOLIO)
    doubted = [tape_of(each, setup.instruments[each.symbol], setup.warmup).doubt_ms for each in hourly]
    assert min(map(len, doubted)) > 0
    assert len(lived(hourly, setup, plain(), monkeypatch).trades) > 10


def test_models_of_fills_read_back_over_a_parts_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    dear = {"BTC-USDT": Impact(0.3, 2.0), "SOL-USDT": Impact(0.6, 0.0)}
    setup = replace(asked(candles, ("rsi", "sma"), risk=PORTFOLIO), impacts=dear)
    assert lived(candles, setup, plain(), monkeypatch).trades["slippage"].sum() > 0


def test_machine_code_trades_alike_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    candles = hours()
    lived(candles, asked(candles, ("rsi", "sma"), risk=PORTFOLIO), compiled(), monkeypatch)


def test_too_little_memory_says_how_much_it_takes() -> None:
    candles = hours(2_000)
    setup = asked(candles, ("rsi",))
    with pytest.raises(BadInput, match=r"memory 0 MB is too little: 2,000 candles of .* take 2 MB"):
        backtest(candles, setup, plain(), 1000)
    least = 2_000 * in_parts.CANDLE_BYTES * PLAIN_TIMES
    assert backtest(candles, setup, plain(), least).cycles > 1_000


def test_every_field_of_a_record_is_known_to_count_or_not() -> None:
    kept = [getattr(layout, name) for name in KEPT]
    known = sorted([*layout.PLACED, *layout.COUNTED, *kept])
    assert known == list(range(layout.SYMBOL)), (
        "a new field of a symbol's record goes to KEPT here or, where it counts turns, cycles or candles, to "
        "layout.COUNTED and into research.engine.in_parts"
    )
