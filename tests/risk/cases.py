"""A healthy live case that passes every rule, and ways to change one thing about it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from domain.account import Account, Position
from domain.candle import Candle, LastPrice
from domain.decision import Action, Decision
from domain.instrument import Instrument
from domain.money import to_cash
from domain.observation import Observation, Source
from domain.times import DAY_MS, MINUTE_MS, utc
from domain.verdict import Approved, Check, Denied, Verdict
from risk.case import Case, Policy
from risk.facts import Facts
from risk.gate import first_denial
from risk.judge import judge
from risk.limits import Limits
from risk.reading import book_of, entry_of, feed_of
from risk.settings import Mode, RiskSettings, SizingSettings
from risk.table import RULES

NOW_MS = 20_000 * DAY_MS + 12 * 60 * MINUTE_MS
NOW = utc(NOW_MS)
COST_PPM = 2_000
PRICE = 5_000_000  # 50,000.00


def instrument(symbol: str = "BTCUSDT", asset_class: str = "crypto") -> Instrument:
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.00001"),
        min_quantity=Decimal("0.00001"),
        min_notional=Decimal(5),
        asset_class=asset_class,
    )


INSTRUMENTS = {
    "BTCUSDT": instrument(),
    "ETHUSDT": instrument("ETHUSDT"),
    "SOLUSDT": instrument("SOLUSDT"),
    "GOLDUSDT": instrument("GOLDUSDT", "metal"),
}
BTC = INSTRUMENTS["BTCUSDT"]


MISSION: dict[str, Any] = {
    "daily_loss": 20, "per_trade_loss": 5, "max_drawdown": "0.15", "class_drawdown": "0.05",
    "total_exposure": "0.20",
}  # fmt: skip  # amounts and fractions as the specification gives them


def policy(
    mode: Mode = "live",
    *,
    fixed: Decimal | str | None = None,
    sizing: dict[str, Any] | None = None,
    **risk: Any,
) -> Policy:
    risk = {**MISSION, **risk}
    how = (
        {"method": "fixed", "fixed_quantity": fixed}
        if fixed is not None
        else sizing or {"risk_per_trade": "0.01"}
    )
    return Policy.pack(
        RiskSettings(**risk),
        SizingSettings(**how),
        mode=mode,
        timeframe_ms=MINUTE_MS,
        cost_ppm=COST_PPM,
    )


def account(quote: int | str | Decimal = 10_000) -> Account:
    cash = to_cash(quote)
    return rich(cash)


def rich(cash: int) -> Account:
    """An untouched account of so many cash units."""
    return Account(
        cash=cash,
        equity=cash,
        day_start_equity=cash,
        peak_equity=cash,
        positions={},
        marks={},
        entries={},
    )


def held(symbol: str = "BTCUSDT", lots: int = 100, price: int = PRICE) -> Position:
    value = price * lots * INSTRUMENTS[symbol].cash_factor
    return Position(symbol, NOW - timedelta(hours=1), "entry-1", lots, value, value)


def holding(base: Account, *positions: Position) -> Account:
    """The account with positions marked at their entry price, equity unchanged."""
    worth = sum(position.cost for position in positions)
    return replace(
        base,
        cash=base.cash - worth,
        positions={position.symbol: position for position in positions},
        marks={position.symbol: PRICE for position in positions},
    )


def decision(symbol: str = "BTCUSDT", action: Action = Action.BUY, price: int | None = PRICE) -> Decision:
    return Decision(
        cycle_id=7,
        symbol=symbol,
        at=NOW,
        action=action,
        score=90.0,
        confidence=90.0,
        reason="test",
        price=price,
        stop_ppm=30_000,
    )


def observation(symbol: str = "BTCUSDT", price: int = PRICE) -> Observation:
    return Observation(
        symbol=symbol,
        source=Source.LIVE,
        provider="binance",
        series=f"binance:{symbol}:1m",
        fetched_at=NOW,
        candles=(Candle(NOW_MS - MINUTE_MS, price, price, price, price, 1.0),),
        quote=LastPrice(price, NOW_MS),
    )


def case(symbol: str = "BTCUSDT", action: Action = Action.BUY, price: int = PRICE) -> Case:
    return Case(
        decision=decision(symbol, action, price),
        observation=observation(symbol, price),
        account=account(),
        instruments=INSTRUMENTS,
        policy=policy(),
        at=NOW,
        client_id="b-0-7-BTCUSDT",
    )


def deciding(base: Case, **changes: Any) -> Case:
    return replace(base, decision=replace(base.decision, **changes))


def seeing(base: Case, **changes: Any) -> Case:
    return replace(base, observation=replace(base.observation, **changes))


def owning(base: Case, **changes: Any) -> Case:
    return replace(base, account=replace(base.account, **changes))


def limiting(base: Case, **changes: Any) -> Case:
    limits: Limits = base.policy.limits._replace(**changes)
    return replace(base, policy=replace(base.policy, limits=limits))


def sized(base: Case, quantity: Decimal | str) -> Case:
    """The case under fixed sizing."""
    fixed = Decimal(quantity)
    sizing = base.policy.sizing._replace(fixed=1)
    return replace(base, policy=replace(base.policy, sizing=sizing, fixed_quantity=fixed))


def denied(verdict: Verdict) -> Denied:
    assert isinstance(verdict, Denied), verdict
    return verdict


def approved(verdict: Verdict) -> Approved:
    assert isinstance(verdict, Approved), verdict
    return verdict


def reason(base: Case) -> str:
    """The reason judge gives, "" when it approves."""
    verdict = judge(base)
    return verdict.reason if isinstance(verdict, Denied) else ""


def kernel_reason(base: Case, lots: int) -> str:
    """The reason the compiled gate gives for so many lots, "" when it passes."""
    code = first_denial(facts_of(base, lots))
    return RULES[code - 1].reason if code else ""


def facts_of(base: Case, lots: int) -> Facts:
    """Everything the rules look at."""
    return Facts(feed_of(base), entry_of(base), lots, book_of(base), base.policy.limits)


def check(verdict: Verdict, rule: str) -> Check:
    """The check of one rule."""
    (found,) = [each for each in verdict.checks if each.rule == rule]
    return found
