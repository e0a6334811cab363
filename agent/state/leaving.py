"""The custom exit of a position, judged: the program that travels with it, on the numbers of its voice."""

from typing import NamedTuple

from agent.state.state import State
from domain.account import Position
from domain.custom_exit import FAULT_LINE, ROOM, fault_of
from domain.exits import ExitPlan
from domain.order import OrderType
from reasoning.minds import UNSEEN
from risk.leaving import DIVIDED, leave_due, show_held


class AskedShare(NamedTuple):
    """The share of all that was bought to be sold by now, in ppm, and its reason.

    `why` it cannot be judged now, "" where it can: then it asks for nothing, and all else goes on. `waits`
    and `unrun` are those of the numbers it reads.
    """

    share: int = 0
    reason: str = ""
    why: str = ""
    waits: bool = False
    unrun: bool = False


NOTHING = AskedShare()

GRACE_CANDLES = 3
"""Candles of a series after which a voice that still warms up is something people should know of."""


def unjudged(state: State, position: Position, plan: ExitPlan, *, at_rest: bool = False) -> str:
    """Say why the custom exit of a position cannot be judged on its symbol's last candle, "" where it can.

    Whoever reads along with an agent that trades cannot tell of a voice whose file he cannot load; of a
    journal `at_rest` that is the reason.
    """
    result = _now(state, position, plan)
    return "" if result.unrun and not at_rest else result.why


def long_unjudged(state: State) -> dict[str, str]:
    """Return why custom exits cannot be judged, by symbol, but for voices that have just begun to warm up.

    The state's lock is held. The grace is counted in candles of the series, so it is the same after a
    restart.
    """
    results = {}
    for symbol, position in state.ledger.positions.items():
        entry = state.entries.get(symbol)
        result = _now(state, position, entry.exits) if entry and entry.exits else NOTHING
        young = result.waits and state.mind is not None and state.mind.seen(symbol) <= GRACE_CANDLES
        if result.why and not result.unrun and not young:
            results[symbol] = result.why
    return results


def leaves(state: State) -> bool:
    """Say whether a position is held that has a custom exit."""
    plans = (state.entries[each].exits for each in state.ledger.positions if each in state.entries)
    return any(plan.leave is not None for plan in plans if plan)


def _now(state: State, position: Position, plan: ExitPlan) -> AskedShare:
    """Judge on a symbol's last candle; nothing is said where no mind has seen it."""
    candle = state.last.get(position.symbol)
    if candle is None or state.mind is None:
        return NOTHING
    quote = state.ledger.marks.get(position.symbol, 0)
    result = asked(state, position, plan, quote, candle.close, candle.time - plan.candle)
    return NOTHING if result.why == UNSEEN else result


def asked(
    state: State, position: Position, plan: ExitPlan, quote: int, close: int, held_ms: int
) -> AskedShare:
    """Run the custom exit of a position on a closed candle; without a quote its gain is that of the close."""
    leave = plan.leave
    if leave is None:
        return NOTHING
    if state.mind is None:
        return AskedShare(why="its strategy is not run here")
    fault = fault_of(leave)
    if fault:
        return AskedShare(why=f"its program cannot be run: {fault}")
    symbol = position.symbol
    values, why, waits, unrun = state.mind.read(symbol, plan.voice, leave.numbers)
    if why:
        return AskedShare(why=why, waits=waits, unrun=unrun)
    resting = (each.order for each in state.ledger.resting(symbol) if each.order.type is OrderType.STOP)
    stop = next((each.trigger or 0 for each in resting), 0)
    units = position.bought_lots * state.ledger.instruments[symbol].cash_factor
    stack = [0.0] * ROOM
    show_held(
        stack, quote or close, position.bought, units, held_ms, stop, position.lots, position.bought_lots
    )
    places = range(0, len(values), 2)
    share, reason = leave_due(leave.code, 0, values, places, 0, 1, stack)
    if reason == DIVIDED:
        return AskedShare(why=f"a division by zero at line {stack[FAULT_LINE]:.0f} of {plan.voice}")
    return AskedShare(share, leave.reason(reason))
