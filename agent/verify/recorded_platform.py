"""A venue as the journal remembers it: for the replay of sessions whose venue was not ours to run again.

What a real exchange answered is input, like a candle. It is given back in the order it was recorded;
whether the loop would send the same orders is what the replay finds out.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from agent.orders.executor import NOT_CANCELLED
from domain import errors
from domain.candle import Candle, LastPrice
from domain.errors import LocalFault, OutcomeUnknown, RateLimited, VenueFault
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended
from domain.instrument import Instrument
from domain.order import NOT_TRADING, Balance, Order, OrderStatus, Receipt
from domain.ports import Certainty
from domain.times import EPOCH


def fault_of(kind: str, message: str) -> Exception:
    """Return a recorded failure again, under its own name; one that nobody planned for is a LocalFault."""
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, errors.BoydError):
        return known(message)
    unplanned: type[LocalFault] = type(kind, (LocalFault,), {})
    return unplanned(message)


class RecordedPlatform:
    """Answers as the venue did in one cycle after another; `load` takes up a cycle's events."""

    name = "recorded"

    def __init__(self, certainty: Certainty) -> None:
        self.certainty = certainty
        self.left: deque[OrdersIntended | OrderReported] = deque()
        self.updates: tuple[Receipt, ...] = ()
        self.held_back: Mapping[str, str] = {}
        self.failure: Exception | None = None
        self.sending_at = EPOCH

    def load(self, decided: CycleDecided | None, within: Iterable[Event], ended: CycleEnded | None) -> None:
        """Take up what the venue said in one cycle."""
        self.left = deque(event for event in within if isinstance(event, OrdersIntended | OrderReported))
        self.updates = decided.updates if decided else ()
        self.held_back = decided.blocked if decided else {}
        error = ended.error if ended else None
        self.failure = fault_of(error.kind, error.message) if error else None

    def told(self, event: Event) -> None:
        """Move on: the replay has come to an order event of its own."""
        if isinstance(event, OrdersIntended | OrderReported) and self.left:
            self.left.popleft()

    def time(self) -> datetime:
        """Return the venue's time as it was known then."""
        if self.left:
            front = self.left[0]
            if isinstance(front, OrdersIntended):
                self.sending_at = front.sending_at or front.at
            elif front.receipt.status is OrderStatus.UNSENT:
                return front.receipt.at
        return self.sending_at

    def place(self, order: Order) -> Receipt:
        """Return what was recorded for the order, or raise as the venue did."""
        receipt = self._next(order.client_id)
        if receipt.status is OrderStatus.UNKNOWN:
            raise OutcomeUnknown(receipt.reason)
        if receipt.status is OrderStatus.UNSENT:
            raise RateLimited(receipt.reason)
        return receipt

    def place_oco(self, stop: Order, target: Order) -> tuple[Receipt, Receipt]:
        """Return what was recorded for the pair, or raise as the venue did."""
        receipt = self.place(stop)
        second = self.left[1] if len(self.left) > 1 else None
        if not isinstance(second, OrderReported) or second.receipt.client_id != target.client_id:
            raise self._missing(target.client_id)
        return receipt, second.receipt

    def cancel(self, symbol: str, client_id: str) -> Receipt:
        """Return what was recorded, or raise in the venue's words."""
        del symbol
        front = self.left[0] if self.left else None
        if isinstance(front, OrderReported) and front.receipt.client_id != client_id:
            raise VenueFault(front.receipt.reason.removeprefix(NOT_CANCELLED))
        return self._next(client_id)

    def _next(self, client_id: str) -> Receipt:
        front = self.left[0] if self.left else None
        if not isinstance(front, OrderReported) or front.receipt.client_id != client_id:
            raise self._missing(client_id)
        return front.receipt

    def _missing(self, client_id: str) -> Exception:
        return self.failure or LocalFault(f"the record holds no answer for order {client_id} here")

    def poll(self) -> Sequence[Receipt]:
        """Return what resting orders did, or raise as the cycle did where nothing was recorded."""
        return self.updates

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        """Return why an order was held back here, if it was."""
        del symbol, sale
        front = self.left[0] if self.left else None
        if not isinstance(front, OrderReported) or front.receipt.status is not OrderStatus.UNSENT:
            return ""
        reason = front.receipt.reason
        return reason.removeprefix(NOT_TRADING) if reason.startswith(NOT_TRADING) else ""

    def blocked(self) -> Mapping[str, str]:
        """Return why the venue took no entry in this cycle."""
        return self.held_back

    def query(self, symbol: str, client_id: str) -> Receipt | None:
        """Refuse: questions are asked between cycles, and what they led to is input itself."""
        raise VenueFault(f"{symbol} {client_id}: a recorded venue is not asked")

    def open_orders(self) -> Sequence[Receipt]:
        """Refuse, as `query`."""
        raise VenueFault("a recorded venue is not asked for open orders")

    def balances(self) -> dict[str, Balance]:
        """Refuse, as `query`."""
        raise VenueFault("a recorded venue is not asked for balances")

    def instrument(self, symbol: str) -> Instrument:
        """Refuse: the grid is in the journal."""
        raise VenueFault(f"a recorded venue is not asked for {symbol}")

    def mark(
        self, symbol: str, candles: Sequence[Candle], quote: LastPrice | None, doubted: Sequence[Candle] = ()
    ) -> None:
        """Do nothing: a real venue has its own market."""

    def changed(self) -> Sequence[Instrument]:
        """Return none: new grids are recorded events themselves."""
        return ()

    def close(self) -> None:
        """Hold nothing."""
