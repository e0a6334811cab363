"""Bringing the journal and the venue in line: at every start, and then periodically, by the same code.

Theory of operation. Between an order's intent and the venue's answer the process, the network or the venue
may die; nobody knows then what became of the order. This module finds out, and nothing else does. Rules,
each with its reason:

1. What was sent and never answered is UNKNOWN until the venue itself tells otherwise. A guess either way
   loses an order or doubles it.
2. "Not found" proves an order ABSENT only when it is said repeatedly, and past the venue's horizon (see
   `agent.orders.absence`): an order may still be on its way, and venues tell of new orders a moment late.
3. A question that fails counts for nothing. Silence is no "not found".
4. An order that only bears our order's id is no answer: ids may be used by others, and be used again.
5. An entry is never sent again. The price it was decided at is gone; an exit that never arrived is *owed*
   and sent anew, under another id.
6. A difference in holdings, an order like ours that is not in the journal, or a contradiction halts the
   agent with an explanation. It is never corrected in silence: a person must know that somebody else trades
   the account, or that the books are wrong. Adopting the account ends every such halt.
7. A difference is believed after several looks, and not while something is unknown: a fill may come in
   between holdings and orders, and what is unknown may be the difference.
8. Before it halts, what stands bare is protected, but for the assets in question. A halt is no reason to
   leave a position without its stop.
9. A venue that cannot be compared stops entries (`blocked`) and nothing else.
10. What is found out is written through `agent.state.record` before anything is done about it, as in a
   cycle.

Warning to whoever edits: every branch here is one that a crash can take. `agent drill` kills the agent
before and after each of its steps; run it (`make drill`) after a change.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from math import inf

import tenacity

from agent.host import log
from agent.orders import adoption
from agent.orders import differences as books
from agent.orders.differences import ADOPT, Differs
from agent.orders.executor import Executor
from agent.orders.protection import Protection
from agent.orders.resolving import OrderResolver, Review
from agent.settings.orders import OrderSettings
from agent.state.ledger import RESTORED
from agent.state.record import Record
from domain.errors import VenueFault
from domain.events import GridChanged
from domain.instrument import Instrument
from domain.order import OPEN, Receipt
from domain.ports import Clock, Platform

LOOKS = 3
"""How often holdings are read before a difference is believed: a fill may come in between."""

OVERDUE_SECONDS = 60.0
"""How long a comparison that is due waits for the next cycle at most."""

AGAIN_SECONDS = 10.0
"""How long to wait after holdings could not be compared."""

LOOKS_AT_START = 6
"""How often a venue that does not answer is asked at start before the session is given up."""


class Reconciler(OrderResolver):
    """Resolves orders, imports fills, compares holdings and protects what stands bare."""

    def __init__(
        self,
        *,
        record: Record,
        platform: Platform,
        executor: Executor,
        grid: dict[str, Instrument],
        settings: OrderSettings,
        clock: Clock,
        prefix: Callable[[], str] = str,
    ) -> None:
        super().__init__(record, platform, executor, settings, clock)
        self.grid = grid
        self.prefix = prefix
        self.protection = Protection(self.state, platform, executor, settings, clock)
        self.due = -inf
        self.untold: list[str] = []
        self.lingering: list[Receipt] = []
        """Our orders that rested when last looked at, although the journal has them as ended."""
        self.blocked: dict[str, str] = {}
        """Why no entry is to be made, besides what the venue says: holdings could not be compared."""

    @property
    def remote(self) -> bool:
        """True when the venue outlives the agent, so that the two can differ."""
        return self.platform.certainty.horizon_ms > 0

    @property
    def overdue(self) -> bool:
        """True when a comparison has been due for long: cycles are further apart than it may be put off."""
        return self.remote and self.clock.monotonic() >= self.due + OVERDUE_SECONDS

    def start(self, at: datetime, *, compare: bool = True, mend: bool = True) -> None:
        """Compare, and protect what is bare; what the last session left open is resolved before."""
        if compare and self.remote:
            # What cannot be compared must not be traded, but may be sold. Only reads are repeated.
            again = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(LOOKS_AT_START),
                wait=tenacity.wait_random_exponential(multiplier=0.3, max=3),
                retry=tenacity.retry_if_exception_type(VenueFault),
                reraise=True,
            )
            self._protected(at, lambda: self._compare_or_wait(at, again))
        elif mend:
            self._protected(at, lambda: None)

    def _compare_or_wait(self, at: datetime, again: tenacity.Retrying) -> None:
        """Compare; where that cannot be done now, let no entry go until it was. Raises Differs.

        Raises VenueFault on an account that was never compared: there is nothing to protect in it.
        """
        try:
            again(self._compare_at_start, at)
        except VenueFault as fault:
            if self.state.ledger.untracked is None:
                raise
            self._not_compared(fault)

    def _not_compared(self, fault: VenueFault) -> None:
        self.blocked[""] = f"the account could not be compared with the journal: {fault}"
        self.due = self.clock.monotonic() + min(AGAIN_SECONDS, self.settings.reconcile_seconds)
        log.say("warning", "reconciliation postponed", error=str(fault))

    def _compare_at_start(self, at: datetime) -> None:
        if self.state.ledger.untracked is None:
            adoption.first(self, at)
        self.compare()

    def _protected(self, at: datetime, compare: Callable[[], None]) -> None:
        """Compare, then protect what stands bare, also when going on would not be safe. Raises Differs."""
        try:
            compare()
        except Differs as halt:
            self.protection.mend(at, but=halt.assets)
            raise
        self.protection.mend(at)
        wrong = dict(self.state.ledger.contradictions)
        restored = wrong.pop(RESTORED, "")
        if restored:
            raise Differs(f"{restored}; {ADOPT}")
        if wrong:
            raise Differs(f"what was told of orders cannot be: {'; '.join(wrong.values())}; {ADOPT}")

    def review(self) -> Review:
        """Return how journal and venue compare, after taking in what can be known. Raises VenueFault."""
        self.regrid(self.state.at or self.platform.time())
        strange = tuple(self.orders())
        self.take_in()
        ledger = self.state.ledger
        differing = tuple(self.differing())
        wrong = tuple(ledger.contradictions.values())
        return Review(
            strange, tuple(ledger.unresolved()), differing, books.dust(ledger), dict(ledger.odd), wrong
        )

    def regrid(self, at: datetime) -> bool:
        """Carry everything over to the grids the venue has now, in the journal first; say if any is new."""
        changed = tuple(self.platform.changed())
        if not changed:
            return False
        self.record.write(GridChanged(at, changed))
        self.grid.update({each.symbol: each for each in changed})
        for each in changed:
            tick, lot = f"{each.tick_size.normalize():f}", f"{each.step_size.normalize():f}"
            log.say("warning", "counted on a new grid", symbol=each.symbol, tick=tick, lot=lot)
        return True

    def tick(self, at: datetime) -> None:
        """Do what is due between two cycles. Raises Differs when going on would not be safe."""
        self.regrid(at)
        ledger = self.state.ledger
        if ledger.unresolved():
            self.resolve(at)
        self._protected(at, self._compare_when_due)

    def _compare_when_due(self) -> None:
        if self.remote and self.clock.monotonic() >= self.due:
            try:
                self.compare()
            except VenueFault as fault:
                self._not_compared(fault)
            else:
                self.blocked.clear()

    def resolve(self, at: datetime) -> None:
        """Ask the venue for every order whose fate is open, again where what was told needs a finer grid."""
        self._resolve(at)
        if self.regrid(at):
            self._resolve(at)

    def compare(self) -> None:
        """Compare open orders and holdings with the journal. Raises Differs, VenueFault unanswered."""
        self.due = self.clock.monotonic() + self.settings.reconcile_seconds
        before = {each.client_id for each in self.lingering}
        strange = self.orders()
        self._let_go([each for each in self.lingering if each.client_id in before])
        if strange:
            names = ", ".join(f"{each.client_id} ({each.symbol})" for each in strange)
            raise Differs(f"open orders look like ours and are not in the journal: {names}; {ADOPT}")
        for _ in range(LOOKS):
            self.take_in()
            if self.state.ledger.unresolved() or self.untold:
                return  # what is unknown may be the difference; entries wait, and it is resolved first
            differing = self.differing()
            if not differing:
                return
        assets = [each.asset for each in differing]
        raise Differs(f"the account differs: {'; '.join(map(str, differing))}; {ADOPT}", assets)

    def _let_go(self, lingering: Iterable[Receipt]) -> None:
        """Cancel orders that rested twice though they count as ended: they lock what has to be protected.

        Once may be a list that is older than the end. Raises VenueFault.
        """
        for each in lingering:
            log.say("error", "an ended order rests: cancelled", order=each.client_id, symbol=each.symbol)
            self.platform.cancel(each.symbol, each.client_id)
            self.protection.at_once(each.symbol)

    def disturbed(self) -> str:
        """Say why no entry may be made just now, "" when the account is as the journal says.

        Asked when an entry is wanted, which is seldom: weight 20, and 6 for each symbol. It changes and
        records nothing; before the next cycle it is looked into in full, and that halts unless it was ours.
        """
        if not self.remote:
            return ""
        try:
            strange = books.strangers(self.state.ledger, self.platform.open_orders())
            results = [*(f"order {each.client_id}" for each in strange), *map(str, self.differing())]
        except VenueFault as fault:
            return f"the account cannot be compared with the journal: {fault}"
        if not results:
            return ""
        self.due = -inf
        return f"the account is not what the journal says: {'; '.join(results)}"

    def orders(self) -> list[Receipt]:
        """Settle our orders that no longer rest; return open ones that look like ours and are not known."""
        there = {each.client_id: each for each in self.platform.open_orders()}
        self.untold.clear()
        for standing in list(self.state.ledger.open_orders.values()):
            order = standing.order
            if standing.status in OPEN and order.client_id not in there:
                try:
                    self.executor.record_report(order.cycle_id, self.executor.look_up(standing))
                except VenueFault as fault:
                    self.untold.append(order.client_id)
                    log.say(
                        "warning",
                        "order not looked up",
                        order=order.client_id,
                        symbol=order.symbol,
                        error=str(fault),
                    )
        self.lingering = books.lingering(self.state.ledger, there.values())
        return books.strangers(self.state.ledger, there.values())

    def take_in(self) -> None:
        """Record what happened to our orders since they were last polled."""
        for receipt in self.executor.ours(self.platform.poll()):
            standing = self.state.ledger.open_orders.get(receipt.client_id)
            self.executor.record_report(standing.order.cycle_id if standing else self.state.cycle_id, receipt)

    def differing(self) -> list[books.AssetDifference]:
        """Return the assets of which the venue holds another amount than the journal says."""
        return books.differences(self.state.ledger, self.platform.balances(), self.grid.values())
