"""Bringing the journal and the venue in line: at every start, and then periodically, by the same code.

Laws: what was sent and never answered is UNKNOWN until the venue itself tells otherwise; only repeated
successful "not found" answers past the venue's horizon prove an order ABSENT, and a question that fails
counts for nothing; an entry is never sent again; a difference in holdings, or an order that looks like
ours and is not in the journal, halts the agent with an explanation and is never corrected in silence.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import tenacity

from agent import books, log
from agent.dust import step_units
from agent.machine import IDLE
from agent.order_settings import OrderSettings
from agent.orders import Executor
from agent.state import State
from domain.errors import LocalFault, VenueFault
from domain.events import AccountAdopted, CycleEnded, Event
from domain.instrument import Instrument
from domain.money import to_cash
from domain.order import OPEN, OrderStatus, Purpose, Receipt, Standing
from domain.ports import Journal, Platform
from domain.times import millis

ADOPT = "look at it with `agent reconcile`, take it over with `agent reconcile --adopt --reason ...`"
LOOKS = 3
"""How often holdings are read before a difference is believed: a fill may come in between."""

LOOKS_AT_START = 6
"""How often a venue that does not answer is asked at start before the session is given up."""


class Differs(LocalFault):
    """The venue's account is not what the journal says."""


class Review(NamedTuple):
    """How journal and venue compare: orders like ours it does not know, orders in doubt, and holdings.

    `dust` is what is held and cannot be sold by itself, by asset; `odd` what the venue said that could not be
    read, by symbol: holdings may be off by as much as it left open.
    """

    strange: tuple[Receipt, ...]
    unresolved: tuple[Standing, ...]
    differences: tuple[books.Difference, ...]
    dust: dict[str, str]
    odd: dict[str, str]

    @property
    def in_line(self) -> bool:
        """Whether there is nothing to take over."""
        return not (self.strange or self.unresolved or self.differences)


class Reconciler:
    """Resolves orders, imports fills, compares holdings and protects what stands bare."""

    def __init__(
        self,
        *,
        state: State,
        platform: Platform,
        journal: Journal,
        executor: Executor,
        grid: dict[str, Instrument],
        settings: OrderSettings,
        publish: Callable[[Event], None],
    ) -> None:
        self.state = state
        self.platform = platform
        self.journal = journal
        self.executor = executor
        self.grid = grid
        self.settings = settings
        self.publish = publish
        self.missed: Counter[str] = Counter()
        self.due: datetime | None = None
        self.again_at: dict[str, datetime] = {}

    @property
    def remote(self) -> bool:
        """Whether the venue outlives the agent, so that the two can differ."""
        return self.platform.certainty.horizon_ms > 0

    def start(self, at: datetime, *, compare: bool = True, mend: bool = True) -> None:
        """Resolve what the last session left open, end its cycle, compare, and protect what is bare."""
        self.resolve(at)
        if self.state.open_cycle is not None:
            path = (IDLE, IDLE)
            ended = CycleEnded(self.state.open_cycle, at, path, "interrupted", tuple(self.state.ripe))
            self.append(ended)
            self.state.end(ended)
        if compare and self.remote:
            # No session without it: what cannot be compared must not be traded. Only reads are repeated.
            again = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(LOOKS_AT_START),
                wait=tenacity.wait_random_exponential(multiplier=0.3, max=3),
                retry=tenacity.retry_if_exception_type(VenueFault),
                reraise=True,
            )
            again(self._compare_at_start, at)
        if mend:
            self.mend(at)

    def _compare_at_start(self, at: datetime) -> None:
        if self.state.ledger.aside is None:
            self._first(at)
        self.compare(at)

    def review(self) -> "Review":
        """Return how journal and venue compare, after taking in what can be known. Raises VenueFault."""
        strange = tuple(self.orders())
        self.take_in()
        ledger = self.state.ledger
        differing = tuple(self.differing())
        return Review(strange, tuple(ledger.unresolved()), differing, books.dust(ledger), dict(ledger.odd))

    def tick(self, at: datetime) -> None:
        """Do what is due between two cycles. Raises Differs when going on would not be safe."""
        ledger = self.state.ledger
        if any(True for _ in ledger.unresolved()):
            self.resolve(at)
        if self.remote and (self.due is None or at >= self.due):
            try:
                self.compare(at)
            except VenueFault as fault:
                log.say("warning", "reconciliation postponed", error=str(fault))
        self.mend(at)

    def resolve(self, at: datetime) -> None:
        """Ask the venue for every order whose fate is open."""
        for standing in self.state.ledger.unresolved():
            order = standing.order
            try:
                found = self.platform.query(order.symbol, order.client_id)
            except VenueFault as fault:
                # No answer is no "not found": nothing is counted, nothing is concluded.
                log.say("warning", "order unresolved", order=order.client_id, error=str(fault))
                self._still_unknown(standing, at, str(fault))
                continue
            if found is not None:
                self.missed.pop(order.client_id, None)
                self.executor.settle(order.cycle_id, found)
            elif self._absent(standing):
                reason = "never reached the platform"
                absent = Receipt(order.client_id, order.symbol, OrderStatus.ABSENT, at, reason=reason)
                self.executor.settle(order.cycle_id, absent)
            else:
                self._still_unknown(standing, at, "not found yet")

    def _absent(self, standing: Standing) -> bool:
        """Count a "not found" and say whether it is proof."""
        certainty = self.platform.certainty
        self.missed[standing.order.client_id] += 1
        if self.missed[standing.order.client_id] < certainty.not_founds:
            return False
        sent_at = standing.sent_at or standing.at
        waited = millis(self.platform.time()) - millis(sent_at)
        return not certainty.horizon_ms or waited > certainty.horizon_ms

    def _still_unknown(self, standing: Standing, at: datetime, reason: str) -> None:
        """Record that an order of a session cut off is UNKNOWN, and when it needs an operator."""
        order, status = standing.order, standing.status
        if status is OrderStatus.SENDING:
            told = OrderStatus.UNKNOWN
        elif status is OrderStatus.UNKNOWN and self._overdue(standing):
            told = OrderStatus.NEEDS_OPERATOR
            log.say(
                "error", "order needs an operator", order=order.client_id, symbol=order.symbol, reason=reason
            )
        else:
            return
        self.executor.settle(order.cycle_id, Receipt(order.client_id, order.symbol, told, at, reason=reason))

    def _overdue(self, standing: Standing) -> bool:
        patience = timedelta(minutes=self.settings.operator_minutes)
        return self.platform.time() - (standing.sent_at or standing.at) > patience

    def compare(self, at: datetime) -> None:
        """Compare open orders and holdings with the journal. Raises Differs, VenueFault unanswered."""
        self.due = at + timedelta(seconds=self.settings.reconcile_seconds)
        strange = self.orders()
        if strange:
            names = ", ".join(f"{each.client_id} ({each.symbol})" for each in strange)
            raise Differs(f"open orders look like ours and are not in the journal: {names}; {ADOPT}")
        for _ in range(LOOKS):
            self.take_in()
            if self.state.ledger.unresolved():
                return  # what is unknown may be the difference; entries wait, and it is resolved first
            differing = self.differing()
            if not differing:
                return
        raise Differs(f"the account differs: {'; '.join(map(str, differing))}; {ADOPT}")

    def orders(self) -> list[Receipt]:
        """Settle our orders that no longer rest; return open ones that look like ours and are not known."""
        there = {each.client_id: each for each in self.platform.open_orders()}
        for standing in list(self.state.ledger.standings.values()):
            order = standing.order
            if standing.status in OPEN and order.client_id not in there:
                found = self.platform.query(order.symbol, order.client_id)
                if found is None:
                    raise Differs(f"order {order.client_id} was {standing.status} and is not known; {ADOPT}")
                self.executor.settle(order.cycle_id, found)
        return books.strangers(self.state.ledger, there.values())

    def take_in(self) -> None:
        """Record what happened to our orders since they were last polled."""
        for receipt in self.platform.poll():
            standing = self.state.ledger.standings.get(receipt.client_id)
            self.executor.settle(standing.order.cycle_id if standing else self.state.cycle_id, receipt)

    def differing(self) -> list[books.Difference]:
        """Return the assets of which the venue holds another amount than the journal says."""
        return books.differences(self.state.ledger, self.platform.balances(), self.grid.values())

    def _first(self, at: datetime) -> None:
        """Take over the account of a new journal. Raises Differs when it may have been traded before."""
        there = books.found(self.platform.balances(), self.grid.values())
        held = {each.base: there[each.base] for each in self.grid.values()}
        whole = [each.base for each in self.grid.values() if held[each.base] >= step_units(each)]
        strange = books.strangers(self.state.ledger, self.platform.open_orders())
        if whole or strange:
            what = [*(f"holds {asset}" for asset in whole), *(f"order {s.client_id}" for s in strange)]
            raise Differs(f"a new journal, but the account is in use: {', '.join(what)}; {ADOPT}")
        self.adopt(at, "first session on this account", by="agent")

    def clear(self, at: datetime, reason: str) -> None:
        """End what stands in the way of taking an account over: strange orders, and orders in doubt.

        Raises VenueFault when the venue does not say enough: then nothing can be taken over.
        """
        for each in self.orders():
            self.platform.cancel(each.symbol, each.client_id)
        self.resolve(at)
        for standing in self.state.ledger.unresolved():
            order = standing.order
            if self.platform.query(order.symbol, order.client_id) is not None:
                raise VenueFault(f"order {order.client_id} is known to the venue, but not all of its fills")
            absent = Receipt(
                order.client_id, order.symbol, OrderStatus.ABSENT, at, reason=f"adopted: {reason}"
            )
            self.executor.settle(order.cycle_id, absent)

    def adopt(self, at: datetime, reason: str, *, by: str) -> AccountAdopted:
        """Take the venue's holdings over as they are; in the journal first."""
        there = books.found(self.platform.balances(), self.grid.values())
        cap = (
            None
            if self.settings.cash is None
            else to_cash(self.settings.cash, self.state.ledger.cash_decimals)
        )
        taken = books.take_over(self.state.ledger, there, list(self.grid.values()), cap)
        event = AccountAdopted(at, taken.cash, taken.aside, reason, by, taken.gone)
        self.append(event)
        self.state.take_over(event)
        return event

    def mend(self, at: datetime) -> None:
        """Send owed exits, and protect positions that stand without their stop or with one too small."""
        ledger = self.state.ledger
        in_doubt = {standing.order.symbol for standing in ledger.unresolved()}
        for symbol in [each for each in ledger.owed if each not in in_doubt]:
            self.executor.exit_again(symbol, at)
        for symbol in [each for each in ledger.positions if each not in in_doubt and each not in ledger.owed]:
            if at >= self.again_at.get(symbol, at):
                self._protect(symbol, at)

    def _protect(self, symbol: str, at: datetime) -> None:
        approved = self.state.entries.get(symbol)
        if approved is None:
            return
        lots = self.state.ledger.positions[symbol].lots
        resting = [s for s in self.state.ledger.resting(symbol) if s.order.purpose is Purpose.PROTECT]
        if all(standing.order.lots - standing.imported == lots for standing in resting) and resting:
            return
        try:
            for standing in resting:
                self.executor.cancel(standing.order)
        except VenueFault as fault:
            log.say("warning", "protection not renewed", symbol=symbol, error=str(fault))
            return
        ledger = self.state.ledger
        if symbol not in ledger.positions:
            return
        self.executor.protect(approved, at, tag=f"r{ledger.intended}")
        in_vain = symbol in ledger.positions and not ledger.resting(symbol) and not ledger.unresolved()
        if in_vain and (approved.stop or approved.stop_ppm):
            # Neither its stop nor its sale is taken (too small an order, say): not tried every cycle.
            self.again_at[symbol] = at + timedelta(minutes=self.settings.operator_minutes)
            if ledger.small(symbol):
                log.say("warning", "dust left: too small to be sold", symbol=symbol)
            else:
                log.say("error", "position cannot be protected", symbol=symbol)

    def append(self, event: Event) -> None:
        """Write an event and tell of it."""
        self.journal.append(event)
        self.publish(event)
