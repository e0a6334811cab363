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

    `why` it cannot be judged now, "" where it can: then it asks for nothing, and all else goes on.
    """

    share: int = 0
    reason: str = ""
    why: str = ""


NOTHING = AskedShare()


def unjudged(state: State, position: Position, plan: ExitPlan) -> str:
    """Say why the custom exit of a position cannot be judged on its symbol's last candle, "" where it can.

    Whoever only reads a journal runs no strategy and cannot tell.
    """
    candle = state.last.get(position.symbol)
    if candle is None or state.mind is None or state.mind.stands_in:
        return ""
    quote = state.ledger.marks.get(position.symbol, 0)
    why = asked(state, position, plan, quote, candle.close, candle.time - plan.candle).why
    return "" if why == UNSEEN else why


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
    values, why = state.mind.read(symbol, plan.voice, leave.numbers)
    if why:
        return AskedShare(why=why)
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
