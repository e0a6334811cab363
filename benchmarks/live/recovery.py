"""The cost of a restart after many orders: the fold of the journal, which is all of it but the venue."""

import time
from pathlib import Path

from agent import wiring
from agent.settings.instruments import instruments
from agent.settings.settings import Options
from benchmarks.figures import Figure, Section
from domain.events import Event, OrderReported, OrdersIntended, SessionStarted
from domain.order import Fill, Order, OrderStatus, OrderType, Purpose, Receipt, Side
from domain.times import utc
from journal.sql import open_journal

COUNTS = (10, 1_000, 100_000)
SYMBOL = "BTC-USDT"
BATCH = 500


def recovery(folder: Path) -> Section:
    """Time the fold of journals with so many orders, each bought and sold again."""
    options = Options(home=folder, provider="simulated", symbols=(SYMBOL,))
    figures = []
    for count in COUNTS:
        path = folder / f"orders-{count}.db"
        _write(path, options, count)
        began = time.monotonic()
        journal = open_journal(path, "a1b2c3d4e5f6")
        made = wiring.parts(options, journal)
        took = time.monotonic() - began
        journal.close()
        if made.state.ledger.intended != count:
            raise SystemExit(f"{made.state.ledger.intended} orders folded, not {count}")
        figures.append(Figure(f"{count:,} orders: fold at start", "ms", (took * 1000,)))
        figures.append(Figure(f"{count:,} orders: each", "us", (took / count * 1e6,)))
    return Section("recovery", "opening a journal of orders and folding it", tuple(figures))


def _write(path: Path, options: Options, count: int) -> None:
    journal = open_journal(path, "a1b2c3d4e5f6")
    grid = tuple(instruments([SYMBOL], {}).values())
    journal.append(SessionStarted(1, utc(0), "paper", "bench", options.public(), grid, 10**15))
    events: list[Event] = []
    for number in range(count):
        events += _order(number)
        if len(events) >= BATCH:
            journal.append(*events)
            events = []
    if events:
        journal.append(*events)
    journal.close()


def _order(number: int) -> tuple[Event, Event]:
    side = Side.SELL if number % 2 else Side.BUY
    purpose = Purpose.EXIT if number % 2 else Purpose.ENTRY
    name, at = f"a1b2c3d4-{number}-0", utc(number * 1000)
    order = Order(name, number, at, SYMBOL, side, OrderType.MARKET, purpose, 1_000, 5_000_000)
    fill = Fill(str(number), name, SYMBOL, side, 1_000, 5_000_000, 5_000_000, 1_000, maker=False, at=at)
    receipt = Receipt(name, SYMBOL, OrderStatus.FILLED, at, filled=1_000, fills=(fill,))
    return OrdersIntended(number, at, (order,)), OrderReported(number, receipt)
