"""Grids of cheap and of cross pairs: by the listing, else the candles' digits, and none that ruins prices."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.account.agent import Agent
from agent.settings.given import Settings
from agent.settings.grids import told_by, with_grids
from agent.settings.instruments import InstrumentSettings, instrument
from agent.settings.settings import Options
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, sampled, setup_of
from domain.candle import RawCandle
from domain.digits import MOST_LOST, decimals_of, lost, step_of, tick_of
from domain.errors import BadInput
from domain.money import cash_decimals
from domain.times import HOUR_MS
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import plain
from tests.agent.command import agent, told
from tests.perception.server import Behaviour, ScriptedServer, answer
from tests.perception.venues import KLINES, klines
from tests.research.made import walk

PAIRS = {
    "ETH-BTC": ("0.05", 6),
    "TRX-USDT": ("0.023", 5),
    "HOT-USDT": ("0.0012", 7),
    "PEPE-USDT": ("0.0000085", 10),
}
LISTING = "/api/v3/exchangeInfo"


def series(symbol: str, count: int = 1_200, seed: int = 5) -> Candles:
    """A walk around a pair's price with as many decimals as its exchange gives."""
    price, places = PAIRS[symbol]
    made = walk("X-USDT", count, HOUR_MS, seed=seed)
    scaled = [
        np.round(each / 20_000 * float(price), places)
        for each in (made.open, made.high, made.low, made.close)
    ]
    opened, high, low, close = scaled
    return Candles(symbol, HOUR_MS, made.time, opened, high, low, close, made.volume)


@pytest.mark.parametrize("symbol", PAIRS)
def test_a_pair_of_any_price_is_traded_on_a_grid_that_holds_its_prices(symbol: str) -> None:
    """ETH-BTC lost 14.75 BTC by slippage of half a tick, HOT all it had, and PEPE was never traded."""
    candles = series(symbol)
    cash = 1 if symbol == "ETH-BTC" else 10_000
    options = options_for(
        Settings(paper={"cash": cash}, risk={"min_confidence": 40}, perception={"warmup_candles": 100}),
        [candles],
    )
    grid = instrument(symbol, options.instruments)
    assert lost(sampled(candles), grid.tick) < 1e-9
    result = backtest([candles], setup_of(options), plain())
    assert len(result.trades) + len(result.open_positions) > 3
    costs = (result.trades["fees"] + result.trades["slippage"]) / (result.trades["bought"] * 2)
    assert (costs < 0.0035).all(), "one way costs 0.185 % and what a tick of rounding adds"
    assert compare(run_loop(options, [candles]), result) is None


@given(
    st.decimals(min_value="0.00000001", max_value=10**6, places=8).filter(bool),
    st.integers(0, 6),
    st.sampled_from(["USDT", "BTC", "EUR"]),
)
def test_a_grid_by_digits_holds_the_prices_and_fits_the_cash_unit(
    price: Decimal, places: int, quote: str
) -> None:
    prices = [
        float(round(price * Decimal(each) / 100, 8 if price < 1 else places)) for each in range(95, 106)
    ]
    prices = [each for each in prices if each > 0] or [1.0]
    grid = told_by(f"NEW-{quote}", prices)
    made = instrument(f"NEW-{quote}", {f"NEW-{quote}": grid})  # raises where a tick times a lot does not fit
    assert lost(prices, made.tick) < 1e-6
    assert grid.step_size * Decimal(max(prices)) <= max(
        grid.min_notional, Decimal(10) ** -cash_decimals(quote) * 10**8
    )


@pytest.mark.parametrize(
    ("price", "decimals"),
    [(1.0, 0), (0.1, 1), (8.5e-06, 7), (1e-08, 8), (123456.0, 0), (0.30000000000000004, 17), (1e22, 0)],
)
def test_decimals_are_those_a_price_is_written_with(price: float, decimals: int) -> None:
    assert decimals_of(price) == decimals


def test_noise_of_a_float_makes_no_grid() -> None:
    assert tick_of([0.1 + 0.2, 0.5]) == Decimal("0.00000001")
    assert tick_of([27.123456789012, 30.0]) == Decimal("0.000001")
    with pytest.raises(ValueError, match="no price above 0"):
        tick_of([0.0])
    assert step_of([60_000.0], Decimal(5), Decimal("0.01"), 8) == Decimal("0.000001")


def test_known_pairs_and_shares_keep_their_grid_unless_it_ruins_their_prices() -> None:
    known = {"BTC-USDT": [60_000.123456], "MSFT": [27.1234567]}
    assert with_grids(Options(symbols=tuple(known)), known).instruments == {}
    split = with_grids(Options(symbols=("AAPL",)), {"AAPL": [0.1234, 0.2345]}).instruments["AAPL"]
    assert (split.tick_size, split.asset_class, split.step_size) == (Decimal("0.0001"), "equity", Decimal(1))


def test_a_grid_that_ruins_prices_is_refused_with_the_finer_one() -> None:
    coarse = InstrumentSettings(tick_size=Decimal("0.0001"), step_size=Decimal(1))
    options = Options(symbols=("HOT-USDT",), instruments={"HOT-USDT": coarse})
    with pytest.raises(BadInput, match=r"HOT-USDT.*= 0.0001: .* limit is 0.05%.* ticks of 0.0000001"):
        with_grids(options, {"HOT-USDT": sampled(series("HOT-USDT"))})
    assert MOST_LOST == 0.0005


def entry(symbol: str, tick: str, step: str) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "stepSize": step},
        {"filterType": "NOTIONAL", "minNotional": "1.00000000"},
    ]
    return {"symbol": symbol, "status": "TRADING", "filters": filters}


def test_a_listing_file_gives_the_grid_and_recorded_prices_may_be_finer(tmp_path: Path) -> None:
    path = tmp_path / "exchangeInfo.json"
    told_there = [
        entry("TRXUSDT", "0.00001000", "0.10000000"),
        {"symbol": "ODD"},
        entry("HOTUSDT", "0.00100000", "1"),
    ]
    path.write_text(json.dumps({"symbols": told_there}))
    options = Options(listing=path, symbols=("TRX-USDT", "HOT-USDT"))
    found = with_grids(options, {name: sampled(series(name)) for name in options.symbols}).instruments
    trx, hot = found["TRX-USDT"], found["HOT-USDT"]
    assert (trx.tick_size, trx.step_size, trx.min_notional) == (
        Decimal("0.00001"),
        Decimal("0.1"),
        Decimal(1),
    )
    assert hot.tick_size == Decimal("0.0000001")
    for text in ("[]", "no json"):
        path.write_text(text)
        with pytest.raises(BadInput, match="listing = "):
            with_grids(options, {})
    with pytest.raises(BadInput, match="cannot be read"):
        with_grids(Options(listing=tmp_path / "none"), {})


def _pepe(start: int, length: int) -> list[RawCandle]:
    first = -(-start // length) * length
    prices = [round(8.5e-06 + 1e-08 * (place % 7), 8) for place in range(1_000)]
    return [
        RawCandle(first + place * length, price, price, price, price, 1e9)
        for place, price in enumerate(prices)
    ]


@pytest.fixture
def exchange() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.on(KLINES, klines({"PEPEUSDT": _pepe}))
        yield server


def cycles(home: Path, server: ScriptedServer, *, symbol: str = "PEPE-USDT") -> list[dict[str, Any]]:
    words = ("run", "--symbol", symbol, "--provider", "auto", "--cycles", "2", "--interval", "0.05", "--json")
    done = agent(home, *words, env={"AGENT_BINANCE__BASE_URL": server.url}, check=None)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("listing", "tick"),
    [
        (answer({"symbols": [entry("PEPEUSDT", "0.00000001", "1.00000000")]}), "1E-8"),
        (answer({"code": -1121, "msg": "Invalid symbol."}, status=400), "1E-8"),
    ],
)
def test_paper_follows_live_candles_of_a_cheap_coin_at_their_price(
    tmp_path: Path, exchange: ScriptedServer, listing: Behaviour, tick: str
) -> None:
    """They were refused as 0 ticks, and a simulated market at 100 was traded in their place."""
    exchange.on(LISTING, listing)
    lines = cycles(tmp_path, exchange)
    seen = [each for line in lines for each in line.get("decisions", ())]
    assert {each["source"] for each in seen} == {"live"}
    assert all(8.5e-06 <= float(each["price"]) <= 8.6e-06 for each in seen)
    grid = json.loads((tmp_path / "grids.json").read_text())["PEPE-USDT"]
    assert Decimal(grid["tick_size"]) == Decimal(tick)
    assert told(tmp_path, "replay")["difference"] is None


def test_a_grid_that_ruins_live_prices_is_no_reason_to_make_prices_up(
    tmp_path: Path, exchange: ScriptedServer
) -> None:
    exchange.on(LISTING, answer({"symbols": []}))
    coarse = {"tick_size": "0.0001", "step_size": "1"}
    made = Agent(
        Settings(
            home=tmp_path,
            symbols=("PEPE-USDT",),
            cycles=1,
            interval_seconds=0,
            instruments={"PEPE-USDT": coarse},
            binance={"base_url": exchange.url},
        )
    )
    made.start()
    made.join()
    told_of = made.status()
    assert told_of.outcome == "failed"
    error = told_of.error or ""
    assert "lose 100.00% when rounded to ticks of 0.0001; set [instruments.PEPE-USDT]" in error
