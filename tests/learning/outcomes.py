"""Trades, vetoes and the voices behind them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings

from domain.candle import Candle
from domain.decision import Voice
from domain.instrument import Instrument
from domain.lesson import Context, Lesson

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

START = datetime(2023, 3, 16, tzinfo=UTC)
START_MS = 1_678_924_800_000
SYMBOL = "BTC-USDT"
BITCOIN = Instrument(
    symbol=SYMBOL,
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.00001"),
    min_quantity=Decimal("0.00001"),
    min_notional=Decimal(5),
)


def context(votes: dict[str, int] | None = None, symbol: str = SYMBOL) -> Context:
    said = {"rsi": 1} if votes is None else votes
    voices = tuple(Voice(name, vote, 60.0 if vote else 0.0, 1.0, "why") for name, vote in said.items())
    return Context(cycle_id=7, symbol=symbol, at=START, confidence=60.0, regime="up", voices=voices)


def lesson(result: float, votes: dict[str, int] | None = None, kind: str = "trade", rule: str = "") -> Lesson:
    pnl = round(result * 1_000 * 10**8) if kind == "trade" else 0
    return Lesson(
        kind=kind,
        context=context(votes),
        learned_at=START + timedelta(hours=1),
        result=result,
        exit="signal",
        held_ms=3_600_000,
        entry=100.0,
        leave=100.0 * (1 + result),
        pnl=pnl,
        gross=pnl + 3 if kind == "trade" else 0,
        fees=2 if kind == "trade" else 0,
        slippage=1 if kind == "trade" else 0,
        rule=rule,
    )


def candle(number: int, open_: int, high: int, low: int, close: int) -> Candle:
    return Candle(START_MS + number * 60_000, open_, high, low, close, 1.0)
