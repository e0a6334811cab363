"""The promise: a backtest is the loop. Same trades lot for lot, same vetoes, same cash and equity."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.settings.given import Settings
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from research.engine.result import Result
from risk import codes
from tests.seeded import market, present

MINUTES, HOURS = "crypto/1m/BTC-USDT_1m_20210917-20211017.csv.gz", "crypto/1h/BTC-USDT_1h_2017-2023.csv.gz"
SEEDED = ("seeded/1m/SOL-USDT", "seeded/1h/DOGE-USDT", "seeded/1d/AAPL")
FILES = present(
    ("crypto/1m/BTC-USDT_1m_20210420-20210520.csv.gz", 1_500),
    ("crypto/1m/SOL-USDT_1m_20230316-20230501.csv.gz", 1_500),
    ("crypto/1m/BTC-USDC_1m_20230301-20230321.csv.gz", 1_500),
    ("crypto/1h/DOGE-USDT_1h_2019-2023.csv.gz", 1_500),
    ("crypto/1h/XRP-USDT_1h_2018-2023.csv.gz", 1_500),
    ("equities/1d/AAPL_1d_1998-2018.csv.gz", 1_500),
    ("equities/1d/QQQ_1d_1999-2018.csv.gz", 1_500),
)
FOUR = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "ADA-USDT")
EAGER: dict[str, Any] = {
    "daily_loss": 100_000, "max_trades_per_day": 1000, "cool_down_minutes": 0, "loss_streak_paper": 1000,
    "min_confidence": 40, "per_trade_loss": 50,
}  # fmt: skip  # limits so wide that much is traded


def both(candles: list[Candles], **given_: Any) -> tuple[Result, Any]:
    """Run loop and backtest with the same settings; return the backtest and the first difference."""
    options = options_for(Settings(**given_), candles)
    result = backtest(candles, setup_of(options), plain())
    return result, compare(run_loop(options, candles), result)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_trades_alike(strategy: str) -> None:
    acts = 0
    for name in SEEDED:
        result, difference = both([market(name, 800)], reasoning={"strategies": (strategy,)}, risk=EAGER)
        assert difference is None, name
        assert result.cycles > 500
        acts += len(result.trades) + len(result.vetoes)
    assert acts > 5


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@pytest.mark.parametrize(("name", "count"), FILES)
def test_every_strategy_trades_alike_on_real_candles(name: str, count: int, strategy: str) -> None:
    result, difference = both([market(name, count)], reasoning={"strategies": (strategy,)}, risk=EAGER)
    assert difference is None
    assert result.cycles > 1_000


@pytest.mark.parametrize(("name", "count"), present(("seeded/1h/BTC-USDT", 8_000), (HOURS, 10**6)))
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_machine_code_and_plain_python_agree_to_the_bit(strategy: str, name: str, count: int) -> None:
    candles = [market(name, count)]
    options = options_for(Settings(reasoning={"strategies": (strategy,)}, risk=EAGER), candles)
    one, other = (backtest(candles, setup_of(options), engine()) for engine in (plain, compiled))
    assert one.trades.tolist() == other.trades.tolist()
    assert one.vetoes.tolist() == other.vetoes.tolist()
    assert one.equity.tolist() == other.equity.tolist()
    assert (one.cash, one.held, one.max_drawdown) == (other.cash, other.held, other.max_drawdown)
    assert len(one.trades) + len(one.vetoes) > 20


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1m/ETH-USDT", 2_500), ("crypto/1m/ETH-USDT_1m_20230316-20230501.csv.gz", 8_000)),
)
def test_default_limits_veto_alike(name: str, count: int) -> None:
    result, difference = both([market(name, count)])
    assert difference is None
    assert len(set(result.vetoes["rule"].tolist())) >= 3


@pytest.mark.parametrize(("name", "count"), present(("seeded/1h/BTC-USDT", 1_500), (HOURS, 6_000)))
def test_a_kill_switch_trips_alike_and_stays(name: str, count: int) -> None:
    result, difference = both([market(name, count)], risk={**EAGER, "daily_loss": 5})
    assert difference is None
    assert result.kill_switch_ms is not None
    late = result.vetoes[result.vetoes["at_ms"] > result.kill_switch_ms]
    assert set(late["rule"].tolist()) <= {0, 1}


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1m/{}", 1_200), ("crypto/1m/{}_1m_20230316-20230501.csv.gz", 2_200)),
)
def test_a_portfolio_reserves_and_exits_alike(name: str, count: int) -> None:
    begins = zip((0, 40, 0, 700), FOUR, strict=True)
    candles = [market(name.format(each), 700 + count)[begin : begin + count] for begin, each in begins]
    result, difference = both(
        candles, risk={**EAGER, "max_positions": 2, "total_exposure": "0.05"}, learning={"min_evidence": 2}
    )
    assert difference is None
    assert len(set(result.trades["symbol"].tolist())) == 4
    assert {codes.MAX_POSITIONS, codes.EXPOSURE} & set(result.vetoes["rule"].tolist()), (
        "the portfolio's own rules vetoed something"
    )


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1h/{}", 900), ("crypto/1m/{}_1m_20210917-20211017.csv.gz", 3_000)),
)
@pytest.mark.parametrize("trailing_stop", ["0.004", "0.02"])
def test_a_trailing_stop_is_raised_alike(trailing_stop: str, name: str, count: int) -> None:
    candles = [market(name.format(each), count) for each in FOUR[:2]]
    risk = {**EAGER, "trailing_stop": trailing_stop}
    for part in (candles[:1], candles):
        result, difference = both(part, risk=risk)
        assert difference is None
        without = backtest(part, setup_of(options_for(Settings(risk=EAGER), part)), plain())
        assert result.trades.tolist() != without.trades.tolist()


@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1h/{}", 700), ("crypto/1m/{}_1m_20210917-20211017.csv.gz", 3_000)),
)
def test_protections_look_back_alike(name: str, count: int) -> None:
    candles = [market(name.format(each), count) for each in FOUR[:2]]
    for code, protection in (
        (codes.SYMBOL_COOL_DOWN, {"symbol_cool_down_minutes": 3_000}),
        (codes.STOP_GUARD, {"stop_guard_minutes": 6_000, "stop_guard_stops": 0}),
        (codes.LOW_PROFIT, {"low_profit_minutes": 30_000, "low_profit_trades": 2, "low_profit": "1%"}),
    ):
        result, difference = both(candles, risk={**EAGER, **protection})
        assert difference is None
        assert code in set(result.vetoes["rule"].tolist()), protection


@pytest.mark.parametrize(
    "filters",
    [
        {"volume_top": 2, "refresh_minutes": 240},
        {"volatility_most": 3.0, "window_hours": 6, "refresh_minutes": 60},
        {"source": "exchange", "volatility_least": 4.0, "age_days": 1.5},  # candles are measured all the same
    ],
)
@pytest.mark.parametrize(
    ("name", "count"),
    present(("seeded/1h/{}", 500), ("crypto/1m/{}_1m_20230316-20230501.csv.gz", 3_000)),
)
def test_pair_lists_are_made_alike(name: str, count: int, filters: dict[str, Any]) -> None:
    begins = zip((0, 40, 200), FOUR, strict=False)
    candles = [market(name.format(each), 200 + count)[begin : begin + count] for begin, each in begins]
    pairs = {"source": "candles", **filters}
    result, difference = both(candles, risk={**EAGER, "max_positions": 3}, pairlist=pairs)
    assert difference is None
    assert codes.OFF_LIST in set(result.vetoes["rule"].tolist())
    assert len(result.trades) > 0


@pytest.mark.parametrize(("name", "count"), present(("seeded/1m/BTC-USDT", 1_200), (MINUTES, 4_000)))
def test_a_fixed_quantity_is_cut_and_denied_alike(name: str, count: int) -> None:
    sizing = {"method": "fixed", "fixed_quantity": "0.0123456789"}
    result, difference = both([market(name, count)], risk={**EAGER, "per_trade_loss": 20}, sizing=sizing)
    assert difference is None
    assert len(result.trades) > 0


@pytest.mark.parametrize(
    ("sizing", "risk"),
    [
        ({"stake": "5%"}, {}),
        ({"stake": 700}, {"daily_loss": "0.2%"}),
        ({"stake": "all"}, {"concentration": 1, "total_exposure": 1, "per_trade_loss": "3%"}),
    ],
)
@pytest.mark.parametrize(("name", "count"), present(("seeded/1h/BTC-USDT", 1_000), (HOURS, 2_500)))
def test_stakes_and_limits_as_shares_of_equity_are_the_loop_s_and_the_machine_s(
    sizing: dict[str, Any], risk: dict[str, Any], name: str, count: int
) -> None:
    candles = [market(name, count)]
    found: dict[str, Any] = {"risk": {**EAGER, "per_trade_loss": "2%", **risk}, "sizing": sizing}
    result, difference = both(candles, **found)
    assert difference is None
    assert (result.kill_switch_ms is not None) is (risk.get("daily_loss") == "0.2%")
    machine = backtest(candles, setup_of(options_for(Settings(**found), candles)), compiled())
    assert machine.trades.tolist() == result.trades.tolist()
    assert machine.equity.tolist() == result.equity.tolist()
    worth = result.trades["bought"] / 10**8
    lowest, highest = {"5%": (450, 550), "all": (5_000, 12_000)}.get(str(sizing["stake"]), (690, 702))
    assert lowest < worth.min() <= worth.max() < highest


@st.composite
def markets(draw: st.DrawFn) -> Candles:
    """A made market: a walk with gaps between close and open, jumps, holes, and candles of one price."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, size = draw(st.integers(200, 500)), draw(st.sampled_from([0.002, 0.01, 0.04]))
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, size, count)))
    opened = np.roll(close, 1) * np.exp(rng.normal(0, size / 3, count))
    opened[0] = 100.0
    if draw(st.booleans()):
        close[count // 2 :] *= draw(st.sampled_from([0.2, 0.5, 2.0, 4.0]))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0, size, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0, size, count)))
    opened, high, low, close = (np.maximum(np.round(each, 2), 0.01) for each in (opened, high, low, close))
    volume = np.round(rng.exponential(5, count), 3) * (rng.random(count) > 0.05)
    steps = np.where(rng.random(count) > 0.98, 7, 1)
    time = 1_600_000_020_000 + np.cumsum(steps) * 60_000
    return Candles("BTC-USDT", 60_000, time, opened, high, low, close, volume)


@given(
    candles=markets(),
    strategies=st.lists(st.sampled_from(sorted(STRATEGIES)), min_size=1, max_size=3, unique=True),
    risk=st.sampled_from(
        [
            {},
            {**EAGER, "daily_loss": "1%"},
            EAGER,
            {**EAGER, "daily_loss": 10},
            {**EAGER, "trailing_stop": "0.01"},
        ]
    ),
    learning=st.booleans(),
    stop_ppm=st.sampled_from([500, 5_000, 30_000]),
)
@settings(max_examples=15)
def test_made_markets_are_traded_alike(
    *, candles: Candles, strategies: list[str], risk: dict[str, Any], learning: bool, stop_ppm: int
) -> None:
    reasoning = {
        "strategies": tuple(strategies), "rsi": {"period": 4, "stop_ppm": stop_ppm},
        "sma": {"fast": 3, "slow": 9, "stop_ppm": stop_ppm},
    }  # fmt: skip  # short periods: a short walk votes often
    _, difference = both(
        [candles],
        reasoning=reasoning,
        risk=risk,
        learning={"enabled": learning, "min_evidence": 1},
        perception={"warmup_candles": 70},
    )
    assert difference is None


def test_a_difference_is_found_and_named() -> None:
    candles = market("seeded/1m/BTC-USDT", 900)
    options = options_for(Settings(risk=EAGER), [candles])
    result = backtest([candles], setup_of(options), plain())
    assert len(result.trades) > 3
    result.trades["fees"][2] += 1
    difference = compare(run_loop(options, [candles]), result)
    assert difference is not None
    assert (difference.what, difference.number) == ("trade", 3)
    result.trades["fees"][2] -= 1
    result.vetoes["rule"][0] += 1
    difference = compare(run_loop(options, [candles]), result)
    assert difference is not None
    assert difference.what == "veto"
