"""The emergency stop: no entry from now on, every order cancelled, every position sold, and each confirmed.

Closing one symbol is the same for its orders and its position alone, and lets entries go on.

Of a symbol in whose market nothing can be sold now, and of less than the venue takes, the protection stays,
and it is said why.

It asks no risk rule, no breaker and no provider; it reports what is truly flat, not what was asked for.
"""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from agent.orders import differences
from agent.orders.executor import Executor
from agent.orders.reconciler import Reconciler
from domain.candle import LastPrice
from domain.errors import BoydError, JournalFault
from domain.events import FlattenAsked
from domain.order import OPEN, OrderState, Purpose
from domain.times import millis

PAUSE_SECONDS = 0.1


class Left(NamedTuple):
    """The remainder of a flatten: ids of orders not known to be done, quantities by symbol, and failures.

    `dust` is what is held and too small to be sold; it does not keep an account from being flat.
    """

    orders: tuple[str, ...]
    positions: dict[str, str]
    problems: tuple[str, ...]
    dust: dict[str, str]

    @property
    def flat(self) -> bool:
        """True when nothing is left, as far as the venue confirms."""
        return not self.orders and not self.positions and not self.problems


def flatten(
    reconciler: Reconciler,
    asked: FlattenAsked,
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Left:
    """Cancel all, confirm, sell all, confirm; go on until it is done or the settings' seconds are over.

    What was `asked` is in the journal: of which symbol to do that, and how much of it to keep. What is kept
    gets its stop and target again.
    """
    deadline = monotonic() + reconciler.settings.flatten_seconds
    # An order in doubt is proven absent within the venue's horizon; its symbol is sold only then.
    for_doubt = deadline + reconciler.platform.certainty.horizon_ms / 1000
    only, mend = asked.symbol, partial(reconciler.protection.mend, asked.at)
    while True:
        problems = _round(reconciler, asked)
        if asked.kept:
            _attempt(problems, "what is kept is not protected", mend)
        left = _left(reconciler, problems, asked)
        doubted = any(only in ("", s.order.symbol) for s in reconciler.state.ledger.unresolved())
        until = for_doubt if doubted else deadline
        if left.flat or not reconciler.remote:
            return left
        if monotonic() >= until:
            # What is left of it must not stand there without its stop.
            _attempt(problems, "not everything is protected", mend)
            return _left(reconciler, problems, asked)
        sleep(PAUSE_SECONDS)


def _round(reconciler: Reconciler, asked: FlattenAsked) -> list[str]:
    """Go once over orders and positions; return what did not work."""
    problems: list[str] = []
    at, only = asked.at, asked.symbol
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
        # Of a part the sale itself takes the stop away, and puts it back.
        keeps = order.purpose is Purpose.PROTECT and (asked.kept or closed.get(order.symbol))
        if order.client_id in ledger.open_orders and not keeps:
            _cancel(problems, executor, order.client_id)
    # An entry in doubt keeps nothing that is held from being sold; what it buys is sold when it is known.
    in_doubt = {s.order.symbol for s in ledger.unresolved() if s.order.purpose is not Purpose.ENTRY}
    for symbol in [each for each in _meant(ledger.positions, only) if each not in in_doubt]:
        if not closed.get(symbol):
            _sell(problems, executor, symbol, asked)
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


def _sell(problems: list[str], executor: Executor, symbol: str, asked: FlattenAsked) -> None:
    lots = executor.state.ledger.positions[symbol].lots - asked.kept
    sell = partial(executor.sell_part, symbol, asked.at, lots) if asked.kept else None
    if lots > 0:
        _attempt(problems, f"{symbol} cannot be sold", sell or partial(executor.sell_all, symbol, asked.at))


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


def _left(reconciler: Reconciler, problems: list[str], asked: FlattenAsked) -> Left:
    ledger, only = reconciler.state.ledger, asked.symbol
    held = {
        symbol: f"{ledger.instruments[symbol].quantity(position.lots).normalize():f}"
        for symbol, position in ledger.positions.items()
        if not ledger.small(symbol) and only in ("", symbol) and position.lots > asked.kept
    }
    orders = tuple(
        name
        for name, standing in ledger.open_orders.items()
        if only in ("", standing.order.symbol) and not (asked.kept and _protects(standing))
    )
    if asked.kept and not held and not orders and reconciler.protection.bare(only):
        problems = [*problems, f"what is kept of {only} stands without its stop: it is tried again"]
    return Left(orders, held, tuple(problems), differences.dust(ledger))


def _protects(standing: OrderState) -> bool:
    return standing.order.purpose is Purpose.PROTECT and standing.status in OPEN
