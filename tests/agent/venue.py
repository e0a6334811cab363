"""A venue that outlives the agent, as an exchange does, and fails as asked: a fake written against the port.

Behind it works the paper exchange, so money and matching are real; what is made up is the way there.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from agent import wiring
from domain.candle import Candle, LastPrice
from domain.errors import BadAnswer, OutcomeUnknown, Unreachable
from domain.instrument import Instrument
from domain.order import Balance, Order, Receipt
from domain.ports import Certainty, Platform
from domain.times import utc
from platforms.paper.platform import MockTradingPlatform
from tests.agent.world import START

LOST, EXECUTED, LATE = "lost", "executed", "late"
"""What may become of an order whose answer never comes."""

CERTAINTY = Certainty(horizon_ms=10_000, not_founds=3, send_ms=2_500)


class Venue:
    """An exchange with an account of its own. `fates` are what becomes of the next orders."""

    def __init__(self, paper: MockTradingPlatform) -> None:
        self.paper = paper
        self.fates: deque[str | None] = deque()
        self.late: list[Order] = []
        self.deaf = False
        self.cancel_fails = 0
        self.sent: list[Order] = []
        self.asked: Counter[str] = Counter()
        self.now = utc(START)
        self.extra: list[Receipt] = []
        self.holdings: dict[str, int] = {}
        self.untold: list[Receipt] = []
        self.blocks: dict[str, str] = {}
        self.shut: dict[str, str] = {}
        self.on_place: Callable[[Order], None] = lambda _order: None

    name = "venue"
    certainty = CERTAINTY

    def time(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def execute_late(self) -> None:
        for order in self.late:
            self.untold.append(self.paper.place(order))
        self.late.clear()

    def instrument(self, symbol: str) -> Instrument:
        return self.paper.instrument(symbol)

    def changed(self) -> Sequence[Instrument]:
        return ()

    def mark(
        self, symbol: str, candles: Sequence[Candle], quote: LastPrice | None, doubted: Sequence[Candle] = ()
    ) -> None:
        self.paper.mark(symbol, candles, quote, doubted)
        self.now = max(self.now, self.paper.time())

    def blocked(self) -> Mapping[str, str]:
        return self.blocks

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        del sale
        return self.shut.get(symbol, "")

    def place(self, order: Order) -> Receipt:
        self.on_place(order)
        self.sent.append(order)
        fate = self.fates.popleft() if self.fates else None
        if fate is None:
            return self.paper.place(order)
        if fate == EXECUTED:
            self.paper.place(order)
        elif fate == LATE:
            self.late.append(order)
        raise OutcomeUnknown(f"connection lost ({fate})")

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        self.sent += [stop, target]
        fate = self.fates.popleft() if self.fates else None
        if fate is None:
            return self.paper.place_oco(stop, target)
        if fate == EXECUTED:
            self.paper.place_oco(stop, target)
        raise OutcomeUnknown(f"connection lost ({fate})")

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        if self.cancel_fails:
            self.cancel_fails -= 1
            raise Unreachable("no answer to the cancel")
        return self.paper.cancel(symbol, client_id)

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        self.asked[client_id] += 1
        if self.deaf:
            raise BadAnswer("HTTP 500")
        return self.paper.query(symbol, client_id)

    def open_orders(self) -> Sequence[Receipt]:
        return [*self.paper.open_orders(), *self.extra]

    def poll(self) -> Sequence[Receipt]:
        return self.paper.poll()

    def balances(self) -> dict[str, Balance]:
        found = dict(self.paper.balances())
        for asset, more in self.holdings.items():
            found[asset] = Balance(found[asset].free + more, found[asset].locked)
        return found

    def close(self) -> None:
        """The exchange stays."""


def venue_of(made: wiring.Parts) -> Venue:
    """Return a venue whose account opens with the paper settings' cash."""
    paper = wiring.paper_platform(made)
    assert isinstance(paper, MockTradingPlatform)
    return Venue(paper)


def always(venue: Platform) -> Callable[[wiring.Parts], Platform]:
    """Return a way to build a session on this very venue."""
    return lambda _made: venue
