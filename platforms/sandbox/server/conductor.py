"""Carries out what is due at a time: timed faults, their ends, and executions put off."""

import heapq
import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from platforms.sandbox.exchange.errors import RequestRefused
from platforms.sandbox.exchange.rules import SymbolRules, changed
from platforms.sandbox.faults.faults import Fault, read_plan
from platforms.sandbox.faults.plan import Due, FaultPlan
from platforms.sandbox.requests.venue import Venue
from platforms.sandbox.streams.hub import Hub

Action = Callable[[], Any]


class Conductor:
    """Strikes with the plan's timed faults and keeps what is to happen later, under the exchange's lock."""

    def __init__(self, venue: Venue, plan: FaultPlan, hub: Hub) -> None:
        self._venue = venue
        self._plan = plan
        self._hub = hub
        self._waiting: list[tuple[int, int, Action]] = []
        self._numbers = itertools.count()
        self._original: dict[str, SymbolRules] = {}

    def load(self, table: Mapping[str, Any]) -> None:
        """Put a plan in force. Raises ValueError with every mistake in it."""
        _, faults = read_plan(table)
        wrong = [line for number, fault in enumerate(faults, 1) for line in self._mistakes(number, fault)]
        if wrong:
            raise ValueError("\n".join(wrong))
        self._plan.load(table, self._venue.exchange.now)

    def clear(self) -> None:
        """Undo the faults in force: clock, filters, silence and bans too. Executions put off still happen."""
        self._plan.clear()
        self._hub.speak()
        exchange = self._venue.exchange
        exchange.offset_ms = 0
        self._venue.limits.banned_until = 0
        for symbol in list(self._original):
            self._restore(symbol)

    def later(self, seconds: float, action: Action) -> None:
        """Do something after a while."""
        self._at(self._venue.exchange.now + int(seconds * 1000), action)

    def run(self) -> None:
        """Do what is due."""
        now = self._venue.exchange.now
        for due in self._plan.due(now):
            self._strike(due)
        while self._waiting and self._waiting[0][0] <= now:
            with suppress(RequestRefused):  # an order put off may find its filters or balance changed
                heapq.heappop(self._waiting)[2]()

    def _at(self, time: int, action: Action) -> None:
        heapq.heappush(self._waiting, (time, next(self._numbers), action))

    def _strike(self, due: Due) -> None:
        fault, exchange = due.fault, self._venue.exchange
        match fault.kind:
            case "clock":
                exchange.offset_ms = fault["offset_ms"]
                self._until(due, partial(setattr, exchange, "offset_ms", 0))
            case "filters":
                symbol = fault["symbol"]
                self._original.setdefault(symbol, exchange.markets[symbol].rules)
                exchange.change_rules(symbol, fault["fields"])
                self._until(due, partial(self._restore, symbol))
            case "silence":
                self._hub.silence(fault["stream"], due.until)
            case "disconnect":
                self._hub.disconnect(fault["stream"])
            case "shutdown":
                self._hub.announce(fault["stream"])
                self.later(fault["seconds"], partial(self._hub.disconnect, fault["stream"], abruptly=False))

    def _until(self, due: Due, action: Action) -> None:
        if due.until is not None:
            self._at(due.until, action)

    def _restore(self, symbol: str) -> None:
        if symbol in self._original:
            self._venue.exchange.markets[symbol].rules = self._original.pop(symbol)

    def _mistakes(self, number: int, fault: Fault) -> list[str]:
        if fault.kind != "filters":
            return []
        markets = self._venue.exchange.markets
        if fault["symbol"] not in markets:
            return [
                f"fault {number} (filters): symbol {fault['symbol']!r} must be one of {', '.join(markets)}"
            ]
        try:
            changed(markets[fault["symbol"]].rules, fault["fields"])
        except ValueError as error:
            return [f"fault {number} (filters): {error}"]
        return []
