"""Long journals, quickly: rows as a session writes them, appended in bulk through the codec and the chain."""

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from agent.settings.instruments import instruments
from agent.settings.settings import Options
from domain.candle import Candle, LastPrice
from domain.decision import Action, Decision, Voice
from domain.events import (
    AccountAdopted,
    CycleDecided,
    CycleEnded,
    Event,
    OrderReported,
    OrdersIntended,
    SessionStarted,
)
from domain.lesson import Context, Lesson
from domain.money import to_cash
from domain.observation import Observation, Source
from domain.order import Fill, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.times import utc
from journal.sql import open_journal
from platforms.binance.settings import BinanceTradingSettings

SYMBOL, NAME, KEY = "BTC-USDT", "bench", "bench-safety"
ID = "be4c0be4c0be"
MINUTE_MS = 60_000
TRADES_EVERY = 200
BATCH = 500
PRICE, LOTS = 5_000_000, 1_000
HELD = Decimal("0.01")
"""What the last order bought and nobody has sold yet, in BTC: the account at the exchange must hold it."""


def options_of(home: Path, base_url: str) -> Options:
    """Return the settings of the session that seems to have written a journal."""
    key = SecretStr(KEY)
    return Options(
        mode="testnet",
        home=home,
        symbols=(SYMBOL,),
        provider="simulated",
        speed="max",
        journal=NAME,
        exchange=BinanceTradingSettings(base_url=base_url, api_key=key, api_secret=key, user_data=False),
    )


def write(options: Options, cycles: int, trades_every: int = TRADES_EVERY) -> Path:
    """Write a journal of so many cycles, one trade in so many of them, and a position at the end.

    On paper the account opens with cash; elsewhere it was taken over.
    """
    path = options.home / "journals" / f"{NAME}.db"
    grid = tuple(instruments([SYMBOL], {}).values())
    first = round(time.time() * 1000) - cycles * MINUTE_MS  # noqa: TID251 -- the last cycle is now
    journal = open_journal(path, ID)
    paper, cash = options.mode == "paper", to_cash(10_000)
    started = SessionStarted(
        1, utc(first), options.mode, "bench", options.public(), grid, cash if paper else 0
    )
    adopted = AccountAdopted(utc(first), cash, {"USDT": 0, "BTC": 0}, "bench", "agent")
    journal.append(*([started] if paper else [started, adopted]))
    events: list[Event] = []
    for number in range(1, cycles + 1):
        events += _cycle(number, first + number * MINUTE_MS, _side(number, cycles, trades_every))
        if len(events) >= BATCH:
            journal.append(*events)
            events = []
    if events:
        journal.append(*events)
    journal.close()
    (path.parent / ".latest").write_text(f"{NAME}\n")
    return path


def _side(number: int, cycles: int, every: int) -> Side | None:
    """Return what is done in a cycle: bought in one of so many and in the last, sold in the one after it."""
    if number == cycles or number % every == 0:
        return Side.BUY
    return Side.SELL if number % every == 1 and number > 1 else None


def _cycle(number: int, ms: int, side: Side | None) -> list[Event]:
    at, close = utc(ms), PRICE + number % 97
    seen = Observation(
        symbol=SYMBOL, source=Source.SIMULATED, provider="simulated", series="bench", fetched_at=at,
        candles=(Candle(ms - MINUTE_MS, close - 3, close + 9, close - 9, close, 12.5),),
        quote=LastPrice(close, ms),
    )  # fmt: skip
    voices = tuple(
        Voice(name, 0, 0.0, 1.0, f"{name} 48.2 says nothing", {"value": 48.2}) for name in ("rsi", "sma")
    )
    hold = Decision(number, SYMBOL, at, Action.HOLD, 0.0, 0.0, "no voice voted", voices, close)
    path = ("PERCEPTION", "REASONING", "LEARNING", "IDLE")
    rows: list[Event] = [CycleDecided(number, at, (seen,), (), (hold,))]
    if side is not None:
        rows += _filled(number, at, side)
    return [*rows, CycleEnded(number, at, path, "held", (_lesson(number, at),) if side is Side.SELL else ())]


def _lesson(number: int, at: Any) -> Lesson:
    """Return what a cycle learns of the trade it closed; the next would have to otherwise."""
    context = Context(number - 1, SYMBOL, at, 0.5, "ranging", ())
    return Lesson("trade", context, at, 0.0, "signal", MINUTE_MS, float(PRICE), float(PRICE))


def _filled(number: int, at: Any, side: Side) -> tuple[Event, Event]:
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    name = f"{ID[:8]}-{number}-0"
    order = Order(name, number, at, SYMBOL, side, OrderType.MARKET, purpose, LOTS, PRICE)
    fill = Fill(str(number), name, SYMBOL, side, LOTS, PRICE, PRICE, 0, maker=False, at=at)
    receipt = Receipt(name, SYMBOL, OrderStatus.FILLED, at, filled=LOTS, fills=(fill,))
    return OrdersIntended(number, at, (order,)), OrderReported(number, receipt)
