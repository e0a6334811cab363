"""Plain cycles to write."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from domain.candle import Candle, LastPrice
from domain.decision import Action, Decision, Voice
from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    SessionStarted,
)
from domain.instrument import Instrument
from domain.observation import Observation, Source

JOURNAL_ID = "0123456789ab"
START = datetime(2023, 3, 16, tzinfo=UTC)
BITCOIN = Instrument(
    symbol="BTC-USDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.00001"),
    min_quantity=Decimal("0.00001"),
    min_notional=Decimal(5),
)


def at(cycle_id: int) -> datetime:
    return START + timedelta(minutes=cycle_id)


def session(number: int = 1) -> SessionStarted:
    settings = {"mode": "paper", "risk": {"per_trade": 0.01}, "symbols": ["BTC-USDT"]}
    return SessionStarted(number, START, "paper", "0.1.0", settings, (BITCOIN,), 10_000 * 10**8)


def decided(cycle_id: int, close: int = 2_456_100) -> CycleDecided:
    time = round(at(cycle_id).timestamp() * 1000)
    seen = Observation(
        symbol="BTC-USDT",
        source=Source.RECORDED,
        provider="recorded",
        series="BTC-USDT 1m",
        fetched_at=at(cycle_id),
        candles=(Candle(time - 60_000, close - 7, close + 30, close - 40, close, 12.345678),),
        quote=LastPrice(close + 1, time),
    )
    voice = Voice("rsi", 0, 0.0, 1.0, "rsi 48.2 between 30 and 70", {"rsi": 48.2})
    hold = Decision(cycle_id, "BTC-USDT", at(cycle_id), Action.HOLD, 0.0, 0.0, "no vote", (voice,), close + 1)
    return CycleDecided(cycle_id, at(cycle_id), (seen,), (), (hold,))


def ended(cycle_id: int) -> CycleEnded:
    return CycleEnded(cycle_id, at(cycle_id), ("PERCEPTION", "REASONING", "LEARNING", "IDLE"), "held")


def cycle(cycle_id: int) -> tuple[Event, Event]:
    return decided(cycle_id), ended(cycle_id)
