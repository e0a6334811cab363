"""Additions to positions after a candle: of what a strategy declared with the entry, the next that is due.

One at a time, in a cycle in which nothing else is sent: so each is judged on the account as it is. None is
made to a position that is voted to be sold, or that stands without its stop: the stop stays where it rests.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from agent.loop.one_by_one import guarded
from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.state.adding import AddingPlan
from agent.state.state import State
from domain.decision import Action, Decision
from domain.observation import Observation
from domain.order import OrderType
from risk.additions import add_due
from risk.case import Addition, Case
from risk.exits import MILLION
from risk.stake import level_at

ADDITIONS = 800
"""First number of a cycle's additions among its orders, above those of its slices."""


class DueAddition(NamedTuple):
    """An addition that is due: what was seen, its entry, its lots, and the stop that rests."""

    observation: Observation
    plan: AddingPlan
    lots: int
    stop: int


def due_additions(turn: Turn, state: State) -> list[DueAddition]:
    """Return the additions that are due after this candle, in the symbols' order."""
    if not state.adding:
        return []
    pairs = zip(turn.observations, turn.decisions, strict=True)
    due = (guarded(turn, each.symbol, partial(_due, each, decision, state)) for each, decision in pairs)
    return [each for each in due if each is not None]


def _due(observation: Observation, decision: Decision, state: State) -> DueAddition | None:
    symbol = observation.symbol
    plan, position = state.adding.get(symbol), state.ledger.positions.get(symbol)
    instrument = state.ledger.instruments.get(symbol)
    if plan is None or position is None or instrument is None:  # looked at before any sale: nothing may raise
        return None
    if decision.action is Action.SELL or not observation.candles:
        return None
    stop = next(
        (each.order.trigger for each in state.ledger.resting(symbol) if each.order.type is OrderType.STOP), 0
    )
    units = position.bought_lots * instrument.cash_factor
    quote = observation.quote.price if observation.quote else 0
    lots = add_due(plan.plan.numbers(), 0, plan.done, quote, position.bought, units, plan.lots)
    return DueAddition(observation, plan, lots, stop) if lots and stop else None


def case_of(
    make: Callable[[Observation, Decision], Case],
    due: DueAddition,
    turn: Turn,
    number: int,
    state: State,
    factory: OrderFactory,
) -> tuple[Case, Addition]:
    """Return the case of an addition, decided as its entry was, at the present quote and stop; and it."""
    plan = due.plan
    decision = replace(plan.decision, cycle_id=turn.cycle_id, at=turn.at, stop_ppm=0, stop=due.stop)
    case = make(due.observation, decision)
    held = state.ledger.positions[case.symbol]
    units = held.bought_lots * case.instrument.cash_factor
    paid = level_at(held.bought, units, MILLION)
    addition = Addition(plan.first, plan.done + 1, due.lots, held.lots, paid)
    client_id = factory.client_id(turn.cycle_id, ADDITIONS + number)
    return replace(case, client_id=client_id, addition=addition), addition
