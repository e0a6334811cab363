"""Entries in slices: what of them is still to be sent, folded from the journal.

1. A plan begins with the verdict that approved an entry in slices; that verdict's order is the first of them.
2. Every later cycle spends one slice, sent or not, so a plan is over after as many cycles as it has slices.
3. It is over at once where something of its symbol is to be sold or it is bought anew, its position is
   closed, the kill switch is thrown, the account is flattened or taken over, its grid changes, or a session
   begins: what was decided before a stop is not sent after it.
"""

from collections.abc import Mapping

import msgspec

from domain.decision import Action, Decision
from domain.events import CycleDecided
from domain.order import Purpose
from domain.verdict import Approved, EntryChoice


class SlicePlan(msgspec.Struct, frozen=True):
    """An entry in slices: the decision behind it, its choice, its first order's id, and the next number."""

    decision: Decision
    choice: EntryChoice
    first: str
    number: int


def after_cycle(plans: Mapping[str, SlicePlan], event: CycleDecided) -> dict[str, SlicePlan]:
    """Return what is still to be sent after a cycle, by symbol."""
    decisions = {each.symbol: each for each in event.decisions}
    sold = {each.symbol for each in event.decisions if each.action is Action.SELL}
    sold |= {each.symbol for each in event.verdicts if isinstance(each, Approved) and _exits(each)}
    result = {}
    for symbol, plan in plans.items():
        if symbol not in sold and plan.number + 1 < plan.choice.slices:
            result[symbol] = msgspec.structs.replace(plan, number=plan.number + 1)
    for verdict in event.verdicts:
        if isinstance(verdict, Approved) and _enters(verdict):
            result.pop(verdict.symbol, None)
            result |= _begun(decisions[verdict.symbol], verdict)
    return result


def _exits(verdict: Approved) -> bool:
    return verdict.order.purpose is Purpose.EXIT


def _enters(verdict: Approved) -> bool:
    """Say whether a verdict lets an entry go that is no slice of an earlier one."""
    return verdict.order.purpose is Purpose.ENTRY and not verdict.order.slice_of


def _begun(decision: Decision, verdict: Approved) -> dict[str, SlicePlan]:
    choice = verdict.choice
    if not choice or choice.slices < 2:
        return {}
    bare = msgspec.structs.replace(decision, voices=(), held_back=(), price=None)
    return {verdict.symbol: SlicePlan(bare, choice, verdict.order.client_id, 1)}
