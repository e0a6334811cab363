"""Start-up and crash recovery, which are the same: fold the journal, resolve, protect, then loop."""

from collections.abc import Callable
from datetime import datetime

from agent.machine import IDLE
from agent.orders import Executor
from agent.state import State
from domain.errors import BadInput
from domain.events import CycleDecided, CycleEnded, Event, OrderSettled, ParametersSet
from domain.order import OrderStatus, Purpose, Receipt
from domain.ports import Journal, Platform, Records
from reasoning.minds import Mind


def never(event: Event) -> bool:
    """Say of no event that the fold should stop there."""
    del event
    return False


def refold(journal: Records, state: State, mind: Mind, until: Callable[[Event], bool] = never) -> None:
    """Fold the rows of the journal into a fresh state and mind, checking the chain on the way.

    Stops before the first event of which `until` is true. Raises JournalFault where the chain is
    broken.
    """
    for row in journal.rows():
        if until(row.event):
            return
        absorb(row.event, state, mind)


def absorb(event: Event, state: State, mind: Mind) -> None:
    """Fold one event into state and mind, as the live cycle did."""
    state.apply(event)
    if isinstance(event, CycleDecided):
        for seen in event.observations:
            mind.orient(seen)
    elif isinstance(event, ParametersSet):
        retune(event, mind)


def retune(event: ParametersSet, mind: Mind) -> int:
    """Give a strategy the parameters of an event; return the candles it waits for before it can vote.

    One that has no voice in this session waits for none. Raises BadInput where this version of the
    program refuses the parameters.
    """
    strategy = mind.strategy(event.strategy)
    if strategy is None:
        return 0
    if event.rolled_back_to == 0:
        return mind.retune(event.strategy, mind.own(event.strategy))
    try:
        packed = strategy.params.model_validate(event.parameters).packed()
    except ValueError as error:
        raise BadInput(f"parameter version {event.version} is one of another program: {error}") from None
    return mind.retune(event.strategy, packed)


class Recovery:
    """Brings orders and positions in line with the platform before the first cycle."""

    def __init__(
        self,
        state: State,
        platform: Platform,
        journal: Journal,
        executor: Executor,
        publish: Callable[[Event], None],
    ) -> None:
        self.state = state
        self.platform = platform
        self.journal = journal
        self.executor = executor
        self.publish = publish

    def run(self, at: datetime) -> None:
        """Resolve what the last session left open, end its cycle, and protect what it left bare."""
        for standing in self.state.ledger.unresolved():
            order = standing.order
            found = self.platform.query(order.symbol, order.client_id)
            receipt = found or Receipt(
                order.client_id, order.symbol, OrderStatus.ABSENT, at, reason="never reached the platform"
            )
            event = OrderSettled(order.cycle_id, receipt)
            self._append(event)
            self.state.settle(receipt)
        if self.state.open_cycle is not None:
            path = (IDLE, IDLE)
            ended = CycleEnded(self.state.open_cycle, at, path, "interrupted", tuple(self.state.ripe))
            self._append(ended)
            self.state.end(ended)
        self._protect(at)

    def _protect(self, at: datetime) -> None:
        for symbol in list(self.state.ledger.positions):
            approved = self.state.entries.get(symbol)
            resting = self.state.ledger.resting(symbol)
            if approved is None or any(s.order.purpose is Purpose.PROTECT for s in resting):
                continue
            self.executor.protect(approved, at, tag=f"r{self.state.session}")

    def _append(self, event: Event) -> None:
        self.journal.append(event)
        self.publish(event)
