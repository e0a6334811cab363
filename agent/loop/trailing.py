"""Raising the stops of positions after a candle, where the limits say so."""

from agent.loop.turn import Turn
from agent.orders.factory import OrderFactory
from agent.state.state import State
from domain.decision import Action
from domain.order import OrderType
from domain.verdict import Approved
from risk.trail import trail

TRAILS = 500
"""First number of a cycle's raised stops, above those of its entries and exits and their protection."""


def raised(turn: Turn, state: State, factory: OrderFactory, trailing_ppm: int) -> list[Approved]:
    """Return the stops to be raised after this candle, of positions nobody wants to sell.

    A vote to buy changes nothing: what is held is not bought again, and no headline may move a stop.
    """
    results = []
    for number, (observation, decision) in enumerate(zip(turn.observations, turn.decisions, strict=True)):
        if decision.action is Action.SELL or not observation.candles or observation.quote is None:
            continue
        resting = {each.order.type: each.order for each in state.ledger.resting(observation.symbol)}
        stop, target = resting.get(OrderType.STOP), resting.get(OrderType.TAKE_PROFIT)
        if stop is None or observation.symbol not in state.ledger.positions:
            continue
        higher = trail(
            stop,
            (target and target.trigger) or 0,
            observation.candles[-1],
            observation.quote,
            state.ledger.instruments[observation.symbol],
            trailing_ppm,
            cycle_id=turn.cycle_id,
            client_id=factory.client_id(turn.cycle_id, TRAILS + number),
            at=turn.at,
        )
        if higher is not None:
            results.append(higher)
    return results
