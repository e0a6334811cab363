"""Market orders cost what a model of past fills says: alike in loop and backtest, never less than set."""

from dataclasses import replace
from itertools import pairwise
from math import ceil, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.settings.given import Settings
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.candle import Candle
from domain.errors import BadInput
from domain.events import OrderReported, OrdersIntended
from domain.impact import MOST_PPM, Impact, beyond_ppm
from domain.order import OrderType, Purpose
from platforms.fills import BUY, SELL, Costs, market_price
from platforms.impact import RANGE_CANDLES, VOLUME_CANDLES, ImpactWindow, slipped
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from tests.seeded import market

EAGER: dict[str, Any] = {
    "daily_loss": 100_000, "max_trades_per_day": 1000, "cool_down_minutes": 0, "loss_streak_paper": 1000,
    "min_confidence": 40, "per_trade_loss": 50, "trailing_stop": "0.02",
}  # fmt: skip  # limits so wide that much is traded
DEAR = {"BTC-USDT": Impact(0.3, 2.0), "SOL-USDT": Impact(0.6, 0.0)}
COSTS = Costs(250, 600, 1_000, 501, 100_000)


def ran(engine: Any, impacts: dict[str, Impact], **entries: Any) -> tuple[Result, Any, Any]:
    candles = [market(f"seeded/1h/{name}", 700) for name in ("BTC-USDT", "SOL-USDT", "ETH-USDT")]
    asked: Any = {"reasoning": {"strategies": ("rsi", "sma")}, "risk": EAGER, "entries": entries}
    options = options_for(Settings(**asked), candles)
    setup = setup_of(options)
    return backtest(candles, replace(setup, impacts=impacts or setup.impacts), engine), options, candles


@pytest.fixture(scope="module")
def dear() -> tuple[Result, Any, Any]:
    return ran(plain(), DEAR)


def test_the_loop_pays_the_same(dear: tuple[Result, Any, Any]) -> None:
    result, options, candles = dear
    assert len(result.trades) > 10
    assert set(result.trades["ending"].tolist()) >= {0, 1}, "sold by signal and by stop"
    assert compare(run_loop(options, candles, impacts=DEAR), result) is None
    assert compare(run_loop(options, candles), result) is not None, "without the model it is another run"


def test_machine_code_pays_the_same_and_no_model_costs_what_it_did(dear: tuple[Result, Any, Any]) -> None:
    result = ran(compiled(), DEAR)[0]
    assert result.trades.tolist() == dear[0].trades.tolist()
    assert result.equity.tolist() == dear[0].equity.tolist()
    nothing, cheap = ran(compiled(), {})[0], ran(compiled(), {"BTC-USDT": Impact(0.0, 0.0)})[0]
    assert nothing.equity.tolist() == cheap.equity.tolist()
    assert nothing.trades["slippage"].sum() < result.trades["slippage"].sum()


THIN = {"BTC-USDT": Impact(0.05, 30.0), "SOL-USDT": Impact(0.3, 0.0)}
LAWS = {name: {"base": law.base, "growth": law.growth} for name, law in THIN.items()}
ORDERED: dict[str, dict[str, Any]] = {
    "limit": {"order": "limit", "worst": "0.002"},
    "auto": {"order": "auto", "worst": "0.002", "most_of_stop": "0.08", "laws": LAWS},
}


@pytest.mark.parametrize("order", ORDERED)
def test_entries_within_a_price_are_the_same_in_loop_backtest_and_machine_code(order: str) -> None:
    impacts = {} if order == "auto" else THIN
    result, options, candles = ran(plain(), impacts, **ORDERED[order])
    wanted = impacts or options.entries.impacts
    journal: list[OrdersIntended | OrderReported] = []

    def watch(session: Any, _parts: Any) -> None:
        session.listeners.append(
            lambda event: journal.append(event) if isinstance(event, OrdersIntended | OrderReported) else None
        )

    assert compare(run_loop(options, candles, begin=watch, impacts=wanted), result) is None
    machine = ran(compiled(), impacts, **ORDERED[order])[0]
    assert machine.equity.tolist() == result.equity.tolist()
    assert machine.trades.tolist() == result.trades.tolist()
    sent = {o.client_id: o for e in journal if isinstance(e, OrdersIntended) for o in e.orders}
    entries = [o for o in sent.values() if o.purpose is Purpose.ENTRY]
    kinds = {o.type for o in entries}
    assert kinds == ({OrderType.IOC} if order == "limit" else {OrderType.IOC, OrderType.MARKET})
    assert {o.type for o in sent.values() if o.purpose is not Purpose.ENTRY} <= {
        OrderType.MARKET, OrderType.STOP, OrderType.TAKE_PROFIT,
    }, "exits and protection never wait for a price"  # fmt: skip
    filled = {
        e.receipt.client_id: e.receipt.filled for e in journal
        if isinstance(e, OrderReported) and sent[e.receipt.client_id] in entries
    }  # fmt: skip
    assert min(filled.values()) == 0, "one found nothing within its price"
    assert any(0 < lots < sent[name].lots for name, lots in filled.items()), "of one a part was filled"


def test_an_order_in_slices_is_no_backtest_and_says_what_to_do() -> None:
    with pytest.raises(
        BadInput,
        match=r"entries\.slices 3: .* set entries\.slices = 1 .*agent run --provider recorded --data",
    ):
        ran(plain(), {}, **ORDERED["auto"], slices=3)


@given(st.floats(0, 1e7), st.integers(0, 5_000), st.integers(0, 5_000), st.integers(1, 10**9))
def test_the_configured_cost_is_the_least(beyond: float, slippage: int, spread: int, quote: int) -> None:
    costs = Costs(250, 600, slippage, spread, 100_000)
    now = slipped(costs, beyond)
    assert now.slippage >= slippage
    assert (now.maker_fee, now.taker_fee, now.spread, now.participation) == (250, 600, spread, 100_000)
    assert market_price(BUY, quote, now) >= market_price(BUY, quote, costs)
    assert market_price(SELL, quote, now) <= market_price(SELL, quote, costs)
    if slippage <= beyond <= MOST_PPM:
        assert now.spread + 2 * now.slippage >= 2 * beyond, "half spread and slippage make the model's cost"
        assert now.slippage == slippage or now.spread + 2 * (now.slippage - 1) < 2 * ceil(beyond)


def test_a_window_reads_ranges_and_volumes_of_the_last_candles_alone() -> None:
    window = ImpactWindow(Impact(0.5, 3.0), 0.01)
    assert window.costs(COSTS, 10) == COSTS, "nothing seen yet"
    rows = [Candle(i, 100 + i, 103 + i + i % 3, 98 + i, 101 + i, float(5 + i % 4)) for i in range(60)]
    for candle in rows:
        window.take(candle)
    pairs = list(pairwise(rows))[-RANGE_CANDLES:]
    ranges = [max(now.high, last.close) - min(now.low, last.close) for last, now in pairs]
    wide = 1e6 * sum(ranges) / RANGE_CANDLES / rows[-1].close
    volume = sum(each.volume for each in rows[-VOLUME_CANDLES:]) / VOLUME_CANDLES / 0.01
    assert window.measured() == pytest.approx((wide, volume))
    said = wide * (0.5 + 3.0 * sqrt(10 / volume))
    assert beyond_ppm(0.5, 3.0, *window.measured(), 10) == pytest.approx(said)
    assert window.costs(COSTS, 10).slippage == (2 * min(ceil(said), MOST_PPM) - 501 + 1) // 2
