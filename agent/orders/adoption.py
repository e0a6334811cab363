"""Taking an account over: as it is for a new journal, and by an operator's word where the two differ.

What was counted before is not corrected: the difference is an event, in the journal first. A position
nobody can sell any more is written off in the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from agent.host import log
from agent.orders import differences
from agent.orders.differences import ADOPT, Differs
from agent.state.dust import step_units
from agent.state.ledger import Ledger
from domain.errors import BadInput, VenueFault
from domain.events import AccountAdopted, PositionWrittenOff
from domain.instrument import Instrument
from domain.money import to_cash

if TYPE_CHECKING:
    from agent.orders.reconciler import Reconciler  # which takes the account of a new journal over

PAUSE_SECONDS = 0.5
"""Between two questions about an order in doubt, while an operator waits."""


def first(reconciler: "Reconciler", at: datetime) -> None:
    """Take over the account of a new journal. Raises Differs when it may have been traded before."""
    there = differences.found(reconciler.platform.balances(), reconciler.grid.values())
    held = {each.base: there.get(each.base, 0) for each in reconciler.grid.values()}
    whole = [each.base for each in reconciler.grid.values() if held[each.base] >= step_units(each)]
    strange = differences.strangers(reconciler.state.ledger, reconciler.platform.open_orders())
    if whole or strange:
        what = [*(f"holds {asset}" for asset in whole), *(f"order {s.client_id}" for s in strange)]
        raise Differs(f"a new journal, but the account is in use: {', '.join(what)}; {ADOPT}")
    _adopt(reconciler, at, "first session on this account", by="agent")


def adopt_account(reconciler: "Reconciler", at: datetime, reason: str, *, by: str) -> AccountAdopted:
    """Count with what the venue holds from now on. Raises VenueFault when it does not say enough."""
    event = _adopt(reconciler, at, reason, by=by, given_up=_clear(reconciler, at))
    _release(reconciler, event.missing)
    return event


def refuse_write_off(reconciler: "Reconciler", symbol: str, at: datetime) -> None:
    """Raise BadInput for a position that is not held, or that can be sold."""
    ledger = reconciler.state.ledger
    if symbol not in ledger.positions:
        held = ", ".join(ledger.positions) or "nothing"
        raise BadInput(f"no position in {symbol!r} to write off: {held} is held")
    if not reconciler.executor.closed(symbol, at) and symbol not in reconciler.platform.blocked():
        raise BadInput(f"{symbol} trades: sell it (agent flatten), it is not lost")


def written_off(
    reconciler: "Reconciler", symbol: str, at: datetime, reason: str, *, by: str
) -> PositionWrittenOff:
    """Return what counts a position as lost, once it is written."""
    ledger = reconciler.state.ledger
    open_ = tuple(s.order.client_id for s in ledger.open_orders.values() if s.order.symbol == symbol)
    return PositionWrittenOff(at, symbol, ledger.positions[symbol].lots, reason, by, open_)


def _clear(reconciler: "Reconciler", at: datetime) -> tuple[str, ...]:
    """End what stands in the way of taking an account over; return the orders that are given up.

    Strange orders are cancelled, and ended ones that rest all the same. Orders in doubt are asked for until
    the horizon is over: what may still arrive would make another account of it. Raises VenueFault when the
    venue does not answer.
    """
    for each in [*reconciler.orders(), *reconciler.lingering]:
        reconciler.platform.cancel(each.symbol, each.client_id)
    for _ in range(2 + int(reconciler.platform.certainty.horizon_ms / 1000 / PAUSE_SECONDS)):
        reconciler.resolve(at)
        if not reconciler.state.ledger.unresolved():
            break
        reconciler.clock.sleep(PAUSE_SECONDS)
    return tuple(standing.order.client_id for standing in reconciler.state.ledger.unresolved())


def _adopt(
    reconciler: "Reconciler", at: datetime, reason: str, *, by: str, given_up: tuple[str, ...] = ()
) -> AccountAdopted:
    """Take the venue's holdings over as they are; in the journal first. Raises VenueFault unanswered."""
    ledger, grid, ours = reconciler.state.ledger, reconciler.grid.values(), reconciler.settings.cash
    there = differences.found(reconciler.platform.balances(), grid)
    cap = None if ours is None else to_cash(ours, ledger.cash_decimals)
    taken = _taken_over(ledger, there, list(grid), cap)
    event = AccountAdopted(
        at, taken.cash, taken.untracked, reason, by, taken.missing, given_up, reconciler.prefix()
    )
    reconciler.record.write(event)
    return event


def _release(reconciler: "Reconciler", symbols: Iterable[str]) -> None:
    """Cancel the protection of positions that are gone: it would sell what is not ours."""
    ledger = reconciler.state.ledger
    for standing in [each for symbol in symbols for each in ledger.resting(symbol)]:
        order = standing.order
        if order.symbol in ledger.positions:
            continue
        try:
            reconciler.executor.cancel(order)
        except VenueFault as fault:
            log.say(
                "warning", "order not cancelled", order=order.client_id, symbol=order.symbol, error=str(fault)
            )


class _TakenOver(NamedTuple):
    """The figures of an account taken over as the venue has it.

    Our `cash` in cash units, what is `untracked` of each asset in 1e-8 of it, and the lots of each symbol's
    position that are `missing`.
    """

    cash: int
    untracked: dict[str, int]
    missing: dict[str, int]


def _taken_over(
    ledger: Ledger, there: Mapping[str, int], instruments: Sequence[Instrument], cap: int | None
) -> _TakenOver:
    """Return how to count on with what the venue holds; `cap` bounds the cash that is ours."""
    missing = _gone(ledger, there)
    quote = instruments[0].quote
    cash = there[quote] if cap is None else cap
    if cap is not None and ledger.untracked is not None:
        cash = max(0, ledger.cash + _proceeds(ledger, missing))
    cash = min(there[quote], cash)
    untracked = {quote: there[quote] - cash}
    for each in instruments:
        if each.base not in there:
            untracked[each.base] = (ledger.untracked or {}).get(each.base, 0)
            continue
        position = ledger.positions.get(each.symbol)
        lots = (position.lots if position else 0) - missing.get(each.symbol, 0)
        ours = lots * step_units(each) + ledger.dust.get(each.symbol, 0)
        untracked[each.base] = there[each.base] - ours
    return _TakenOver(cash, untracked, missing)


def _gone(ledger: Ledger, there: Mapping[str, int]) -> dict[str, int]:
    """Return the lots of our positions that the venue no longer holds, by symbol."""
    missing = {}
    for symbol, position in ledger.positions.items():
        instrument = ledger.instruments[symbol]
        if instrument.base not in there:
            continue
        lots = min(position.lots, there[instrument.base] // step_units(instrument))
        if lots < position.lots:
            missing[symbol] = position.lots - lots
    return missing


def _proceeds(ledger: Ledger, missing: Mapping[str, int]) -> int:
    """Return what the lots that are gone were worth at the last marks."""
    worth = 0
    for symbol, lots in missing.items():
        position, factor = ledger.positions[symbol], ledger.instruments[symbol].cash_factor
        worth += position.value(ledger.marks.get(symbol), factor) * lots // position.lots
    return worth
