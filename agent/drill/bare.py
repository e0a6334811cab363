"""The longest time a position stood bare, by the exchange's own view of holdings and resting sell orders."""

import json
from decimal import Decimal
from pathlib import Path

from edge.strict_json import shallow
from platforms.sandbox.exchange.exchange import Exchange


class Watch:
    """Looks at an exchange, by its clock: what is held beyond `aside`, what guards it, how long it was bare.

    Bare is what could be sold, a lot and the least value at least, without an order to sell it.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.untracked: dict[str, Decimal] = {}
        self.longest: dict[str, float] = {}
        self._since: dict[str, int] = {}

    def held(self, symbol: str) -> Decimal:
        """Return what is held of a symbol's base beyond what lay there before."""
        base = self.exchange.markets[symbol].rules.base
        return self.exchange.account.total(base) - self.untracked.get(base, Decimal(0))

    def guarded(self, symbol: str) -> Decimal:
        """Return how much of it rests in orders to sell; two that exclude each other count once."""
        groups: dict[int, Decimal] = {}
        for order in self.exchange.books[symbol].resting.values():
            if not order.draft.buys:
                group = order.list_id if order.list_id >= 0 else -order.id - 2
                groups[group] = max(groups.get(group, Decimal(0)), order.left)
        return sum(groups.values(), Decimal(0))

    def sellable(self, symbol: str, quantity: Decimal) -> bool:
        """Tell whether a quantity is large enough to be sold."""
        market = self.exchange.markets[symbol]
        return quantity >= market.rules.step_size and quantity * market.price >= market.rules.min_notional

    def look(self) -> None:
        """Take in what stands bare now."""
        now = self.exchange.now
        for symbol in self.exchange.markets:
            if self.sellable(symbol, self.held(symbol) - self.guarded(symbol)):
                since = self._since.setdefault(symbol, now)
                self.longest[symbol] = max(self.longest.get(symbol, 0.0), (now - since) / 1000)
            else:
                since = self._since.pop(symbol, now)
                self.longest[symbol] = max(self.longest.get(symbol, 0.0), (now - since) / 1000)

    def keep(self, file: Path) -> None:
        """Look whenever the account changes, and keep the findings in a file: see `longest_bare`."""

        def heard(_event: object) -> None:
            self.look()
            file.write_text(json.dumps({"longest": self.longest, "since": self._since}))

        self.exchange.user_listeners.append(heard)


def longest_bare(file: Path, now_ms: int) -> float:
    """Return for how many seconds a position stood bare at most, by what `Watch.keep` left in a file."""
    answer = json.loads(shallow(file.read_text())) if file.is_file() else {"longest": {}, "since": {}}
    still = [(now_ms - since) / 1000 for since in answer["since"].values()]
    return float(max([0.0, *answer["longest"].values(), *still]))
