"""Is the backtest the loop? Both are run over the same candles and everything they did is compared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.settings import Options
from agent.wiring.folded import Parts
from domain.account import Position, Trade, apply_fill
from domain.events import CycleDecided, Event, ModelSet, OrderReported, OrdersIntended
from domain.exits import ENDINGS
from domain.impact import Impacts
from domain.instrument import Instrument
from domain.order import Fill, Order, ending_of
from domain.times import millis, utc
from domain.verdict import Denied
from journal.memory import MemoryJournal
from research.data.candles import Candles
from research.engine.result import Result
from risk.table import NOTHING_TO_REDUCE, RULES

RULE_CODES = {rule.reason: code for code, rule in enumerate(RULES, 1)} | {NOTHING_TO_REDUCE.reason: 0}


class ParityDifference(NamedTuple):
    """The first place where loop and backtest went different ways."""

    what: str
    number: int
    loop: str
    backtest: str


class LoopRun:
    """The loop's run: trades, vetoes and equity as it told them, event by event."""

    def __init__(self, grid: dict[str, Instrument], symbols: Sequence[str]) -> None:
        self.grid = grid
        self.symbols = list(symbols)
        self.positions: dict[str, Position] = {}
        self.orders: dict[str, Order] = {}
        self.trades: list[tuple[int, ...]] = []
        self.vetoes: list[tuple[int, ...]] = []
        self.equity: list[int] = []
        self.cash = 0
        self.max_drawdown = 0.0
        self.killed = False

    def on_event(self, event: Event) -> None:
        """Take down an event."""
        if isinstance(event, OrdersIntended):
            self.orders |= {each.client_id: each for each in event.orders}
        elif isinstance(event, OrderReported):
            self._fills(event.receipt.fills)
        elif isinstance(event, CycleDecided):
            for receipt in event.updates:
                self._fills(receipt.fills)
            for verdict in event.verdicts:
                if (
                    isinstance(verdict, Denied) and not verdict.slice_of
                ):  # a backtest writes none of those down
                    symbol = self.symbols.index(verdict.symbol)
                    at = millis(event.at)
                    self.vetoes.append((event.cycle_id, at, symbol, RULE_CODES[verdict.reason]))

    def _fills(self, fills: Iterable[Fill]) -> None:
        for fill in fills:
            factor = self.grid[fill.symbol].cash_factor
            held, trade, _ = apply_fill(self.positions.pop(fill.symbol, None), fill, factor)
            if held is not None:
                self.positions[fill.symbol] = held
            if trade is not None:
                self.trades.append(self._row(trade))

    def _row(self, trade: Trade) -> tuple[int, ...]:
        ending = ENDINGS.index(ending_of(self.orders[trade.exit_id]))
        times = (millis(trade.opened_at), millis(trade.closed_at))
        amounts = (trade.lots, trade.bought, trade.sold, trade.gross, trade.fees, trade.slippage, trade.pnl)
        return (self.symbols.index(trade.symbol), ending, *times, *amounts)


def run_loop(
    options: Options,
    candles: Sequence[Candles],
    tick: Callable[[int], None] = lambda _cycle: None,
    begin: Callable[[Session, Parts], None] = lambda _session, _parts: None,
    impacts: Impacts | None = None,
    models: Sequence[ModelSet] = (),
    beside: Sequence[Candles] = (),
) -> LoopRun:
    """Run the loop itself over candles, in memory; `tick` hears the number of every cycle done.

    `begin` is called with the session before it runs. Market orders cost what the `impacts` of past
    fills say, where that is more than the settings do. `models` are asked as they were set, and stay so: no
    promotion ends by itself in it. Candles `beside` are of symbols that are only looked at.
    """
    journal = MemoryJournal("0" * 12, keep=False)
    parts = wiring.parts(options, journal)
    source = wiring.market_of_candles(parts, candles, beside)
    run = LoopRun(parts.grid, options.symbols)
    inbox = Inbox(SystemClock())
    begun = utc(int(candles[0].time[0]))
    platform = wiring.paper_platform(parts, impacts)
    session = wiring.session(parts, journal, source.observer, platform, inbox, at=begun)
    wiring.seat_pairs(session, parts, options.home)
    session.listeners.append(run.on_event)
    session.demoting = False
    for each in models:
        parts.state.apply(each)
    begin(session, parts)
    ledger = parts.state.ledger

    def instants() -> Iterator[Any]:
        while (at := pacer.next()) is not None:
            yield at
            run.equity.append(ledger.equity)
            tick(len(run.equity))
        yield None

    pacer = wiring.pacer(options.model_copy(update={"provider": "recorded"}), source, inbox.clock, inbox.wait)
    session.run(_Once(instants()))
    run.cash, run.max_drawdown, run.killed = ledger.cash, ledger.max_drawdown, bool(parts.state.kill_switch)
    return run


class _Once:
    """A pacer over an iterator."""

    def __init__(self, instants: Iterator[Any]) -> None:
        self.instants = instants

    def next(self) -> Any:
        return next(self.instants, None)


TRADE_FIELDS = (
    "symbol", "ending", "opened_ms", "closed_ms", "lots", "bought", "sold", "gross", "fees", "slippage",
    "pnl",
)  # fmt: skip  # the columns both sides have
VETO_FIELDS = ("cycle", "at_ms", "symbol", "rule")


def compare(loop: LoopRun, result: Result) -> ParityDifference | None:
    """Return the first difference between a loop and a backtest, None when there is none."""
    pairs: list[tuple[str, Sequence[Any], Sequence[Any]]] = [
        ("trade", loop.trades, _table(result.trades, TRADE_FIELDS)),
        ("veto", loop.vetoes, _table(result.vetoes, VETO_FIELDS)),
        ("equity after cycle", loop.equity, result.equity.tolist()),
        ("cash", [loop.cash], [result.cash]),
        ("kill switch", [loop.killed], [result.kill_switch_ms is not None]),
        ("largest drawdown", [loop.max_drawdown], [result.max_drawdown]),
    ]
    for what, ours, theirs in pairs:
        if list(ours) != list(theirs):
            return _first(what, ours, theirs)
    return None


def _table(rows: np.ndarray[Any, Any], names: tuple[str, ...]) -> list[tuple[int, ...]]:
    return list(zip(*(rows[name].tolist() for name in names), strict=True))


def _first(what: str, ours: Sequence[Any], theirs: Sequence[Any]) -> ParityDifference:
    for number in range(max(len(ours), len(theirs))):
        mine = ours[number] if number < len(ours) else "nothing"
        other = theirs[number] if number < len(theirs) else "nothing"
        if mine != other:
            return ParityDifference(what, number + 1, str(mine), str(other))
    raise AssertionError(f"{what}: nothing differs")
