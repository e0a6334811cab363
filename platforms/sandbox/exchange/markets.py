"""The markets of an exchange and the time they go by: played, moved by hand, or standing still."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from domain.candle import RawCandle
from domain.times import opened_by
from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.market import MarketEvent, SandboxMarket
from platforms.sandbox.exchange.numbers import ZERO
from platforms.sandbox.exchange.play import Play, PriceStep
from platforms.sandbox.exchange.rules import SymbolRules, changed

MarketListener = Callable[[MarketEvent], None]


class Markets(ABC):
    """Every market by symbol. Public methods may be called from any thread.

    `now` is the time in ms up to which the markets went on, `offset_ms` how wrong the exchange's own clock
    is. `market_listeners` hear of trades and closed candles, under the lock: hand over and return.
    """

    def __init__(self, rules: list[SymbolRules], start_ms: int, base_ms: int) -> None:
        self.lock = threading.RLock()
        self.now = start_ms
        self.offset_ms = 0
        self.base_ms = base_ms
        self.markets = {one.symbol: SandboxMarket(one, base_ms) for one in rules}
        self.market_listeners: list[MarketListener] = []
        self._plays: dict[str, Play] = {}

    @abstractmethod
    def _match(self, symbol: str, step: PriceStep, *, unlimited: bool) -> None:
        """Let orders meet a move of the market."""

    @property
    def time(self) -> int:
        """The exchange's own time in ms: what it stamps on orders and compares timestamps with."""
        return self.now + self.offset_ms

    @property
    def standing_still(self) -> bool:
        """Tell whether recorded candles were played and have all ended."""
        with self.lock:  # looking reads on
            return bool(self._plays) and all(play.peek() is None for play in self._plays.values())

    @property
    def candles_played(self) -> dict[str, int]:
        """Candles played so far by symbol."""
        with self.lock:
            return {symbol: play.played for symbol, play in self._plays.items()}

    def open_market(
        self, symbol: str, rows: Iterator[RawCandle], history: int, *, driven: bool = True
    ) -> None:
        """Give a symbol its candles: the first `history` lie before now, the rest are played.

        `driven` plays them by the clock; otherwise only `skip` does.
        """
        with self.lock:
            market = self.markets[symbol]
            start = opened_by(self.now, self.base_ms)
            market.remember(islice(rows, history), start)
            self._plays[symbol] = Play(rows, market, start, driven=driven)
            if market.price == ZERO and (first := self._plays[symbol].peek()):
                market.price = first.price
            market.roll(self.now)

    def still_market(self, symbol: str, price: Decimal, history: int = 500) -> None:
        """Open a market at a price that only `set_price` moves, with a flat history."""
        flat = float(price)
        with self.lock:
            market = self.markets[symbol]
            row = RawCandle(0, flat, flat, flat, flat, 1.0)
            market.remember([row] * history, opened_by(self.now, self.base_ms))
            market.price = market.on_grid(price)
            market.roll(self.now)

    def advance(self, now_ms: int) -> None:
        """Let the markets go on to a time."""
        with self.lock:
            while True:
                due = [
                    (step.time, symbol) for symbol, play in self._plays.items() if (step := play.due(now_ms))
                ]
                if not due:
                    break
                symbol = min(due)[1]
                self._step(symbol, self._plays[symbol].pop())
            self.now = max(self.now, now_ms)
            for market in self.markets.values():
                self._tell_market(market, ())

    def set_price(self, symbol: str, price: Decimal | str | float, volume: Decimal | None = None) -> None:
        """Move a market to a price at once; without a volume every order it reaches is filled whole."""
        with self.lock:
            market = self.markets[symbol]
            step = PriceStep(
                self.now, market.on_grid(price), volume if volume is not None else Decimal(1), leap=True
            )
            self._step(symbol, step, unlimited=volume is None)

    def skip(self, symbol: str, candles: int) -> int:
        """Play the next candles of the data at once, all in the present; return how many there were."""
        with self.lock:
            play = self._plays.get(symbol)
            done = 0
            while play and done < candles and (steps := play.at_once(self.now)):
                for step in steps:
                    self._step(symbol, step)
                done += 1
            return done

    def rules(self, symbol: str) -> SymbolRules:
        """Return a symbol's rules. Raises ApiError -1121."""
        return self.market(symbol).rules

    def market(self, symbol: str) -> SandboxMarket:
        """Return a symbol's market. Raises ApiError -1121."""
        if symbol not in self.markets or not self.markets[symbol].rules.listed:
            raise RequestRefused(-1121, "Invalid symbol.")
        return self.markets[symbol]

    def change_rules(self, symbol: str, fields: dict[str, Any]) -> None:
        """Change filters of a symbol from now on. Raises ValueError for a field that is not one."""
        with self.lock:
            market = self.markets[symbol]
            market.rules = changed(market.rules, fields)

    def _step(self, symbol: str, step: PriceStep, *, unlimited: bool = False) -> None:
        self.now = max(self.now, step.time)
        market = self.markets[symbol]
        closed = market.roll(step.time)
        stamped = step._replace(time=step.time + self.offset_ms)
        falling = step.price < market.price
        if market.rules.trading:
            self._match(symbol, stamped, unlimited=unlimited)
        done = (market.trade(step.time, step.price, step.volume, buyer_maker=falling),) if step.volume else ()
        self._tell_market(market, done, closed)

    def _tell_market(
        self, market: SandboxMarket, prints: tuple[Any, ...], closed: tuple[Any, ...] = ()
    ) -> None:
        closed += market.roll(self.now)
        if prints or closed:
            event = MarketEvent(market, self.now, prints, closed)
            for listener in self.market_listeners:
                listener(event)
