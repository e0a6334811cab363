"""Additions to positions: how many were made of those an entry brought along, folded from the journal.

1. They begin with the verdict that approves an entry whose plan has some.
2. One that is approved counts as made, whatever becomes of its order: it is not sent a second time.
3. They are over when the position is closed or an operator sells of it, when the account is taken over, and
   when the symbol's grid changes. A restart ends none: what was declared goes on.
"""

from collections.abc import Mapping

import msgspec

from domain.decision import Decision
from domain.exits import ExitPlan
from domain.order import Purpose
from domain.verdict import Approved


class AddingPlan(msgspec.Struct, frozen=True):
    """An entry with additions: the decision behind it, its plan, its first order's id and size, how many."""

    decision: Decision
    plan: ExitPlan
    first: str
    lots: int
    done: int = 0


def after_approved(
    plans: Mapping[str, AddingPlan], decision: Decision, verdict: Approved
) -> dict[str, AddingPlan]:
    """Return the additions that are open after an order was approved, by symbol."""
    order, symbol = verdict.order, verdict.symbol
    if order.purpose is not Purpose.ENTRY:
        return dict(plans)
    if order.addition:
        known = plans.get(symbol)
        return (
            {**plans, symbol: msgspec.structs.replace(known, done=known.done + 1)} if known else dict(plans)
        )
    if order.slice_of:
        return dict(plans)
    rest = {name: each for name, each in plans.items() if name != symbol}
    if not verdict.exits or not verdict.exits.adds:
        return rest
    lots = verdict.choice.lots if verdict.choice else order.lots
    bare = msgspec.structs.replace(decision, voices=(), held_back=(), price=None)
    return {**rest, symbol: AddingPlan(bare, verdict.exits, order.client_id, lots)}
