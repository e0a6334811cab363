"""Sizing: the budget, the caps, and rounding that never goes up."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.money import share_down, to_cash
from risk.case import Case
from risk.facts import AccountFacts, Entry
from risk.judge import judge
from risk.limits import Limits, Sizing
from risk.reading import book_of, entry_of
from risk.sizing import (
    BY_BUDGET,
    BY_CASH,
    BY_CONCENTRATION,
    BY_CONFIDENCE,
    BY_EXPOSURE,
    BY_FIXED,
    BY_NOTHING,
    BY_STAKE,
    BY_TRADE_LOSS,
    Size,
    explain,
    risk_budget,
    size_entry,
)
from risk.stake import loss_at_stop, stake
from tests.risk.cases import BTC, account, approved, case, deciding, denied, limiting, owning, policy, sized

ENTRY = entry_of(case())
BOOK = book_of(case())
LIMITS = policy().limits
SIZING = policy().sizing
OPEN = LIMITS._replace(per_trade_loss=to_cash(10**9), total_exposure_ppm=10**6, concentration_ppm=10**6)
PLENTY = BOOK._replace(free=to_cash(10**9))


def test_a_stake_is_worth_what_was_said_and_meets_every_cap() -> None:
    price = ENTRY.price * ENTRY.cash_factor
    amount = SIZING._replace(stake=to_cash(100))
    share = SIZING._replace(stake_ppm=50_000)
    assert size_entry(ENTRY, PLENTY, OPEN, amount) == Size(
        to_cash(100) // price, BY_STAKE, to_cash(100), to_cash(100)
    )
    assert size_entry(ENTRY, PLENTY, OPEN, share).lots == PLENTY.equity // 20 // price
    assert size_entry(sure(0.0), PLENTY, OPEN, share).lots == PLENTY.equity // 20 // price
    everything = SIZING._replace(stake_ppm=10**6)
    assert size_entry(ENTRY, BOOK, OPEN, everything).bound == BY_CASH
    assert size_entry(ENTRY, BOOK, LIMITS, everything).bound == BY_TRADE_LOSS


def sure(confidence: float) -> Entry:
    return ENTRY._replace(confidence=confidence)


def test_the_budget_is_equity_times_every_factor() -> None:
    assert risk_budget(sure(100.0), BOOK, 10_000) == to_cash(100)
    assert risk_budget(sure(80.0), BOOK, 10_000) == to_cash(80)
    assert risk_budget(sure(50.0)._replace(atr_ratio=0.8), BOOK, 10_000) == to_cash(40)
    assert risk_budget(sure(100.0), BOOK._replace(equity=-1), 10_000) == 0


@pytest.mark.parametrize(
    ("confidence", "counted"), [(150.0, 100), (100.0, 100), (0.0, 0), (-5.0, 0), (float("nan"), 0)]
)
def test_confidence_counts_from_0_to_100(confidence: float, counted: int) -> None:
    assert risk_budget(sure(confidence), BOOK, 10_000) == to_cash(counted)


@pytest.mark.parametrize(
    ("ratio", "percent"),
    [(9.0, 150), (1.5, 150), (1.2, 120), (0.5, 50), (0.1, 50), (-1.0, 50), (float("nan"), 50)],
)
def test_volatility_counts_from_half_to_one_and_a_half(ratio: float, percent: int) -> None:
    assert risk_budget(sure(100.0)._replace(atr_ratio=ratio), BOOK, 10_000) == to_cash(percent)


@pytest.mark.parametrize(
    ("wins", "losses", "percent"), [(2, 0, 100), (3, 0, 80), (0, 1, 100), (0, 2, 70), (4, 2, 70)]
)
def test_streaks_make_it_smaller(wins: int, losses: int, percent: int) -> None:
    book = BOOK._replace(win_streak=wins, loss_streak=losses)
    assert risk_budget(sure(100.0), book, 10_000) == to_cash(percent)


@pytest.mark.parametrize(
    ("book", "limits", "bound"),
    [
        (PLENTY, OPEN, BY_BUDGET),
        (PLENTY, OPEN._replace(per_trade_loss=to_cash(5)), BY_TRADE_LOSS),
        (PLENTY, OPEN._replace(total_exposure_ppm=50_000), BY_EXPOSURE),
        (PLENTY._replace(exposure=to_cash(9_900)), OPEN, BY_EXPOSURE),
        (PLENTY, OPEN._replace(concentration_ppm=50_000), BY_CONCENTRATION),
        (PLENTY._replace(symbol_exposure=to_cash(9_900)), OPEN, BY_CONCENTRATION),
        (BOOK._replace(free=to_cash(100)), OPEN, BY_CASH),
    ],
)
def test_the_tightest_bound_is_named(book: AccountFacts, limits: Limits, bound: int) -> None:
    assert size_entry(ENTRY, book, limits, SIZING).bound == bound


def test_a_cap_that_only_equals_the_budget_is_not_named() -> None:
    budget = risk_budget(ENTRY, BOOK, SIZING.risk_ppm)
    size = size_entry(ENTRY, PLENTY, OPEN._replace(per_trade_loss=budget), SIZING)
    assert size.bound == BY_BUDGET


@pytest.mark.parametrize(
    ("entry", "bound"),
    [
        (ENTRY._replace(price=0), BY_NOTHING),
        (ENTRY._replace(stop=0), BY_NOTHING),
        (sure(49.99), BY_CONFIDENCE),
        (sure(float("nan")), BY_CONFIDENCE),
    ],
)
def test_nothing_is_bought_without_price_stop_or_confidence(entry: Entry, bound: int) -> None:
    size = size_entry(entry, BOOK, LIMITS, SIZING)
    assert (size.lots, size.bound) == (0, bound)


def test_confidence_at_the_sizing_minimum_is_sized() -> None:
    assert size_entry(sure(50.0), BOOK, LIMITS, SIZING).lots > 0


BOOKS = st.builds(
    BOOK._replace,
    equity=st.integers(-(10**12), 10**16),
    free=st.integers(-(10**12), 10**16),
    exposure=st.integers(0, 10**16),
    symbol_exposure=st.integers(0, 10**16),
    win_streak=st.integers(0, 5),
    loss_streak=st.integers(0, 5),
)
LIMIT = st.builds(
    LIMITS._replace,
    per_trade_loss=st.integers(0, 10**16),
    total_exposure_ppm=st.integers(0, 10**6),
    concentration_ppm=st.integers(0, 10**6),
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    price = draw(st.integers(2, 10**8))
    return ENTRY._replace(
        price=price,
        stop=draw(st.integers(1, price - 1)),
        confidence=draw(st.floats(0, 100)),
        atr_ratio=draw(st.floats(allow_nan=True)),
        cash_factor=draw(st.integers(1, 10**4)),
        cost_ppm=draw(st.integers(0, 100_000)),
    )


@settings(deadline=None)
@given(entry=entries(), book=BOOKS, limits=LIMIT, risk_ppm=st.integers(0, 10**6))
def test_risk_to_the_stop_with_costs_and_every_cap_hold_after_rounding(
    entry: Entry, book: AccountFacts, limits: Limits, risk_ppm: int
) -> None:
    size = size_entry(entry, book, limits, Sizing(fixed=0, risk_ppm=risk_ppm, min_confidence=0.0))
    assert size.lots >= 0
    if size.lots == 0:
        return
    loss = loss_at_stop(entry.price, entry.stop, size.lots, entry.cash_factor, entry.cost_ppm)
    value = stake(entry.price, size.lots, entry.cash_factor)
    share = Fraction(entry.confidence) / 100 * Fraction(3, 2)
    assert loss <= Fraction(max(book.equity, 0) * risk_ppm, 10**6) * share
    assert loss <= size.budget
    assert loss <= limits.per_trade_loss
    assert book.exposure + value <= share_down(book.equity, limits.total_exposure_ppm)
    assert book.symbol_exposure + value <= share_down(book.equity, limits.concentration_ppm)
    assert loss_at_stop(entry.price, 0, size.lots, entry.cash_factor, entry.cost_ppm) <= book.free


@settings(deadline=None)
@given(entry=entries(), book=BOOKS, limits=LIMIT)
def test_one_lot_more_would_break_what_is_named(entry: Entry, book: AccountFacts, limits: Limits) -> None:
    size = size_entry(entry, book, limits, Sizing(fixed=0, risk_ppm=10_000, min_confidence=0.0))
    lots, factor, cost = size.lots + 1, entry.cash_factor, entry.cost_ppm
    needed = {
        BY_BUDGET: loss_at_stop(entry.price, entry.stop, lots, factor, cost),
        BY_TRADE_LOSS: loss_at_stop(entry.price, entry.stop, lots, factor, cost),
        BY_EXPOSURE: stake(entry.price, lots, factor),
        BY_CONCENTRATION: stake(entry.price, lots, factor),
        BY_CASH: loss_at_stop(entry.price, 0, lots, factor, cost),
    }
    assert needed[size.bound] > size.cap


@settings(deadline=None)
@given(lots=st.integers(0, 10**9), book=BOOKS, limits=LIMIT)
def test_a_fixed_quantity_is_never_changed(lots: int, book: AccountFacts, limits: Limits) -> None:
    entry = ENTRY._replace(fixed_lots=lots)
    assert size_entry(entry, book, limits, SIZING._replace(fixed=1)) == Size(lots, BY_FIXED, 0, 0)


def test_a_fixed_quantity_is_cut_to_the_lot() -> None:
    assert entry_of(sized(case(), "0.000019")).fixed_lots == 1
    assert entry_of(case()).fixed_lots == 0


@pytest.mark.parametrize(
    ("judged", "text"),
    [
        (case(), "risk budget 90.00 capped by per_trade_loss 5.00: 0.00294 BTC"),
        (
            limiting(case(), per_trade_loss=to_cash(90)),
            "risk budget 90.00 capped by portfolio_exposure 2,000.00: 0.04 BTC",
        ),
        (
            limiting(case(), per_trade_loss=to_cash(90), total_exposure_ppm=10**6),
            "risk budget 90.00 capped by concentration 2,500.00: 0.05 BTC",
        ),
        (
            limiting(case(), per_trade_loss=10**12, total_exposure_ppm=10**6, concentration_ppm=10**6),
            "risk budget 90.00: 0.05303 BTC",
        ),
        (sized(case(), "0.001"), "fixed quantity: 0.001 BTC"),
        (
            owning(case(), cash=to_cash("100.2")),
            "risk budget 90.00 capped by free cash 100.20: 0.002 BTC",
        ),
    ],
)
def test_an_approval_says_what_bound_its_size(judged: Case, text: str) -> None:
    assert approved(judge(judged)).sizing == text


@pytest.mark.parametrize(
    ("judged", "text"),
    [
        (deciding(case(), price=None, stop_ppm=0), "no stop below the price to size by: 0 BTC"),
        (deciding(case(), price=-1), "no price to size by: 0 BTC"),
        (deciding(case(), confidence=45.0), "confidence 45 below the sizing minimum 50: 0 BTC"),
        (
            replace(case(), account=account(0)),
            "risk budget 0.00: 0 BTC",
        ),
    ],
)
def test_a_denial_says_it_too(judged: Case, text: str) -> None:
    assert denied(judge(judged)).detail.endswith("; " + text)


def test_a_whole_quantity_is_written_without_an_exponent() -> None:
    size = Size(1_000_000, BY_FIXED, 0, 0)
    assert explain(size, ENTRY, SIZING, BTC) == "fixed quantity: 10 BTC"
