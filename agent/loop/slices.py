"""The next slices of entries that go in several: each put to the gate anew, in a cycle of its own."""

from collections.abc import Callable, Sequence

import msgspec

from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.state.slicing import SlicePlan
from agent.state.state import State
from domain.decision import Action, Decision
from domain.observation import Observation
from domain.order import Purpose
from domain.verdict import Approved
from risk.case import Case, Slice
from risk.entry_orders import slice_lots

SLICES = 700
"""First number of a cycle's slices among its orders, above those of its raised stops and declared exits."""

Due = tuple[Observation, SlicePlan]


def due_slices(turn: Turn, state: State, exits: Sequence[Approved]) -> list[Due]:
    """Return the entries of which a slice is due: of symbols that are seen and of which nothing is sold."""
    if not state.slicing:
        return []
    sold = {each.symbol for each in exits if each.order.purpose is Purpose.EXIT}
    return [
        (observation, state.slicing[observation.symbol])
        for observation, decision in zip(turn.observations, turn.decisions, strict=True)
        if observation.symbol in state.slicing
        and decision.action is not Action.SELL
        and observation.symbol not in sold
    ]


def bought_anew(turn: Turn, symbol: str) -> bool:
    """Say whether a symbol's entry was approved in this very turn: no earlier one is added to it."""
    return any(
        isinstance(each, Approved) and each.symbol == symbol and each.order.purpose is Purpose.ENTRY
        for each in turn.verdicts
    )


def case_of(
    make: Callable[[Observation, Decision], Case], each: Due, turn: Turn, number: int, factory: OrderFactory
) -> tuple[Case, Slice]:
    """Return the case of an entry's next slice, decided as the entry was, at the present quote; and it."""
    observation, plan = each
    decision = msgspec.structs.replace(plan.decision, cycle_id=turn.cycle_id, at=turn.at)
    case = make(observation, decision)
    held = case.account.positions.get(case.symbol)
    part = Slice(
        plan.first,
        plan.number,
        slice_lots(plan.choice.lots, plan.choice.slices, plan.number),
        held.lots if held else 0,
        plan.choice,
    )
    client_id = factory.client_id(turn.cycle_id, SLICES + number)
    return msgspec.structs.replace(case, client_id=client_id, slice=part), part
