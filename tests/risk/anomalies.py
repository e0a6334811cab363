"""Things that may be wrong with a case, drawn around the limits, and cases with several of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from msgspec.structs import replace

from domain.account import PastTrade
from domain.candle import Candle, LastPrice
from domain.decision import Action
from domain.money import to_cash
from domain.observation import Source
from domain.pairs import NO_LIST
from domain.times import MINUTE_MS
from risk.case import Case
from tests.risk.cases import (
    BTC,
    INSTRUMENTS,
    NOW,
    NOW_MS,
    PRICE,
    case,
    deciding,
    held,
    holding,
    limiting,
    owning,
    seeing,
    sized,
)

Change = Callable[[Case], Case]

AGES = st.one_of(
    st.sampled_from([0, 15 * MINUTE_MS, 15 * MINUTE_MS + 1, -15 * MINUTE_MS, 60 * MINUTE_MS]),
    st.integers(-(10**8), 10**10),
)
AMOUNTS = st.one_of(
    st.sampled_from([0, 1, to_cash(20), to_cash(20) + 1, to_cash(500), to_cash(500) + 1, to_cash(1500)]),
    st.integers(0, to_cash(20_000)),
)
COUNTS = st.integers(0, 8)
QUANTITIES = st.decimals("0.000001", 10**9, places=6, allow_nan=False)
POINTS = st.one_of(st.sampled_from([40.0, 50.0, 69.9, 70.0, float("nan"), -1.0]), st.floats(0, 100))


def _aged_quote(age: int) -> Change:
    return lambda base: seeing(base, quote=LastPrice(PRICE, NOW_MS - age))


def _aged_candle(age: int) -> Change:
    candle = Candle(NOW_MS - MINUTE_MS - age, PRICE, PRICE, PRICE, PRICE, 1.0)
    return lambda base: seeing(base, candles=(candle,))


def _holding(symbols: set[str], lots: int) -> Change:
    return lambda base: replace(base, account=holding(base.account, *(held(each, lots) for each in symbols)))


def _entering(symbol: str, value: int) -> Change:
    return lambda base: owning(base, entries={**base.account.entries, symbol: value})


def _listed(min_lots: int, min_cash: int) -> Change:
    changed = replace(BTC, min_quantity=BTC.quantity(min_lots), min_notional=Decimal(min_cash))
    return lambda base: replace(base, instruments={**INSTRUMENTS, BTC.symbol: changed})


def _looking_back(trades: list[PastTrade], minutes: int) -> Change:
    window = minutes * MINUTE_MS
    on = {"symbol_cool_down_ms": window, "stop_guard_ms": window, "low_profit_ms": window}
    return lambda base: limiting(owning(base, recent=tuple(trades)), **on)


def _off_list(symbols: set[str], on: bool) -> Change:  # noqa: FBT001 -- drawn
    return lambda base: limiting(owning(base, off_list=dict.fromkeys(symbols, NO_LIST)), pair_list=int(on))


SYMBOLS = st.sampled_from(sorted(INSTRUMENTS))
PAST = st.builds(PastTrade, SYMBOLS, AGES.map(lambda age: NOW_MS - age), st.floats(-1, 1), st.booleans())

ANOMALIES: st.SearchStrategy[Change] = st.one_of(
    st.sampled_from(["", "manual"]).map(lambda text: lambda base: owning(base, kill_switch=text)),
    st.sampled_from(list(Source)).map(lambda source: lambda base: seeing(base, source=source)),
    AGES.map(_aged_quote),
    AGES.map(_aged_candle),
    st.just(lambda base: seeing(base, quote=None)),
    st.just(lambda base: deciding(seeing(base, quote=None), price=None)),
    st.just(lambda base: seeing(base, candles=())),
    st.sampled_from([None, 0, -1, 1, PRICE]).map(lambda price: lambda base: deciding(base, price=price)),
    st.just(lambda base: owning(base, unknown_orders=("b-0-1-X", "b-0-2-X"))),
    AMOUNTS.map(lambda cash: lambda base: owning(base, equity=base.account.equity - cash)),
    AMOUNTS.map(lambda cash: lambda base: owning(base, peak_equity=cash)),
    AMOUNTS.map(lambda cash: lambda base: owning(base, cash=cash)),
    AMOUNTS.map(lambda cash: lambda base: owning(base, class_drawdown={"crypto": cash})),
    AMOUNTS.map(lambda cash: lambda base: limiting(base, per_trade_loss=cash)),
    st.integers(0, 10**6).map(lambda ppm: lambda base: limiting(base, total_exposure_ppm=ppm)),
    st.integers(0, 10**6).map(lambda ppm: lambda base: limiting(base, concentration_ppm=ppm)),
    st.just(lambda base: limiting(base, live=0)),
    st.builds(_holding, st.sets(SYMBOLS), st.integers(1, 10_000)),
    st.just(lambda base: owning(base, marks={})),
    st.builds(_entering, SYMBOLS, AMOUNTS),
    AGES.map(lambda age: lambda base: owning(base, last_loss_at=NOW - timedelta(milliseconds=age))),
    COUNTS.map(lambda count: lambda base: owning(base, entries_today=count)),
    COUNTS.map(lambda count: lambda base: owning(base, loss_streak=count)),
    COUNTS.map(lambda count: lambda base: owning(base, win_streak=count)),
    st.builds(_off_list, st.sets(SYMBOLS), st.booleans()),
    st.builds(_looking_back, st.lists(PAST, max_size=8), st.sampled_from([0, 1, 15, 60, 10**6])),
    POINTS.map(lambda points: lambda base: deciding(base, confidence=points)),
    st.floats(allow_nan=True).map(lambda ratio: lambda base: deciding(base, atr_ratio=ratio)),
    st.integers(-1, 2 * PRICE).map(lambda ticks: lambda base: deciding(base, target=ticks)),
    st.integers(-1, PRICE + 1).map(lambda ticks: lambda base: deciding(base, stop=ticks)),
    st.integers(-1, 1_000_001).map(lambda ppm: lambda base: deciding(base, stop_ppm=ppm)),
    st.sampled_from(["open", "half-open"]).map(lambda state: lambda base: seeing(base, breaker=state)),
    QUANTITIES.map(lambda quantity: lambda base: sized(base, quantity)),
    st.builds(_listed, st.integers(0, 1_000), st.integers(0, 1_000)),
)


@st.composite
def odd_cases(draw: st.DrawFn, action: Action = Action.BUY, most: int = 5) -> Case:
    """A healthy case with up to so many anomalies."""
    odd = deciding(case(), action=action)
    for change in draw(st.lists(ANOMALIES, max_size=most)):
        odd = change(odd)
    return odd
