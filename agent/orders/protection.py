"""Protecting what stands bare: owed exits are sent, and stops and targets put where they are missing.

It runs at a start, between two cycles and at the end of an emergency stop, also where going on would not be
safe. What can be neither protected nor sold is tried again and again, ever less often.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from agent.host import log
from agent.orders.executor import Executor
from agent.settings.orders import OrderSettings
from agent.state.bare import bare, wanted
from agent.state.state import State
from domain.errors import VenueFault
from domain.order import OrderState, OrderStatus, Purpose
from domain.ports import Clock, Platform
from domain.verdict import Approved

BARE_PAUSE = timedelta(seconds=10)
"""After how long a position that could be neither protected nor sold is tried again; then twice as long."""


class Protection:
    """Sees that every position has the stop and the target it was to have."""

    def __init__(
        self, state: State, platform: Platform, executor: Executor, settings: OrderSettings, clock: Clock
    ) -> None:
        self.state = state
        self.platform = platform
        self.executor = executor
        self.settings = settings
        self.clock = clock
        self._tried: dict[str, datetime | float] = {}
        """When a position could be neither protected nor sold: our own time, on paper the market's."""
        self._vain: Counter[str] = Counter()
        self._paired: dict[str, str] = {}

    def mend(self, at: datetime, but: Iterable[str] = ()) -> None:
        """Send owed exits, and protect positions that stand without their stop or with one too small.

        Positions in the assets `but` are left alone: nobody knows what is there.
        """
        ledger = self.state.ledger
        if not ledger.positions and not ledger.pending_exits:
            return
        unsure = {each.symbol for each in ledger.instruments.values() if each.base in but}
        unsure |= {standing.order.symbol for standing in ledger.unresolved()}
        for symbol in [each for each in ledger.pending_exits if each not in unsure]:
            if not self.executor.closed(symbol, at):
                self.executor.exit_again(symbol, at)
        for symbol in [
            each for each in ledger.positions if each not in unsure and each not in ledger.pending_exits
        ]:
            if self._ripe(symbol, at):
                self._protect(symbol, at)

    def at_once(self, symbol: str) -> None:
        """Try a position again at the next look, in vain though it was before."""
        self._tried.pop(symbol, None)

    def _ripe(self, symbol: str, at: datetime) -> bool:
        """Say whether a position that could not be protected is to be tried again.

        A period is time of our own; on paper, which is replayed, it is the market's, and one that runs
        backwards ends it.
        """
        tried = self._tried.get(symbol)
        if tried is None:
            return True
        pause = timedelta(minutes=self.settings.operator_minutes)
        if isinstance(tried, datetime):
            return not tried <= at < tried + pause
        if not self.state.ledger.small(symbol):
            pause = min(pause, BARE_PAUSE * 2 ** min(self._vain[symbol] - 1, 16))
        return self.clock.monotonic() >= tried + pause.total_seconds()

    def _protect(self, symbol: str, at: datetime) -> None:
        approved = self.state.entries.get(symbol)
        lots = self.state.ledger.instruments[symbol].sendable(self.state.ledger.positions[symbol].lots)
        if approved is None or not lots:
            return  # nobody asked for a stop; or too small to be sent, and whatever still rests may stay
        resting = [s for s in self.state.ledger.resting(symbol) if s.order.purpose is Purpose.PROTECT]
        if self._stands(resting, symbol, lots):
            return
        if wanted(self.state, symbol) and self.executor.closed(symbol, at):
            return  # tried again at the next look: nothing would be taken now, and what rests stays
        if self._cancelled(resting, symbol) and symbol in self.state.ledger.positions:
            self.executor.protect(self._plainer(approved), at, tag=f"r{self.state.ledger.intended}")
            self._count(symbol, at)

    def _stands(self, resting: Sequence[OrderState], symbol: str, lots: int) -> bool:
        """Say whether what rests protects all of a position, at levels of the venue's present grid."""
        level = self.state.ledger.instruments[symbol].level
        return bool(resting) and all(
            each.order.lots - each.imported == lots
            and level(each.order.trigger or 0) == (each.order.trigger or 0)
            for each in resting
        )

    def _cancelled(self, resting: Sequence[OrderState], symbol: str) -> bool:
        try:
            for standing in resting:
                self.executor.cancel(standing.order)
        except VenueFault as fault:
            log.say("warning", "protection not renewed", symbol=symbol, error=str(fault))
            return False
        return True

    def _count(self, symbol: str, at: datetime) -> None:
        """Remember a position of which neither stop nor sale was taken: it is not tried every second."""
        ledger = self.state.ledger
        if not self.bare(symbol) or ledger.unresolved() or self.platform.closed(symbol):
            self._vain.pop(symbol, None)
            return
        self._tried[symbol] = self.clock.monotonic() if self.platform.certainty.horizon_ms else at
        self._vain[symbol] += 1
        if ledger.small(symbol):
            log.say("warning", "dust left: too small to be sold", symbol=symbol)
        else:
            log.say("error", "position cannot be protected", symbol=symbol)

    def bare(self, symbol: str) -> bool:
        """Say whether a position stands without the protection it was to have."""
        return bare(self.state, symbol)

    def waiting(self, at: datetime) -> bool:
        """Say whether something cannot wait: an order in doubt, an exit that is owed, a bare position."""
        ledger = self.state.ledger
        if ledger.pending_exits or ledger.unresolved():
            return True
        return any(self.bare(each) and self._ripe(each, at) for each in ledger.positions)

    def _plainer(self, approved: Approved) -> Approved:
        """Return an entry without its target where the pair of both was tried in vain: a stop is a stop."""
        entry = approved.order.client_id
        ended = self.state.ledger.ended(self.executor.factory.first_protection(approved))
        vain = (
            ended in (OrderStatus.ABSENT, OrderStatus.REJECTED) or self._paired.get(approved.symbol) == entry
        )
        self._paired[approved.symbol] = entry
        if not (approved.target and vain):
            return approved
        log.say("warning", "target given up: the venue took no pair with it", symbol=approved.symbol)
        return msgspec.structs.replace(approved, target=0)
