"""What the price collar does not believe is judged for stops all the same, in the loop and in the backtest.

A doubted candle triggers the stop it reaches and fills nothing: the next believed price does, never better
than the stop. Targets and signals see nothing of it.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.candle import Candle, LastPrice
from domain.order import Order, OrderStatus, OrderType, Purpose, Side
from domain.times import MINUTE_MS, utc
from platforms.paper.platform import MockTradingPlatform
from platforms.paper.settings import PaperSettings
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from tests.research import made
from tests.research.test_parity import EAGER

COUNT, STEP = 1_500, 45


def spoiled(seed: int, kind: str) -> Candles:
    """Return a random walk with a bad stretch every now and then, from the 300th candle on."""
    walk = made.walk("BTC-USDT", COUNT, seed=seed)
    columns = {name: getattr(walk, name).copy() for name in ("open", "high", "low", "close")}
    for at in range(300, COUNT - 20, STEP):
        if kind == "wick":
            columns["low"][at] = 0.01
        elif kind == "two in a row":
            for column in columns.values():
                column[at : at + 2] = np.round(column[at : at + 2] / 10, 2)
        elif kind == "spike":
            columns["high"][at] = columns["high"][at] * 5
        elif kind == "crash" and at == 300 + 10 * STEP:
            for column in columns.values():
                column[at:] = np.round(column[at:] / 10, 2)
        elif kind == "open":
            columns["open"][at] = columns["low"][at] = 0.01
    return replace(walk, **columns)


KINDS = ("wick", "two in a row", "spike", "crash", "open")


def run(kind: str, seed: int, engine: Any, **risk: Any) -> tuple[Candles, Result, Any]:
    candles = spoiled(seed, kind)
    options = options_for(
        Settings(reasoning={"strategies": ["rsi", "sma"]}, risk={**EAGER, **risk}), [candles]
    )
    result = backtest([candles], setup_of(options), engine)
    return candles, result, compare(run_loop(options, [candles]), result)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trailing", ["0", "0.01"])
def test_loop_and_backtest_do_the_same(kind: str, trailing: str) -> None:
    stopped = 0
    for seed in (1, 2):
        candles, result, difference = run(kind, seed, plain(), trailing_stop=trailing)
        assert difference is None
        bad = {int(candles.time[at + more]) for at in range(300, COUNT - 20, STEP) for more in range(1, 4)}
        stopped += sum(
            1 for trade in result.trades if trade["ending"] == 1 and int(trade["closed_ms"]) in bad
        )
    assert stopped or kind in ("spike", "crash")


def test_machine_code_does_it_too() -> None:
    for kind in KINDS:
        one, other = run(kind, 1, plain())[1], run(kind, 1, compiled())[1]
        assert one.trades.tolist() == other.trades.tolist()
        assert one.equity.tolist() == other.equity.tolist()


BTC = made.instrument("BTC-USDT")
START = 1_700_000_040_000
STOP, TARGET = 12_600, 14_000


def held() -> MockTradingPlatform:
    paper = MockTradingPlatform(
        {"BTC-USDT": BTC}, PaperSettings(slippage=0, spread=0, taker_fee=0), holdings={"BTC-USDT": 1_000_000}
    )
    paper.mark("BTC-USDT", (), LastPrice(13_000, START))
    legs = [
        Order(
            client_id=f"x-1-{type_}", cycle_id=1, at=utc(START), symbol="BTC-USDT", side=Side.SELL,
            type=type_, purpose=Purpose.PROTECT, lots=1_000_000, reference=level, trigger=level, oco="x",
        )
        for type_, level in ((OrderType.STOP, STOP), (OrderType.TAKE_PROFIT, TARGET))
    ]  # fmt: skip
    paper.place_oco(*legs)
    return paper


def candle(minute: int, open_: int, high: int, low: int, close: int) -> Candle:
    return Candle(START + minute * MINUTE_MS, open_, high, low, close, 1.0)


def fills(paper: MockTradingPlatform) -> list[tuple[int, str]]:
    return [(fill.price, each.reason) for each in paper.poll() for fill in each.fills]


WICK = candle(1, 13_000, 13_100, 1, 13_000)
TOLD = "triggered by the doubted candle of 2023-11-14 22:15:00, filled at the next believed price"


@pytest.mark.parametrize(
    ("then", "price"), [(13_200, STOP), (12_700, STOP), (12_000, 12_000), (9_000, 9_000)]
)
def test_a_low_that_passes_the_stop_fills_it_at_the_worse_of_stop_and_next_price(
    then: int, price: int
) -> None:
    by_quote, by_candle = held(), held()
    by_quote.mark("BTC-USDT", (), LastPrice(then, START + 2 * MINUTE_MS), (WICK,))
    assert fills(by_quote) == [(price, TOLD)]
    by_candle.mark("BTC-USDT", (), None, (WICK,))
    assert fills(by_candle) == [], "a price nobody believes fills nothing"
    by_candle.mark("BTC-USDT", (), None, (WICK, candle(2, 1, 1, 1, 1)))
    assert fills(by_candle) == []
    by_candle.mark("BTC-USDT", (candle(3, then, 20_000, then, then),), None)
    assert fills(by_candle) == [(price, TOLD)], "the stop before the target, and the target is cancelled"
    assert not by_candle.open_orders()


def test_a_doubted_spike_fills_no_target_and_an_older_candle_no_younger_stop() -> None:
    paper = held()
    paper.mark(
        "BTC-USDT", (), LastPrice(13_000, START + 2 * MINUTE_MS), (candle(1, 13_000, 90_000, 12_700, 13_000),)
    )
    before = candle(-1, 13_000, 13_000, 1, 13_000)
    paper.mark("BTC-USDT", (), LastPrice(13_000, START + 3 * MINUTE_MS), (before,))
    assert fills(paper) == []
    assert len(paper.open_orders()) == 2


def test_a_crash_that_stays_sells_where_it_is_believed_at_last() -> None:
    paper = held()
    run_ = [candle(minute, 1_300, 1_310, 1_290, 1_300) for minute in range(1, 6)]
    for count in range(1, 5):
        paper.mark("BTC-USDT", (), None, run_[:count])
        assert fills(paper) == []
    paper.mark("BTC-USDT", run_, LastPrice(1_300, START + 6 * MINUTE_MS))
    assert [price for price, _ in fills(paper)] == [1_300]
    assert {each.status for each in paper.open_orders()} <= {OrderStatus.NEW}
