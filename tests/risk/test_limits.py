"""Each rule at its limit, where it still passes, and one unit beyond, where it alone denies."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.account import PastTrade
from domain.candle import LastPrice
from domain.instrument import Instrument
from domain.money import from_cash, to_cash
from domain.observation import Source
from domain.pairs import NO_LIST
from domain.times import MINUTE_MS
from domain.verdict import Denied
from risk.case import Case
from risk.judge import judge
from risk.reading import book_of, entry_of
from risk.sizing import size_entry
from risk.stake import loss_at_stop
from risk.table import RULES
from tests.risk.cases import (
    BTC,
    NOW,
    NOW_MS,
    PRICE,
    case,
    check,
    deciding,
    held,
    holding,
    kernel_reason,
    limiting,
    owning,
    rich,
    seeing,
    sized,
)

TENTH = sized(case(), "0.1")
TENTH_VALUE = PRICE * 10_000 * BTC.cash_factor
TENTH_LOSS = loss_at_stop(PRICE, PRICE - 150_000, 10_000, BTC.cash_factor, 2_000)
TENTH_CASH = loss_at_stop(PRICE, 0, 10_000, BTC.cash_factor, 2_000)


def quote_aged(ms: int) -> Case:
    return seeing(case(), quote=LastPrice(PRICE, NOW_MS - ms))


def candle_aged(ms: int) -> Case:
    (candle,) = case().observation.candles
    return seeing(case(), candles=(candle._replace(time=NOW_MS - MINUTE_MS - ms),))


def lost_today(cash: int) -> Case:
    start = case().account
    return owning(case(), day_start_equity=start.equity + cash, peak_equity=start.equity + cash)


def below_peak(cash: int) -> Case:
    peak = to_cash(10_000)
    return replace(case(), account=replace(rich(peak - cash), peak_equity=peak))


def positions(count: int) -> Case:
    symbols = ("ETHUSDT", "SOLUSDT", "GOLDUSDT")[:count]
    return replace(case(), account=holding(case().account, *(held(symbol) for symbol in symbols)))


def rested(ms: int) -> Case:
    return owning(case(), last_loss_at=NOW - timedelta(milliseconds=ms), loss_streak=1)


def past(
    minutes: int, *, symbol: str = "BTCUSDT", result: float = -0.01, stopped: bool = True, late_ms: int = 0
) -> PastTrade:
    """A trade that closed so many minutes ago, `late_ms` later than that."""
    return PastTrade(symbol, NOW_MS - minutes * MINUTE_MS + late_ms, result, stopped)


def looking_back(*trades: PastTrade, **limits: float) -> Case:
    return limiting(owning(case(), recent=trades), **limits)


def listing(*off: str, on: int = 1) -> Case:
    """A pair list that these symbols are off."""
    return limiting(owning(case(), off_list=dict.fromkeys(off, NO_LIST)), pair_list=on)


def guarding(*trades: PastTrade) -> Case:
    return looking_back(*trades, stop_guard_ms=60 * MINUTE_MS, stop_guard_stops=2)


def adding(*results: float) -> Case:
    """Trades of the symbol that came to so much, beside some that do not count: another's, an old one."""
    others = past(5, symbol="ETHUSDT", result=-0.5), past(61, result=-0.5)
    trades = (past(5, result=each) for each in results)
    return looking_back(*others, *trades, low_profit_ms=60 * MINUTE_MS, low_profit_trades=3, low_profit=-0.01)


def wide(base: Case, **changes: int) -> Case:
    """A fixed 0.1 BTC under limits that only the changed one can bind."""
    loose = {"per_trade_loss": to_cash(10**6), "total_exposure_ppm": 10**6, "concentration_ppm": 10**6}
    return limiting(base, **{**loose, **changes})


def with_equity(cash: int, **changes: int) -> Case:
    return wide(replace(TENTH, account=rich(cash)), **changes)


def with_cash(cash: int) -> Case:
    return wide(replace(TENTH, account=replace(rich(TENTH_VALUE * 2), cash=cash)))


def with_target(ticks: int) -> Case:
    """Stop 1,500.00 below the price, so 1.25 is reached 1,875.00 above it."""
    return deciding(case(), target=PRICE + ticks)


def listed(instrument: Instrument) -> Case:
    return wide(replace(TENTH, instruments={"BTCUSDT": instrument}))


def one_lot_costs(cash: int) -> Case:
    """A per-trade limit of so many cash units, on an exchange that takes any notional."""
    free = replace(BTC, min_notional=Decimal(0))
    return limiting(replace(case(), instruments={"BTCUSDT": free}), per_trade_loss=cash)


LOT_LOSS = loss_at_stop(PRICE, PRICE - 150_000, 1, BTC.cash_factor, 2_000)

PAIRS: dict[str, list[tuple[Callable[[], Case], Callable[[], Case]]]] = {
    "kill_switch_active": [(case, lambda: owning(case(), kill_switch=""))],
    "simulated_data": [
        (case, lambda: seeing(case(), source=Source.RECORDED)),
        (case, lambda: seeing(case(), source=Source.SIMULATED)),
    ],
    "stale_data": [
        (lambda: quote_aged(15 * MINUTE_MS), lambda: quote_aged(15 * MINUTE_MS + 1)),
        (lambda: quote_aged(-15 * MINUTE_MS), lambda: quote_aged(-15 * MINUTE_MS - 1)),
        (lambda: candle_aged(15 * MINUTE_MS), lambda: candle_aged(15 * MINUTE_MS + 1)),
        (lambda: candle_aged(-15 * MINUTE_MS), lambda: candle_aged(-15 * MINUTE_MS - 1)),
        (case, lambda: seeing(case(), source=Source.CACHED)),
        (case, lambda: seeing(case(), candles=())),
        (case, lambda: seeing(case(), quote=None)),
    ],
    "unknown_order_pending": [(case, lambda: owning(case(), unknown_orders=("b-0-1-BTCUSDT",)))],
    "entries_blocked": [
        (
            lambda: owning(case(), blocked={"ETHUSDT": "market closed (BREAK)"}),
            lambda: owning(case(), blocked={"BTCUSDT": "market closed (BREAK)"}),
        ),
        (case, lambda: owning(case(), blocked={"": "fees in BNB"})),
    ],
    "pair_not_listed": [
        (listing, lambda: listing("BTCUSDT")),
        (lambda: listing("ETHUSDT"), lambda: listing("ETHUSDT", "BTCUSDT")),
        (lambda: listing("BTCUSDT", on=0), lambda: listing("BTCUSDT")),
    ],
    "daily_loss_limit_exceeded": [
        (lambda: lost_today(to_cash(20)), lambda: lost_today(to_cash(20) + 1)),
    ],
    "max_drawdown": [(lambda: below_peak(to_cash(1500)), lambda: below_peak(to_cash(1500) + 1))],
    "class_drawdown": [
        (
            lambda: owning(case(), class_drawdown={"crypto": to_cash(500), "metal": to_cash(501)}),
            lambda: owning(case(), class_drawdown={"crypto": to_cash(500) + 1}),
        )
    ],
    "per_trade_loss_limit_exceeded": [
        (lambda: wide(TENTH, per_trade_loss=TENTH_LOSS), lambda: wide(TENTH, per_trade_loss=TENTH_LOSS - 1)),
        (lambda: deciding(case(), stop=PRICE - 1), lambda: deciding(case(), stop=PRICE)),
        (case, lambda: deciding(case(), stop_ppm=0)),
    ],
    "max_position_limit_reached": [
        (lambda: positions(2), lambda: positions(3)),
        (
            lambda: owning(positions(2), entries={"SOLUSDT": to_cash(10)}),
            lambda: owning(positions(2), entries={"GOLDUSDT": to_cash(10)}),
        ),
    ],
    "duplicate_position": [
        (lambda: positions(1), lambda: replace(case(), account=holding(case().account, held(lots=1)))),
        (
            lambda: owning(case(), entries={"ETHUSDT": to_cash(10)}),
            lambda: owning(case(), entries={"BTCUSDT": to_cash(10)}),
        ),
    ],
    "cool_down_active": [
        (lambda: rested(60 * MINUTE_MS), lambda: rested(60 * MINUTE_MS - 1)),
        (lambda: owning(rested(1), win_streak=1), lambda: rested(-1)),
    ],
    "symbol_cool_down_active": [
        (
            lambda: looking_back(past(60), symbol_cool_down_ms=60 * MINUTE_MS),
            lambda: looking_back(past(60, late_ms=1), symbol_cool_down_ms=60 * MINUTE_MS),
        ),
        (
            lambda: looking_back(past(1, symbol="ETHUSDT"), symbol_cool_down_ms=60 * MINUTE_MS),
            lambda: looking_back(past(1, symbol="ETHUSDT"), past(-1), symbol_cool_down_ms=60 * MINUTE_MS),
        ),
    ],
    "stop_guard_active": [
        (
            lambda: guarding(past(60, symbol="ETHUSDT", late_ms=-1), past(60), past(1)),
            lambda: guarding(past(60, symbol="ETHUSDT"), past(60), past(1)),
        ),
        (
            lambda: guarding(past(9), past(9), past(9, stopped=False)),
            lambda: guarding(past(9), past(9), past(9)),
        ),
    ],
    "low_profit_symbol": [
        (lambda: adding(0.02, -0.01, -0.02), lambda: adding(0.02, -0.01, -0.02 - 1e-9)),
        (lambda: adding(-0.1, -0.1), lambda: adding(-0.1, -0.1, 0.1)),
    ],
    "max_trades_per_day": [
        (lambda: owning(case(), entries_today=4), lambda: owning(case(), entries_today=5)),
    ],
    "portfolio_exposure": [
        (
            lambda: with_equity(TENTH_VALUE * 5, total_exposure_ppm=200_000),
            lambda: with_equity(TENTH_VALUE * 5 - 1, total_exposure_ppm=200_000),
        ),
        (
            lambda: limiting(owning(positions(1), marks={}), live=0),
            lambda: owning(positions(1), marks={}),
        ),
    ],
    "concentration": [
        (
            lambda: with_equity(TENTH_VALUE * 4, concentration_ppm=250_000),
            lambda: with_equity(TENTH_VALUE * 4 - 1, concentration_ppm=250_000),
        )
    ],
    "min_confidence": [
        (lambda: deciding(case(), confidence=70.0), lambda: deciding(case(), confidence=69.999)),
        (case, lambda: sized(deciding(case(), confidence=float("nan")), "0.0005")),
    ],
    "min_reward_risk": [
        (lambda: with_target(187_500), lambda: with_target(187_499)),
        (lambda: deciding(case(), target=0), lambda: deciding(case(), target=1)),
    ],
    "loss_streak": [(lambda: owning(case(), loss_streak=3), lambda: owning(case(), loss_streak=4))],
    "circuit_breaker_open": [
        (case, lambda: seeing(case(), breaker="open")),
        (case, lambda: seeing(case(), breaker="half-open")),
    ],
    "size_below_minimum": [
        (lambda: one_lot_costs(LOT_LOSS), lambda: one_lot_costs(LOT_LOSS - 1)),
        (lambda: sized(case(), "0.001"), lambda: sized(case(), "0.000009")),
    ],
    "insufficient_cash": [
        (lambda: with_cash(TENTH_CASH), lambda: with_cash(TENTH_CASH - 1)),
        (
            lambda: owning(with_cash(TENTH_CASH + 1_002), entries={"ETHUSDT": 1_000}),
            lambda: owning(with_cash(TENTH_CASH + 1_001), entries={"ETHUSDT": 1_000}),
        ),
    ],
    "exchange_filters": [
        (
            lambda: listed(replace(BTC, min_notional=from_cash(TENTH_VALUE))),
            lambda: listed(replace(BTC, min_notional=from_cash(TENTH_VALUE + 1))),
        ),
        (
            lambda: listed(replace(BTC, min_quantity=Decimal("0.1"))),
            lambda: listed(replace(BTC, min_quantity=Decimal("0.10001"))),
        ),
    ],
}

FLAT = [(name, at, beyond) for name, pairs in PAIRS.items() for at, beyond in pairs]


def lots_of(base: Case) -> int:
    policy = base.policy
    return size_entry(entry_of(base), book_of(base), policy.limits, policy.sizing).lots


def test_every_rule_has_a_pair_in_the_table_s_order() -> None:
    assert list(PAIRS) == [rule.reason for rule in RULES]


@pytest.mark.parametrize(("name", "at", "beyond"), FLAT)
def test_a_limit_reached_passes(name: str, at: Callable[[], Case], beyond: Callable[[], Case]) -> None:
    verdict = judge(at())
    assert not isinstance(verdict, Denied), f"{name}: {verdict}"
    assert kernel_reason(at(), verdict.order.lots) == ""


@pytest.mark.parametrize(("name", "at", "beyond"), FLAT)
def test_one_unit_beyond_is_denied_by_that_rule(
    name: str, at: Callable[[], Case], beyond: Callable[[], Case]
) -> None:
    verdict = judge(beyond())
    assert isinstance(verdict, Denied)
    assert verdict.reason == name
    assert not check(verdict, name).passed
    assert verdict.detail
    assert kernel_reason(beyond(), lots_of(beyond())) == name
