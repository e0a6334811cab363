"""A session in memory with a scripted market: the real loop, mind, gate and paper exchange."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from agent import wiring
from agent.account.handler import Handler
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.settings import Options
from agent.state.fold import refold
from agent.state.state import State
from agent.verify.quicktest import FrozenClock
from domain.candle import Candle, LastPrice
from domain.commands import Command
from domain.errors import VenueFault
from domain.events import Event
from domain.observation import Attempt, Observation, Source
from domain.ports import Clock, Journal, Platform, Records
from domain.times import MINUTE_MS, millis, utc
from journal.memory import MemoryJournal
from reasoning.minds import StrategyRunner
from risk.settings import RiskSettings

START = 1_700_000_040_000
SYMBOL = "BTC-USDT"
ID = "a1b2c3d4e5f6"

Step = float | Exception
"""One cycle's close, or what perception fails with."""


def lively(**more: Any) -> Options:
    """Return options under which strategies trade often."""
    values: dict[str, Any] = {
        "home": Path("memory"),
        "provider": "simulated",
        "symbols": (SYMBOL,),
        "speed": "max",
        "risk": RiskSettings(
            min_confidence=40, max_trades_per_day=1000, cool_down_minutes=0, loss_streak_paper=1000,
            daily_loss=Decimal(5000), per_trade_loss=Decimal(50),
        ),
    }  # fmt: skip
    return Options(**(values | more))


class Script:
    """An observer that plays closes, one a cycle; an exception in the script is raised instead."""

    def __init__(
        self, steps: Sequence[Step], *, source: Source = Source.RECORDED, start: int = START
    ) -> None:
        self.steps = list(steps)
        self.source = source
        self.start = start
        self.index = -1
        self.closed = False
        self.previous = 100.0

    def next_time(self) -> datetime | None:
        self.index += 1
        return None if self.index >= len(self.steps) else utc(self.start + (self.index + 1) * MINUTE_MS)

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        step = self.steps[self.index]
        if isinstance(step, Exception):
            raise step
        time = millis(now) - MINUTE_MS
        close, opened = round(step * 100), round(self.previous * 100)
        self.previous = step
        candle = Candle(time, opened, max(opened, close) + 5, min(opened, close) - 5, close, 50.0)
        new = () if after is not None and after.time >= time else (candle,)
        return Observation(
            symbol=symbol, source=self.source, provider="script", series=f"script:{symbol}", fetched_at=now,
            candles=new, quote=LastPrice(close, millis(now)), attempts=(Attempt("other", "down"),),
        )  # fmt: skip

    def close(self) -> None:
        self.closed = True


class MarketClock(FrozenClock):
    """Passes as the venue's time does: nothing else moves in a session in memory."""

    platform: Platform

    def monotonic(self) -> float:
        return millis(self.platform.time()) / 1000


class World:
    """Everything of one session, ready to run."""

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        options: Options | None = None,
        journal: Journal | None = None,
        platform: Callable[[wiring.Parts], Platform] = wiring.paper_platform,
        observer: Any = None,
        start: int = START,
    ) -> None:
        self.options = options or lively()
        self.journal: Any = journal or MemoryJournal(ID)
        self.clock = MarketClock()
        self.inbox = Inbox(self.clock)
        self.parts = wiring.parts(self.options, self.journal)
        self.market = observer or Script(steps, start=start)
        self.platform = self.clock.platform = platform(self.parts)
        self.session: Session = wiring.session(
            self.parts, self.journal, self.market, self.platform, self.inbox, at=utc(start)
        )
        self.events: list[Event] = []
        self.session.listeners.append(self.events.append)

    @property
    def state(self) -> State:
        return self.parts.state

    def run(self) -> str:
        source = wiring.MarketSource(self.market, self.market, dict)
        return self.session.run(wiring.pacer(self.options, source, self.clock, self.inbox.wait))


class Asked(Protocol):
    """A session of a test, with what it was made of."""

    @property
    def session(self) -> Session: ...
    @property
    def parts(self) -> wiring.Parts: ...
    @property
    def clock(self) -> Clock: ...


def ask(world: Asked, command: Command, at: datetime | None = None) -> Any:
    """Have a command carried out in a session, as whoever asks for it."""
    return Handler(world.session, world.parts, (lambda: at) if at else world.clock.now).handle(command)


def folded(options: Options, journal: Records) -> tuple[State, StrategyRunner]:
    """Fold a journal into a fresh state and mind."""
    mind = StrategyRunner(options.reasoning, options.timeframe_ms)
    state = State(options.learning, wiring.one_way_cost_ppm(options), mind)
    refold(journal, state)
    return state, mind


def facts(state: State) -> dict[str, Any]:
    """Return all a state knows, as comparable values."""
    beside = ("lock", "ledger", "mind", "orientations")
    known = {name: value for name, value in vars(state).items() if name not in beside}
    return known | {"ledger": dict(vars(state.ledger))}


def wave(count: int, *, period: int = 40, depth: float = 6.0) -> list[Step]:
    """Return closes that swing enough for RSI to cross its lines."""
    closes: list[Step] = []
    price = 100.0
    for index in range(count):
        way = 1 if (index // period) % 2 else -1
        price = max(1.0, price + way * depth / period + (0.12 if index % 3 else -0.2))
        closes.append(round(price, 2))
    return closes


class Dying(Exception):
    """A failure nobody planned for."""


def venue_fault(text: str = "nobody answers") -> VenueFault:
    return VenueFault(text)
