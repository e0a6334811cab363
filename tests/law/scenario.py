"""A life in short: BTC and ETH are held with their stops; an exit, entries, an end, the emergency stop.

What is decided is written by the test; all below the decision is real, from `OpenedAccount` to the wire.
"""

import copy
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest import mock

import msgspec
import structlog
from pydantic import SecretStr
from structlog.testing import LogCapture

from agent.account.dispatch import dispatch
from agent.account.opened import OpenedAccount
from agent.drill.planned import sold_after
from agent.loop.pacer import WallPacer
from agent.settings.home import Home
from agent.settings.orders import OrderSettings
from agent.settings.settings import Options
from domain.candle import Candle, LastPrice
from domain.commands import Command, Flatten, Reconcile
from domain.decision import Action, Decision
from domain.exits import ExitPlan
from domain.observation import Observation, Source
from domain.replies import Reply
from domain.times import MINUTE_MS, millis
from edge.strict_json import parse
from platforms.binance.settings import BinanceTradingSettings
from risk.entry_settings import EntrySettings
from risk.settings import RiskSettings, SizingSettings
from tests.law.facts import Facts
from tests.law.nearby import KEY, SECRET, Nearby, opened
from tests.perception.manual_clock import ManualClock

BTC, ETH, SOL = SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
CYCLE_SECONDS = 60.0
FLATTEN_SECONDS = 40.0
LOOK_SECONDS = 2.0
ROUND_SECONDS = 1.0
"""What a round of the emergency stop takes over a wire; here nothing would take time but the pauses."""

BUY, SELL, PAIR, LEAVES = "buy", "sell", "buy with a target", "buy what leaves by itself"
FALL, RISE = "fall", "rise"
"""What may happen to a symbol in a cycle: decisions, and a market that falls through the stop or rises."""
MOVES = {FALL: 960, RISE: 1008}
"""What a move makes of a price, in thousandths."""

Acts = Mapping[int, Mapping[str, str]]
BEFORE: Acts = {1: {BTC: BUY, ETH: BUY}}
LIFE: Acts = {
    1: {},
    2: {BTC: SELL},
    3: {SOL: BUY},
    4: {BTC: BUY},
    5: {BTC: FALL},
    6: {BTC: PAIR},
    7: {SOL: SELL},
}
"""BTC, whose facts are unreadable, is sold, bought, stopped out and bought again; SOL is bought and sold."""

CUSTOM_SHARE = Decimal("0.7")
EXITS = {
    BTC: ExitPlan(
        "script", after_ms=8 * MINUTE_MS, break_even=5_000, parts=((12_000, 500_000),),
        leave=sold_after(6, float(CUSTOM_SHARE), "six minutes held"), adds=((12_000, 500_000),),
    ),
    SOL: ExitPlan("script", after_ms=5 * MINUTE_MS),
}  # fmt: skip
"""What is declared with an entry that leaves by itself."""


def plain(reply: Reply) -> dict[str, Any]:
    """Return a reply as `--json` prints it."""
    told: dict[str, Any] = msgspec.to_builtins(reply)
    return told


def options(home: Path, cycles: int) -> Options:
    """Return the settings of the agent that is walked."""
    return Options(
        mode="live",
        account=str(os.getpid()),
        home=home,
        symbols=SYMBOLS,
        provider="binance",
        streaming=False,
        journal="law",
        cycles=cycles,
        risk=RiskSettings(
            min_confidence=40, max_trades_per_day=1000, cool_down_minutes=0, loss_streak=1000,
            daily_loss=5000, per_trade_loss=100,
        ),
        sizing=SizingSettings(min_confidence=40),
        entries=EntrySettings.model_validate({
            "order": "auto", "worst": "0.003", "laws": {BTC: {"base": 500_000, "growth": 0}},
        }),  # BTC, of which facts are unreadable, is bought within a price, the others at the market
        orders=OrderSettings(reconcile_seconds=20, flatten_seconds=FLATTEN_SECONDS),
        exchange=BinanceTradingSettings(
            base_url="http://127.0.0.1:1", api_key=SecretStr(KEY), api_secret=SecretStr(SECRET),
            user_data=False, recv_window_ms=2000, margin_ms=1000, poll_seconds=2, refresh_minutes=0.2,
        ),
    )  # fmt: skip


class Market:
    """Sees the exchange's own prices: one closed candle a cycle, and a quote."""

    def __init__(self, near: Nearby) -> None:
        self.near = near

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        market = self.near.venue.exchange.markets[symbol.replace("-", "")]
        price = int(market.price / market.rules.tick_size)
        time = millis(now) // MINUTE_MS * MINUTE_MS - MINUTE_MS
        candle = Candle(time, price, price + 2, price - 2, price, 50.0)
        new = () if after and after.time >= time else (candle,)
        return Observation(
            symbol=symbol, source=Source.LIVE, provider="near", series=f"near:{symbol}", fetched_at=now,
            candles=new, quote=LastPrice(price, millis(now)),
        )  # fmt: skip

    def close(self) -> None:
        pass


def decided(acts: Acts, first: int, cycle_id: int, seen: Observation, *more: Any) -> Decision:
    """Return what the script says of a symbol in a cycle; it stands for `reasoning.vote.decide`."""
    _orientation, _beliefs, _settings, at, _promoted = more
    act = acts.get(cycle_id - first, {}).get(seen.symbol, "")
    entering = dict.fromkeys((BUY, PAIR, LEAVES), Action.BUY)
    action = (entering | {SELL: Action.SELL}).get(act, Action.HOLD)
    price = seen.quote.price if seen.quote else None
    size = 0.0 if action is Action.HOLD else 90.0
    target = round((price or 0) * 1.05) if act == PAIR else 0
    exits: ExitPlan | msgspec.UnsetType = msgspec.UNSET
    if act == LEAVES and seen.candles:
        exits = msgspec.structs.replace(EXITS[seen.symbol], candle=seen.candles[-1].time)
    return Decision(
        cycle_id, seen.symbol, at, action, size, size, "script", price=price, stop_ppm=20_000,
        target=target, exits=exits,
    )  # fmt: skip


class _Waker:
    """Stands for the loop's event: waiting lets time pass, at once."""

    def __init__(self, near: Nearby) -> None:
        self.near = near

    def wait(self, seconds: float) -> bool:
        self.near.pass_seconds(max(seconds, LOOK_SECONDS))
        return False

    def set(self) -> None:
        pass

    def is_set(self) -> bool:
        return False

    def clear(self) -> None:
        pass


class Strikes(Protocol):
    """A fact that can be made unreadable in a world."""

    def put(self, world: "World") -> None:
        """Make it so."""


class Start(NamedTuple):
    """An account at the exchange with the journal that goes with it."""

    home: Path
    venue: Any
    at: datetime


class World:
    """One home, one exchange, one clock; `facts` collects what is read where it is given."""

    def __init__(self, start: Start | None, home: Path, facts: Facts | None = None) -> None:
        self.clock = ManualClock(start.at) if start else ManualClock()
        self.home = home
        if start:
            shutil.copytree(start.home, home, dirs_exist_ok=True)
        venue = copy.deepcopy(start.venue) if start else opened(self.clock)
        self.near = Nearby(venue, self.clock)
        self.facts = facts
        self.changes: Mapping[str, Any] = {}
        self.log = LogCapture()
        self.launch: OpenedAccount

    @contextmanager
    def here(self, acts: Acts, first: int = 0) -> Iterator[None]:
        """Let everything the agent does happen in this world."""
        from agent.orders import emergency  # noqa: PLC0415 -- the module, not the function
        from platforms.binance import client  # noqa: PLC0415

        facts = self.facts

        def recording(text: str, *, finite: bool) -> Any:
            told = parse(text, finite=finite)
            return facts.told(told) if facts else told

        def fetch(session: Any, *arguments: Any, **more: Any) -> Any:
            raw = self.near.fetch(session, *arguments, **more)
            if facts:
                facts.current = self.near.asked[-1].route
            return raw

        stop = partial(emergency.flatten, sleep=self._round_passes, monotonic=self.clock.monotonic)
        keys = {
            "BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": SECRET, "XDG_STATE_HOME": str(self.home / "state")
        }  # fmt: skip
        structlog.configure(processors=[self.log])
        with (
            mock.patch.object(client, "fetch", fetch),
            mock.patch.object(client, "parse", recording),
            mock.patch("agent.account.opened.SystemClock", return_value=self.clock),
            mock.patch("agent.account.effects.flatten", stop),
            mock.patch("agent.loop.cycle.decide", partial(decided, acts, first)),
            mock.patch("tenacity.nap.time.sleep", self.near.pass_seconds),
            mock.patch.dict("os.environ", keys),
        ):
            yield

    def _round_passes(self, pause: float) -> None:
        self.near.pass_seconds(pause + ROUND_SECONDS)

    def run(self, acts: Acts, on_cycle: Callable[[int], None] = lambda _number: None) -> dict[str, Any]:
        """Run one session of as many cycles as are written; return the status it ended with."""
        settings = options(self.home, len(acts)).model_copy(update=self.changes)
        with self.here(acts), OpenedAccount(settings) as launch:
            self.launch = launch
            first = launch.session.state.cycle_id
            self._couple(launch)
            with mock.patch("agent.loop.cycle.decide", partial(decided, acts, first)):
                look = launch.session.cycle._look

                def counted(turn: Any) -> Any:
                    self._move(acts.get(turn.cycle_id - first, {}))
                    on_cycle(turn.cycle_id - first)
                    return look(turn)

                with mock.patch.object(launch.session.cycle, "_look", counted):
                    launch.run()
            plain: dict[str, Any] = msgspec.to_builtins(launch.present.status())
            return plain

    def _move(self, acts: Mapping[str, str]) -> None:
        exchange = self.near.venue.exchange
        for symbol, act in acts.items():
            if act in MOVES:
                name = symbol.replace("-", "")
                exchange.set_price(name, exchange.markets[name].price * MOVES[act] / 1000)

    def _couple(self, launch: OpenedAccount) -> None:
        inbox: Any = launch.inbox
        inbox._wake = _Waker(self.near)
        launch.session.cycle.observer = Market(self.near)
        launch.pacer = WallPacer(self.clock, CYCLE_SECONDS, launch.inbox.wait)

    def flatten_running(self) -> dict[str, Any]:
        """Press the emergency stop in the session that runs, as its control socket does."""
        return plain(self.launch.handler.handle(Flatten(reason="law, running")))

    def flatten(self) -> dict[str, Any]:
        """Press the emergency stop with no agent running, as `agent flatten` does."""
        with self.here({}):
            return self._dispatched(Flatten(reason="law"))

    def review(self) -> dict[str, Any]:
        """Compare journal and exchange, as `agent reconcile` does."""
        with self.here({}):
            return self._dispatched(Reconcile())

    def _dispatched(self, command: Command) -> dict[str, Any]:
        home = Home(self.home)
        return plain(dispatch(home, home.latest(), command))

    def words(self) -> str:
        """Return all that was logged."""
        return "\n".join(str(entry) for entry in self.log.entries)

    def strike(self, fact: "Strikes") -> None:
        """Make a fact unreadable from now on."""
        fact.put(self)

    def heal(self) -> None:
        self.near.refuse = lambda _question: None
        self.near.change = None


def begin(folder: Path) -> Start:
    """Return an account that holds BTC and ETH with their stops, its agent ended."""
    world = World(None, folder / "begin")
    world.run(BEFORE)
    return Start(world.home, world.near.venue, world.clock.now())
