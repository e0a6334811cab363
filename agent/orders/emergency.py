"""The emergency stop: no entry from now on, every order cancelled, every position sold, and each confirmed.

Closing one symbol is the same for its orders and its position alone, and lets entries go on.

Of a symbol in whose market nothing can be sold now, and of less than the venue takes, the protection stays,
and it is said why.

It asks no risk rule, no breaker and no provider; it reports what is truly flat, not what was asked for.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from agent.orders import differences
from agent.orders.executor import Executor
from agent.orders.reconciler import Reconciler
from domain.candle import LastPrice
from domain.errors import BoydError, JournalFault
from domain.events import FlattenAsked
from domain.order import Purpose
from domain.times import millis

PAUSE_SECONDS = 0.1


class Flattened(NamedTuple):
    """What is left: client ids of orders not known to be done, quantities held by symbol, and what failed.

    `dust` is what is held and too small to be sold; it does not keep an account from being flat.
    """

    orders: tuple[str, ...]
    positions: dict[str, str]
    problems: tuple[str, ...]
    dust: dict[str, str]

    @property
    def flat(self) -> bool:
        """Whether nothing is left, as far as the venue confirms."""
        return not self.orders and not self.positions and not self.problems


def flatten(
    reconciler: Reconciler,
    at: datetime,
    reason: str,
    by: str,
    only: str = "",
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Flattened:
    """Cancel all, confirm, sell all, confirm; go on until it is done or the settings' seconds are over.

    `only` is the one symbol to do that of, "" for every symbol.
    """
    reconciler.record.write(FlattenAsked(at, reason, by, only))
    deadline = monotonic() + reconciler.settings.flatten_seconds
    # An order in doubt is proven absent within the venue's horizon; its symbol is sold only then.
    for_doubt = deadline + reconciler.platform.certainty.horizon_ms / 1000
    while True:
        problems = _round(reconciler, at, only)
        left = _left(reconciler, problems, only)
        doubted = any(only in ("", s.order.symbol) for s in reconciler.state.ledger.unresolved())
        until = for_doubt if doubted else deadline
        if left.flat or not reconciler.remote:
            return left
        if monotonic() >= until:
            # What is left of it must not stand there without its stop.
            _attempt(problems, "not everything is protected", lambda: reconciler.protection.mend(at))
            return _left(reconciler, problems, only)
        sleep(PAUSE_SECONDS)


def _round(reconciler: Reconciler, at: datetime, only: str) -> list[str]:
    """Go once over orders and positions; return what did not work."""
    problems: list[str] = []
    ledger, executor = reconciler.state.ledger, reconciler.executor
    _show_last_prices(reconciler)
    _attempt(problems, "fills cannot be read", reconciler.take_in)
    _attempt(problems, "orders in doubt cannot be looked up", lambda: reconciler.resolve(at))
    closed = {symbol: executor.closed(symbol, at) for symbol in _meant(ledger.positions, only)}
    problems += [
        f"{symbol} cannot be sold: {reason}"
        for symbol, reason in closed.items()
        if reason and not ledger.small(symbol)
    ]
    for standing in list(ledger.open_orders.values()):
        order = standing.order
        if only not in ("", order.symbol):
            continue
        keeps = order.purpose is Purpose.PROTECT and closed.get(order.symbol)
        if order.client_id in ledger.open_orders and not keeps:
            _cancel(problems, executor, order.client_id)
    # An entry in doubt keeps nothing that is held from being sold; what it buys is sold when it is known.
    in_doubt = {s.order.symbol for s in ledger.unresolved() if s.order.purpose is not Purpose.ENTRY}
    for symbol in [each for each in _meant(ledger.positions, only) if each not in in_doubt]:
        if not closed.get(symbol):
            _sell(problems, executor, symbol, at)
    if reconciler.remote:
        _attempt(problems, "open orders cannot be read", lambda: _strangers(reconciler, problems, only))
    return problems


def _meant(symbols: Iterable[str], only: str) -> list[str]:
    """Return those of the symbols that are to be sold."""
    return [symbol for symbol in symbols if only in ("", symbol)]


def _show_last_prices(reconciler: Reconciler) -> None:
    """Show the paper exchange, which forgets its market when the agent ends, the last prices known."""
    state = reconciler.state
    if reconciler.remote or state.at is None:
        return
    for symbol in state.ledger.positions:
        mark = state.ledger.marks.get(symbol)
        if mark is not None:
            reconciler.platform.mark(symbol, (), LastPrice(mark, millis(state.at)))


def _attempt(problems: list[str], what: str, do: Callable[[], object]) -> None:
    """Do one thing; what fails is told and keeps nothing else from being done, unless the journal fails."""
    try:
        do()
    except JournalFault:
        raise
    except BoydError as fault:
        problems.append(f"{what}: {fault}")


def _sell(problems: list[str], executor: Executor, symbol: str, at: datetime) -> None:
    _attempt(problems, f"{symbol} cannot be sold", lambda: executor.sell_all(symbol, at))


def _cancel(problems: list[str], executor: Executor, client_id: str) -> None:
    order = executor.state.ledger.open_orders[client_id].order
    _attempt(problems, f"{client_id} cannot be cancelled", lambda: executor.cancel(order))


def _strangers(reconciler: Reconciler, problems: list[str], only: str) -> None:
    """Cancel open orders like ours that the journal does not know, or has as ended."""
    results = [
        (each, "is not in the journal: `agent reconcile` shows what it did") for each in reconciler.orders()
    ]
    results += [(each, "rested though the journal has it as ended") for each in reconciler.lingering]
    for each, what in results:
        if only in ("", each.symbol):
            reconciler.platform.cancel(each.symbol, each.client_id)
            problems.append(f"order {each.client_id} {what}")


def _left(reconciler: Reconciler, problems: list[str], only: str) -> Flattened:
    ledger = reconciler.state.ledger
    held = {
        symbol: f"{ledger.instruments[symbol].quantity(position.lots).normalize():f}"
        for symbol, position in ledger.positions.items()
        if not ledger.small(symbol) and only in ("", symbol)
    }
    orders = tuple(
        name for name, standing in ledger.open_orders.items() if only in ("", standing.order.symbol)
    )
    return Flattened(orders, held, tuple(problems), differences.dust(ledger))
